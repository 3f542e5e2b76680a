"""Outages are recognised by the database's own codes, whatever class the driver makes of them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pymysql
import pytest
from sqlalchemy import text

from aniworld.core.errors import DatabaseAway, DatabaseDamaged, DatabaseFull, DatabaseReadOnly, Unavailable
from aniworld.models import Database
from aniworld.models.database_file import check_before_opening
from aniworld.models.outages import Outage, OutageLog, outage_of


@pytest.mark.parametrize(
    ("state", "outage"),
    [
        ("25006", Outage.READ_ONLY),
        ("53100", Outage.FULL),
        ("53200", Outage.AWAY),
        ("53300", Outage.AWAY),
        ("57014", Outage.AWAY),
        ("57P01", Outage.AWAY),
        ("57P02", Outage.AWAY),
        ("57P03", Outage.AWAY),
        ("58030", Outage.AWAY),
        ("08006", Outage.AWAY),
        ("XX001", Outage.DAMAGED),
        ("XX000", None),
        ("40001", None),
        ("40P01", None),
        ("23505", None),
        ("42P01", None),
    ],
)
def test_postgresql_by_sqlstate(state: str, outage: Outage | None) -> None:
    assert outage_of(psycopg.errors.lookup(state)("said")) is outage


def test_postgresql_without_an_answer() -> None:
    assert outage_of(psycopg.OperationalError("connection refused")) is Outage.AWAY


@pytest.mark.parametrize(
    ("number", "said", "outage"),
    [
        (1290, "running with the --read-only option", Outage.READ_ONLY),
        (1792, "READ ONLY transaction", Outage.READ_ONLY),
        (1836, "Running in read-only mode", Outage.READ_ONLY),
        (1021, "Disk full", Outage.FULL),
        (1114, "The table is full", Outage.FULL),
        (1030, 'Got error 28 "No space left on device"', Outage.FULL),
        (1030, "Got error 127", None),
        (1053, "shutdown", Outage.AWAY),
        (2006, "gone away", Outage.AWAY),
        (1969, "max_statement_time exceeded", Outage.AWAY),
        (1205, "Lock wait timeout", None),
        (1213, "Deadlock", None),
        (1062, "Duplicate entry", None),
        (1406, "Data too long", None),
    ],
)
def test_mariadb_by_number(number: int, said: str, outage: Outage | None) -> None:
    assert outage_of(pymysql.err.OperationalError(number, said)) is outage
    assert outage_of(pymysql.err.InternalError(number, said)) is outage
    assert outage_of(pymysql.err.OperationalError(number, said, sqlstate="HY000")) is outage


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database.at(f"sqlite:///{tmp_path / 'a.db'}")
    with made.writing() as session:
        session.execute(text("CREATE TABLE numbers (number INTEGER, content TEXT)"))
    yield made
    made.close()


def write(database: Database, size: int = 1) -> None:
    with database.writing() as session:
        session.execute(text("INSERT INTO numbers VALUES (1, :content)"), {"content": "x" * size})


def test_a_sqlite_database_that_is_full_says_so_until_a_write_succeeds(database: Database) -> None:
    with pytest.raises(DatabaseFull, match="disk of the database is full"), database.writing() as session:
        session.execute(text("PRAGMA max_page_count = 3"))
        session.execute(text("INSERT INTO numbers VALUES (1, :content)"), {"content": "x" * 100_000})
    assert isinstance(database.outages.current, DatabaseFull)
    with database.writing() as session:
        session.execute(text("UPDATE numbers SET number = 2 WHERE number = 77"))
    assert isinstance(database.outages.current, DatabaseFull), "no row was changed"
    write(database)
    assert database.outages.current is None


def test_a_sqlite_database_that_only_reads(database: Database) -> None:
    with pytest.raises(DatabaseReadOnly, match="cannot be written"), database.writing() as session:
        session.execute(text("PRAGMA query_only = ON"))
        session.execute(text("INSERT INTO numbers VALUES (1, '')"))


def test_a_sqlite_database_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAway), Database.at(f"sqlite:///{tmp_path / 'gone' / 'a.db'}").reading() as session:
        session.execute(text("SELECT 1"))


@pytest.mark.parametrize("content", [b"garbage" * 1000, bytes(8192)])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.db").write_bytes(content)
    with pytest.raises(DatabaseDamaged, match="backup"):
        check_before_opening(tmp_path / "a.db")
    with pytest.raises(DatabaseDamaged), Database.at(f"sqlite:///{tmp_path / 'a.db'}").reading() as session:
        session.execute(text("SELECT 1"))


@pytest.mark.parametrize("left", [50, 1000, 4096, 12_000])
def test_a_database_that_is_cut_off(tmp_path: Path, database: Database, left: int) -> None:
    write(database, 50_000)
    database.close()
    path = tmp_path / "a.db"
    with path.open("r+b") as file:
        file.truncate(left)
    with pytest.raises(DatabaseDamaged, match="backup"):
        check_before_opening(path)


def test_a_database_of_another_program(tmp_path: Path, database: Database) -> None:
    database.close()
    before = (tmp_path / "a.db").read_bytes()
    with pytest.raises(DatabaseDamaged, match="belongs to another program"):
        check_before_opening(tmp_path / "a.db")
    assert (tmp_path / "a.db").read_bytes() == before


def test_a_folder_in_place_of_a_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseDamaged, match="is a folder"):
        check_before_opening(tmp_path)


def test_files_that_can_be_opened(tmp_path: Path) -> None:
    check_before_opening(tmp_path / "none.db")
    (tmp_path / "empty.db").touch()
    check_before_opening(tmp_path / "empty.db")


def test_after_closing_the_main_file_holds_everything(tmp_path: Path, database: Database) -> None:
    other = sqlite3.connect(tmp_path / "a.db")  # a second program keeps the log in place
    other.execute("SELECT count(*) FROM numbers").fetchall()
    write(database, 100_000)
    assert (tmp_path / "a.db-wal").stat().st_size > 0
    database.close()
    assert (tmp_path / "a.db-wal").stat().st_size == 0
    (tmp_path / "copy.db").write_bytes((tmp_path / "a.db").read_bytes())
    assert sqlite3.connect(tmp_path / "copy.db").execute("SELECT length(content) FROM numbers").fetchall() == [
        (100_000,)
    ]
    other.close()


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_a_file_that_is_not_the_opened_one_is_written_no_more(tmp_path: Path, database: Database, how: str) -> None:
    path = tmp_path / "a.db"
    assert database.change_mark() is not None
    path.unlink()
    if how == "replaced":
        path.write_bytes(b"")
    for act in (lambda: write(database), database.change_mark):
        with pytest.raises(DatabaseAway, match="was deleted or replaced"):
            act()
    assert "was deleted or replaced" in str(database.trouble())
    assert not database.answers()
    assert path.exists() == (how == "replaced"), "SQLite makes no empty database in its place"


def test_a_file_that_was_moved_away_and_back_goes_on(tmp_path: Path, database: Database) -> None:
    write(database)
    os.rename(tmp_path / "a.db", tmp_path / "b.db")
    with pytest.raises(Unavailable):
        write(database)
    os.rename(tmp_path / "b.db", tmp_path / "a.db")
    write(database)
    assert database.answers()


def test_one_line_a_minute_for_each_kind(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    outages = OutageLog(clock=lambda: now[0])
    for second in range(125):
        now[0] = float(second)
        outages.write("The disk is full", "53100")
        if second < 3:
            outages.write("The database only reads", "25006")
    assert [record.getMessage().split(" (")[0] for record in caplog.records] == [
        "The disk is full",
        "The database only reads",
        "The disk is full",
        "The disk is full",
    ]
