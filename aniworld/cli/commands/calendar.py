"""calendar: what the catalogues announce, and the password for calendar programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from aniworld.cli.opening import opened
from aniworld.cli.output import emit, prints, say, show
from aniworld.core.media import EpisodeNumber
from aniworld.services.background import EXTRA, Automation
from aniworld.services.calendar.views import CalendarEntry


@click.group()
def calendar() -> None:
    """See what comes out, and let calendar programs see it."""


@calendar.command("list")
@prints
def list_entries(as_json: bool) -> None:
    """List what the catalogues announce for the library's series, soonest first."""
    with _automation() as automation:
        entries = automation.calendar.upcoming()
    rows = [(one.day, f"{one.at:%H:%M} UTC" if one.at else "", one.name, _code(one), one.state) for one in entries]
    show(as_json, entries, ("Day", "At", "Series", "Episode", ""), rows, "Nothing is announced.")


@calendar.command()
@prints
def access(as_json: bool) -> None:
    """Say whether calendar programs may read the calendar."""
    with _automation() as automation:
        found = automation.feed.access()
    if as_json:
        emit(found)
    elif found.active and found.created_at:
        used = f"last read {found.last_used:%Y-%m-%d %H:%M} UTC" if found.last_used else "never read yet"
        say(f"Since {found.created_at:%Y-%m-%d %H:%M} UTC, user {found.user}; {used}")
    else:
        say("No calendar program may read the calendar. Let one with: calendar allow")


@calendar.command()
@prints
def allow(as_json: bool) -> None:
    """Make the password for calendar programs and print it once; the one before is good no more."""
    with _automation() as automation:
        made = automation.feed.allow()
    if as_json:
        emit(made)
        return
    say("Subscribe to /api/calendar.ics of your server with")
    say(f"user      {made.user}")
    say(f"password  {made.password}")


@calendar.command()
def forbid() -> None:
    """Revoke the password for calendar programs."""
    with _automation() as automation:
        automation.feed.forbid()
    say("No calendar program may read the calendar any more")


@contextmanager
def _automation() -> Iterator[Automation]:
    with opened() as services:
        yield services.extras[EXTRA]


def _code(entry: CalendarEntry) -> str:
    if entry.season is None or entry.episode is None:
        return ""
    return EpisodeNumber(entry.season, entry.episode).code
