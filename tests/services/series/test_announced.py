"""Announced episodes in the library: never missing, never queued, dated; the calendar's languages; why a check checks
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from aniworld.core.errors import CatalogueBlocked
from aniworld.core.events import QueueStatusChanged, SeriesUpdated
from aniworld.core.media import EpisodeEntry, EpisodeKind, SeriesHit, SeriesPage
from aniworld.models import AnimeSeries, Database, Episode, utcnow
from aniworld.providers.fetch.images import Cover
from aniworld.providers.plugin_api.base import Airing, Postponement
from aniworld.services.calendar.service import CalendarService
from aniworld.services.queue.views import DownloadRequest
from aniworld.services.series.cover_fetch import FetchedCovers
from aniworld.services.series.page_import import record_page
from aniworld.services.series.postponements import Postponements
from aniworld.services.series.search_covers import HitCovers
from aniworld.web.http.json_response import to_json
from tests.services.shelf import Shelf, codes
from tests.services.tracking.test_tracking import House

LINK = "https://s.to/serie/nebel"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    from aniworld.models.upgrade import bring_up_to_date

    database = Database.at(f"sqlite:///{tmp_path / 'aniworld.db'}")
    bring_up_to_date(database, tmp_path / "copies")
    yield House(database, tmp_path)
    database.close()


def entry(number: int, **facts: Any) -> EpisodeEntry:
    return EpisodeEntry(1, number, f"{LINK}/staffel-1/episode-{number}", **facts)


def record(house: House, *episodes: EpisodeEntry, key: str = "nebel", **facts: Any) -> None:
    page = SeriesPage(key=key, name="Nebel", site="shelf", link=LINK, seasons=(1,), episodes=episodes, **facts)
    with house.database.writing() as session:
        row = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
        if row is None:
            row = AnimeSeries(key=key, name="Nebel", site="shelf", link=LINK, monitored=True)
            session.add(row)
            session.flush()
        record_page(session, row, page)


ANNOUNCED = entry(1, title="A", announced=True, air_date=date(2026, 10, 12), kind=EpisodeKind.OVA, part=2)


def test_a_page_of_nothing_but_announced_episodes_misses_nothing_and_queues_nothing(house: House) -> None:
    record(house, ANNOUNCED, entry(2, announced=True), entry(3, part_of="S01E02"))
    detail = house.anime.detail("nebel")
    assert detail.missing_count == 0 and house.anime.summary("nebel").missing_episodes == {}
    assert [one.state for one in detail.episodes] == ["unavailable"] * 3
    added, skipped = house.downloads.add(DownloadRequest("nebel", ((1, 1), (1, 2), (1, 3))))
    assert added == []
    assert [one.reason for one in skipped] == [
        "It is announced for 2026-10-12 and not out yet; refresh the series to check again.",
        "It is announced and not out yet; refresh the series to check again.",
        "Its video is part of S01E02; queue that episode instead.",
    ]


def test_the_api_says_when_an_episode_is_released_and_what_it_is(house: House) -> None:
    record(house, ANNOUNCED, entry(2, part_of="S01E01"), notes=("A note.",))
    detail = house.anime.detail("nebel")
    text = to_json(detail)
    assert '"air_date":"2026-10-12"' in text and '"kind":"ova"' in text and '"part":2' in text
    assert '"part_of":"S01E01"' in text and '"announced":true' in text and '"page_notes":["A note."]' in text
    record(house, ANNOUNCED)
    assert house.anime.detail("nebel").page_notes == ()


def test_rows_without_a_language_are_not_out_where_the_list_has_a_cell_for_them(house: House) -> None:
    record(house, entry(1), states_languages=True)
    assert house.anime.detail("nebel").episodes[0].state == "unavailable"
    record(house, entry(1), entry(2), key="other")
    assert house.anime.detail("other").missing_count == 2


def test_what_is_released_is_no_longer_announced(house: House) -> None:
    record(house, ANNOUNCED)
    record(house, entry(1, title="A", languages=("ger-dub",)))
    (one,) = house.anime.detail("nebel").episodes
    assert (one.state, one.announced, one.air_date) == ("missing", False, date(2026, 10, 12))


def test_a_day_that_the_page_takes_back_is_gone_and_one_of_what_is_out_stays(house: House) -> None:
    record(house, ANNOUNCED, entry(2, languages=("ger-dub",), air_date=SUB))
    record(house, entry(1, announced=True), entry(2, languages=("ger-dub",)))
    assert days(house) == {1: None, 2: SUB}


def test_a_day_of_the_postponements_holds_against_a_page_that_states_none(house: House) -> None:
    record(house, ANNOUNCED)
    known = house.anime.postponements
    known.learn("shelf", [Postponement("nebel", "", 1, 1, date(2026, 10, 26), SUB)])
    page = SeriesPage("nebel", "Nebel", "shelf", LINK, seasons=(1,), episodes=(entry(1, title="A", announced=True),))
    with house.database.writing() as session:
        record_page(session, session.scalars(select(AnimeSeries)).one(), known.applied(page))
    assert days(house) == {1: date(2026, 10, 26)}


def test_an_item_whose_episode_became_announced_says_so_and_waits_again_when_it_is_out(house: House) -> None:
    out = [entry(number, languages=("ger-dub",)) for number in (1, 2, 3)]
    record(house, *out)
    house.downloads.add(DownloadRequest("nebel", ((1, 1), (1, 2), (1, 3))))
    record(house, ANNOUNCED, entry(2, part_of="S01E01"), out[2])
    queue = house.downloads.status()
    assert codes(queue.pending_queue) == ["nebel S01E03"]
    assert sorted((one.error or "", one.error_code) for one in queue.failed_downloads) == [
        ("It is announced for 2026-10-12 and not out yet; refresh the series to check again.", "nothing_there"),
        ("Its video is part of S01E01; queue that episode instead.", "nothing_there"),
    ]
    record(house, entry(1, announced=True), *out[1:])
    (failed,) = house.downloads.status().failed_downloads
    assert failed.error == "It is announced and not out yet; refresh the series to check again."
    record(house, *out)
    queue = house.downloads.status()
    assert (
        sorted(codes(queue.pending_queue)) == ["nebel S01E01", "nebel S01E02", "nebel S01E03"]
        and not queue.failed_downloads
    )
    assert all(one.error is None for one in queue.pending_queue)


def test_browsers_and_the_pool_hear_of_an_item_that_its_episodes_page_changed(house: House) -> None:
    house.follow("nebel", "S01E01 ger-sub", "S01E02 ger-sub")
    house.downloads.add(DownloadRequest("nebel", ((1, 1),)))
    rung: list[bool] = []
    house.downloads.changes.listen(lambda: rung.append(True))

    def refreshed(*episodes: str) -> tuple[int, int]:
        """How often the queue's change was published, and the pool woken."""
        house.shelf.put("nebel", *episodes)
        house.told.clear()
        rung.clear()
        house.anime.refresh_now("nebel")
        return sum(isinstance(one, QueueStatusChanged) for one in house.told), len(rung)

    page = house.shelf.pages["nebel"].episodes
    assert refreshed("S01E01 ger-sub", "S01E02 ger-sub") == (0, 0)
    house.shelf.pages["nebel"] = replace(
        house.shelf.pages["nebel"], episodes=(replace(page[0], languages=(), announced=True), page[1])
    )
    house.told.clear()
    house.anime.refresh_now("nebel")
    assert [type(one) for one in house.told] == [QueueStatusChanged, SeriesUpdated] and rung
    assert [one.error_code for one in house.downloads.status().failed_downloads] == ["nothing_there"]
    house.told.clear()
    house.anime.refresh_now("nebel")
    assert not any(isinstance(one, QueueStatusChanged) for one in house.told)
    assert refreshed("S01E01 ger-sub", "S01E02 ger-sub") == (1, 1)
    assert codes(house.downloads.status().pending_queue) == ["nebel S01E01"]


