"""A scan brings the disk's truth into the database, tells as it goes, and never marks missing what it could not see."""

from __future__ import annotations

import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from aniworld.config.settings import LibrarySettings, Settings
from aniworld.core.errors import AlreadyRunning, Conflict, InvalidInput, LibraryUnavailable, NotFound, SiteUnreachable
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import EventBus, ScanComplete, ScanFailed, ScanProgress, SeriesUpdated
from aniworld.core.media import EpisodeEntry, SeriesPage
from aniworld.library.scan import scanner
from aniworld.library.scan.folder_reader import Reading
from aniworld.models import AnimeSeries, Database, Episode, ScanRun, SeenFolder, utcnow
from aniworld.models.upgrade import bring_up_to_date
from aniworld.services.scan.service import ScanService
from aniworld.services.series.page_import import record_page


class Library:
    """A root on the disk, a database, and a scan service over both."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.root = folder / "library"
        self.root.mkdir()
        self.database = Database.at(database_url)
        bring_up_to_date(self.database, folder)
        self.events: list = []
        bus = EventBus()
        bus.subscribe(self.events.append)
        self.settings = Settings(library=LibrarySettings(root=str(self.root)))
        self.refreshed: list[str] = []
        self.service = ScanService(
            self.database, lambda: self.settings, ProgressService(bus), self._spawn, refresher=self._refresh
        )

    def _spawn(self, work) -> None:
        threading.Thread(target=work, daemon=True).start()

    def _refresh(self, key: str) -> None:
        self.refreshed.append(key)
        if key == "gone":
            raise SiteUnreachable("The site does not answer.")

    def add(self, key: str, name: str, episodes: dict[int, int], **facts) -> None:
        with self.database.writing() as session:
            series = AnimeSeries(key=key, name=name, link=f"https://aniworld.to/anime/stream/{key}", **facts)
            series.episodes = [
                Episode(season=season, number=number, link=f"x/{season}/{number}")
                for season, count in episodes.items()
                for number in range(1, count + 1)
            ]
            session.add(series)

    def file(self, path: str, size: int = 5) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"x" * size)
        return target

    def age(self) -> None:
        """Makes every directory old enough for its time to be trusted."""
        old = time.time() - 100
        for path, _, _ in os.walk(self.root):
            os.utime(path, (old, old))

    def scan(self, *args, **wish):
        self.service.start(*args, **wish)
        assert self.service.wait(20)
        return self.service.status()

    def there(self, key: str) -> dict[str, str]:
        with self.database.reading() as session:
            rows = session.scalars(select(Episode).join(AnimeSeries).where(AnimeSeries.key == key)).all()
        return {f"S{row.season:02d}E{row.number:02d}": row.file for row in rows if row.file}

    def folder(self, key: str) -> str:
        with self.database.reading() as session:
            return session.scalar(select(AnimeSeries.folder).where(AnimeSeries.key == key))


@pytest.fixture
def library(tmp_path, database_url):
    here = Library(tmp_path, database_url)
    yield here
    here.service.cancel()
    here.service.wait(10)
    here.database.close()


@pytest.mark.sqlite
def test_a_scan_that_loses_its_database_is_told_all_the_same(library):
    """As where the machine of the database goes away: not even the end of the scan can be written."""
    library.add("gone", "Weg", {1: 1})

    def lose_the_table(key: str) -> None:
        with library.database.writing() as session:
            session.execute(text("ALTER TABLE scan_run RENAME TO elsewhere"))

    library.service._refresher = lose_the_table
    library.file("Weg/Season 01/Weg - S01E01.mkv")
    library.service.start(refresh=True)
    assert library.service.wait(20)
    failed = [event for event in library.events if isinstance(event, ScanFailed)]
    assert len(failed) == 1
    assert "restore a backup" in failed[0].error
    with library.database.writing() as session:
        session.execute(text("ALTER TABLE elsewhere RENAME TO scan_run"))


def test_a_scan_finds_what_is_there_and_counts_what_is_missing(library):
    library.add("naruto", "Naruto", {1: 3, 0: 1}, folder="Naruto")
    library.file("Naruto/Season 01/Naruto - S01E01 - Der Anfang.mkv", 7)
    library.file("Naruto/Staffel 1/Folge 2 (German Sub).mp4")
    library.file("Naruto/Filme/Film 1.mkv")
    library.file("Naruto/Season 01/Naruto - S01E01 - Der Anfang.nfo")
    status = library.scan()
    assert status.status == "completed" and status.error is None
    assert (status.series_found, status.episodes_found, status.missing_total) == (1, 3, 1)
    assert library.there("naruto") == {
        "S01E01": "Season 01/Naruto - S01E01 - Der Anfang.mkv",
        "S01E02": "Staffel 1/Folge 2 (German Sub).mp4",
        "S00E01": "Filme/Film 1.mkv",
    }
    with library.database.reading() as session:
        second = session.scalar(select(Episode).where(Episode.season == 1, Episode.number == 2))
        assert (second.file_language, second.size_bytes) == ("ger-sub", 5)
        assert session.scalar(select(ScanRun)).status == "completed"


def test_everyone_hears_of_it(library):
    library.add("naruto", "Naruto", {1: 2}, folder="Naruto")
    library.file("Naruto/S01E01.mkv")
    library.scan()
    kinds = [type(event) for event in library.events]
    assert kinds.count(ScanComplete) == 1 and ScanProgress in kinds and ScanFailed not in kinds
    assert [event.key for event in library.events if isinstance(event, SeriesUpdated)] == ["naruto"]
    complete = next(event for event in library.events if isinstance(event, ScanComplete))
    assert (complete.series_found, complete.episodes_found, complete.missing_total) == (1, 1, 1)


def test_an_unchanged_library_is_not_read_again_and_a_change_is_seen(library):
    library.add("naruto", "Naruto", {1: 3}, folder="Naruto")
    library.file("Naruto/Season 01/S01E01.mkv")
    library.age()
    library.scan()
    (library.root / "Naruto/Season 01/S01E01.mkv").write_bytes(b"longer than before")  # no directory changes
    library.events.clear()
    library.scan()
    with library.database.reading() as session:
        assert session.scalar(select(Episode.size_bytes).where(Episode.number == 1)) == 5
    assert not [event for event in library.events if isinstance(event, SeriesUpdated)]
    library.file("Naruto/Season 01/S01E02.mkv")
    library.scan()
    assert set(library.there("naruto")) == {"S01E01", "S01E02"}
    library.age()
    library.scan(["naruto"])  # asked for by name: read anew
    with library.database.reading() as session:
        assert session.scalar(select(Episode.size_bytes).where(Episode.number == 1)) == 18


def test_new_catalogue_episodes_are_looked_for_in_an_unchanged_folder(library):
    library.add("naruto", "Naruto", {1: 3}, folder="Naruto", refreshed_at=utcnow())
    library.file("Naruto/Naruto - 005.mkv")
    library.age()
    library.scan()
    assert library.there("naruto") == {}
    with library.database.writing() as session:
        series = session.scalar(select(AnimeSeries))
        session.add_all(Episode(series_id=series.id, season=2, number=number, link="x") for number in (1, 2))
    library.scan()
    assert library.there("naruto") == {"S02E02": "Naruto - 005.mkv"}


def test_a_file_that_is_gone_from_a_folder_that_was_read_is_missing(library):
    library.add("naruto", "Naruto", {1: 2}, folder="Naruto")
    one = library.file("Naruto/S01E01.mkv")
    library.file("Naruto/S01E02.mkv")
    library.file("Naruto/S01E07.mkv")  # none that the catalogue knows
    library.scan()
    assert set(library.there("naruto")) == {"S01E01", "S01E02", "S01E07"}
    one.unlink()
    (library.root / "Naruto/S01E07.mkv").unlink()
    status = library.scan()
    assert set(library.there("naruto")) == {"S01E02"} and status.missing_total == 1
    with library.database.reading() as session:
        assert set(session.scalars(select(Episode.number))) == {1, 2}


def test_a_placed_file_whose_name_tells_nothing_stays_present(library):
    library.add("naruto", "Naruto", {1: 2}, folder="Naruto")
    library.file("Naruto/Ein Titel ohne Nummer.mkv")
    with library.database.writing() as session:
        session.scalar(select(Episode).where(Episode.number == 1)).file = "Ein Titel ohne Nummer.mkv"
    library.scan()
    assert library.there("naruto") == {"S01E01": "Ein Titel ohne Nummer.mkv"}


def test_a_root_that_is_missing_or_suddenly_empty_marks_nothing(library):
    library.add("naruto", "Naruto", {1: 1}, folder="Naruto")
    library.file("Naruto/S01E01.mkv")
    library.scan()
    away = library.root.with_name("unmounted")
    library.root.rename(away)
    for make in (lambda: None, library.root.mkdir):
        make()
        library.events.clear()
        status = library.scan()
        assert status.status == "failed" and "is its disk connected?" in status.error
        assert [type(event) for event in library.events if not isinstance(event, ScanProgress)] == [ScanFailed]
        assert set(library.there("naruto")) == {"S01E01"}
    library.root.rmdir()
    away.rename(library.root)
    assert library.scan().status == "completed"


@pytest.mark.parametrize("one_series_first", [False, True])
def test_another_root_may_be_empty_and_its_files_are_missing(library, one_series_first):
    library.add("naruto", "Naruto", {1: 1}, folder="Naruto")
    library.add("bleach", "Bleach", {1: 1}, folder="Bleach")
    library.file("Naruto/S01E01.mkv")
    library.file("Bleach/S01E01.mkv")
    library.scan()
    library.root = library.root.with_name("new disk")
    library.root.mkdir()
    library.settings = replace(library.settings, library=LibrarySettings(root=str(library.root)))
    if one_series_first:
        library.scan(["naruto"])
        assert set(library.there("bleach")) == {"S01E01"}
    status = library.scan()
    assert (status.status, status.episodes_found, status.missing_total) == ("completed", 0, 2)
    assert library.there("naruto") == library.there("bleach") == {}
    library.file("Naruto/S01E01.mkv")
    library.scan()
    shutil.rmtree(library.root / "Naruto")
    assert "suddenly empty" in library.scan().error  # the root was not changed again
    assert set(library.there("naruto")) == {"S01E01"}


def test_the_same_root_by_another_path_may_not_be_empty(library):
    library.add("naruto", "Naruto", {1: 1}, folder="Naruto")
    library.file("Naruto/S01E01.mkv")
    library.scan()
    shutil.rmtree(library.root / "Naruto")
    alias = library.root.with_name("alias")
    alias.symlink_to(library.root)
    for path in (alias, f"{library.root}/"):
        library.settings = replace(library.settings, library=LibrarySettings(root=str(path)))
        assert library.scan().status == "failed"
    assert set(library.there("naruto")) == {"S01E01"}


@pytest.mark.parametrize("target", ["nowhere", "Staffel 2"])
def test_a_broken_link_keeps_only_what_is_below_it(library, target):
    """A dangling link, or one that leads to itself, says nothing of the videos beside it."""
    library.add("naruto", "Naruto", {1: 3, 2: 1}, folder="Naruto")
    for path in ("S01E01.mkv", "S01E02.mkv", "Season 1/S01E03.mkv", "Staffel 2/S02E01.mkv"):
        library.file(f"Naruto/{path}")
    library.scan()
    shutil.rmtree(library.root / "Naruto/Staffel 2")
    (library.root / "Naruto/Staffel 2").symlink_to(target)
    (library.root / "Naruto/poster.jpg").symlink_to("nowhere.jpg")
    (library.root / "Naruto/S01E02.mkv").unlink()
    (library.root / "Naruto/Season 1/S01E03.mkv").unlink()
    for _ in range(2):
        status = library.scan()
        assert library.there("naruto") == {"S01E01": "S01E01.mkv", "S02E01": "Staffel 2/S02E01.mkv"}
        kept = "Naruto: videos that count as present because what holds them cannot be read: Staffel 2/S02E01.mkv."
        assert kept in status.warnings
    (library.root / "Naruto/Staffel 2").unlink()
    library.scan()
    assert set(library.there("naruto")) == {"S01E01"}


def test_a_season_that_cannot_be_read_keeps_only_its_own_videos(library):
    library.add("naruto", "Naruto", {1: 1, 2: 1}, folder="Naruto")
    library.file("Naruto/Season 1/S01E01.mkv")
    library.file("Naruto/Season 2/S02E01.mkv")
    library.scan()
    library.age()
    library.scan()
    (library.root / "Naruto/Season 1/S01E01.mkv").unlink()
    (library.root / "Naruto/Season 2/S02E01.mkv").unlink()
    os.utime(library.root / "Naruto/Season 2", (1, 1))  # an older directory in its place: the disk is not mounted
    library.scan()
    assert library.there("naruto") == {"S02E01": "Season 2/S02E01.mkv"}


def test_a_renamed_folder_loses_nothing(library):
    library.add("naruto", "Naruto", {1: 1}, folder="Naruto")
    library.file("Naruto/S01E01 ein Name.mkv")
    library.scan()
    (library.root / "Naruto").rename(library.root / "NARUTO (2002)")
    library.scan()
    assert library.folder("naruto") == "NARUTO (2002)" and set(library.there("naruto")) == {"S01E01"}
    (library.root / "NARUTO (2002)").rename(library.root / "ganz anders")
    status = library.scan()
    assert set(library.there("naruto")) == {"S01E01"} and any("ganz anders" in one for one in status.warnings)
    (offered,) = library.service.unmatched()
    assert (offered.folder, offered.files, offered.candidates[0]["key"]) == ("ganz anders", 1, "naruto")
    library.service.match("ganz anders", "naruto")
    library.service.wait(10)
    assert library.folder("naruto") == "ganz anders" and library.service.unmatched() == []


def test_another_series_with_files_of_the_same_names_is_no_renamed_folder(library):
    library.add("naruto", "Naruto", {1: 3}, folder="Naruto")
    for number in (1, 2, 3):
        library.file(f"Naruto/Staffel 1/Folge 0{number}.mp4", 100 + number)
        library.file(f"ganz anders/Folge 0{number}.mp4", 200 + number)
    library.scan()
    shutil.rmtree(library.root / "Naruto")
    status = library.scan()
    assert library.there("naruto") == {} and not status.warnings
    assert [one.candidates for one in library.service.unmatched()] == [()]


def test_a_renamed_folder_is_known_by_one_file_that_nothing_changed(library):
    library.add("naruto", "Naruto", {1: 3}, folder="Naruto", refreshed_at=utcnow())
    for number in (1, 2, 3):
        library.file(f"Naruto/Folge 0{number}.mp4", 100 + number)
    library.scan()
    (library.root / "Naruto").rename(library.root / "ganz anders")
    for number in (1, 2):
        library.file(f"ganz anders/Folge 0{number}.mp4", 900)
    assert any("holds the same files" in one for one in library.scan().warnings)
    assert set(library.there("naruto")) == {"S01E01", "S01E02", "S01E03"}


def test_a_deleted_series_folder_makes_its_episodes_missing(library):
    library.add("naruto", "Naruto", {1: 1}, folder="Naruto")
    library.add("bleach", "Bleach", {1: 1}, folder="Bleach")
    library.file("Naruto/S01E01.mkv")
    library.file("Bleach/S01E01.mkv")
    library.scan()
    shutil.rmtree(library.root / "Naruto")
    assert library.scan().missing_total == 1
    assert library.there("naruto") == {} and set(library.there("bleach")) == {"S01E01"}


def test_folders_of_no_known_series_are_offered_and_never_guessed(library):
    library.add("naruto", "Naruto", {1: 1})
    library.add("naruto-shippuden", "Naruto Shippuden", {1: 1})
    library.file("Naruto Ship/S01E01.mkv")
    library.file("Urlaub/Video.mp4")
    library.scan()
    assert library.there("naruto-shippuden") == {} == library.there("naruto")
    offered = {one.folder: one for one in library.service.unmatched()}
    assert set(offered) == {"Naruto Ship", "Urlaub"}
    assert {candidate["key"] for candidate in offered["Naruto Ship"].candidates} == {"naruto", "naruto-shippuden"}
    library.service.match("Urlaub", None)
    library.service.wait(10)
    assert [one.folder for one in library.service.unmatched()] == ["Naruto Ship"]


def test_a_match_is_checked(library):
    library.add("naruto", "Naruto", {1: 1}, folder="Naruto")
    library.file("Naruto/S01E01.mkv")
    library.file("Andere/S01E01.mkv")
    library.file(".recycle/S01E01.mkv")
    library.file("@eaDir/S01E01.mkv")
    library.add("bleach", "Bleach", {1: 1})
    library.scan()
    for folder, key, error in (
        ("nicht da", "naruto", NotFound),
        ("Andere", "unbekannt", NotFound),
        ("Andere", "naruto", Conflict),
        ("Naruto", "naruto/..", InvalidInput),
        ("..", "naruto", Exception),
        ("Naruto/Season", "naruto", NotFound),
        (".recycle", "bleach", NotFound),
        ("@eaDir", "bleach", NotFound),
        (".recycle", None, NotFound),
    ):
        with pytest.raises(error):
            library.service.match(folder, key)


def test_one_scan_at_a_time_and_it_can_be_cancelled(library):
    for number in range(60):
        library.add(f"serie-{number}", f"Serie {number}", {1: 1}, folder=f"Serie {number}")
        library.file(f"Serie {number}/S01E01.mkv")
    gate = threading.Event()
    library.service._spawn = lambda work: threading.Thread(target=lambda: (gate.wait(10), work()), daemon=True).start()
    running = library.service.start()
    with pytest.raises(AlreadyRunning) as refused:
        library.service.start()
    assert refused.value.status.scan_id == running.scan_id
    library.service.cancel()
    gate.set()
    assert library.service.wait(10)
    status = library.service.status()
    assert status.status == "cancelled" and library.there("serie-0") == {}
    failed = next(event for event in library.events if isinstance(event, ScanFailed))
    assert failed.error_code == "cancelled"


def test_episodes_that_a_page_brings_during_a_scan_are_looked_for_by_the_next_one(library):
    library.add("naruto", "Naruto", {1: 2}, folder="Naruto", refreshed_at=utcnow())
    library.file("Naruto/Naruto - S01E01.mkv")
    library.file("Naruto/Naruto - 05.mkv")  # beyond the catalogue's so far
    library.age()

    records = library.service._records
    remember = records.remember

    def after_a_page(*facts: object) -> None:
        records.remember = remember
        with library.database.writing() as session:
            series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == "naruto"))
            session.add_all(Episode(series_id=series.id, season=1, number=n, link=f"x/{n}") for n in range(3, 7))
        remember(*facts)

    records.remember = after_a_page
    library.scan()
    assert set(library.there("naruto")) == {"S01E01"}
    library.scan()
    assert set(library.there("naruto")) == {"S01E01", "S01E05"}
    library.events.clear()
    library.scan()
    assert not [event for event in library.events if isinstance(event, ScanProgress) and event.phase == "record"]


def test_a_scan_of_a_dead_process_blocks_nothing(library):
    library.file("Naruto/S01E01.mkv")
    old = ScanRun(id="x", status="running", started_at=utcnow())
    with library.database.writing() as session:
        session.add(old)
    with pytest.raises(AlreadyRunning):
        library.service.start()
    with library.database.writing() as session:
        row = session.get(ScanRun, "x")
        row.started_at = row.started_at.replace(year=2020)
    assert library.service.status().status == "failed"
    assert library.scan().status == "completed"


def test_a_scan_of_some_series_counts_only_these(library):
    for key, there in (("naruto", 1), ("bleach", 2), ("trigun", 0)):
        library.add(key, key.title(), {1: 4}, folder=key.title())
        for number in range(1, there + 1):
            library.file(f"{key.title()}/S01E0{number}.mkv")
    status = library.scan()
    assert (status.series_found, status.total, status.episodes_found, status.missing_total) == (2, 2, 3, 9)
    status = library.scan(["naruto", "trigun"])
    assert (status.series_found, status.total, status.episodes_found, status.missing_total) == (1, 1, 1, 7)
    ended = [event for event in library.events if isinstance(event, ScanComplete)][-1]
    assert (ended.series_found, ended.episodes_found, ended.missing_total) == (1, 1, 7)


def test_a_series_that_is_removed_before_its_scan_begins_ends_none(library):
    library.add("naruto", "Naruto", {1: 1}, folder="Naruto")
    library.add("bleach", "Bleach", {1: 1}, folder="Bleach")
    library.file("Naruto/S01E01.mkv")
    begin = library.service._spawn

    def removed(work):
        with library.database.writing() as session:
            session.execute(update(AnimeSeries).where(AnimeSeries.key == "bleach").values(deleted_at=utcnow()))
        begin(work)

    library.service._spawn = removed
    status = library.scan(["naruto", "bleach"])
    assert (status.status, status.series_found, status.episodes_found) == ("completed", 1, 1)


def test_wrong_wishes_are_refused(library):
    with pytest.raises(NotFound):
        library.service.start(["unbekannt"])
    with pytest.raises(InvalidInput):
        library.service.start(["../x"])
    library.settings = replace(library.settings, library=LibrarySettings(root=""))
    with pytest.raises(LibraryUnavailable):
        library.service.start()
    assert library.service.status().status == "idle"


def test_due_catalogue_pages_are_read_and_one_that_fails_is_a_warning(library):
    for key in ("gone", "naruto"):
        library.add(key, key.title(), {1: 1})
    library.add("fern", "Fern", {1: 1}, monitored=False)
    status = library.scan(refresh=True)
    assert sorted(library.refreshed) == ["gone", "naruto"]
    assert status.status == "completed" and status.warnings == ("The site does not answer.",)


def test_another_root_is_read_in_full(library, tmp_path):
    library.add("naruto", "Naruto", {1: 2}, folder="Naruto")
    library.file("Naruto/S01E01.mkv")
    library.age()
    library.scan()
    other = tmp_path / "other"
    shutil.copytree(library.root, other)
    (other / "Naruto/S01E02.mkv").write_bytes(b"x")
    old = time.time() - 100
    os.utime(other / "Naruto", (old, old))
    with library.database.writing() as session:
        mtime = (other / "Naruto").stat().st_mtime_ns
        session.get(SeenFolder, "Naruto").mtime_ns = mtime  # by chance the same
    library.settings = replace(library.settings, library=LibrarySettings(root=str(other)))
    library.scan()
    assert set(library.there("naruto")) == {"S01E01", "S01E02"}


def test_a_download_that_ends_during_the_scan_is_kept(library):
    """Its file came after its folder was read, so the scan did not see it; but it is there."""
    library.add("naruto", "Naruto", {1: 2}, folder="Naruto")
    library.file("Naruto/S01E01.mkv")
    record = library.service._records.record

    def late(root, found):
        library.file("Naruto/S01E02.mkv")
        with library.database.writing() as session:
            session.scalar(select(Episode).where(Episode.number == 2)).file = "S01E02.mkv"
        return record(root, found)

    library.service._records.record = late
    library.scan()
    assert set(library.there("naruto")) == {"S01E01", "S01E02"}


def test_what_an_earlier_program_remembered_only_costs_one_reading(library):
    """It had a row for each directory, and other words in it; a series may even be called like ours."""
    library.add("unmatched", "Naruto", {1: 2}, folder="Naruto")
    library.file("Naruto/Season 01/S01E01.mkv")
    library.age()
    times = {path: (library.root / path).stat().st_mtime_ns for path in ("Naruto", "Naruto/Season 01")}
    contents = {"": [str(library.root)], "Naruto": ["unmatched", 0, "", "Naruto", None, []], "Naruto/Season 01": []}
    with library.database.writing() as session:
        for path, content in contents.items():
            session.add(SeenFolder(path=path, mtime_ns=times.get(path, 0), content=content))
    assert library.scan().status == "completed" and set(library.there("unmatched")) == {"S01E01"}
    with library.database.reading() as session:
        assert set(session.scalars(select(SeenFolder.path))) == {"", "Naruto"}
    assert library.service.unmatched() == []


def test_episodes_that_an_earlier_version_counted_in_a_recycle_bin_are_missing_after_the_upgrade(library):
    """Nothing changed on the disk since: the folder is read again all the same, since other files count now."""
    library.add("naruto", "Naruto", {1: 3}, folder="Naruto")
    litter = ("@Recycle/Naruto - S01E01.mkv", "Naruto - S01E02.part.mp4", "Naruto - S01E03.mkv")
    for path in litter:
        library.file(f"Naruto/{path}")
    library.age()
    library.scan()
    with library.database.writing() as session:
        for row in session.scalars(select(Episode)):
            row.file = litter[row.number - 1]
        session.execute(update(SeenFolder).where(SeenFolder.path == "").values(content=[str(library.root)]))
    library.scan()
    assert library.there("naruto") == {"S01E03": "Naruto - S01E03.mkv"}
    assert (library.root / "Naruto" / litter[0]).exists(), "no file is touched"


def test_a_link_out_of_the_library_is_told_by_each_scan_until_it_is_allowed(library, tmp_path):
    (tmp_path / "second").mkdir()
    library.add("naruto", "Naruto", {1: 2}, folder="Naruto")
    library.file("Naruto/Naruto - S01E01.mkv")
    (library.root / "Naruto/Season 02").symlink_to(tmp_path / "second")
    library.age()
    for _ in range(3):
        (warning,) = library.scan().warnings
        assert "Naruto/Season 02 is a link to" in warning
    facts = replace(library.settings.library, link_roots=(str(tmp_path / "second"),))
    library.settings = replace(library.settings, library=facts)
    assert library.scan().warnings == ()
    assert library.scan().warnings == ()


def test_a_large_library_is_read_by_the_same_rules_in_a_process_of_its_own(library, tmp_path):
    (tmp_path / "second").mkdir()
    (tmp_path / "second/Naruto - S01E01.mkv").write_bytes(b"x")
    library.add("naruto", "Naruto", {1: 2}, folder="Naruto")
    library.root.mkdir(exist_ok=True)
    (library.root / "Naruto").symlink_to(tmp_path / "second")
    library.service._most_here = lambda: 0
    (warning,) = library.scan().warnings
    assert "Naruto is a link to" in warning and library.there("naruto") == {"S01E01": "Naruto - S01E01.mkv"}
    facts = replace(library.settings.library, link_roots=(str(tmp_path / "second"),))
    library.settings = replace(library.settings, library=facts)
    assert library.scan().warnings == ()


# --- before a catalogue page was read


def page(*seasons: int) -> SeriesPage:
    """A page that lists ``seasons[0]`` episodes in season 1, and so on."""
    episodes = tuple(
        EpisodeEntry(season, number, f"x/{season}/{number}", languages=("ger-dub",))
        for season, count in enumerate(seasons, 1)
        for number in range(1, count + 1)
    )
    return SeriesPage(
        key="naruto",
        name="Naruto",
        site="aniworld.to",
        link="https://aniworld.to/anime/stream/naruto",
        episodes=episodes,
        seasons=tuple(range(1, len(seasons) + 1)),
    )


def read_page(library: Library, *seasons: int) -> None:
    with library.database.writing() as session:
        series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == "naruto"))
        record_page(session, series, page(*seasons), name_folder=True)


def test_files_without_a_season_get_their_episodes_when_the_page_comes_without_another_scan(library):
    library.add("naruto", "Naruto", {}, folder="Naruto")
    for name in ("[Grp] Naruto - 01.mkv", "Folge 02.mkv", "03.mkv", "Naruto - 14 [720p].mkv", "Naruto - 04-05.mkv"):
        library.file(f"Naruto/{name}", 7)
    status = library.scan()
    assert library.there("naruto") == {}
    assert any("Naruto" in one and "(5)" in one and "catalogue page" in one for one in status.warnings)
    assert not any("is not counted" in one for one in status.warnings)
    read_page(library, 12, 12)
    assert library.there("naruto") == {
        "S01E01": "[Grp] Naruto - 01.mkv",
        "S01E02": "Folge 02.mkv",
        "S01E03": "03.mkv",
        "S01E04": "Naruto - 04-05.mkv",
        "S01E05": "Naruto - 04-05.mkv",
        "S02E02": "Naruto - 14 [720p].mkv",
    }
    assert library.folder("naruto") == "Naruto"
    before = library.there("naruto")
    library.scan()
    assert library.there("naruto") == before


def test_before_the_page_a_number_in_a_season_folder_is_that_seasons_whatever_a_legacy_file_knew(library):
    library.add("naruto", "Naruto", {1: 2, 2: 3}, folder="Naruto")  # what a ``data`` file listed as missing
    library.file("Naruto/Season 02/[Grp] Naruto - 05.mkv")
    library.file("Naruto/Staffel 1/07.mkv")
    status = library.scan()
    assert library.there("naruto") == {"S02E05": "Season 02/[Grp] Naruto - 05.mkv", "S01E07": "Staffel 1/07.mkv"}
    assert not status.warnings
    read_page(library, 12, 12)
    assert library.there("naruto") == {"S02E05": "Season 02/[Grp] Naruto - 05.mkv", "S01E07": "Staffel 1/07.mkv"}


def test_numbers_in_a_season_folder_that_count_through_the_series_move_when_the_page_comes(library):
    library.add("naruto", "Naruto", {}, folder="Naruto")
    for number in (13, 14):
        library.file(f"Naruto/Season 02/Naruto - {number}.mkv")
    library.scan()
    assert set(library.there("naruto")) == {"S02E13", "S02E14"}
    read_page(library, 12, 12)
    assert library.there("naruto") == {
        "S02E01": "Season 02/Naruto - 13.mkv",
        "S02E02": "Season 02/Naruto - 14.mkv",
    }
    with library.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Episode)) == 24


def test_numbers_that_may_hold_their_season_wait_for_the_page(library):
    library.add("naruto", "Naruto", {}, folder="Naruto")
    library.file("Naruto/Season 4/Naruto [401] Titel.mkv")
    library.scan()
    assert library.there("naruto") == {}


def test_a_file_that_is_gone_before_the_page_comes_is_not_placed(library):
    library.add("naruto", "Naruto", {}, folder="Naruto")
    library.file("Naruto/S01E02.mkv")
    video = library.file("Naruto/Naruto - 01.mkv")
    library.scan()
    video.unlink()
    library.scan()
    read_page(library, 12)
    assert set(library.there("naruto")) == {"S01E02"}


def test_what_fails_while_one_folder_is_read_is_named_and_the_scan_goes_on(library, monkeypatch):
    for key in ("bleach", "naruto"):
        library.add(key, key.title(), {1: 2}, folder=key.title())
        library.file(f"{key.title()}/S01E01.mkv")
    library.scan()
    library.file("Bleach/S01E02.mkv")
    library.file("Naruto/S01E02.mkv")
    read = Reading.result

    def broken(reading: Reading):
        if reading.series.key == "bleach":
            raise TypeError("planted")
        return read(reading)

    monkeypatch.setattr(Reading, "result", broken)
    status = library.scan()
    assert status.status == "completed" and any("Bleach" in one and "TypeError" in one for one in status.warnings)
    assert set(library.there("naruto")) == {"S01E01", "S01E02"}
    assert set(library.there("bleach")) == {"S01E01"}


def test_a_folder_or_a_legacy_file_that_cannot_be_read_does_not_end_the_scan(library, monkeypatch):
    library.add("bleach", "Bleach", {1: 2}, folder="Bleach")
    library.add("naruto", "Naruto", {1: 2})
    library.file("Bleach/S01E01.mkv")
    library.file("Naruto/S01E01.mkv")
    library.file("Naruto/data")
    library.scan()
    listed = scanner.list_folder

    def broken(root, name, *more):
        if name == "Bleach":
            raise ValueError("planted")
        return listed(root, name, *more)

    def broken_key(folder):
        raise PermissionError("planted")

    library.file("Bleach/S01E02.mkv")
    library.file("Naruto/S01E02.mkv")
    monkeypatch.setattr(scanner, "list_folder", broken)
    monkeypatch.setattr("aniworld.services.scan.job.key_in_folder", broken_key)
    status = library.scan()
    assert status.status == "completed" and any("Bleach" in one and "ValueError" in one for one in status.warnings)
    assert set(library.there("bleach")) == {"S01E01"}
    assert set(library.there("naruto")) == {"S01E01", "S01E02"}
