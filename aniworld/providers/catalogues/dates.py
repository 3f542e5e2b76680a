"""Dates and times as German sites write them. The sites' clock is Europe/Berlin."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")

_MONTHS = ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez")
_DAY = re.compile(r"(?<!\d)(\d{1,2})\.\s*(?:(\d{1,2})\.|([A-Za-zäÄ]{3,9})\.?)\s*(\d{4})(?!\d)")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_HOUR = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?!\d)")


def day_in(text: str) -> date | None:
    """The first day in ``Montag, 03.08.2026 (heute)``, ``3. August 2026``, ``2026-08-03``; None for none that exists."""
    days = days_in(text)
    return days[0] if days else None


def days_in(text: str) -> list[date]:
    """Every day that a text names, in its order."""
    found = [(match.start(), _written(match)) for match in _DAY.finditer(text)]
    found += [(match.start(), _day(int(match[1]), int(match[2]), int(match[3]))) for match in _ISO.finditer(text)]
    return [day for _, day in sorted(found, key=lambda pair: pair[0]) if day is not None]


def moment_of(day: date, text: str) -> datetime | None:
    """The aware moment on ``day`` at the first ``HH:MM`` of a text; None where it names no time of day."""
    found = _HOUR.search(text)
    try:
        return datetime.combine(day, time(int(found[1]), int(found[2])), ZONE) if found else None
    except ValueError:
        return None


def _written(match: re.Match[str]) -> date | None:
    named = (match[3] or "")[:3].lower().replace("mae", "mär")
    month = int(match[2]) if match[2] else _MONTHS.index(named) + 1 if named in _MONTHS else 0
    return _day(int(match[4]), month, int(match[1]))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
