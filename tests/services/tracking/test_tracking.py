"""New episodes of monitored series are found, told and queued; better languages replace worse ones, never the other
way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from aniworld.config.settings import DownloadSettings, Settings
from aniworld.core.errors import (
    AlreadyRunning,
    CatalogueBlocked,
    NothingThere,
    PageChanged,
    SiteUnreachable,
    TransferFailed,
    Unavailable,
)
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import Event, EventBus, NewEpisodes
from aniworld.core.media import EpisodeEntry
from aniworld.models import AnimeSeries, Database, Episode, utcnow
from aniworld.providers.plugin_api.base import Airing
from aniworld.services.calendar.service import CalendarService
from aniworld.services.queue.language_upgrade import better_languages
from aniworld.services.queue.service import DownloadService
from aniworld.services.queue.views import DownloadRequest
from aniworld.services.series.renumbering import RenumberingService
from aniworld.services.series.service import AnimeService
from aniworld.services.tracking.rules import Followed, in_order, is_due
from aniworld.services.tracking.service import AT_ONCE, TrackingService
from tests.services.shelf import Shelf, codes, link_of

ALL = ("ger-dub", "ger-sub", "eng-sub")


def beside(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


class House:
    """Everything real on a catalogue in memory; background work waits in ``waiting``."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.shelf = Shelf()
        self.settings = replace(Settings(), download=DownloadSettings(languages=ALL))
        self.told: list[Event] = []
        self.waiting: list[Any] = []
        bus = EventBus()
        bus.subscribe(self.told.append)
        progress, registry = ProgressService(bus), self.shelf.registry()
        self.rest = registry.rest
        self.now = 0.0
        self.calendar = CalendarService(database, registry, beside, patience_s=0.5, clock=lambda: self.now)
        self.downloads = DownloadService(database, lambda: self.settings, progress)
        self.anime = AnimeService(
            database=database,
            registry=registry,
            progress=progress,
            covers=folder / "covers",
            settings=lambda: self.settings,
            spawn=self.waiting.append,
            wake_queue=self.downloads.changes.ring,
        )
        self.tracking = TrackingService(
            database=database,
            registry=registry,
            anime=self.anime,
            downloads=self.downloads,
            settings=lambda: self.settings,
            progress=progress,
            calendar=self.calendar,
            spawn=self.waiting.append,
        )

    def settle(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()

    def follow(
        self, key: str, *episodes: str, read_hours_ago: float = 100, page: dict[str, Any] | None = None, **wish: Any
    ) -> None:
        """A series in the library whose page was read some hours ago."""
        self.shelf.put(key, *episodes, **(page or {}))
        self.anime.add(link_of(key))
        self.settle()
        self.age(key, read_hours_ago)
        if wish:
            self.anime.change(key, **wish)
        self.shelf.read.clear()
        self.told.clear()

    def age(self, key: str, hours: float) -> None:
        with self.database.writing() as session:
            then = utcnow() - timedelta(hours=hours)
            session.execute(update(AnimeSeries).where(AnimeSeries.key == key).values(refreshed_at=then))

    def have(self, key: str, code: str, language: str | None) -> None:
        with self.database.writing() as session:
            series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
            season, number = int(code[1:3]), int(code[4:])
            found = (Episode.series_id == series.id, Episode.season == season, Episode.number == number)
            session.execute(update(Episode).where(*found).values(file=f"{code}.mp4", file_language=language))

    def queued(self) -> list[str]:
        return codes(self.downloads.status().pending_queue)

    def news(self) -> list[NewEpisodes]:
        return [event for event in self.told if isinstance(event, NewEpisodes)]


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    return House(database, tmp_path)


# ── what is looked at ───────────────────────────────────────────────────────


def test_a_new_episode_appears_and_is_told_but_not_queued_unless_wished(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub")
    house.shelf.put("nebel", "S01E01 ger-sub", "S01E02 ger-sub")
    found = house.tracking.look()
    assert (found.looked, found.new_episodes, found.queued, found.running) == (1, 1, 0, False)
    (news,) = house.news()
    assert (news.key, news.episodes, news.queued) == ("nebel", [{"season": 1, "episode": 2}], 0)
    assert house.anime.summary("nebel").missing_episodes == {"1": [1, 2]}
    assert house.queued() == []
    assert house.tracking.status() == found


def test_only_monitored_series_that_are_in_the_library_are_looked_at(house: House) -> None:
    for key in ("here", "unwatched", "gone"):
        house.follow(key, "S01E01 ger-sub")
    house.anime.change("unwatched", monitored=False)
    house.anime.remove("gone")
    house.tracking.look()
    assert house.shelf.read == ["here"]


def test_likely_series_come_first_then_the_longest_unread_and_fresh_ones_are_left_alone(house: House) -> None:
    house.follow("fresh", "S01E01 ger-sub", read_hours_ago=1)
    house.follow("old", "S01E01 ger-sub", read_hours_ago=20)
    house.follow("older", "S01E01 ger-sub", read_hours_ago=30)
    house.follow("listed", "S01E01 ger-sub", read_hours_ago=2)
    house.follow("aired", "S01E01 ger-sub", read_hours_ago=1)
    house.shelf.row("listed", "S01E02", "ger-sub")
    house.shelf.row("fresh", "S01E01", "ger-sub")  # known already
    house.shelf.row("stranger", "S01E01", "ger-sub")
    today = datetime.now(UTC).date()
    house.shelf.airings.append(Airing("aired", "Aired", link_of("aired"), 1, 2, today))
    house.shelf.airings.append(Airing("fresh", "Fresh", link_of("fresh"), 1, 2, today + timedelta(days=3)))
    house.tracking.look()
    assert house.shelf.read == ["listed", "aired", "older", "old"]


def test_an_episode_that_is_listed_in_another_language_is_likely(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub", read_hours_ago=1)
    house.shelf.row("nebel", "S01E01", "ger-dub")
    house.tracking.look()
    assert house.shelf.read == ["nebel"]


def test_what_has_ended_is_read_once_a_week() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)

    def series(hours: float | None, year_end: int | None) -> Followed:
        read = None if hours is None else now - timedelta(hours=hours)
        return Followed(1, "k", "K", "s", (), False, False, read, year_end)

    assert is_due(series(None, 2001), now, 12)
    assert is_due(series(13, None), now, 12)
    assert is_due(series(13, 2026), now, 12)
    assert not is_due(series(11, None), now, 12)
    assert not is_due(series(100, 2025), now, 12)
    assert is_due(series(169, 2025), now, 12)
    assert in_order([series(100, 2025)], frozenset({"k"}), now, 12)


@pytest.mark.parametrize(
    "fault", [NothingThere("none"), SiteUnreachable("down"), PageChanged("new")], ids=lambda one: one.code
)
def test_without_the_lists_the_schedule_does(house: House, fault: Exception) -> None:
    house.follow("nebel", "S01E01 ger-sub")
    house.shelf.faults |= {"new_episodes": fault, "calendar": fault}
    found = house.tracking.look()
    assert house.shelf.read == ["nebel"]
    assert bool(found.warnings) == (not isinstance(fault, NothingThere))


def test_a_browser_check_ends_the_look_at_that_source_and_nothing_is_asked_while_it_rests(house: House) -> None:
    for key in ("eins", "zwei", "drei"):
        house.follow(key, "S01E01 ger-sub")
    house.shelf.faults["series"] = CatalogueBlocked("It asks for a browser check.")
    found = house.tracking.look()
    assert len(house.shelf.read) == 1
    assert any("browser check" in sentence for sentence in found.warnings)
    lists, house.shelf.read = house.shelf.lists, []
    house.tracking.look()
    assert (house.shelf.lists, house.shelf.read) == (lists, [])
    house.rest.wake("shelf")
    house.shelf.faults.clear()
    assert house.tracking.look().looked == 3


def test_a_source_that_is_down_is_left_alone_after_three_tries(house: House) -> None:
    for number in range(6):
        house.follow(f"serie-{number}", "S01E01 ger-sub")
    house.shelf.faults["series"] = SiteUnreachable("It does not answer.")
    found = house.tracking.look()
    assert len(house.shelf.read) == 3
    assert "left alone" in found.warnings[-1]


def test_one_series_that_fails_does_not_end_the_look(house: House) -> None:
    house.follow("eins", "S01E01 ger-sub", read_hours_ago=300)
    house.follow("zwei", "S01E01 ger-sub")
    del house.shelf.pages["eins"]
    found = house.tracking.look()
    assert (found.looked, found.total, house.shelf.read) == (1, 2, ["eins", "zwei"])
    assert house.anime.detail("eins").refresh_error


def test_a_look_stops_between_two_pages(house: House) -> None:
    for number in range(5):
        house.follow(f"serie-{number}", "S01E01 ger-sub")
    found = house.tracking.look(lambda: len(house.shelf.read) >= 2)
    assert (found.looked, found.total, found.running) == (2, 5, False)
    house.tracking.stop()
    house.tracking.stop()
    assert house.tracking.look().looked == 0


def test_one_look_at_a_time(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub")
    assert house.tracking.begin().running
    for again in (house.tracking.begin, house.tracking.look):
        with pytest.raises(AlreadyRunning):
            again()
    house.settle()
    assert not house.tracking.status().running
    assert house.tracking.look().total == 0  # it was read a moment ago


# ── what is queued ──────────────────────────────────────────────────────────


def test_what_comes_out_after_it_was_wished_is_queued_once(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub", "S01E02", auto_download=True)
    assert house.anime.detail("nebel").auto_download
    house.shelf.put("nebel", "S01E01 ger-sub", "S01E02 ger-sub", "S01E03 eng-sub")
    found = house.tracking.look()
    assert (found.queued, house.queued()) == (2, ["nebel S01E02", "nebel S01E03"])
    assert house.news()[0].queued == 2
    for item in house.downloads.status().pending_queue:
        house.downloads.remove(item.id)
    assert house.tracking.look().queued == 0  # the owner took it out: it stays out


def test_new_episodes_that_another_reading_found_are_queued_too(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub", auto_download=True)
    house.shelf.put("nebel", "S01E01 ger-sub", "S01E02 ger-sub")
    house.anime.refresh_now("nebel")
    house.tracking.look()
    assert house.queued() == ["nebel S01E02"]


def test_switched_on_before_the_first_reading_the_old_episodes_are_left_alone(house: House) -> None:
    house.shelf.put("nebel", "S01E01 ger-sub", "S01E02 ger-sub")
    house.anime.add(link_of("nebel"))
    house.anime.change("nebel", auto_download=True)
    house.settle()
    house.tracking.look()
    assert house.queued() == []


def test_what_came_out_while_it_was_off_is_left_alone(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub")
    house.shelf.put("nebel", "S01E01 ger-sub", "S01E02 ger-sub")
    house.tracking.look()
    house.anime.change("nebel", auto_download=True)
    house.tracking.look()
    assert house.queued() == []


def test_an_episode_waits_until_it_is_out_in_a_language_of_the_series(house: House) -> None:
    house.follow("nebel", "S01E01 ger-dub", auto_download=True, languages=["ger-dub"])
    house.shelf.put("nebel", "S01E01 ger-dub", "S01E02 ger-sub")
    assert house.tracking.look().queued == 0
    house.shelf.put("nebel", "S01E01 ger-dub", "S01E02 ger-sub ger-dub")
    house.age("nebel", 20)
    assert house.tracking.look().queued == 1


def test_a_present_file_that_its_owner_deletes_is_not_fetched_again(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub", auto_download=True)
    house.shelf.put("nebel", "S01E01 ger-sub", "S01E02 ger-sub")
    house.anime.refresh_now("nebel")
    house.have("nebel", "S01E02", "ger-sub")
    house.tracking.look()
    with house.database.writing() as session:
        session.execute(update(Episode).values(file=None))
    house.tracking.look()
    assert house.queued() == []


def test_a_rebuilt_page_does_not_flood_the_queue(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub", auto_download=True)
    house.shelf.put("nebel", *(f"S02E{number} ger-sub" for number in range(1, AT_ONCE + 2)))
    found = house.tracking.look()
    assert (found.queued, house.queued()) == (0, [])
    assert "by hand" in found.warnings[0]
    assert house.tracking.look().warnings == ()


# ── upgrades ────────────────────────────────────────────────────────────────


def test_a_better_language_replaces_a_worse_one_and_never_the_other_way(house: House) -> None:
    episodes = [f"S01E0{number} ger-dub ger-sub eng-sub" for number in range(1, 6)]
    house.follow("nebel", *episodes, upgrade=True)
    for code, language in (("S01E01", "ger-sub"), ("S01E02", "ger-dub"), ("S01E03", None), ("S01E04", "eng-dub")):
        house.have("nebel", code, language)
    found = house.tracking.look()
    assert (found.upgrades, house.queued()) == (2, ["nebel S01E01", "nebel S01E04"])
    items = {item.episode: item.languages for item in house.downloads.repository.get_pending_items()}
    assert items == {1: ["ger-dub", "ger-sub"], 4: [*ALL, "eng-dub"]}, "what is better, and what is there as the end"
    assert house.tracking.look().upgrades == 0


def test_nothing_is_upgraded_while_nothing_better_is_out_or_nobody_wished_it(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub eng-sub", upgrade=True)
    house.follow("stein", "S01E01 ger-dub ger-sub")
    house.have("nebel", "S01E01", "ger-sub")
    house.have("stein", "S01E01", "ger-sub")
    assert house.tracking.look().upgrades == 0


def test_an_upgrade_that_failed_waits_for_a_person(house: House) -> None:
    house.settings = replace(house.settings, download=DownloadSettings(languages=ALL, retry_limit=0))
    house.follow("nebel", "S01E01 ger-dub ger-sub", upgrade=True)
    house.have("nebel", "S01E01", "ger-sub")
    house.tracking.look()
    house.downloads.failed(house.downloads.claim("w"), TransferFailed("no"))
    assert house.tracking.look().upgrades == 0
    added, _ = house.downloads.add(DownloadRequest("nebel", ((1, 1),), upgrade=True))
    assert house.downloads.repository.get_item(added[0].id).languages == ["ger-dub", "ger-sub"]


def test_the_queue_takes_a_present_episode_only_as_an_upgrade_to_something_better(house: House) -> None:
    house.follow("nebel", "S01E01 ger-dub ger-sub", "S01E02 ger-sub")
    house.have("nebel", "S01E01", "ger-sub")
    house.have("nebel", "S01E02", "ger-sub")
    both = ((1, 1), (1, 2))
    added, skipped = house.downloads.add(DownloadRequest("nebel", both))
    assert (added, len(skipped)) == ([], 2)
    added, skipped = house.downloads.add(DownloadRequest("nebel", both, upgrade=True, languages=("ger-sub", "ger-dub")))
    assert (added, len(skipped)) == ([], 2)
    added, skipped = house.downloads.add(DownloadRequest("nebel", both, upgrade=True))
    assert (codes(added), [one.episode for one in skipped]) == (["nebel S01E01"], ["S01E02"])


def test_better_languages_by_preference() -> None:
    assert better_languages(ALL, "eng-sub") == ("ger-dub", "ger-sub")
    assert better_languages(ALL, "ger-dub") == ()
    assert better_languages(ALL, "jpn") == ALL
    assert better_languages(ALL, None) == better_languages(ALL, "") == ()
    assert better_languages(ALL, "eng-sub", ["eng-sub", "ger-sub"]) == ("ger-sub",)
    assert better_languages((), "eng-sub") == ()


# ── the calendar ────────────────────────────────────────────────────────────


def test_the_calendar_shows_the_librarys_series_soonest_first_and_is_read_once_an_hour(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub", "S01E02")
    today = datetime.now(UTC).date()
    at = datetime(2026, 8, 3, 14, 40, tzinfo=UTC)
    house.shelf.airings = [
        Airing("nebel", "Nebel", link_of("nebel"), 1, 3, today + timedelta(days=2)),
        Airing("nebel", "Nebel", link_of("nebel"), 1, 2, at.date(), at),
        Airing("nebel", "Nebel", link_of("nebel"), 1, 2, at.date(), at),
        Airing("stranger", "Stranger", link_of("stranger"), 1, 1, today),
    ]
    entries = house.calendar.upcoming()
    assert {(one.key, one.episode) for one in entries} == {("nebel", 2), ("nebel", 3)}
    assert len(entries) == 2
    assert [one.day for one in entries] == sorted(one.day for one in entries)
    second = next(one for one in entries if one.episode == 2)
    assert (second.day, second.at, second.state) == ("2026-08-03", at, "announced")
    house.downloads.add(DownloadRequest("nebel", ((1, 2),)))
    assert {one.episode: one.state for one in house.calendar.upcoming()}[2] == "queued"
    assert house.shelf.lists == 1
    house.now += 3601
    house.shelf.airings.clear()
    assert len(house.calendar.upcoming()) == 2  # what is known, while it is read anew
    assert house.calendar.airings("shelf") == ()
    assert house.shelf.lists == 2


def test_a_slow_site_holds_no_request_up(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub")
    house.shelf.open.clear()
    for _ in range(2):
        with pytest.raises(Unavailable):
            house.calendar.upcoming()
    house.shelf.open.set()
    assert house.calendar.airings("shelf") == ()
    assert house.shelf.lists == 1


def test_a_calendar_that_cannot_be_read_is_told_and_what_it_said_before_holds(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub")
    house.shelf.faults["calendar"] = SiteUnreachable("It does not answer.")
    for _ in range(2):
        with pytest.raises(SiteUnreachable):
            house.calendar.upcoming()
    assert house.shelf.lists == 1  # not asked again at once
    house.shelf.faults.clear()
    house.shelf.airings = [Airing("nebel", "Nebel", link_of("nebel"), None, None, datetime.now(UTC).date())]
    house.now += 301
    assert [(one.season, one.state) for one in house.calendar.upcoming()] == [(None, "announced")]
    house.shelf.faults["calendar"] = SiteUnreachable("It does not answer.")
    house.now += 3601
    assert len(house.calendar.airings("shelf")) == len(house.calendar.upcoming()) == 1


def test_an_empty_library_or_a_catalogue_without_calendar_has_none(house: House) -> None:
    assert house.calendar.upcoming() == []
    house.follow("nebel", "S01E01 ger-sub")
    house.shelf.faults["calendar"] = NothingThere("none")
    assert house.calendar.upcoming() == []


def titled(house: House, *titles: str) -> None:
    """The page of a series lists these titles in season 1, each in one language."""
    page = house.shelf.pages["nebel"]
    entries = tuple(
        EpisodeEntry(1, number, f"{link_of('nebel')}/S01E{number:02d}", title, languages=("ger-sub",))
        for number, title in enumerate(titles, 1)
    )
    house.shelf.pages["nebel"] = replace(page, episodes=entries)


def test_a_renumbered_season_is_told_and_nothing_of_it_is_queued_until_it_is_decided(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub", auto_download=True, upgrade=True)
    titled(house, "Anfang", "Mitte")
    house.tracking.look()
    house.have("nebel", "S01E01", "eng-sub")
    house.have("nebel", "S01E02", "eng-sub")
    for item in house.downloads.status().pending_queue:
        house.downloads.remove(item.id)
    titled(house, "Prolog", "Anfang", "Mitte")
    house.age("nebel", 100)
    status = house.tracking.look()
    assert house.queued() == [] and house.anime.detail("nebel").renumbering.status == "undecided"
    assert [one for one in status.warnings if one.startswith("The catalogue renumbered Nebel;")]
    RenumberingService(house.database, ProgressService(EventBus()), lambda: None).decide("nebel", "apply")
    house.age("nebel", 100)
    house.tracking.look()
    assert "nebel S01E01" in house.queued()  # what was put in front is new to the library
