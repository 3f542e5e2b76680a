"""Files take the names that the template wants, and their old ones again; the library knows them all the time."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from aniworld.config.settings import LibrarySettings, Settings
from aniworld.core.errors import AlreadyRunning, Conflict, InvalidInput, LibraryUnavailable, NotFound
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import EventBus, SeriesUpdated
from aniworld.core.queue import DownloadStatus
from aniworld.library.files.renaming import Step, take
from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode, RenameRun, utcnow
from aniworld.services.file_management.rename_service import RenamingService
from aniworld.services.file_management.rename_targets import example_names

PLAIN = "{series} - S{season:02}E{episode:02}"


class Shelf:
    def __init__(self, database: Database, library: Path) -> None:
        self.database, self.library = database, library
        self.events: list = []
        self.scanning = False
        bus = EventBus()
        bus.subscribe(self.events.append)
        self.settings = replace(Settings(), library=replace(LibrarySettings(), root=str(library)))
        self.service = RenamingService(database, lambda: self.settings, ProgressService(bus), lambda: self.scanning)
        self.series("nebel", "Nebel")

    def series(self, key: str, name: str) -> None:
        with self.database.writing() as session:
            session.add(AnimeSeries(key=key, name=name, folder=name, year_start=2019))

    def template(self, text: str, **more: object) -> None:
        self.settings = replace(self.settings, library=replace(self.settings.library, episode_template=text, **more))

    def put(self, code: str, file: str, key: str = "nebel", **facts: object) -> Path:
        with self.database.writing() as session:
            series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
            season, number = int(code[1:3]), int(code[4:])
            session.add(Episode(series_id=series.id, season=season, number=number, file=file, **facts))
        path = self.library / series.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
        return path

    def rows(self) -> dict[str, str | None]:
        with self.database.reading() as session:
            return {f"S{row.season:02d}E{row.number:02d}": row.file for row in session.scalars(select(Episode))}

    def true(self) -> bool:
        """Whether every row's file is there and holds what belongs to it."""
        return all((self.library / "Nebel" / file).read_text() == code for code, file in self.rows().items() if file)

    def specials(self, **numbers: int) -> None:
        mapping = {name[1:]: number for name, number in numbers.items()}
        with self.database.writing() as session:
            session.execute(update(AnimeSeries).values(specials=mapping))


@pytest.fixture
def shelf(database: Database, library: Path) -> Shelf:
    return Shelf(database, library)


def test_a_preview_says_what_would_be_and_changes_nothing(shelf: Shelf) -> None:
    shelf.put("S01E01", "Folge 1.mkv", title="Der Anfang")
    shelf.put("S01E02", "Season 01/Nebel - S01E02 - Weiter.mkv", title="Weiter")
    (line,) = shelf.service.preview("nebel")
    assert (line.key, line.season, line.episode) == ("nebel", 1, 1)
    assert (line.old, line.new) == ("Folge 1.mkv", "Season 01/Nebel - S01E01 - Der Anfang.mkv")
    assert line.reason is None and shelf.rows()["S01E01"] == "Folge 1.mkv"


def test_renamed_and_taken_back(shelf: Shelf) -> None:
    shelf.put("S01E01", "Folge 1.mkv", title="Der Anfang").with_suffix(".srt").write_text("Hallo")
    shelf.put("S01E02", "alt/Folge 2.avi", title="Zwei/Drei: ..")
    outcome = shelf.service.apply()
    assert (outcome.done, outcome.skipped) == (2, ())
    assert shelf.rows() == {
        "S01E01": "Season 01/Nebel - S01E01 - Der Anfang.mkv",
        "S01E02": "Season 01/Nebel - S01E02 - Zwei-Drei.avi",
    }
    assert shelf.true() and (shelf.library / "Nebel/Season 01/Nebel - S01E01 - Der Anfang.srt").exists()
    assert not (shelf.library / "Nebel/alt").exists()
    assert [type(event) for event in shelf.events] == [SeriesUpdated]
    assert shelf.service.preview() == [] and shelf.service.apply().done == 0
    back = shelf.service.undo(outcome.id)
    assert (back.done, shelf.rows()) == (2, {"S01E01": "Folge 1.mkv", "S01E02": "alt/Folge 2.avi"})
    assert shelf.true() and (shelf.library / "Nebel/Folge 1.srt").exists()
    with pytest.raises(Conflict):
        shelf.service.undo(outcome.id)
    assert shelf.service.undo(back.id).done == 2 and shelf.true()


