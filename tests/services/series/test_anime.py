"""Series come into the library, are fetched beside, changed, removed and brought back."""

from __future__ import annotations

import json
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, select

from aniworld import Serie, SerieList
from aniworld.config.settings import LibrarySettings, Settings
from aniworld.core.errors import CatalogueBlocked, InvalidInput, KeyConflict, NotFound, PageChanged
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import EventBus, SeriesAdded, SeriesUpdated
from aniworld.core.queue import DownloadStatus
from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode, SeriesFolder, SeriesSeason
from aniworld.providers.plugin_api.base import CatalogueSettings
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite, open_gate
from aniworld.providers.registry import Registry
from aniworld.services.library_import.legacy import DataMigrationService
from aniworld.services.series.repository import AnimeSeriesService, required_in
from aniworld.services.series.service import AnimeService
from aniworld.services.series.views import SeriesQuery
from tests.providers.contract import ROOT1, as_json, engine1, engine2, page

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


class House:
    """The service with everything real around it; background work waits in ``waiting`` until it is told to run."""

    def __init__(self, database: Database, folder: Path, site: LoopbackSite) -> None:
        self.database, self.site, self.folder = database, site, folder
        self.events: list = []
        bus = EventBus()
        bus.subscribe(self.events.append)
        self.waiting: list = []
        self.read: list[str] = []  # keys of the series whose folders a scan reads
        self.library = folder / "library"
        self.library.mkdir()
        self.settings = replace(Settings(), library=replace(LibrarySettings(), root=str(self.library)))
        self.registry = Registry(
            open_gate(), settings={"aniworld.to": CatalogueSettings(site.url)}, plugins=lambda group: []
        )
        self.anime = AnimeService(
            database=database,
            registry=self.registry,
            progress=ProgressService(bus),
            covers=folder / "covers",
            settings=lambda: self.settings,
            spawn=self.spawn,
            read_folder=self.read.append,
        )

    def create(self, **data: object) -> None:
        with self.database.writing() as session:
            AnimeSeriesService.create(session, data)

    def update(self, key: str, **data: object) -> None:
        with self.database.writing() as session:
            AnimeSeriesService.update(session, required_in(session, key).id, data)

    def spawn(self, work) -> None:
        self.waiting.append(work)

    def settle(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()

    def episode(self, key: str, season: int, number: int, **changes) -> None:
        with self.database.writing() as session:
            series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
            row = session.scalar(
                select(Episode).where(
                    Episode.series_id == series.id, Episode.season == season, Episode.number == number
                )
            )
            row = row or Episode(series_id=series.id, season=season, number=number)
            for name, value in changes.items():
                setattr(row, name, value)
            session.add(row)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    with LoopbackSite(engine1()) as site:
        site.pages["/public/img/cover/nebelgarten_220x330.png"] = Answer(PNG, headers={"Content-Type": "text/html"})
        yield House(database, tmp_path, site)


def test_what_is_told_of_a_series_is_of_one_moment(house: House) -> None:
    """The page is recorded while the series is read: never its episodes with the folder from before."""
    house.anime.add(f"{house.site.url}/anime/stream/nebelgarten")
    before = house.anime.detail("nebelgarten")

    def record(connection: object, cursor: object, statement: str, *more: object) -> None:
        if statement.startswith("SELECT anime_series"):
            house.settle()

    event.listen(house.database.engine, "after_cursor_execute", record)
    seen = house.anime.detail("nebelgarten")
    after = house.anime.detail("nebelgarten")
    assert before.folder != after.folder and before.episodes != after.episodes
    assert (seen.folder, seen.episodes) in ((before.folder, before.episodes), (after.folder, after.episodes))


def test_adding_answers_at_once_and_fetches_the_episodes_beside(house: House) -> None:
    summary, created = house.anime.add("https://aniworld.to/anime/stream/nebelgarten/staffel-1/episode-1")
    assert created
    assert (summary.key, summary.name, summary.folder, summary.episode_count) == (
        "nebelgarten",
        "Nebelgarten",
        "Nebelgarten",
        0,
    )
    assert house.site.asked == []
    house.settle()
    found = house.anime.summary("nebelgarten")
    assert (found.name, found.folder) == ("Nebelgarten – Wächter", "Nebelgarten – Wächter (2019)")
    assert found.missing_episodes == {"0": [1], "1": [1, 2], "2": [1]}
    assert (found.missing_count, found.episode_count) == (4, 5)
    kinds = [type(event) for event in house.events]
    assert kinds[0] is SeriesAdded and set(kinds[1:]) == {SeriesUpdated}
    assert json.loads(json.dumps(house.events[-1].data()))["series"]["missing_count"] == 4


def test_adding_again_is_no_second_series(house: House) -> None:
    house.anime.add("nebelgarten")
    house.settle()
    summary, created = house.anime.add(f"{house.site.url}{ROOT1}/filme")
    assert not created and summary.episode_count == 5
    assert house.waiting == []


def test_a_given_name_and_folder_stay(house: House) -> None:
    summary, _ = house.anime.add("nebelgarten", "Mein Nebel", "Nebel: der Garten..")
    house.settle()
    found = house.anime.summary("nebelgarten")
    assert found.name == "Mein Nebel"
    assert found.folder == summary.folder == "Nebel - der Garten"


@pytest.mark.parametrize("folder", ["..", ".", "...", "*?", "\u200b"])
def test_a_folder_that_can_be_none_is_refused_under_its_own_name(house: House, folder: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        house.anime.add("nebelgarten", folder=folder)
    assert list(refused.value.fields) == ["folder"]
    house.anime.add("nebelgarten")
    with pytest.raises(InvalidInput) as refused:
        house.anime.change("nebelgarten", folder=folder)
    assert list(refused.value.fields) == ["folder"]


def test_a_folder_that_is_on_the_disk_already_keeps_its_name(house: House) -> None:
    (house.library / "Nebelgarten").mkdir()
    house.anime.add("nebelgarten")
    house.settle()
    assert house.anime.summary("nebelgarten").folder == "Nebelgarten"


@pytest.mark.parametrize(
    "link", ["https://example.org/x", "", "   ", "https://aniworld.to/support", "javascript:alert(1)", "___"]
)
def test_a_link_of_no_known_source_is_refused(house: House, link: str) -> None:
    with pytest.raises(InvalidInput):
        house.anime.add(link)
    assert house.anime.list_series(SeriesQuery())[1].total == 0


def test_two_slugs_that_collapse_to_one_key_are_a_conflict(house: House) -> None:
    house.anime.add("https://aniworld.to/anime/stream/stahl_und_sand")
    with pytest.raises(KeyConflict, match="stahl-und-sand"):
        house.anime.add("https://aniworld.to/anime/stream/stahl-und-sand")
    with pytest.raises(KeyConflict, match=r"s\.to"):
        house.anime.add("https://s.to/serie/stahl-und-sand")


def test_two_series_never_share_a_folder(house: House) -> None:
    house.anime.add("eins", "Gleich")
    house.anime.add("zwei", "GLEICH")
    folders = {house.anime.summary(key).folder.casefold() for key in ("eins", "zwei")}
    assert len(folders) == 2


def test_a_failed_fetch_is_told_and_can_be_tried_again(house: House) -> None:
    house.site.pages[ROOT1] = "<html>neu</html>"
    house.anime.add("nebelgarten")
    house.settle()
    assert "series-title" in house.anime.summary("nebelgarten").refresh_error
    with pytest.raises(PageChanged):
        house.anime.refresh_now("nebelgarten")
    house.site.pages[ROOT1] = page("engine1/series.html")
    house.anime.refresh("nebelgarten")
    house.anime.refresh("nebelgarten")
    assert len(house.waiting) == 1
    house.settle()
    found = house.anime.summary("nebelgarten")
    assert found.refresh_error is None and found.refreshed_at is not None


def test_a_page_that_is_asked_for_while_it_is_recorded_is_read_once_more(house: House) -> None:
    """As by a person who sees the episodes and wants them anew, while the cover still comes."""
    cover = "/public/img/cover/nebelgarten_220x330.png"
    pages = house.site.pages
    image = pages[cover]

    def changed_meanwhile(asked: object) -> object:
        house.anime.refresh("nebelgarten")
        house.anime.refresh("nebelgarten")
        pages[cover] = image
        return image

    pages[cover] = changed_meanwhile
    house.anime.add("nebelgarten")
    house.anime.add("nebelgarten")
    assert len(house.waiting) == 1
    house.settle()
    assert house.site.paths().count(ROOT1) == 2


def test_a_browser_check_lets_the_source_rest(house: House) -> None:
    house.site.pages[ROOT1] = Answer("<title>Just a moment...</title>", 403)
    house.anime.add("nebelgarten")
    house.settle()
    asked = len(house.site.asked)
    with pytest.raises(CatalogueBlocked) as raised:
        house.anime.search("nebel")
    assert 0 < raised.value.retry_after <= 60
    assert len(house.site.asked) == asked
    assert [rest.site for rest in house.registry.rest.resting()] == ["aniworld.to"]


def test_refreshing_finds_new_episodes_and_loses_no_file(house: House) -> None:
    house.anime.add("nebelgarten")
    house.settle()
    house.episode("nebelgarten", 1, 1, file="Season 01/a.mkv")
    house.episode("nebelgarten", 7, 3, file="Season 07/b.mkv")
    house.site.pages[f"{ROOT1}/staffel-2"] = page("engine1/staffel-2.html").replace(
        "<td></td>", "<td><img class=flag src=/german.svg></td>"
    )
    films = '<li><a href="/anime/stream/nebelgarten/filme" title="Alle Filme">Filme</a></li>'
    house.site.pages[ROOT1] = page("engine1/series.html").replace(
        films, ""
    )  # no season any more that it would announce
    recorded = house.anime.refresh_now("nebelgarten")
    assert recorded.new == ((2, 2),)
    states = {(e.season, e.episode): e.state for e in house.anime.detail("nebelgarten").episodes}
    assert states == {(1, 1): "present", (1, 2): "missing", (2, 1): "missing", (2, 2): "missing", (7, 3): "present"}


def test_a_season_whose_page_fails_once_is_neither_lost_nor_new(house: House) -> None:
    house.anime.add("nebelgarten")
    house.settle()
    page = house.site.pages[f"{ROOT1}/staffel-2"]
    house.site.pages[f"{ROOT1}/staffel-2"] = "<h1>Wartungsarbeiten</h1>"
    assert house.anime.refresh_now("nebelgarten").new == ()
    assert house.anime.summary("nebelgarten").missing_episodes == {"0": [1], "1": [1, 2], "2": [1]}
    house.site.pages[f"{ROOT1}/staffel-2"] = page
    assert house.anime.refresh_now("nebelgarten").new == ()


def test_an_episode_shows_its_live_state(house: House) -> None:
    house.anime.add("nebelgarten")
    house.settle()
    with house.database.writing() as session:
        session.add(DownloadQueueItem(serie_id="nebelgarten", season=1, episode=1, status=DownloadStatus.DOWNLOADING))
        session.add(DownloadQueueItem(serie_id="nebelgarten", season=1, episode=2, status=DownloadStatus.PENDING))
        session.add(DownloadQueueItem(serie_id="nebelgarten", season=0, episode=1, status=DownloadStatus.FAILED))
    detail = house.anime.detail("nebelgarten")
    assert [e.state for e in detail.episodes] == ["missing", "downloading", "queued", "missing", "unavailable"]
    assert detail.missing_count == 4
    assert detail.available_languages == ("eng-dub", "ger-dub", "ger-sub", "eng-sub", "spa-sub")
    assert (detail.title, detail.year_start, detail.imdb_id) == ("Nebelgarten – Wächter", 2019, "tt1234567")


def test_a_cover_is_kept_under_its_own_hash_and_typed_by_its_bytes(house: House) -> None:
    house.anime.add("nebelgarten")
    house.settle()
    path, kind = house.anime.cover("nebelgarten")
    assert kind == "image/png" and path.read_bytes() == PNG
    assert path.parent == house.folder / "covers" and len(path.stem) == 64
    assert house.anime.summary("nebelgarten").cover_url == "/api/anime/nebelgarten/cover"


def test_a_cover_that_lies_with_another_process_is_fetched_beside_once_for_all_who_ask(
    house: House, database: Database, tmp_path: Path
) -> None:
    house.anime.add("nebelgarten")
    house.settle()
    cover = "/public/img/cover/nebelgarten_220x330.png"
    (tmp_path / "other").mkdir()
    other = House(database, tmp_path / "other", house.site)
    before = house.site.paths().count(cover)
    assert [other.anime.cover("nebelgarten") for _ in range(20)] == [None] * 20
    assert len(other.waiting) == 1 and house.site.paths().count(cover) == before, "nobody waits for the site"
    other.settle()
    path, kind = other.anime.cover("nebelgarten")
    assert (path.parent, path.read_bytes(), kind) == (tmp_path / "other/covers", PNG, "image/png")
    assert house.site.paths().count(cover) == before + 1


def test_a_cover_that_has_changed_at_the_site_is_shown_by_the_process_that_fetched_it(
    house: House, database: Database, tmp_path: Path
) -> None:
    house.anime.add("nebelgarten")
    house.settle()
    house.site.pages["/public/img/cover/nebelgarten_220x330.png"] = Answer(PNG + b"new")
    (tmp_path / "other").mkdir()
    other = House(database, tmp_path / "other", house.site)
    assert other.anime.cover("nebelgarten") is None
    other.settle()
    assert other.anime.cover("nebelgarten")[0].read_bytes() == PNG + b"new"
    assert house.anime.cover("nebelgarten")[0].read_bytes() == PNG


def test_a_cover_that_cannot_be_had_is_not_asked_for_with_every_look(house: House) -> None:
    house.anime.add("nebelgarten")
    house.settle()
    house.anime.cover("nebelgarten")[0].unlink()
    cover = "/public/img/cover/nebelgarten_220x330.png"
    house.site.pages[cover] = Answer(b"gone", status=404)
    before = house.site.paths().count(cover)
    for _ in range(3):
        assert house.anime.cover("nebelgarten") is None
        house.settle()
    assert house.site.paths().count(cover) == before + 1


@pytest.mark.parametrize("body", [b"<svg onload=alert(1)>", b"", b"\x89PNG\r\n\x1a\n" + b"0" * 6_000_000])
def test_what_is_no_image_is_no_cover(house: House, body: bytes) -> None:
    house.site.pages["/public/img/cover/nebelgarten_220x330.png"] = Answer(body, headers={"Content-Type": "image/png"})
    house.anime.add("nebelgarten")
    house.settle()
    assert house.anime.cover("nebelgarten") is None
    assert house.anime.summary("nebelgarten").refresh_error is None


def test_a_search_says_what_is_in_the_library(house: House) -> None:
    (hit,) = house.anime.search("nebel")
    assert (hit.in_library, hit.folder, hit.year) == (False, "Nebelgarten – Wächter (2019)", 2019)
    house.anime.add(hit.link, hit.name)
    house.settle()
    (hit,) = house.anime.search("nebel", "aniworld.to")
    assert hit.in_library and hit.missing_count == 4
    with pytest.raises(InvalidInput):
        house.anime.search("nebel", "nirgends")


def test_several_catalogues_are_searched_side_by_side_and_fail_apart(house: House) -> None:
    house.anime._spawn = lambda work: threading.Thread(target=work).start()
    with LoopbackSite(engine2()) as second:
        house.registry.configure(
            {"aniworld.to": CatalogueSettings(house.site.url), "s.to": CatalogueSettings(second.url)}
        )
        assert [hit.site for hit in house.anime.search("nebel")] == ["aniworld.to", "s.to"]
        second.pages.clear()
        outcome = house.anime.search_all("nebel")
        assert [hit.site for hit in outcome.results] == ["aniworld.to"] and list(outcome.failures) == ["s.to"]
        house.site.pages.clear()
        with pytest.raises(Exception, match="AniWorld"):
            house.anime.search("nebel")


def test_lists_are_filtered_sorted_and_paged(house: House) -> None:
    for key, name in (("uebel", "Übel"), ("anfang", "Anfang"), ("mitte", "Mitte 100%")):
        house.anime.add(key, name)
    house.waiting.clear()
    house.episode("mitte", 1, 1, link="x", languages=["ger-dub"])
    house.episode("mitte", 1, 2, link="x", available=False)
    house.update("anfang", monitored=False, genres=["Drama"], alternative_titles=["Beginn"], year_start=2020)

    def names(**query) -> list[str]:
        return [one.name for one in house.anime.list_series(SeriesQuery(**query))[0]]

    assert names() == ["Anfang", "Mitte 100%", "Übel"]
    assert names(order="desc")[0] == "Übel"
    assert names(q="ÜBEL") == names(q="ubel") == ["Übel"]
    assert names(q="beginn") == ["Anfang"] and names(q="%") == ["Mitte 100%"] and names(q="_") == []
    assert names(missing=True) == ["Mitte 100%"]
    assert names(sort_by="missing", order="desc")[0] == "Mitte 100%"
    assert names(sort_by="added") == ["Übel", "Anfang", "Mitte 100%"]
    assert names(monitored=False) == names(genre="Drama") == names(running=True) == ["Anfang"]
    assert names(language="ger-dub") == ["Mitte 100%"] and names(language='"%') == []
    assert names(page=2, page_size=2) == ["Übel"] and names(page=9) == []
    assert house.anime.list_series(SeriesQuery(page_size=2))[1].total == 3
    assert house.anime.genres() == ("Drama",)


def test_changing_what_is_remembered(house: House) -> None:
    house.anime.add("nebelgarten")
    house.anime.add("zwei")
    found = house.anime.change(
        "nebelgarten", monitored=False, languages=["ger-sub", "jpn"], folder="Nebel", name="Nebel"
    )
    assert (found.monitored, found.languages, found.folder, found.title) == (
        False,
        ("ger-sub", "jpn"),
        "Nebel",
        "Nebel",
    )
    for wrong in ({"languages": ["deutsch"]}, {"folder": "zwei"}, {"folder": " . "}, {"name": "\x00"}):
        with pytest.raises(InvalidInput):
            house.anime.change("nebelgarten", **wrong)
    with pytest.raises(NotFound):
        house.anime.change("nirgends", monitored=True)


def test_a_removed_series_comes_back_with_its_history(house: House) -> None:
    house.anime.add("nebelgarten")
    house.settle()
    house.episode("nebelgarten", 1, 1, file="Season 01/a.mkv")
    house.anime.remove("nebelgarten")
    assert house.events[-1].removed
    with pytest.raises(NotFound):
        house.anime.detail("nebelgarten")
    assert house.anime.list_series(SeriesQuery())[1].total == 0
    summary, created = house.anime.add("nebelgarten")
    assert created and summary.episode_count == 5
    assert house.anime.detail("nebelgarten").episodes[1].state == "present"
    house.settle()
    house.anime.remove("nebelgarten")
    assert house.anime.restore("nebelgarten").key == "nebelgarten"
    with pytest.raises(NotFound):
        house.anime.restore("nirgends")


def test_removing_with_its_files_moves_the_folder_into_the_recycle_bin(house: House) -> None:
    house.anime.add("nebelgarten", None, "Nebel")
    house.settle()
    (house.library / "Nebel").mkdir()
    (house.library / "Nebel" / "a.mkv").write_bytes(b"x")
    house.episode("nebelgarten", 1, 1, file="a.mkv")
    house.anime.remove("nebelgarten", recycle=True)
    assert not (house.library / "Nebel").exists()
    assert list(house.library.rglob("a.mkv"))
    assert house.anime.restore("nebelgarten").missing_count == 4


def test_a_legacy_series_without_a_link_takes_the_one_it_is_added_with(house: House) -> None:
    house.create(key="nebelgarten", name="Nebel", folder="Nebel", site="https://aniworld.to")
    house.episode("nebelgarten", 1, 9)
    assert house.anime.summary("nebelgarten").missing_episodes == {"1": [9]}
    _, created = house.anime.add("nebelgarten")
    house.settle()
    found = house.anime.summary("nebelgarten")
    assert not created and found.site == "aniworld.to" and found.episode_count == 5
    assert (found.name, found.folder) == ("Nebel", "Nebel")


def test_the_second_engine_takes_part_where_it_has_an_address(house: House) -> None:
    with LoopbackSite(engine2()) as second:
        house.registry.configure({"s.to": CatalogueSettings(second.url)})
        house.anime.add("https://s.to/serie/hafenlichter/staffel-1")
        house.settle()
        assert house.anime.summary("hafenlichter").site == "s.to"
        assert house.anime.summary("hafenlichter").episode_count == 4


def test_no_results_from_a_search_of_nothing(house: House) -> None:
    house.site.pages["/ajax/seriesSearch"] = as_json([])
    assert house.anime.search("nichts") == []


def test_a_series_in_the_old_form_is_added_once_with_its_missing_episodes(house: House) -> None:
    listed = SerieList(house.anime, DataMigrationService(house.database))
    serie = Serie("nebelgarten", "Nebelgarten", "aniworld.to", "Nebelgarten (2019)", {1: [1, 2]})
    added = listed.add_to_db(serie)
    assert (added.key, added.folder, added.missing_episodes) == ("nebelgarten", "Nebelgarten (2019)", {"1": [1, 2]})
    assert [event.name for event in house.events] == ["series_added"]
    with pytest.warns(DeprecationWarning, match=r"SerieList\.add_to_db"):
        assert listed.add(serie) == added
    assert len(listed) == 1
    house.settle()
    assert listed.get("nebelgarten").title == "Nebelgarten – Wächter"
    house.anime.remove("nebelgarten")
    with pytest.raises(NotFound):
        listed.add_to_db(serie)


def test_a_search_that_was_typed_with_parted_letters_finds_the_same(house: House, monkeypatch) -> None:
    asked: list[str] = []
    search = house.registry.search
    monkeypatch.setattr(house.registry, "search", lambda source, query: (asked.append(query), search(source, query))[1])
    house.anime.search(unicodedata.normalize("NFD", "Wächter"))
    assert asked and set(asked) == {"Wächter"}


def test_a_series_shows_its_folders_seasons_and_what_is_monitored(house: House) -> None:
    house.create(key="dark", name="Dark", folder="Dark")
    with house.database.writing() as session:
        series = session.scalars(select(AnimeSeries)).one()
        session.add_all([Episode(series_id=series.id, season=season, number=1) for season in (0, 2, 1)])
        session.add(SeriesFolder(series_id=series.id, folder="Dark Season 2", season=2))
        session.add(SeriesSeason(series_id=series.id, season=2, monitored=False))
        session.flush()
        episode = session.scalars(select(Episode).where(Episode.season == 2)).one()
        episode.take_file("S02E01.mkv", "ger-dub", 5, 1080)
        episode.monitored = False
    detail = house.anime.detail("dark")
    assert [(one.folder, one.season, one.primary) for one in detail.folders] == [
        ("Dark", None, True),
        ("Dark Season 2", 2, False),
    ]
    assert detail.folder == "Dark"
    assert [(one.season, one.monitored) for one in detail.seasons] == [(0, True), (1, True), (2, False)]
    assert [(one.season, one.monitored, one.languages_on_disk, one.file_height) for one in detail.episodes] == [
        (0, True, (), None),
        (1, True, (), None),
        (2, False, ("ger-dub",), 1080),
    ]