def airing(*dates: tuple[str, date, datetime | None], episode: int = 1) -> Airing:
    first = min(dates, key=lambda one: one[1])
    return Airing("nebel", "Nebel", LINK, 1, episode, first[1], first[2], dates)


SUB, DUB = date(2026, 10, 12), date(2026, 11, 2)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("own", "shown"),
    [
        ((), ("2026-11-02", NOON, "ger-dub")),
        (("eng-dub", "ger-sub"), ("2026-10-12", None, "ger-sub")),
        (("jpn",), ("2026-10-12", None, "ger-sub")),
    ],
)
def test_the_calendar_shows_the_day_of_the_language_that_the_series_wants(
    house: House, own: Sequence[str], shown: tuple[object, ...]
) -> None:
    record(house, ANNOUNCED)
    with house.database.writing() as session:
        row = session.scalars(select(AnimeSeries)).one()
        row.languages = list(own)
    house.shelf.airings = [airing(("ger-sub", SUB, None), ("ger-dub", DUB, NOON))]
    wanted = ("ger-dub", "ger-sub")
    calendar = CalendarService(house.database, house.shelf.registry(), lambda work: work(), languages=lambda: wanted)
    (one,) = calendar.upcoming()
    assert (one.day, one.at, one.language) == shown
    assert one.languages == ("ger-sub", "ger-dub")


