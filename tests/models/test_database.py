"""Sessions, the change mark, revisions."""

from __future__ import annotations

import sqlite3
import stat
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text

from aniworld.core.errors import Unavailable
from aniworld.models import AnimeSeries, Database, Episode, QueueState, db
from aniworld.models import upgrade as upgrading


def test_a_writing_session_commits_at_its_end_or_not_at_all(database: Database) -> None:
    with database.writing() as session:
        session.add(AnimeSeries(key="kept", name="Kept"))
    with pytest.raises(RuntimeError), database.writing() as session:
        session.add(AnimeSeries(key="lost", name="Lost"))
        raise RuntimeError("no")
    with database.reading() as session:
        assert list(session.scalars(select(AnimeSeries.key))) == ["kept"]


def test_many_writers_wait_for_each_other(database: Database) -> None:
    with database.writing() as session:
        session.add(QueueState(id=1))
        session.add(AnimeSeries(key="a", name="0"))

    def count() -> None:
        for _ in range(25):
            with database.writing() as session:
                series = session.scalars(select(AnimeSeries)).one()
                series.name = str(int(series.name) + 1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.scalar(select(AnimeSeries.name)) == "100"


@pytest.mark.sqlite
def test_a_writer_that_never_ends_makes_the_next_one_say_so(database: Database, monkeypatch) -> None:
    monkeypatch.setattr("aniworld.models.database.WRITE_WAIT_S", 0.2)
    with database.writing() as first:
        first.add(AnimeSeries(key="a", name="A"))
        first.flush()
        with pytest.raises(Unavailable), database.writing() as second:
            second.execute(text("SELECT 1"))


@pytest.mark.sqlite
def test_the_change_mark_changes_when_anyone_wrote(database: Database) -> None:
    before = database.change_mark()
    assert database.change_mark() == before
    with Database.at(str(database.engine.url)).writing() as other:
        other.add(AnimeSeries(key="a", name="A"))
    assert database.change_mark() != before


def test_moments_are_aware_and_in_utc(database: Database) -> None:
    berlin = timezone(timedelta(hours=2))
    with database.writing() as session:
        session.add(AnimeSeries(key="a", name="A", refreshed_at=datetime(2026, 7, 1, 14, 0, tzinfo=berlin)))
    with database.reading() as session:
        series = session.scalars(select(AnimeSeries)).one()
        assert series.refreshed_at == datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
        assert series.created_at.tzinfo is UTC


def test_deleting_softly_keeps_the_row(database: Database) -> None:
    with database.writing() as session:
        series = AnimeSeries(key="a", name="A", episodes=[Episode(season=1, number=1)])
        session.add(series)
        series.soft_delete()
    with database.writing() as session:
        series = session.scalars(select(AnimeSeries)).one()
        assert series.is_deleted
        series.restore()
        assert not series.is_deleted


def test_a_new_database_and_a_migrated_one_are_the_same(tmp_path: Path) -> None:
    made, migrated = (Database.at(f"sqlite:///{tmp_path / name}") for name in ("made.db", "migrated.db"))
    assert upgrading.bring_up_to_date(made, tmp_path) is None
    upgrading.migrate_to(migrated, upgrading.newest_revision())
    assert upgrading.revision_of(made) == upgrading.revision_of(migrated) == upgrading.newest_revision()
    assert picture(made) == picture(migrated)
    assert set(db.metadata.tables) <= set(inspect(made.engine).get_table_names())


def test_bringing_up_to_date_twice_does_nothing(tmp_path: Path, database: Database) -> None:
    assert upgrading.bring_up_to_date(database, tmp_path) is None
    assert not list(tmp_path.glob("database-before-*"))


@pytest.mark.sqlite
def test_an_older_database_is_copied_before_it_is_migrated(tmp_path: Path, database: Database, monkeypatch) -> None:
    with database.writing() as session:
        session.add(AnimeSeries(key="kept", name="Kept"))
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    monkeypatch.setattr(upgrading, "migrate_to", lambda base, revision: None)
    assert upgrading.bring_up_to_date(database, tmp_path / "copies") == "0000"
    copy = tmp_path / "copies" / "database-before-0000.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sqlite3.connect(copy).execute("SELECT key FROM anime_series").fetchall() == [("kept",)]


def test_a_database_from_a_newer_program_is_refused(tmp_path: Path, database: Database) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match="newer than this program"):
        upgrading.bring_up_to_date(database, tmp_path)


def picture(database: Database) -> dict:
    """Tables, columns, indexes and unique constraints, as the database itself tells."""
    look = inspect(database.engine)
    return {
        table: (
            {column["name"]: (str(column["type"]), column["nullable"]) for column in look.get_columns(table)},
            sorted((key["name"], *key["column_names"]) for key in look.get_unique_constraints(table)),
            sorted(_index_rows(database, table)),
        )
        for table in look.get_table_names()
        if table != "alembic_version"
    }


def _index_rows(database: Database, table: str) -> list[str]:
    with database.reading() as session:
        query = text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND sql IS NOT NULL")
        return [" ".join(row.split()) for row in session.scalars(query, {"table": table})]
