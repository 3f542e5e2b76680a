"""Brings a database to the newest revision of ``migrations/``. Alembic is loaded only when there is something to do."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.pool import NullPool

from aniworld.core.errors import Unavailable
from aniworld.models.base import Base
from aniworld.models.database import Database
from aniworld.models.database_file import check_schema
from aniworld.models.engines import engine_at

log = logging.getLogger(__name__)

MIGRATION_WAIT_S = 600
_LOCK_NUMBER = 0x616E69776F726C64  # "aniworld"; PostgreSQL wants a number
SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"


def newest_revision() -> str:
    """The highest number among the scripts: ``0002`` for ``versions/0002_….py``."""
    return max(path.name.split("_", 1)[0] for path in (SCRIPTS / "versions").glob("[0-9]*_*.py"))


def revision_of(database: Database) -> str | None:
    """The revision that a database is at; None for an empty one."""
    with database.reading() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return None
        revision: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
        return revision


def bring_up_to_date(database: Database, copies: Path) -> str | None:
    """The revision that the database was at before, if it had to be migrated; a SQLite file is copied to ``copies``
    first.

    Raises Unavailable for a database that is newer than this program, DatabaseDamaged for one that is another program's
    or lacks a main table.
    """
    newest = newest_revision()
    have = revision_of(database)
    if have is not None:
        _check_schema(database, have)
    if have == newest:
        return None
    with _alone(database) as patient:
        return _bring(patient, newest, copies)


def _check_schema(database: Database, revision: str) -> None:
    with database.reading() as session:
        names = inspect(session.connection()).get_table_names()
    check_schema(f"The database {database.engine.url.render_as_string(hide_password=True)}", names, revision)


def _bring(database: Database, newest: str, copies: Path) -> str | None:
    have = revision_of(database)
    if have is None:
        _make(database, newest)
        return None
    if have == newest:  # another process was quicker
        return None
    if have > newest:
        raise Unavailable(
            f"The database is at revision {have}, newer than this program knows ({newest}); install the newer program,"
            f" or restore a copy from {copies}."
        )
    _copy(database, copies, have)
    log.info("Migrating the database from revision %s to %s", have, newest)
    migrate_to(database, newest)
    return have


@contextmanager
def _alone(database: Database) -> Iterator[Database]:
    """The same database with time for large tables, while no other process brings it up to date.

    SQLite's writing sessions see to that by themselves. Raises Unavailable when another process needs too long.
    """
    url = database.engine.url
    if url.get_backend_name() == "sqlite":
        yield database
        return
    patient = Database(engine_at(url, pool=NullPool, answer_wait_s=MIGRATION_WAIT_S), log_outages=False)
    try:
        with patient.engine.connect() as connection:  # the lock ends with this connection, however that ends
            _lock(connection)
            yield patient
    finally:
        patient.close()


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": _LOCK_NUMBER})
        return
    name = f"aniworld {connection.engine.url.database}"[:64]  # names are the whole server's
    if connection.scalar(text("SELECT GET_LOCK(:name, :wait)"), {"name": name, "wait": MIGRATION_WAIT_S // 2}) != 1:
        raise Unavailable("Another process has been migrating the database for minutes; look at its log.")


def _compare_exactly(connection: Connection) -> None:
    """Texts of tables made from now on are equal when they are the same, on MariaDB and MySQL too: case, accents,
    spaces.
    """
    if connection.dialect.name == "mysql":
        collation = "utf8mb4_nopad_bin" if connection.dialect.is_mariadb else "utf8mb4_0900_bin"  # type: ignore[attr-defined]
        connection.execute(text(f"ALTER DATABASE CHARACTER SET utf8mb4 COLLATE {collation}"))


def _make(database: Database, revision: str) -> None:
    with database.sessions() as session, session.begin():
        connection = session.connection()
        if inspect(connection).has_table("alembic_version"):  # another process was quicker
            return
        _compare_exactly(connection)
        Base.metadata.create_all(connection)
        session.execute(
            text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        )
        session.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})


def _copy(database: Database, copies: Path, revision: str) -> None:
    path = database.engine.url.database
    if database.engine.dialect.name != "sqlite" or not path or path == ":memory:":
        return
    copies.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = copies / f"database-before-{revision}.db"
    target.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def migrate_to(database: Database, revision: str) -> None:
    """Runs the scripts up to ``revision``, on an empty database from the first one on. Copies nothing."""
    _run_scripts(database, "upgrade", revision)


def downgrade_to(database: Database, revision: str) -> None:
    """Runs the scripts' downgrades back to ``revision``. Copies nothing."""
    _run_scripts(database, "downgrade", revision)


def _run_scripts(database: Database, direction: str, revision: str) -> None:
    from alembic import command  # 100 ms and 10 MB that most starts do not need
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with database.engine.connect() as raw, _foreign_keys_off(raw):
        connection = raw.execution_options(aniworld_write=True)
        with connection.begin():
            config.attributes["connection"] = connection
            _compare_exactly(connection)
            getattr(command, direction)(config, revision)


@contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying and dropping it, and a dropped table's rows take those that refer to them
    along.

    The pragma has no effect inside a transaction (https://www.sqlite.org/foreignkeys.html), so it goes to the driver
    first.
    """
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
