"""Occasions as an iCalendar text. A module of its own: the library that writes it is loaded when somebody
subscribes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time, timedelta

from icalendar import Calendar, Event

from aniworld.services.calendar.feed_entry import Occasion

LENGTH = timedelta(minutes=25)
READ_EVERY = timedelta(hours=1)


def written(occasions: Iterable[Occasion], address: Callable[[Occasion], str]) -> bytes:
    """The calendar with CRLF lines, folded and escaped; moments in UTC, days without a moment as whole days."""
    calendar = Calendar()
    calendar.add("prodid", "-//Aniworld//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", "Aniworld")
    calendar.add("x-wr-calname", "Aniworld")
    calendar.add("refresh-interval", READ_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for occasion in occasions:
        calendar.add_component(_event(occasion, address(occasion)))
    return bytes(calendar.to_ical())


def _event(occasion: Occasion, address: str) -> Event:
    event = Event()
    event.add("uid", occasion.uid)
    # The stamp is a fact of the entry and not the moment of writing: unchanged entries stay the same bytes.
    event.add("dtstamp", occasion.at or datetime.combine(occasion.day, time(), UTC))
    event.add("summary", _line(occasion.title))
    if occasion.note:
        event.add("description", _line(occasion.note))
    if address:
        event.add("url", address)
    if occasion.at is not None:
        event.add("dtstart", occasion.at)
        event.add("dtend", occasion.at + LENGTH)
    else:
        event.add("dtstart", occasion.day)
        event.add("dtend", occasion.day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("categories", ["Aniworld"])
    return event


def _line(text: str) -> str:
    """One line without control characters: titles come from outside."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:500]