def days(house: House) -> dict[int, date | None]:
    with house.database.reading() as session:
        return {row.number: row.air_date for row in session.scalars(select(Episode))}


def test_postponed_episodes_get_their_new_day_and_keep_it(house: House) -> None:
    record(
        house,
        ANNOUNCED,
        entry(2, announced=True, air_date=date(2026, 10, 19)),
        entry(3, languages=("ger-dub",), air_date=SUB),
    )
    known: Postponements = house.anime.postponements
    known.learn(
        "shelf",
        [
            Postponement("nebel", "", 1, 1, date(2026, 10, 26), SUB),
            Postponement("", "NEBEL", 1, 2, None, date(2026, 10, 19)),
            Postponement("nebel", "", 1, 3, date(2027, 1, 1), SUB),
            Postponement("nebel", "", 9, 9, date(2027, 1, 1)),
            Postponement("", "Unknown", 1, 1, date(2027, 1, 1)),
        ],
    )
    assert days(house) == {1: date(2026, 10, 26), 2: None, 3: SUB}
    page = SeriesPage("nebel", "Nebel", "shelf", LINK, episodes=(ANNOUNCED,))
    assert known.applied(page).episodes[0].air_date == date(2026, 10, 26)
    (moved,) = known.moved("shelf", [airing(("ger-sub", SUB, None), ("ger-dub", DUB, NOON))])
    assert moved.dates == (("ger-sub", date(2026, 10, 26), None), ("ger-dub", DUB, NOON)) and moved.day == date(
        2026, 10, 26
    )


def test_a_postponement_in_a_language_that_nobody_wants_changes_nothing(house: House) -> None:
    record(house, ANNOUNCED)
    house.anime.postponements.learn("shelf", [Postponement("nebel", "", 1, 1, DUB, SUB, ("ger-dub",))], ("ger-sub",))
    assert days(house) == {1: SUB}


def look(house: House) -> str | None:
    return house.tracking.look().reason


def test_a_check_that_checks_nothing_says_why(house: House) -> None:
    assert "no series yet" in (look(house) or "")
    begun = house.tracking.begin()
    assert begun.reason and "no series yet" in begun.reason
    house.settle()
    house.follow("nebel", "S01E01 ger-sub")
    with house.database.writing() as session:
        session.scalars(select(AnimeSeries)).one().refreshed_at = utcnow()
    assert "read within the last 12 h," in (look(house) or "") and house.tracking.status().looked == 0
    assert '"reason":"Every monitored series (1)' in to_json(house.tracking.status())
    house.rest.block("shelf", CatalogueBlocked("A check."))
    assert "cooling down" in (look(house) or "")
    house.rest.wake("shelf")
    with house.database.writing() as session:
        session.scalars(select(AnimeSeries)).one().link = ""
    assert "catalogue page" in (look(house) or "")
    with house.database.writing() as session:
        session.scalars(select(AnimeSeries)).one().monitored = False
    assert "No series is monitored" in (look(house) or "")
    with house.database.writing() as session:
        row = session.scalars(select(AnimeSeries)).one()
        row.monitored, row.link, row.refreshed_at = True, "https://shelf.example/nebel", None
    assert (house.tracking.look().total, house.tracking.status().reason) == (1, None)


class Broken(Shelf):
    """A catalogue whose covers and searches raise what they should not."""

    def cover(self, url: str) -> Cover:
        raise ValueError("planted")


def test_a_cover_that_cannot_be_read_costs_neither_hits_nor_series(house: House, tmp_path: Path) -> None:
    class Unguarded:
        rest = house.rest

        def catalogue(self, site: str, link: str = "") -> Broken:
            return Broken()

    registry: Any = Unguarded()
    hits = HitCovers(registry, tmp_path / "hits")
    hits.remember([SeriesHit("nebel", "Nebel", "shelf", LINK, cover_url="https://shelf.example/c.png")])
    assert hits.find("nebel") is None
    record(house, ANNOUNCED, cover_url="https://shelf.example/c.png")
    covers = FetchedCovers(house.database, registry, tmp_path / "covers", lambda work: work())
    assert covers.fetch("nebel") is None
