"""The calendar, as the API and the page show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CalendarAccess:
    """How calendar programs read the calendar. ``password``: only in the answer that made it."""

    active: bool
    user: str
    created_at: datetime | None = None
    last_used: datetime | None = None
    password: str | None = None


@dataclass(frozen=True)
class CalendarEntry:
    """An episode that a catalogue announces. ``day``: ``2026-08-03``; ``at``: the moment, where the catalogue says so.

    ``state``: announced, missing, queued, present. ``language``: the one whose day this is, of ``languages``, those
    that are announced; None where the calendar names none.
    """

    key: str
    name: str
    folder: str
    site: str
    season: int | None
    episode: int | None
    day: str
    at: datetime | None
    state: str
    cover_url: str | None
    language: str | None = None
    languages: tuple[str, ...] = ()
