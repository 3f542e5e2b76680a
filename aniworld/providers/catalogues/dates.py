"""Dates and times as German sites write them. The sites' clock is Europe/Berlin."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")

_MONTHS = ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez")
_DAY = re.compile(r"(?<!\d)(\d{1,2})\.\s*(?:(\d{1,2})\.|([A-Za-zäÄ]{3,9})\.?)\s*(\d{4})(?!\d)")
_SHORT = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{2})(?![\d:.]\d|\d)")  # 03.08.26
_YEARLESS = re.compile(r"(?<![\d.])(\d{1,2})\.\s*(?:(\d{1,2})\.|([A-Za-zäÄ]{3,9}))(?!\w)")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_CLOCK = re.compile(r"(?<!\d)(\d{1,2})[:.](\d{2})\s*Uhr", re.IGNORECASE)
_RELATIVE = {"vorgestern": -2, "gestern": -1, "heute": 0, "morgen": 1, "übermorgen": 2}
_WORD = re.compile(r"[^\W\d_]+")
_HOUR = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?!\d)")


def day_in(text: str) -> date | None:
    """The first day in ``Montag, 03.08.2026 (heute)``, ``3. August 2026``, ``2026-08-03``; None for none that
    exists.
    """
    days = days_in(text)
    return days[0] if days else None


def days_in(text: str) -> list[date]:
    """Every day that a text names, in its order."""
    return [day for _, _, day in dated_in(text)]


def dated_in(text: str) -> list[tuple[int, int, date]]:
    """Every day that a text names, with where it starts and ends."""
    found = [(*match.span(), _written(match)) for match in _DAY.finditer(text)]
    found += [(*match.span(), _day(int(match[1]), int(match[2]), int(match[3]))) for match in _ISO.finditer(text)]
    found += [
        (*match.span(), _day(2000 + int(match[3]), int(match[2]), int(match[1]))) for match in _SHORT.finditer(text)
    ]
    return sorted((start, end, day) for start, end, day in found if day is not None)


def day_near(text: str, today: date | None = None) -> date | None:
    """As ``day_in``; also ``heute``, ``morgen`` and a day without a year, which is the one nearest to ``today``."""
    if (day := day_in(text)) is not None:
        return day
    today = today or datetime.now(ZONE).date()
    for match in _YEARLESS.finditer(text):
        month = _month(match[2], match[3])
        days = (_day(year, month, int(match[1])) for year in (today.year - 1, today.year, today.year + 1))
        if known := [day for day in days if day is not None]:
            return min(known, key=lambda day: abs((day - today).days))
    words = (word.lower() for word in _WORD.findall(unicodedata.normalize("NFC", text)))
    return next((today + timedelta(days=_RELATIVE[word]) for word in words if word in _RELATIVE), None)


def moment_of(day: date, text: str) -> datetime | None:
    """The aware moment on ``day`` at the first ``HH:MM`` of a text; None where it names no time of day."""
    found = _CLOCK.search(text) or _HOUR.search(text)
    try:
        return datetime.combine(day, time(int(found[1]), int(found[2])), ZONE) if found else None
    except ValueError:
        return None


def _written(match: re.Match[str]) -> date | None:
    return _day(int(match[4]), _month(match[2], match[3]), int(match[1]))


def _month(digits: str | None, name: str | None) -> int:
    """A month by its number or its German name; 0 for none."""
    named = (name or "")[:3].lower().replace("mae", "mär")
    return int(digits) if digits else _MONTHS.index(named) + 1 if named in _MONTHS else 0


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
