"""Brings a database to the newest revision of ``migrations/``, by Flask-Migrate or, for a second database, by Alembic.

Both are loaded only when there is something to do. ``migrations/env.py`` uses ``migrating``, both ways.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from inspect import unwrap
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.pool import NullPool

from aniworld.core.errors import Unavailable
from aniworld.models.database import WRITES, Database
from aniworld.models.database_file import check_schema
from aniworld.models.db import db
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
        return _revision_on(session.connection())


def _revision_on(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
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
    else:
        _make(database, newest)
        have = revision_of(database)  # another process may have been quicker
    if have is None or have == newest:
        return None
    if have > newest:
        raise Unavailable(
            f"The database is at revision {have}, newer than this program knows ({newest}); install the newer program,"
            f" or restore a copy from {copies}."
        )
    log.info("Migrating the database from revision %s to %s", have, newest)
    if database.app is None:
        _copy(database.engine, copies, have)
        migrate_to(database, newest)
    else:
        _run_flask_migrate(database.app, newest, copies)
    return have


def _check_schema(database: Database, revision: str) -> None:
    with database.reading() as session:
        names = inspect(session.connection()).get_table_names()
    check_schema(f"The database {database.engine.url.render_as_string(hide_password=True)}", names, revision)


@contextmanager
def patient_engine(engine: Engine, answer_wait_s: int = MIGRATION_WAIT_S) -> Iterator[Engine]:
    """The same database with time for large tables, in the with block. SQLite's engine has it already."""
    if engine.dialect.name == "sqlite":
        yield engine
        return
    patient = engine_at(engine.url, pool=NullPool, answer_wait_s=answer_wait_s)
    try:
        yield patient
    finally:
        patient.dispose()


@contextmanager
def migrating(connection: Connection, copies: Path | None = None) -> Iterator[None]:
    """``connection``, which is in no transaction, ready for the scripts; no other process migrates meanwhile.

    ``copies``: where a SQLite file is copied to first. The scripts of SQLite and PostgreSQL are one transaction, those
    of MariaDB one each. Raises Unavailable when another process needs too long.
    """
    with _locked(connection.engine), _foreign_keys_off(connection):
        if copies is not None and (revision := _revision_on(connection)):
            _copy(connection.engine, copies, revision)
        _compare_exactly(connection)
        connection.commit()
        connection.execution_options(**{WRITES: True})
        yield


@contextmanager
def _locked(engine: Engine) -> Iterator[None]:
    """SQLite needs no lock of its own: its scripts are one writing transaction."""
    if engine.dialect.name == "sqlite":
        yield
        return
    with engine.connect() as connection:  # the lock ends with this connection, however that ends
        _lock(connection)
        yield


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": _LOCK_NUMBER})
        return
    name = f"aniworld {connection.engine.url.database}"[:64]  # names are the whole server's
    if connection.scalar(text("SELECT GET_LOCK(:name, :wait)"), {"name": name, "wait": MIGRATION_WAIT_S // 2}) != 1:
        raise Unavailable("Another process is still migrating the database; check its log.")


def _compare_exactly(connection: Connection) -> None:
    """Texts of tables made from now on are equal when they are the same, on MariaDB and MySQL too: case, accents,
    spaces.
    """
    if connection.dialect.name == "mysql":
        collation = "utf8mb4_nopad_bin" if connection.dialect.is_mariadb else "utf8mb4_0900_bin"  # type: ignore[attr-defined]
        connection.execute(text(f"ALTER DATABASE CHARACTER SET utf8mb4 COLLATE {collation}"))


def _make(database: Database, revision: str) -> None:
    """The tables of an empty database, without the way through all scripts."""
    with patient_engine(database.engine) as engine, _locked(engine), engine.connect() as connection:
        connection.execution_options(**{WRITES: True})
        with connection.begin():
            if _revision_on(connection) is not None:  # another process was quicker
                return
            _compare_exactly(connection)
            db.metadata.create_all(connection)
            connection.execute(
                text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            )
            connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})


def _copy(engine: Engine, copies: Path, revision: str) -> None:
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path == ":memory:":
        return
    copies.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = copies / f"database-before-{revision}.db"
    target.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def init_migrations(app: Flask) -> None:
    """``flask db``, Flask-Migrate's commands on ``migrations/``, for an application that is bound to a database."""
    from flask_migrate import Migrate  # Alembic: 100 ms and 10 MB that the command line needs only here

    if "migrate" not in app.extensions:
        Migrate(app, db, directory=str(SCRIPTS))


def migrate_to(database: Database, revision: str) -> None:
    """Runs the scripts up to ``revision``, on an empty database from the first one on. Copies nothing."""
    _run_scripts(database, "upgrade", revision)


def downgrade_to(database: Database, revision: str) -> None:
    """Runs the scripts' downgrades back to ``revision``. Copies nothing."""
    _run_scripts(database, "downgrade", revision)


def _run_scripts(database: Database, direction: str, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with patient_engine(database.engine) as engine, engine.connect() as connection, migrating(connection):
        config.attributes["connection"] = connection
        getattr(command, direction)(config, revision)


def _run_flask_migrate(app: Flask, revision: str, copies: Path) -> None:
    from alembic.util import CommandError
    from flask_migrate import upgrade

    init_migrations(app)
    with app.app_context():
        try:
            unwrap(upgrade)(revision=revision, x_arg=f"copies={copies}")  # its wrapper would end the process
        except CommandError as error:
            raise Unavailable(f"The database could not be migrated: {error}") from error


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
