"""Databases of earlier versions come through every later migration, and back, with what they hold.

``fixtures/REVISION/database.sql`` is a database as the version with that revision left it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text

from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode, ImportCandidate, SeenFolder, WorkerSeen
from aniworld.models import upgrade as upgrading

FIXTURES = Path(__file__).parent / "fixtures"


def earlier_database(revision: str, path: Path) -> str:
    """The address of a database as the version with that revision left it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FIXTURES / revision / "database.sql").read_text("utf-8"))
    return f"sqlite:///{path}"


@pytest.fixture
def at_0006(tmp_path: Path) -> Iterator[Database]:
    database = Database.at(earlier_database("0006", tmp_path / "aniworld.db"))
    yield database
    database.close()


def test_a_database_of_0006_keeps_its_rows_and_remembers_what_present_files_came_for(
    at_0006: Database, tmp_path: Path
) -> None:
    assert upgrading.bring_up_to_date(at_0006, tmp_path / "copies") == "0006"
    with at_0006.reading() as session:
        first, second, third, other = session.scalars(select(Episode).order_by(Episode.id)).all()
        assert (first.file_title, first.file_link) == ("Ich gehe dann mal", first.link)
        assert second.file_title == "They Are All Animals!"
        assert (third.file_title, third.file_link) == (other.file_title, other.file_link) == (None, None)
        assert first.air_date is first.kind is first.part is first.subtitles is None
        assert [series.renumbering for series in session.scalars(select(AnimeSeries))] == [None, None, None]
        assert [series.unplaced_files for series in session.scalars(select(AnimeSeries))] == [None, None, None]
        assert len(session.scalars(select(DownloadQueueItem)).all()) == 2
        decided = {one.folder: (one.state, one.series_key) for one in session.scalars(select(ImportCandidate))}
        assert decided == {"Dark": ("chosen", "dark"), "Fotos": ("ignored", None)}


def test_episodes_of_0006_are_neither_announced_nor_part_of_others_and_can_become_so(
    at_0006: Database, tmp_path: Path
) -> None:
    upgrading.bring_up_to_date(at_0006, tmp_path / "copies")
    with at_0006.writing() as session:
        episodes = session.scalars(select(Episode).order_by(Episode.id)).all()
        assert {(one.announced, one.part_of) for one in episodes} == {(False, None)}
        episodes[0].announced, episodes[0].part_of = True, "S01E02"
        series = session.scalars(select(AnimeSeries)).first()
        assert series is not None and series.page_notes is None
        series.page_notes = ["A note."]
    with at_0006.reading() as session:
        first = session.scalars(select(Episode).order_by(Episode.id)).first()
        assert first is not None and (first.announced, first.part_of) == (True, "S01E02")


def test_new_columns_of_an_upgraded_database_can_be_written(at_0006: Database, tmp_path: Path) -> None:
    upgrading.bring_up_to_date(at_0006, tmp_path / "copies")
    with at_0006.writing() as session:
        episode = session.get(Episode, 3)
        assert episode is not None
        episode.air_date, episode.kind, episode.part, episode.subtitles = date(2026, 10, 12), "ova", 2, ["ger"]
    with at_0006.reading() as session:
        episode = session.get(Episode, 3)
        assert episode is not None
        assert (episode.air_date, episode.kind, episode.part) == (date(2026, 10, 12), "ova", 2)
        assert episode.subtitles == ["ger"]


def test_items_of_an_earlier_queue_lack_nothing_and_folders_are_read_again_for_subtitles(
    at_0006: Database, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "aniworld.db")) as connection, connection:
        connection.execute("INSERT INTO seen_folder (path, mtime_ns, content) VALUES ('Nebel', 5, '[]')")
    upgrading.bring_up_to_date(at_0006, tmp_path / "copies")
    with at_0006.writing() as session:
        first, *others = session.scalars(select(DownloadQueueItem)).all()
        assert first.notice is None and all(item.notice is None for item in others)
        first.notice = "Not all subtitles could be had."
        assert {folder.mtime_ns for folder in session.scalars(select(SeenFolder))} == {0}


def test_the_way_back_to_0006_leaves_the_database_as_it_was(at_0006: Database, tmp_path: Path) -> None:
    before = rows(tmp_path / "aniworld.db")
    upgrading.bring_up_to_date(at_0006, tmp_path / "copies")
    upgrading.downgrade_to(at_0006, "0006")
    assert rows(tmp_path / "aniworld.db") == before


def rows(path: Path) -> dict[str, list[dict[str, object]]]:
    """Every table's rows; the order of columns does not matter."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: [dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')] for table in tables}


def test_workers_of_0006_are_taken_for_punctual(at_0006: Database, tmp_path: Path) -> None:
    with at_0006.writing() as session:
        values = "'one', 'box', 1, '1', 2, 0, '2026-11-01 00:00:00', '2026-11-01 00:00:00'"
        columns = "name, host, pid, version, slots, active, started_at, seen_at"
        session.execute(text(f"INSERT INTO worker_seen ({columns}) VALUES ({values})"))
    upgrading.bring_up_to_date(at_0006, tmp_path / "copies")
    with at_0006.reading() as session:
        worker = session.get(WorkerSeen, "one")
        assert worker is not None
        assert worker.clock_ahead_s == 0.0
