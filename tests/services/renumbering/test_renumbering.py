"""A catalogue that numbers its episodes otherwise than when the files came: noticed, shown, decided, never silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from sqlalchemy import select

from aniworld.config.settings import LibrarySettings, Settings
from aniworld.core.errors import Conflict, InvalidInput, NothingThere, Renumbered
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import EventBus
from aniworld.core.media import EpisodeEntry, SeriesPage
from aniworld.core.queue import DownloadStatus
from aniworld.library.files.place import place
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode
from aniworld.providers.plugin_api.testkit import open_gate
from aniworld.providers.registry import Registry
from aniworld.services.file_management.rename_jobs import RenamingRuns
from aniworld.services.file_management.rename_service import RenamingService
from aniworld.services.queue.link_resolver import Resolver
from aniworld.services.queue.service import DownloadService
from aniworld.services.queue.views import DownloadRequest
from aniworld.services.renumbering.moves import Known, compare
from aniworld.services.renumbering.proposals import ask_nothing, remember_file
from aniworld.services.renumbering.titles import alike, title_form, without_number
from aniworld.services.scan.service import ScanService
from aniworld.services.series.listing import detail_of
from aniworld.services.series.page_import import Recorded, record_page
from aniworld.services.series.renumbering import RenumberingService
from aniworld.services.series.views import AnimeDetail

TITLES = ("Der Aufbruch", "Im Nebel", "Die Brücke", "Regen", "Das Tor", "Heimkehr")


def link(season: int, number: int) -> str:
    """As AniWorld's links are: they only say the place."""
    return "https://aniworld.to/anime/stream/nebel/" + (
        f"staffel-{season}/episode-{number}" if season else f"filme/film-{number}"
    )


def entries(season: int, *titles: str, start: int = 1, **facts: object) -> list[EpisodeEntry]:
    """A season of an engine's page; ``de | en`` gives both titles."""
    made = []
    for number, text in enumerate(titles, start):
        german, _, english = text.partition(" | ")
        made.append(EpisodeEntry(season, number, link(season, number), german, english, ("ger-sub",), **facts))
    return made


class House:
    def __init__(self, database: Database, library: Path) -> None:
        self.database, self.library = database, library
        self.events: list = []
        bus = EventBus()
        bus.subscribe(self.events.append)
        progress = ProgressService(bus)
        self.settings = replace(Settings(), library=replace(LibrarySettings(), root=str(library)))
        self.downloads = DownloadService(database, lambda: self.settings, progress)
        self.renaming = RenamingService(database, lambda: self.settings, progress)
        self.runs = RenamingRuns(database, self.renaming, progress, lambda work: work())
        self.service = RenumberingService(database, progress, self.downloads.changes.ring)
        self.scanning = ScanService(database, lambda: self.settings, progress, lambda work: work())
        self.resolver = Resolver(database, Registry(open_gate(), plugins=lambda group: []), lambda key: None)
        with database.writing() as session:
            session.add(AnimeSeries(key="nebel", name="Nebel", folder="Nebel", site="aniworld.to", link="x/nebel"))

    def read(self, *listed: Sequence[EpisodeEntry]) -> Recorded:
        """The catalogue's page comes."""
        page = [entry for some in listed for entry in some]
        seasons = tuple(sorted({entry.season for entry in page}))
        with self.database.writing() as session:
            series = session.scalar(select(AnimeSeries))
            return record_page(
                session,
                series,
                SeriesPage("nebel", "Nebel", "aniworld.to", "x/nebel", seasons=seasons, episodes=tuple(page)),
            )

    def files(self, season: int, *numbers: int) -> None:
        """A file for each of these episodes, found by a scan."""
        for number in numbers:
            path = self.library / "Nebel" / f"Season {season:02d}" / f"Nebel - S{season:02d}E{number:02d}.mkv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"S{season:02d}E{number:02d}".encode() * (number + season * 100))
        self.scan()

    def scan(self, keys: Sequence[str] = ()) -> None:
        status = self.scanning.start(keys)
        assert self.scanning.wait(30) and self.scanning.status().error is None, status

    def state(self) -> dict[str, str | None]:
        """``S01E02`` → which file it has, named by the code in the file's name."""
        with self.database.reading() as session:
            rows = session.scalars(select(Episode).order_by(Episode.season, Episode.number))
            return {f"S{row.season:02d}E{row.number:02d}": row.file and row.file[-10:-4] for row in rows}

    def titles(self) -> dict[str, str]:
        with self.database.reading() as session:
            rows = session.scalars(select(Episode).order_by(Episode.season, Episode.number))
            return {f"S{row.season:02d}E{row.number:02d}": row.title or row.title_en for row in rows}

    def links(self) -> dict[str, str]:
        with self.database.reading() as session:
            return {f"S{row.season:02d}E{row.number:02d}": row.link for row in session.scalars(select(Episode))}

    def detail(self) -> AnimeDetail:
        with self.database.reading() as session:
            return detail_of(session, session.scalar(select(AnimeSeries)))

    def shown(self) -> dict[str, str]:
        """Old number → new one, as the page shows it; ``-`` for what is not listed any more."""
        found = self.detail().renumbering
        assert found is not None
        return {
            f"S{one.season:02d}E{one.episode:02d}": f"S{one.new_season:02d}E{one.new_episode:02d}"
            if one.new_season is not None
            else "-"
            for one in found.episodes
        }

    def added(self) -> list[str]:
        found = self.detail().renumbering
        assert found is not None
        return [one.title for one in found.added]

    def items(self) -> dict[str, tuple[str, str | None]]:
        with self.database.reading() as session:
            rows = session.scalars(select(DownloadQueueItem)).all()
            return {f"S{row.season:02d}E{row.episode:02d}": (row.status, row.error_code) for row in rows}


