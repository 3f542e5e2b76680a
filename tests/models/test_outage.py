"""Outages are recognised by the database's own codes, whatever class the driver makes of them."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pymysql
import pytest
from sqlalchemy import text

from aniworld.core.errors import DatabaseAway, DatabaseDamaged, DatabaseFull, DatabaseReadOnly, Unavailable
from aniworld.models import Database
from aniworld.models.database_file import MAIN_TABLES, check_before_opening
from aniworld.models.outage import Outage, OutageLog, outage_of
from aniworld.models.upgrade import bring_up_to_date, newest_revision


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
        ("42P01", Outage.DAMAGED),
        ("42703", Outage.DAMAGED),
        ("42601", None),
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
        (1146, "Table doesn't exist", Outage.DAMAGED),
        (1054, "Unknown column", Outage.DAMAGED),
        (1064, "You have an error in your SQL syntax", None),
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


def with_schema(path: Path, revision: str | None, *tables: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        if revision is not None:
            connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (id INTEGER)")
        connection.commit()
    return path


@pytest.mark.parametrize(
    ("revision", "tables"),
    [("abc123", ("users",)), ("1234567890ab", ()), (None, ("users",)), ("abc123", MAIN_TABLES), ("", ("users",))],
)
def test_another_program_that_uses_alembic_too(tmp_path: Path, revision: str | None, tables: tuple[str, ...]) -> None:
    path = with_schema(tmp_path / "b.db", revision, *tables)
    with pytest.raises(DatabaseDamaged, match="belongs to another program.*ANIWORLD_DATABASE_URL"):
        check_before_opening(path)


@pytest.mark.parametrize("lost", MAIN_TABLES)
def test_a_database_that_lost_a_main_table(tmp_path: Path, lost: str) -> None:
    path = with_schema(tmp_path / "b.db", newest_revision(), *(name for name in MAIN_TABLES if name != lost))
    with pytest.raises(DatabaseDamaged, match=f"the table {lost} is missing.*restore a backup"):
        check_before_opening(path)


def test_a_database_that_lost_its_revision(tmp_path: Path) -> None:
    with pytest.raises(DatabaseDamaged, match="its revision is missing.*restore a backup"):
        check_before_opening(with_schema(tmp_path / "b.db", None, *MAIN_TABLES))


def test_a_server_database_is_checked_by_the_same_rules(tmp_path: Path) -> None:
    for revision, tables, said in (("abc123", ("users",), "another program"), (newest_revision(), (), "is missing")):
        path = with_schema(tmp_path / f"{revision}.db", revision, *tables)
        with pytest.raises(DatabaseDamaged, match=said):
            bring_up_to_date(Database.at(f"sqlite:///{path}"), tmp_path / "copies")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM gone",
        "SELECT gone FROM numbers",
        "INSERT INTO numbers (gone) VALUES (1)",
        "UPDATE gone SET a = 1",
    ],
)
def test_a_missing_table_or_column_is_damage_and_not_a_database_that_will_be_back(
    database: Database, statement: str
) -> None:
    with pytest.raises(DatabaseDamaged, match="restore a backup"), database.writing() as session:
        session.execute(text(statement))


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


def test_the_end_of_an_outage_that_flaps_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = [0.0]
    outages = OutageLog(clock=lambda: now[0])
    for second in range(62):
        now[0] = float(second)
        outages.recovered()
    assert [record.getMessage() for record in caplog.records] == ["The database accepts writes again"] * 2
