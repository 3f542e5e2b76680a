"""A SQLite database as a file: whether it is one of this program's, whole, and still the one that was opened."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from aniworld.core.errors import DatabaseAway, DatabaseDamaged

REVISION = re.compile(r"[0-9]{4}")
MAIN_TABLES = ("anime_series", "download_queue_item", "episode")  # in every revision
MAGIC = b"SQLite format 3\0"
_RESTORE = (
    "Move the file away and restore a backup (python -m aniworld backup restore), or start with an empty database "
    "without it."
)


class DatabaseFile:
    """``opened`` remembers the file at the first connection; ``check`` raises once another one, or none, has its
    path.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity: tuple[int, int] | None = None

    @classmethod
    def of(cls, engine: Engine) -> DatabaseFile | None:
        """None for a server's database, and for one in memory."""
        path = engine.url.database
        if engine.dialect.name != "sqlite" or not path or path == ":memory:" or path.startswith("file:"):
            return None
        return cls(Path(path))

    def opened(self) -> None:
        if self._identity is None:
            self._identity = _identity(self.path)

    def check(self) -> None:
        """Raises DatabaseAway: what would be written now is in no file that anyone finds again."""
        if self._identity is None or _identity(self.path) == self._identity:
            return
        raise DatabaseAway(
            f"The database file {self.path.name} was deleted or replaced while the server runs; nothing more is"
            " written. Stop the server, put the file back or restore a backup, and start it again."
        )


def check_before_opening(path: Path) -> None:
    """Nothing for a database of this program, an empty file or none. Raises DatabaseDamaged with what to do."""
    if path.is_dir():
        raise DatabaseDamaged(
            f"The database {path} is a folder; move it away and start again, or name another database "
            "(ANIWORLD_DATABASE_URL)."
        )
    if path.exists() and not path.is_file():
        raise DatabaseDamaged(
            f"The database {path} is a pipe or a device and no file; move it away and start again, or name another"
            " database (ANIWORLD_DATABASE_URL)."
        )
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        header = file.read(100)
    if len(header) < 100 or not header.startswith(MAGIC):
        what = "holds nothing but zeros" if not header.strip(b"\0") else "is not a SQLite database"
        raise DatabaseDamaged(f"The database {path} {what}. {_RESTORE}")
    _check_length(path, header)
    _check_tables(path)


def _check_length(path: Path, header: bytes) -> None:
    """The header counts the pages; without a log next to the file all of them have to be in it."""
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        return
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    counted = header[24:28] == header[92:96]  # else an old SQLite wrote it, which does not keep the count
    wanted, size = pages * (65536 if page == 1 else page), path.stat().st_size
    if counted and size < wanted:
        raise DatabaseDamaged(f"The database {path} is cut off: {size:,} of {wanted:,} bytes are there. {_RESTORE}")


def _check_tables(path: Path) -> None:
    """Another program's tables are not mixed with ours, and none of ours are missing."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            revision = _revision(connection) if "alembic_version" in names else None
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return  # locked, full, not readable: whoever opens it says so
        raise DatabaseDamaged(f"The database {path} is damaged ({error}). {_RESTORE}") from error
    names -= {name for name in names if name.startswith("sqlite_")}
    if names:
        check_schema(f"The database {path}", names, revision)


def _revision(connection: sqlite3.Connection) -> str | None:
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        return None  # it has no such column
    return None if row is None else str(row[0])


def check_schema(which: str, names: Collection[str], revision: str | None) -> None:
    """Raises DatabaseDamaged where the tables ``names`` and their ``revision`` are another program's, or ours are
    incomplete.

    ``which``: the database, for the message.
    """
    if revision is None and set(names) <= {"alembic_version"}:  # as a downgrade to the base leaves it
        return
    missing = [name for name in MAIN_TABLES if name not in names]
    known = revision is not None and REVISION.fullmatch(revision) is not None
    if (len(missing) == len(MAIN_TABLES) and not known) or (revision is not None and not known):
        others = ", ".join(sorted({*names} - {"alembic_version"})[:3]) or "alembic_version"
        raise DatabaseDamaged(
            f"{which} belongs to another program (tables {others}); nothing in it was "
            "changed. Move it away, or name another database (ANIWORLD_DATABASE_URL)."
        )
    if missing or not known:
        lack = f"the table {missing[0]} is missing" if missing else "its revision is missing"
        raise DatabaseDamaged(f"{which} is damaged: {lack}. {_RESTORE}")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