@pytest.fixture
def house(database: Database, library: Path) -> House:
    return House(database, library)


def with_season(house: House, *titles: str) -> None:
    house.read(entries(1, *titles))
    house.files(1, *range(1, len(titles) + 1))
    assert all(house.state().values())


# ── both directions: what is a renumbering ──────────────────────────────────


def test_an_episode_in_front_moves_no_file(house: House) -> None:
    with_season(house, *TITLES)
    before = house.state()
    recorded = house.read(entries(1, "Prolog", *TITLES))
    assert recorded.new == ()
    assert house.state() == before and list(house.titles().values()) == list(TITLES)
    assert house.shown() == {f"S01E{n:02d}": f"S01E{n + 1:02d}" for n in range(1, 7)}
    assert house.added() == ["Prolog"]
    found = house.detail().renumbering
    assert (found.status, found.seasons) == ("undecided", (1,))
    assert found.episodes[0].file == "Season 01/Nebel - S01E01.mkv" and found.episodes[0].new_title == "Der Aufbruch"
    assert house.detail().missing_count == 0


def test_a_film_in_front_moves_no_film(house: House) -> None:
    house.read(entries(0, "Der Film", "Das Finale"), entries(1, *TITLES))
    house.files(0, 1)
    house.read(entries(0, "Der neue Film", "Der Film", "Das Finale"), entries(1, *TITLES, "Noch eine"))
    assert house.shown() == {"S00E01": "S00E02", "S00E02": "S00E03"}
    assert house.state()["S00E01"] == "S00E01"
    assert "S01E07" in house.titles()  # other seasons go on as ever


def test_a_season_merged_into_another(house: House) -> None:
    house.read(entries(1, *TITLES[:3]), entries(2, *TITLES[3:]))
    house.files(2, 1, 2, 3)
    house.read(entries(1, *TITLES))
    assert house.shown() == {"S02E01": "S01E04", "S02E02": "S01E05", "S02E03": "S01E06"}
    assert house.state()["S02E01"] == "S02E01" and house.detail().missing_count == 3
    house.service.decide("nebel", "apply")
    assert house.state() == {
        "S01E01": None,
        "S01E02": None,
        "S01E03": None,
        "S01E04": "S02E01",
        "S01E05": "S02E02",
        "S01E06": "S02E03",
    }


def test_a_season_split_in_two(house: House) -> None:
    with_season(house, *TITLES)
    house.read(entries(1, *TITLES[:3]), entries(2, *TITLES[3:]))
    assert house.shown() == {"S01E04": "S02E01", "S01E05": "S02E02", "S01E06": "S02E03"}
    house.service.decide("nebel", "apply")
    assert house.state()["S02E03"] == "S01E06" and len(house.state()) == 6


def test_two_episodes_that_swapped(house: House) -> None:
    with_season(house, *TITLES)
    house.read(entries(1, TITLES[0], TITLES[2], TITLES[1], *TITLES[3:]))
    assert house.shown() == {"S01E02": "S01E03", "S01E03": "S01E02"}
    house.service.decide("nebel", "apply")
    assert house.state()["S01E02"] == "S01E03" and house.state()["S01E03"] == "S01E02"


