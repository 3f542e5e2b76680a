"""The calendar for calendar programs: stable entries in UTC, a password that opens it and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar

from aniworld.core.errors import NotFound
from aniworld.models import AnimeSeries, AuditEntry, CalendarToken, Database, Episode
from aniworld.services.access.audit_log import AuditService
from aniworld.services.calendar.feed import CalendarFeedService
from aniworld.services.calendar.feed_entry import Occasion
from aniworld.services.calendar.ics import written
from aniworld.services.calendar.views import CalendarEntry

NOW = datetime(2026, 8, 5, 12, tzinfo=UTC)


class Announced:
    """Stands for the catalogues' calendars."""

    def __init__(self, *entries: CalendarEntry) -> None:
        self.entries = list(entries)

    def upcoming(self) -> list[CalendarEntry]:
        return self.entries


def entry(season: int | None, episode: int | None, day: str, at: datetime | None = None, **facts) -> CalendarEntry:
    known = {"key": "nebel", "name": "Nebel", "folder": "Nebel", "site": "aniworld.to", "state": "announced", **facts}
    return CalendarEntry(season=season, episode=episode, day=day, at=at, cover_url=None, **known)


@pytest.fixture
def announced() -> Announced:
    at = datetime(2026, 8, 3, 12, 40, tzinfo=UTC)  # 14:40 in Berlin
    return Announced(entry(1, 5, "2026-08-03", at), entry(1, 6, "2026-08-10"), entry(None, None, "2026-08-11"))


@pytest.fixture
def feeds(database: Database, announced: Announced) -> Iterator[CalendarFeedService]:
    return CalendarFeedService(database, announced, AuditService(database), lambda: NOW)  # type: ignore[arg-type]


def entries_of(feed: bytes) -> list[dict]:
    return [dict(one) for one in Calendar.from_ical(feed).walk("VEVENT")]


def test_moments_are_in_utc_and_days_without_one_are_whole_days(feeds: CalendarFeedService) -> None:
    feed = feeds.feed(lambda one: f"http://me/series/{one.key}")
    first, second, third = entries_of(feed)
    assert (first["SUMMARY"], first["DTSTART"].dt) == ("Nebel S01E05", datetime(2026, 8, 3, 12, 40, tzinfo=UTC))
    assert b"DTSTART:20260803T124000Z\r\n" in feed and b"DTSTART;VALUE=DATE:20260810\r\n" in feed
    assert (second["DTEND"].dt, third["SUMMARY"]) == (date(2026, 8, 11), "Nebel")
    assert first["URL"] == "http://me/series/nebel"
    assert all(len(line) <= 75 for line in feed.split(b"\r\n")) and b"\n" not in feed.replace(b"\r\n", b"")


def test_an_entry_keeps_its_identity_when_its_day_changes_and_the_same_facts_are_the_same_bytes(
    feeds: CalendarFeedService, announced: Announced
) -> None:
    before = feeds.feed()
    assert feeds.feed() == before
    announced.entries[1] = entry(1, 6, "2026-08-12")
    moved = {one["SUMMARY"]: one["UID"] for one in entries_of(feeds.feed())}
    assert moved["Nebel S01E06"] == {one["SUMMARY"]: one["UID"] for one in entries_of(before)}["Nebel S01E06"]
    announced.entries += [entry(1, 6, "2026-08-13"), entry(2, 6, "2026-08-13"), entry(None, None, "2026-08-12")]
    uids = [one["UID"] for one in entries_of(feeds.feed())]
    assert len(uids) == len(set(uids)) == 5


def test_what_came_out_without_an_announcement_is_there_and_what_came_with_its_series_is_not(
    feeds: CalendarFeedService, database: Database
) -> None:
    def out(number: int, days_ago: float, **facts) -> Episode:
        return Episode(season=1, number=number, link="x", created_at=NOW - timedelta(days=days_ago), **facts)

    with database.writing() as session:
        old = out(1, 30, title="Alt")
        episodes = [old, out(5, 2), out(7, 1.6, title="Neu"), out(8, 1, available=False), out(9, 20), out(10, 1)]
        episodes[-1].link = ""
        session.add(AnimeSeries(key="nebel", name="Nebel", episodes=episodes, created_at=NOW - timedelta(days=30)))
        session.add(AnimeSeries(key="frisch", name="Frisch", episodes=[out(1, 1)], created_at=NOW - timedelta(days=1)))
    titles = [(one.title, one.day.isoformat(), one.note) for one in feeds.occasions()]
    assert titles == [
        ("Nebel S01E05", "2026-08-03", ""),
        ("Nebel S01E07", "2026-08-03", "Neu"),
        ("Nebel S01E06", "2026-08-10", ""),
        ("Nebel", "2026-08-11", ""),
    ]


@pytest.mark.parametrize("title", ["A\r\nEND:VCALENDAR", "A;B,C\\D\nE", "\x00\x1b[31m", "日本" * 400, "‮abc"])
def test_a_hostile_title_is_one_escaped_line(title: str) -> None:
    feed = written([Occasion("u", title, "k", 1, date(2026, 8, 3), note=title)], lambda one: "")
    (found,) = entries_of(feed)
    assert feed.count(b"END:VCALENDAR") - feed.count(b" END:VCALENDAR") == 1
    assert not set("\r\n\x00\x1b‮") & set(found["SUMMARY"]) and len(found["SUMMARY"]) <= 500


def test_the_password_is_shown_once_kept_as_a_hash_and_good_until_it_is_revoked(
    feeds: CalendarFeedService, database: Database
) -> None:
    assert feeds.access().active is False and not feeds.opens("calendar", "")
    first = feeds.allow()
    assert first.password and len(first.password) > 40 and feeds.access().password is None
    assert feeds.opens("calendar", first.password) and not feeds.opens("admin", first.password)
    assert feeds.access().last_used == NOW
    with database.reading() as session:
        assert first.password not in session.get_one(CalendarToken, 1).digest
    second = feeds.allow()
    assert second.password and not feeds.opens("calendar", first.password) and feeds.opens("calendar", second.password)
    feeds.forbid()
    assert not feeds.opens("calendar", second.password) and feeds.access().active is False
    with pytest.raises(NotFound):
        feeds.forbid()
    with database.reading() as session:
        kinds = [one.kind for one in session.query(AuditEntry)]
    assert kinds == ["calendar_opened", "calendar_opened", "calendar_closed"]


@pytest.mark.parametrize("wrong", ["", "x", "awc_", "a" * 100_000, "\x00", "ü", "awc_\ud800"])
def test_nothing_else_opens_it(feeds: CalendarFeedService, wrong: str) -> None:
    feeds.allow()
    assert not feeds.opens("calendar", wrong)