def test_only_the_series_that_are_named(shelf: Shelf) -> None:
    shelf.series("anders", "Anders")
    shelf.put("S01E01", "1.mkv")
    shelf.put("S01E01", "1.mkv", "anders")
    assert shelf.service.apply(["nebel"]).done == 1
    assert [line.key for line in shelf.service.preview()] == ["anders"]
    for wish in (lambda: shelf.service.preview("no"), lambda: shelf.service.apply(["nebel", "no"])):
        with pytest.raises(NotFound):
            wish()


def test_one_file_with_several_episodes(shelf: Shelf) -> None:
    shelf.template(PLAIN)
    path = shelf.put("S01E01", "doppelt.mkv")
    shelf.put("S01E02", "doppelt.mkv")
    path.write_text("both")
    assert shelf.service.apply().done == 1
    assert set(shelf.rows().values()) == {"Season 01/Nebel - S01E01-E02.mkv"}
    shelf.put("S01E07", "lücke.mkv")
    shelf.put("S01E09", "lücke.mkv")
    (line,) = shelf.service.preview()
    assert line.reason == "It holds episodes that do not follow one another."


def test_the_language_stands_in_the_name_only_if_it_is_asked_for(shelf: Shelf) -> None:
    shelf.put("S01E01", "Nebel 1 [1080p].mkv", file_language="ger-dub")
    assert "ger" not in shelf.service.preview()[0].new
    shelf.template(PLAIN + " [{language}] [{quality}]")
    assert shelf.service.preview()[0].new == "Season 01/Nebel - S01E01 [ger-dub] [1080p].mkv"


def test_what_only_the_name_knows_is_not_lost(shelf: Shelf) -> None:
    shelf.template(PLAIN + " - {title} [{hoster}]")
    shelf.put("S01E01", "Season 01/Nebel - S01E01 - Der Anfang [VOE].mkv", title="Der Anfang")
    shelf.put("S01E02", "2.mkv", title="Zwei")
    with shelf.database.writing() as session:
        session.add(
            DownloadQueueItem(
                serie_id="nebel",
                season=1,
                episode=2,
                status=DownloadStatus.COMPLETED,
                file="Nebel/2.mkv",
                hoster="Vidoza",
            )
        )
    (line,) = shelf.service.preview()
    assert line.new == "Season 01/Nebel - S01E02 - Zwei [Vidoza].mkv"


def test_specials_stand_under_their_own_numbers(shelf: Shelf) -> None:
    shelf.template(PLAIN)
    shelf.put("S00E02", "Season 00/Nebel - S00E02.mkv")
    shelf.put("S00E05", "Season 00/Nebel - S00E05.mkv")
    shelf.specials(n2=5)
    assert shelf.service.apply().done == 2
    assert shelf.rows() == {"S00E02": "Season 00/Nebel - S00E05.mkv", "S00E05": "Season 00/Nebel - S00E02.mkv"}
    assert shelf.true()


def test_what_cannot_be_renamed_is_told_and_left(shelf: Shelf) -> None:
    shelf.template(PLAIN)
    shelf.put("S01E01", "1.mkv")
    shelf.put("S01E02", "2.mkv")
    shelf.put("S01E03", "3.mkv").unlink()
    stranger = shelf.library / "Nebel/Season 01/nebel - s01e01.MKV"
    stranger.parent.mkdir()
    stranger.write_text("stranger")
    with shelf.database.writing() as session:
        session.add(DownloadQueueItem(serie_id="nebel", season=1, episode=2, status=DownloadStatus.DOWNLOADING))
    reasons = {line.episode: line.reason for line in shelf.service.preview()}
    assert set(reasons) == {1, 2, 3} and all(reasons.values())
    outcome = shelf.service.apply()
    assert outcome.done == 0 and {line.episode for line in outcome.skipped} == {1, 2, 3}
    assert stranger.read_text() == "stranger" and shelf.rows()["S01E01"] == "1.mkv"


