"""The calendar: what comes out in one week for the series of the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import request

from aniworld.core.errors import AniworldError
from aniworld.services.background import EXTRA, Automation
from aniworld.services.calendar.views import CalendarAccess, CalendarEntry
from aniworld.web.http.services import services
from aniworld.web.i18n.language import gettext as _
from aniworld.web.pages.templating import fragment, is_partial, page

WEEKS_BACK, WEEKS_AHEAD = 1, 8


@dataclass(frozen=True)
class Day:
    """``name``: its date as ``2026-08-03``."""

    date: date
    entries: tuple[CalendarEntry, ...]
    today: bool

    @property
    def name(self) -> str:
        return self.date.isoformat()


def calendar() -> str:
    """Seven days, from today; the catalogues may have to be asked, so the week itself follows its page."""
    week = min(max(request.args.get("week", 0, type=int), -WEEKS_BACK), WEEKS_AHEAD)
    context: dict[str, Any] = {
        "week": week,
        "first": week > -WEEKS_BACK,
        "last": week < WEEKS_AHEAD,
        "days": week_of(week, date.today()),
        "access": None if is_partial() else access(),
    }
    if not is_partial() and request.args.get("now") != "1":
        return page("calendar.html", _("Calendar"), active="calendar", waits=True, **context)
    entries, trouble = announced()
    context["days"], context["trouble"] = week_of(week, date.today(), entries), trouble
    context["later"] = any(one.day > context["days"][-1].name for one in entries)
    if is_partial():
        return fragment("partials/calendar.html", **context)
    return page("calendar.html", _("Calendar"), active="calendar", **context)


def announced() -> tuple[Sequence[CalendarEntry], AniworldError | None]:
    """What the catalogues announce, or the reason why that is not known."""
    automation: Automation | None = services().extras.get(EXTRA)
    if automation is None:
        return (), None
    try:
        return automation.calendar.upcoming(), None
    except AniworldError as error:
        return (), error


def access() -> CalendarAccess | None:
    """How calendar programs read the calendar; None where this process has none."""
    automation: Automation | None = services().extras.get(EXTRA)
    return automation.feed.access() if automation else None


def week_of(week: int, today: date, entries: Sequence[CalendarEntry] = ()) -> list[Day]:
    """Seven days from today, or ``week`` weeks later: what is announced lies ahead, so a Sunday must not show the
    past.
    """
    days = [today + timedelta(weeks=week, days=number) for number in range(7)]
    return [Day(day, tuple(one for one in entries if one.day == day.isoformat()), day == today) for day in days]


ROUTES = (("/calendar", calendar),)