def test_an_episode_taken_out_of_the_middle(house: House) -> None:
    with_season(house, *TITLES)
    house.read(entries(1, *TITLES[:2], *TITLES[3:]))
    assert house.shown() == {"S01E03": "-", "S01E04": "S01E03", "S01E05": "S01E04", "S01E06": "S01E05"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("Der Aufbruch", "Im Nebel"), ("Der Aufbruch", "Im Nebel!")),
        (("Der Aufbruhc", "Im Nebel"), ("Der Aufbruch", "Im Nebel")),
        (("Der Aufbruch", "Im Nebel"), ("Der Aufbruch (Departure)", "Im Nebel / Into the Fog")),
        ((" | Departure", " | Into the Fog"), ("Der Aufbruch | Departure", "Im Nebel | Into the Fog")),
        (("Der Aufbruch | Departure", "Im Nebel | Into the Fog"), (" | Departure", " | Into the Fog")),
        (("", ""), ("Der Aufbruch", "Im Nebel")),
        (("Der Aufbruch", "Im Nebel"), ("", "")),
        (("Der Aufbruch", "Im Nebel [OVA]"), ("Der Aufbruch [Special]", "Im Nebel")),
        (("Episode 1", "Episode 2"), ("Der Aufbruch", "Im Nebel")),
        (("Folge 2", "Folge 1"), ("Folge 1", "Folge 2")),
        (("TBA", "TBA"), ("Der Aufbruch", "TBA")),
        (("Der Aufbruch", "Rückblick", "Rückblick"), ("Der Aufbruch", "Rückblick", "Im Nebel")),
        (("Ganz anders", "Noch anders"), ("Der Aufbruch", "Im Nebel")),
        (("Der Aufbruch | Departure", "Im Nebel | Fog"), ("Departure | Der Aufbruch", "Fog | Im Nebel")),
        (("DER AUFBRUCH", "im nebel"), ("Der Aufbruch", "Im  Nebel…")),
        (("Die Bru\u0308cke", "Straße"), ("Die Brücke", "Strasse")),
    ],
)
def test_a_title_that_changes_is_no_other_number(house: House, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    with_season(house, *before)
    house.read(entries(1, *after, "Eine neue"))
    assert house.detail().renumbering is None
    assert len(house.state()) == len(before) + 1
    assert list(house.titles().values())[:-1] == [one.partition(" | ")[0] or one.partition(" | ")[2] for one in after]


def test_parts_of_one_story_are_told_apart(house: House) -> None:
    with_season(house, "Der Kampf (Teil 1)", "Der Kampf (Teil 2)", "Der Kampf (Teil 3)")
    house.read(entries(1, "Prolog", "Der Kampf (Teil 1)", "Der Kampf (Teil 2)", "Der Kampf (Teil 3)"))
    assert house.shown() == {"S01E01": "S01E02", "S01E02": "S01E03", "S01E03": "S01E04"}


def test_what_has_no_title_moves_with_its_neighbours(house: House) -> None:
    with_season(house, "Der Aufbruch", "", "Die Brücke", "Regen", "")
    house.read(entries(1, "Prolog", "Der Aufbruch", "", "Die Brücke", "Regen", "Das Tor"))
    assert house.shown() == {f"S01E{n:02d}": f"S01E{n + 1:02d}" for n in range(1, 6)}


def test_titles_that_were_lost_on_the_way_are_remembered_with_the_file(house: House) -> None:
    with_season(house, *TITLES)
    house.read(entries(1, *([""] * 6)))
    assert house.detail().renumbering is None
    house.read(entries(1, "Prolog", *TITLES))
    assert house.shown()["S01E01"] == "S01E02"


def test_links_that_name_videos_tell_it_without_titles() -> None:
    urls = [f"https://tube.example/watch?v={name}" for name in "abcd"]
    known = [Known((1, at), links=(url,), has_file=True) for at, url in enumerate(urls, 1)]
    page = [EpisodeEntry(1, at, url) for at, url in enumerate(["https://tube.example/watch?v=new", *urls], 1)]
    assert compare(known, page).moves == {(1, n): (1, n + 1) for n in range(1, 5)}
    assert compare(known, [EpisodeEntry(1, at, url) for at, url in enumerate(urls, 1)]).moves == {}


def test_absolute_numbers_tell_it_without_titles() -> None:
    known = [Known((1, n), absolute=n) for n in (1, 2)] + [Known((2, n), absolute=n + 2) for n in (1, 2)]
    page = [EpisodeEntry(1, n, link(1, n), absolute=n) for n in range(1, 5)]
    moves = compare(known, page).moves
    assert (moves[2, 1], moves[2, 2], moves[1, 1]) == ((1, 3), (1, 4), (1, 1))


def test_links_that_only_say_places_and_no_titles_tell_nothing(house: House) -> None:
    with_season(house, "", "", "")
    house.read(entries(1, "", "", "", ""))
    assert house.detail().renumbering is None and house.state()["S01E01"] == "S01E01"


def test_forms_of_titles() -> None:
    assert title_form("Der Aufbruch [OVA]") == title_form("DER AUFBRUCH!") == "der aufbruch"
    for empty in ("", "Episode 5", "Folge 05", "Ep. 3", "Film 2", "OVA", "TBA", "- TBA -", "???", "12", "Teil 3 (2)"):
        assert title_form(empty) == "", empty
    assert alike("der aufbruch", "der aufbruch departure") and alike("der aufbruhc", "der aufbruch")
    assert not alike("der kampf teil 1", "der kampf teil 2") and not alike("feuer i", "feuer ii")
    assert not alike("regen", "das tor")


NUMBERED = (
    "Folge {n} - {t}",
    "{n:02d}. {t}",
    "Episode {n:03d}: {t}",
    "Ep. {n} – {t}",
    "Teil {n}: {t}",
    "S01E{n:02d} - {t}",
    "Folge Nr. {n}: {t}",
    "{t} (Folge {n})",
)


@pytest.mark.parametrize("form", NUMBERED)
def test_titles_that_carry_their_own_number_are_recognised(house: House, form: str) -> None:
    def numbered(*titles: str, start: int = 1) -> list[str]:
        return [form.format(n=n, t=title) for n, title in enumerate(titles, start)]

    with_season(house, *numbered(*TITLES))
    house.read(entries(1, *numbered(*TITLES, "Danach")))
    assert house.detail().renumbering is None
    house.read(entries(1, *TITLES, "Danach"))  # the site leaves the numbers out
    assert house.detail().renumbering is None
    house.read(entries(1, *numbered("Prolog", *TITLES, "Danach")))
    assert house.shown() == {f"S01E{n:02d}": f"S01E{n + 1:02d}" for n in range(1, 8)}
    house.service.decide("nebel", "apply")
    assert house.state()["S01E01"] is None and house.state()["S01E07"] == "S01E06"
    house.read(entries(1, *numbered("Noch davor", "Prolog", *TITLES, "Danach")))
    assert house.shown()["S01E07"] == "S01E08"  # the file's own title is older than its number


@pytest.mark.parametrize("form", NUMBERED[:3])
def test_numbers_in_titles_are_read_under_the_numbers_that_the_library_keeps(house: House, form: str) -> None:
    def numbered(*titles: str) -> list[str]:
        return [form.format(n=n, t=title) for n, title in enumerate(titles, 1)]

    with_season(house, *numbered(*TITLES))
    house.read(entries(1, *numbered("Prolog", *TITLES)))
    house.service.decide("nebel", "keep")
    house.read(entries(1, *numbered("Prolog", *TITLES, "Danach")))
    house.read(entries(1, *numbered("Prolog", *TITLES, "Danach")))
    assert house.links()["S01E07"] == link(1, 8) and house.links()["S01E01"] == link(1, 2)
    house.read(entries(1, *numbered(*TITLES)))
    assert house.detail().renumbering is None


def test_films_and_through_counted_episodes_carry_their_numbers_too(house: House) -> None:
    house.read(entries(0, "Film 1: Wolf"), entries(1, *TITLES[:3]), entries(2, "Folge 4 - Regen", "Folge 5 - Das Tor"))
    house.files(0, 1)
    house.files(2, 1, 2)
    house.read(
        entries(0, "Film 1: Bär", "Film 2: Wolf"),
        entries(1, *TITLES[:3]),
        entries(2, "Folge 4 - Prolog", "Folge 5 - Regen", "Folge 6 - Das Tor"),
    )
    assert house.shown() == {"S00E01": "S00E02", "S02E01": "S02E02", "S02E02": "S02E03"}


def test_titles_that_are_only_numbers_state_the_shift(house: House) -> None:
    with_season(house, "Folge 1", "Folge 2", "Folge 3")
    house.read(entries(1, "Folge 0", "Folge 1", "Folge 2", "Folge 3"))
    assert house.shown() == {f"S01E{n:02d}": f"S01E{n + 1:02d}" for n in range(1, 4)}
    house.read(entries(1, "Folge 1", "Folge 2", "Folge 3"))
    assert house.detail().renumbering is None
    house.read(entries(1, "Folge 13", "Folge 14", "Folge 15"))  # the site counts through all seasons now
    assert house.detail().renumbering is None


def test_titles_that_are_only_numbers_tell_of_a_titled_episode_in_front(house: House) -> None:
    with_season(house, "Folge 1", "Folge 2", "Folge 3")
    house.read(entries(1, "Prolog", "Folge 1", "Folge 2", "Folge 3"))
    assert house.shown() == {f"S01E{n:02d}": f"S01E{n + 1:02d}" for n in range(1, 4)}


def test_equal_titles_follow_their_neighbours(house: House) -> None:
    with_season(house, "Das Turnier", "Das Turnier", "Regen")
    house.read(entries(1, "Prolog", "Das Turnier", "Das Turnier", "Regen"))
    assert house.shown() == {f"S01E{n:02d}": f"S01E{n + 1:02d}" for n in range(1, 4)}
    house.service.decide("nebel", "apply")
    assert house.state() == {"S01E01": None, "S01E02": "S01E01", "S01E03": "S01E02", "S01E04": "S01E03"}


def test_an_equal_title_between_others_is_not_guessed(house: House) -> None:
    with_season(house, "Regen", "Das Turnier", "Das Turnier", "Heimkehr")
    house.read(entries(1, "Regen", "Das Turnier", "Das Turnier", "Das Turnier", "Heimkehr"))
    assert house.shown() == {"S01E02": "-", "S01E03": "-", "S01E04": "S01E05"}
    house.service.decide("nebel", "apply")
    state = house.state()
    assert (state["S01E02"], state["S01E03"], state["S01E05"]) == ("S01E02", "S01E03", "S01E04")


def test_no_file_becomes_an_episode_of_another_title_because_of_its_neighbours(house: House) -> None:
    with_season(house, "Alt", *TITLES[:3])
    house.read(entries(1, "Prolog", "Ganz neu", *TITLES[:3]))
    assert house.shown() == {"S01E01": "-", "S01E02": "S01E03", "S01E03": "S01E04", "S01E04": "S01E05"}


def test_titles_that_are_the_same_in_each_season_count_within_theirs(house: House) -> None:
    house.read(entries(1, *TITLES[:3]), entries(2, *TITLES[:3]))
    house.files(1, 1, 2, 3)
    house.files(2, 1, 2, 3)
    house.read(entries(1, "Prolog", *TITLES[:3]), entries(2, *TITLES[:3]))
    assert house.shown() == {f"S01E{n:02d}": f"S01E{n + 1:02d}" for n in range(1, 4)}


def test_a_title_of_two_seasons_goes_with_its_season(house: House) -> None:
    one, two = ("Regen", "Rückblick", "Das Tor"), ("Im Nebel", "Rückblick", "Heimkehr")
    house.read(entries(1, *one), entries(2, *two))
    house.files(1, 1, 2, 3)
    house.files(2, 1, 2, 3)
    house.read(entries(1, *two), entries(2, *one))
    assert house.shown()["S01E02"] == "S02E02" and house.shown()["S02E02"] == "S01E02"


def test_a_season_of_one_title_with_another_in_front_is_held(house: House) -> None:
    with_season(house, "Nebel", "Nebel", "Nebel")
    house.read(entries(1, "Prolog", "Nebel", "Nebel", "Nebel"))
    assert house.shown() == {f"S01E{n:02d}": f"S01E{n + 1:02d}" for n in range(1, 4)}
    house.read(entries(1, "Nebel", "Nebel", "Nebel"))
    assert house.detail().renumbering is None
    house.read(entries(1, "Prolog", "Nebel", "Nebel"))  # one title is corrected, and nothing is new
    assert house.detail().renumbering is None


def test_only_the_own_number_is_taken_from_a_title() -> None:
    assert without_number("Folge 5 - Regen", {5}) == without_number("#5 Regen", {5}) == "Regen"
    assert without_number("Folge 4 - Regen", {5}) == "Folge 4 - Regen"
    for whole in ("5 Freunde", "Folge 5", "12:30 Uhr", "2001 – Odyssee", "Teilchen 5"):
        assert without_number(whole, {5, 12}) == whole


# ── until it is decided ─────────────────────────────────────────────────────


def test_a_second_refresh_keeps_the_state_and_the_old_numbers_clear_it(house: House) -> None:
    with_season(house, *TITLES)
    house.read(entries(1, "Prolog", *TITLES))
    first = house.detail().renumbering
    house.read(entries(1, "Prolog", *TITLES))
    assert house.detail().renumbering == first
    house.read(entries(1, *([""] * 7)))  # a day on which the page has no titles decides nothing
    assert house.detail().renumbering == first and len(house.state()) == 6
    house.read(entries(1, *TITLES))
    assert house.detail().renumbering is None and all(house.state().values())


def test_nothing_is_renamed_until_it_is_decided(house: House) -> None:
    with_season(house, *TITLES)
    house.read(entries(1, "Prolog", *TITLES))
    for begin in (house.renaming.apply, house.runs.begin):
        with pytest.raises(Renumbered, match="renumbered Nebel; decide") as caught:
            begin(["nebel"])
        assert caught.value.code == "renumbered" and isinstance(caught.value, Conflict)
    assert {line.reason for line in house.renaming.preview("nebel")} == {
        "The catalogue renumbered this season; decide on the series' page which numbers count."
    }
    outcome = house.renaming.apply()
    assert (outcome.done, len(outcome.skipped)) == (0, 6) and all(house.state().values())


def test_nothing_of_the_season_is_queued_or_fetched_until_it_is_decided(house: House) -> None:
    house.read(entries(1, *TITLES), entries(2, "Anderswo"))
    house.files(1, 1, 2)
    house.downloads.add(DownloadRequest("nebel", ((1, 5),)))
    house.read(entries(1, "Prolog", *TITLES), entries(2, "Anderswo"))
    added, skipped = house.downloads.add(DownloadRequest("nebel", ((1, 6), (2, 1))))
    assert [item.season for item in added] == [2] and "renumbered" in skipped[0].reason
    item = next(one for one in house.downloads.repository.get_pending_items() if one.season == 1)
    with pytest.raises(Renumbered) as caught:
        house.resolver.target(item, ("ger-sub",))
    held = house.downloads.claim(
        "me", without_items=[one.id for one in house.downloads.repository.get_pending_items() if one.season == 2]
    )
    house.downloads.failed(held, caught.value)
    assert house.items()["S01E05"] == ("pending", "renumbered")  # it waits, and is not counted as a failure
    assert house.downloads.item(held.id).retry_count == 0
    house.service.decide("nebel", "apply")
    assert house.items() == {"S01E06": ("pending", None), "S02E01": ("pending", None)}
    target = house.resolver.target(house.downloads.repository.get_item(held.id), ("ger-sub",))
    assert target.title == "Das Tor" and target.link == link(1, 6)


def test_without_a_file_the_numbers_are_simply_taken(house: House) -> None:
    house.read(entries(1, *TITLES))
    house.downloads.add(DownloadRequest("nebel", ((1, 2),)))
    house.read(entries(1, "Prolog", *TITLES))
    assert house.detail().renumbering is None and house.titles()["S01E01"] == "Prolog"
    assert list(house.items()) == ["S01E03"]  # still the episode that was wished


def test_a_waiting_item_whose_episode_is_gone_says_so(house: House) -> None:
    with_season(house, *TITLES[:2])
    house.read(entries(1, *TITLES))
    house.downloads.add(DownloadRequest("nebel", ((1, 4),)))
    house.files(1, 4)
    house.read(entries(1, "Prolog", *TITLES[:3], *TITLES[4:]))
    house.service.decide("nebel", "apply")
    (item,) = house.downloads.items()[0]
    assert (item.status, item.error_code) == ("failed", "renumbered") and "does not list this episode" in item.error


# ── decided ─────────────────────────────────────────────────────────────────


def test_applied_every_file_is_what_the_catalogue_lists_now(house: House) -> None:
    with_season(house, *TITLES)
    house.read(entries(1, "Prolog", *TITLES))
    house.service.decide("nebel", "apply")
    wanted = {"S01E01": None} | {f"S01E{n + 1:02d}": f"S01E{n:02d}" for n in range(1, 7)}
    assert house.state() == wanted and house.titles()["S01E01"] == "Prolog"
    assert house.detail().renumbering is None and house.detail().missing_count == 1
    house.scan()
    house.read(entries(1, "Prolog", *TITLES))
    house.scan()
    assert house.state() == wanted  # a name that is older than its number does not bring the old one back


def applied(house: House) -> dict[str, str | None]:
    """Six files in front of which a prolog was put; each is the next episode now."""
    with_season(house, *TITLES)
    house.read(entries(1, "Prolog", *TITLES))
    house.service.decide("nebel", "apply")
    state = house.state()
    assert state == {"S01E01": None} | {f"S01E{n + 1:02d}": f"S01E{n:02d}" for n in range(1, 7)}
    return state


def test_applied_a_folder_that_is_renamed_brings_no_old_number_back(house: House) -> None:
    state = applied(house)
    (house.library / "Nebel/Season 01").rename(house.library / "Nebel/Staffel 1")
    house.scan()
    assert house.state() == state and house.detail().missing_count == 1
    (house.library / "Nebel").rename(house.library / "nebel")
    house.scan()
    assert house.state() == state


def test_applied_files_that_are_tagged_in_place_stay_one_episode(house: House) -> None:
    state = applied(house)
    for path in (house.library / "Nebel/Season 01").iterdir():
        path.write_bytes(path.read_bytes() + b"tags of this file")
    house.scan(["nebel"])
    assert house.state() == state and house.detail().missing_count == 1
    (house.library / "Nebel/Season 01/Nebel - S01E01.mkv").write_bytes(b"tagged, and moved")
    (house.library / "Nebel/Season 01").rename(house.library / "Nebel/Staffel 1")
    house.scan(["nebel"])
    assert house.state() == state


def test_applied_files_that_are_renamed_by_hand_count_by_their_new_names(house: House) -> None:
    applied(house)
    folder = house.library / "Nebel/Season 01"
    for n in range(6, 0, -1):
        (folder / f"Nebel - S01E{n:02d}.mkv").rename(folder / f"Nebel - S01E{n + 1:02d}.mkv")
    house.scan(["nebel"])
    assert house.state() == {"S01E01": None} | {f"S01E{n:02d}": f"S01E{n:02d}" for n in range(2, 8)}


def test_applied_a_copy_in_another_folder_is_the_same_episode(house: House) -> None:
    state = applied(house)
    folder = house.library / "Nebel/Season 01"
    (house.library / "Nebel/Copies").mkdir()
    (house.library / "Nebel/Copies/Nebel - S01E01.mkv").write_bytes((folder / "Nebel - S01E01.mkv").read_bytes())
    folder.rename(house.library / "Nebel/Staffel 1")
    house.scan(["nebel"])
    assert house.state() == state


def test_applied_films_with_numbers_of_their_own_stay_in_a_renamed_folder(house: House) -> None:
    house.read(entries(0, "Der Film", "Das Finale"))
    with house.database.writing() as session:
        session.scalar(select(AnimeSeries)).specials = {"1": 5}
    house.files(0, 5)
    house.read(entries(0, "Davor", "Der Film", "Das Finale"))
    house.service.decide("nebel", "apply")
    (house.library / "Nebel/Season 00").rename(house.library / "Nebel/Specials")
    house.scan()
    assert house.state() == {"S00E01": None, "S00E02": "S00E05", "S00E03": None}


def test_applied_the_files_can_be_renamed_and_that_be_undone(house: House) -> None:
    with_season(house, *TITLES)
    house.read(entries(1, "Prolog", *TITLES))
    house.service.decide("nebel", "apply")
    applied = house.state()
    outcome = house.renaming.apply(["nebel"])
    assert (outcome.done, outcome.skipped) == (6, ())
    names = {path.name for path in (house.library / "Nebel/Season 01").iterdir()}
    assert "Nebel - S01E07 - Heimkehr.mkv" in names and "Nebel - S01E02 - Der Aufbruch.mkv" in names
    house.scan()
    assert house.renaming.preview("nebel") == []
    house.renaming.undo(outcome.id)
    assert house.state() == applied
    house.scan()
    assert house.state() == applied


def test_a_rename_from_before_can_still_be_undone_after_it(house: House) -> None:
    with_season(house, *TITLES)
    earlier = house.renaming.apply(["nebel"])
    house.read(entries(1, "Prolog", *TITLES))
    house.service.decide("nebel", "apply")
    house.renaming.undo(earlier.id)
    assert house.state()["S01E02"] == "S01E01"


def test_kept_the_page_is_read_under_the_librarys_numbers(house: House) -> None:
    with_season(house, *TITLES)
    house.read(entries(1, "Prolog", *TITLES))
    house.service.decide("nebel", "keep")
    assert house.detail().renumbering.status == "kept"
    assert house.links()["S01E01"] == link(1, 2) and house.titles()["S01E01"] == "Der Aufbruch"
    house.renaming.apply(["nebel"])
    house.downloads.add(DownloadRequest("nebel", ((1, 7),)))
    (item,) = house.downloads.repository.get_pending_items()
    with pytest.raises(NothingThere, match="numbers that the library keeps"):  # no guess from a number
        house.resolver.target(item, ("ger-sub",))
    house.read(entries(1, "Prolog", *TITLES, "Danach"))
    assert house.resolver.target(item, ("ger-sub",)).link == link(1, 8)
    assert house.titles()["S01E07"] == "Danach" and house.links()["S01E07"] == link(1, 8)
    assert house.detail().missing_count == 1  # the new one; what was put in front has no number here
    house.read(entries(1, *([""] * 8)))
    assert house.links()["S01E07"] == link(1, 8)  # without titles the decision still holds
    house.read(entries(1, "Noch einer", "Prolog", *TITLES, "Danach"))
    assert house.links()["S01E01"] == link(1, 3) and house.detail().renumbering.status == "kept"


def test_kept_after_a_swap_the_next_episode_is_not_lost(house: House) -> None:
    with_season(house, *TITLES)
    house.read(entries(1, *TITLES[:4], TITLES[5], TITLES[4]))
    house.service.decide("nebel", "keep")
    house.read(entries(1, *TITLES[:4], TITLES[5], TITLES[4], "Danach"))
    assert house.titles()["S01E07"] == "Danach" and house.links()["S01E05"] == link(1, 6)


def test_kept_can_be_changed_to_applied_and_the_old_numbers_clear_it(house: House) -> None:
    with_season(house, *TITLES)
    house.read(entries(1, "Prolog", *TITLES))
    house.service.decide("nebel", "keep")
    house.read(entries(1, "Prolog", *TITLES))
    house.service.decide("nebel", "apply")
    assert house.state()["S01E02"] == "S01E01" and house.detail().renumbering is None
    house.read(entries(1, *TITLES))
    assert house.shown()["S01E02"] == "S01E01"
    house.service.decide("nebel", "keep")
    house.read(entries(1, "Prolog", *TITLES))
    assert house.detail().renumbering is None and house.links()["S01E02"] == link(1, 2)


def test_a_merge_that_is_kept_leaves_both_seasons(house: House) -> None:
    house.read(entries(1, *TITLES[:3]), entries(2, *TITLES[3:]))
    house.files(2, 1, 2, 3)
    house.read(entries(1, *TITLES))
    house.service.decide("nebel", "keep")
    house.read(entries(1, *TITLES, "Danach"))
    assert list(house.titles()) == ["S01E01", "S01E02", "S01E03", "S02E01", "S02E02", "S02E03", "S02E04"]
    assert house.links()["S02E01"] == link(1, 4)


def test_the_librarys_own_numbers_of_films_stay_with_their_films(house: House) -> None:
    house.read(entries(0, "Der Film", "Das Finale"))
    with house.database.writing() as session:
        session.scalar(select(AnimeSeries)).specials = {"1": 5}
    house.files(0, 5)
    assert house.state()["S00E01"] == "S00E05"
    house.read(entries(0, "Davor", "Der Film", "Das Finale"))
    house.service.decide("nebel", "apply")
    assert house.state()["S00E02"] == "S00E05" and dict(house.detail().specials) == {"2": 5}
    assert [line.new for line in house.renaming.preview("nebel")] == ["Season 00/Nebel - S00E05 - Der Film.mkv"]


def test_a_decision_needs_something_to_decide(house: House) -> None:
    with_season(house, *TITLES)
    with pytest.raises(Conflict, match="nothing to decide"):
        house.service.decide("nebel", "apply")
    with pytest.raises(InvalidInput):
        house.service.decide("nebel", "perhaps")
    house.read(entries(1, "Prolog", *TITLES))
    with house.database.writing() as session:
        session.add(
            DownloadQueueItem(serie_id="nebel", season=1, episode=6, status=DownloadStatus.DOWNLOADING, worker="me")
        )
    with pytest.raises(Conflict, match="being downloaded"):
        house.service.decide("nebel", "apply")
    assert house.detail().renumbering.status == "undecided"


def test_numbers_that_the_owner_gave_are_no_renumbering(house: House) -> None:
    with_season(house, *TITLES)
    with house.database.writing() as session:
        ask_nothing(session.scalar(select(AnimeSeries)))
    house.read(entries(1, "Prolog", *TITLES))
    assert house.detail().renumbering is None and house.titles()["S01E01"] == "Prolog"
    assert house.state()["S01E01"] == "S01E01"
    house.read(entries(1, "Prolog", *TITLES))
    assert house.detail().renumbering is None


def test_what_is_stored_may_be_damaged(house: House) -> None:
    with_season(house, *TITLES)
    for stored in ({"status": "undecided"}, {"status": "kept", "moves": {"x": 1}, "seasons": 3}, {"status": 5}):
        with house.database.writing() as session:
            session.scalar(select(AnimeSeries)).renumbering = stored
        assert house.detail().renumbering is None
        house.read(entries(1, "Prolog", *TITLES))
        assert house.shown()["S01E01"] == "S01E02"


# ── a file comes ────────────────────────────────────────────────────────────


def test_what_a_file_came_for_is_remembered_wherever_it_comes(house: House) -> None:
    house.read(entries(1, *TITLES))
    house.files(1, 1)
    house.downloads.add(DownloadRequest("nebel", ((1, 2),)))
    item = house.downloads.claim("me")
    house.downloads.completed(
        item, file="Nebel/x.mkv", size_bytes=5, language="ger-sub", hoster="V", relative="x.mkv", seconds=1.0
    )
    with house.database.reading() as session:
        rows = session.scalars(select(Episode).order_by(Episode.number)).all()
        assert [(row.file_title, row.file_link) for row in rows[:3]] == [
            ("Der Aufbruch", link(1, 1)),
            ("Im Nebel", link(1, 2)),
            (None, None),
        ]


def test_files_before_the_first_page_take_its_titles(house: House) -> None:
    house.files(1, 1, 2)
    house.read(entries(1, *TITLES))
    with house.database.reading() as session:
        assert session.scalar(select(Episode).where(Episode.number == 2)).file_title == "Im Nebel"
    house.read(entries(1, "Prolog", *TITLES))
    assert house.shown()["S01E02"] == "S01E03"


def test_remembered_is_the_title_that_there_is() -> None:
    row = Episode(title="", title_en="Fog", link="x")
    remember_file(row)
    assert (row.file_title, row.file_link) == ("Fog", "x")


def test_after_it_a_download_takes_no_name_of_another_episode(house: House) -> None:
    with_season(house, *TITLES)
    house.read(entries(1, "Prolog", *TITLES))
    house.service.decide("nebel", "apply")
    house.downloads.add(DownloadRequest("nebel", ((1, 1),)))
    (item,) = house.downloads.repository.get_pending_items()
    target = house.resolver.target(item, ("ger-sub",))
    assert target.placed and target.title == "Prolog"
    new = house.library / "new.mkv"
    new.write_bytes(b"Prolog")
    old = house.library / "Nebel/Season 01/Nebel - S01E01.mkv"
    where = PurePosixPath("Nebel/Season 01/Nebel - S01E01.mkv")
    placed = place(new, house.library, where, recycle=RecycleBin(house.library), keep_others=target.placed)
    assert placed != old and old.exists() and RecycleBin(house.library).list() == []
    relative = placed.relative_to(house.library / "Nebel").as_posix()
    house.downloads.completed(
        house.downloads.claim("me"),
        file=f"Nebel/{relative}",
        size_bytes=6,
        language="ger-sub",
        hoster="V",
        relative=relative,
        seconds=1.0,
    )
    state = house.state()
    assert state["S01E02"] == "S01E01" and all(state.values())
    house.scan()
    assert house.state() == state


def test_history_follows_a_folder_that_was_renamed(house: House) -> None:
    with_season(house, *TITLES)
    with house.database.writing() as session:
        done = {"serie_id": "nebel", "season": 1, "status": "completed", "serie_folder": "Nebel"}
        session.add(DownloadQueueItem(**done, episode=1, file="Nebel/Season 01/Nebel - S01E01.mkv"))
        session.add(DownloadQueueItem(**done, episode=2, file="Nebelwald/x.mkv"))
    (house.library / "Nebel").rename(house.library / "nebel")
    house.scan()
    with house.database.reading() as session:
        assert session.scalar(select(AnimeSeries.folder)) == "nebel"
        files = {row.episode: row.file for row in session.scalars(select(DownloadQueueItem))}
    assert files == {1: "nebel/Season 01/Nebel - S01E01.mkv", 2: "Nebelwald/x.mkv"}