@pytest.mark.sqlite  # the others keep no NUL
def test_hostile_records_lead_nowhere(shelf: Shelf, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mkv"
    secret.write_text("secret")
    shelf.put("S01E01", "1.mkv", title="../../../etc/passwd\0\n")
    with shelf.database.writing() as session:
        session.execute(update(Episode).values(file="../../secret.mkv"))
    assert shelf.service.apply().done == 0
    assert secret.read_text() == "secret"


def test_a_crash_between_file_and_row_is_taken_up(shelf: Shelf) -> None:
    shelf.put("S01E01", "1.mkv").with_suffix(".srt").write_text("")
    steps = [
        Step("Nebel/1.mkv", "Nebel/one.mkv", (1,), (("Nebel/1.srt", "Nebel/one.srt"),)),
        Step("Nebel/2.mkv", "Nebel/two.mkv", (2,)),
    ]
    shelf.put("S01E02", "2.mkv")
    with shelf.database.writing() as session:
        session.add(RenameRun(run_id="r", key="nebel", steps=[asdict(step) for step in steps]))
    assert take(shelf.library, replace(steps[0], beside=())) is None
    with pytest.raises(AlreadyRunning):  # it might be another process that is at it
        shelf.service.apply()
    with shelf.database.writing() as session:
        session.execute(update(RenameRun).values(updated_at=utcnow() - timedelta(minutes=5)))
    outcome = shelf.service.undo("r")
    assert (outcome.done, shelf.rows()) == (1, {"S01E01": "1.mkv", "S01E02": "2.mkv"})
    assert shelf.true() and (shelf.library / "Nebel/1.srt").exists()


def test_a_season_keeps_the_folder_that_holds_its_files(shelf: Shelf) -> None:
    shelf.put("S01E01", "Staffel 1/Folge 1.mkv", title="Der Anfang")
    shelf.put("S01E02", "Folge 2.mkv", title="Weiter")
    shelf.put("S02E01", "zwei/Folge 1.mkv", title="Neu")
    shelf.put("S00E01", "Specials/Film.mkv", title="Der Film")
    lines = {line.old: line.new for line in shelf.service.preview("nebel")}
    assert lines == {
        "Staffel 1/Folge 1.mkv": "Staffel 1/Nebel - S01E01 - Der Anfang.mkv",
        "Folge 2.mkv": "Staffel 1/Nebel - S01E02 - Weiter.mkv",
        "zwei/Folge 1.mkv": "Season 02/Nebel - S02E01 - Neu.mkv",
        "Specials/Film.mkv": "Specials/Nebel - S00E01 - Der Film.mkv",
    }
    assert shelf.service.apply(["nebel"]).done == 4 and shelf.true()
    assert shelf.service.preview("nebel") == [] and not (shelf.library / "Nebel/Season 01").exists()


def test_files_of_a_season_in_two_folders_move_into_the_one_that_holds_most(shelf: Shelf) -> None:
    for number in (1, 2):
        shelf.put(f"S01E0{number}", f"Season 01/Nebel - S01E0{number}.mkv")
    shelf.put("S01E03", "Staffel 1/Nebel - S01E03.mkv")
    (line,) = shelf.service.preview("nebel")
    assert (line.old, line.new) == ("Staffel 1/Nebel - S01E03.mkv", "Season 01/Nebel - S01E03.mkv")


def test_without_season_folders_files_leave_the_folder_that_they_have(shelf: Shelf) -> None:
    shelf.template("{series} - S{season:02}E{episode:02}", season_folders=False)
    shelf.put("S01E01", "Staffel 1/Folge 1.mkv")
    (line,) = shelf.service.preview("nebel")
    assert line.new == "Nebel - S01E01.mkv"


def test_not_while_a_scan_reads_the_names(shelf: Shelf) -> None:
    shelf.scanning = True
    with pytest.raises(Conflict):
        shelf.service.apply()


def test_an_unknown_run_and_no_library(shelf: Shelf) -> None:
    with pytest.raises(NotFound):
        shelf.service.undo("made-up")
    shelf.settings = Settings()
    with pytest.raises(LibraryUnavailable):
        shelf.service.preview()


def test_a_template_is_tried_on_invented_episodes() -> None:
    shown = example_names("{series} - S{season:02}E{episode:02} - {title}")
    assert shown.example == "Season 01/Steinwacht - S01E02 - Der Anfang.mkv"
    assert shown.untitled == "Season 01/Steinwacht - S01E02.mkv"
    assert shown.special == "Season 00/Steinwacht - S00E01 - Der Film.mkv"
    assert shown.several == "Season 01/Steinwacht - S01E02-E03 - Der Anfang.mkv"
    assert "/" not in example_names(PLAIN, season_folders=False).example
    for wrong in ("", "{title}", "{series.__class__} {season} {episode}", "x" * 10_000):
        with pytest.raises(InvalidInput) as refused:
            example_names(wrong)
        assert list(refused.value.fields) == ["template"]
