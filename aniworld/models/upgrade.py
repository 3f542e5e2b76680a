"""Brings a database to the newest revision of ``migrations/``. Alembic is loaded only when there is something to do."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import inspect, text

from aniworld.core.errors import Unavailable

from .base import Base
from .database import Database

log = logging.getLogger(__name__)

SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"


def newest_revision() -> str:
    """The highest number among the scripts: ``0002`` for ``versions/0002_….py``."""
    return max(path.name.split("_", 1)[0] for path in (SCRIPTS / "versions").glob("[0-9]*_*.py"))


def revision_of(database: Database) -> str | None:
    """The revision that a database is at; None for an empty one."""
    with database.reading() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return None
        return session.scalar(text("SELECT version_num FROM alembic_version"))


def bring_up_to_date(database: Database, copies: Path) -> str | None:
    """The revision that the database was at before, if it had to be migrated; a SQLite file is copied to ``copies`` first.

    Raises Unavailable for a database that is newer than this program.
    """
    have, newest = revision_of(database), newest_revision()
    if have is None:
        _make(database, newest)
        return None
    if have == newest:
        return None
    if have > newest:
        raise Unavailable(
            f"The database is at revision {have}, newer than this program knows ({newest}); install the newer program, or restore a copy from {copies}."
        )
    _copy(database, copies, have)
    log.info("Migrating the database from revision %s to %s", have, newest)
    migrate_to(database, newest)
    return have


def _make(database: Database, revision: str) -> None:
    with database.writing() as session:
        connection = session.connection()
        if inspect(connection).has_table("alembic_version"):  # another process was quicker
            return
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
    from alembic import command  # 100 ms and 10 MB that most starts do not need
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with database.sessions() as session, session.begin():
        config.attributes["connection"] = session.connection()
        command.upgrade(config, revision)
