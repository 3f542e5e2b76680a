"""Sessions on the database: one kind for reading, one for writing.

SQLite is kept in WAL mode. A writing session begins with ``BEGIN IMMEDIATE``; while another process or greenlet
writes, it waits in small sleeps that let the rest of the server go on: SQLite's own lock wait would stop them all.
"""

from __future__ import annotations

import logging
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, current_app, has_app_context
from flask_sqlalchemy.session import Session as BoundSession
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from aniworld.core.errors import AniworldError, DatabaseAway, DatabaseReadOnly, Unavailable
from aniworld.core.offload import pause
from aniworld.core.sentences import Sentence
from aniworld.models.database_file import DatabaseFile
from aniworld.models.db import db
from aniworld.models.engines import engine_at, in_each_others_way
from aniworld.models.outage import OutageWatch

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

WRITE_WAIT_S = 15.0
TRIES = 5
WRITES = "aniworld_write"  # the execution option of a connection whose transactions write
_TURN_NUMBER = 0x7475726E  # "turn"; PostgreSQL wants a number
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=20",
    "PRAGMA cache_size=-4096",
)


class Database:
    """``reading()`` and ``writing()`` give a Session for a ``with`` block; writing commits at its end, or rolls back.

    One block writes at a time, whatever the kind of database and however many processes: what it looked at first stays
    true until its end. Keep the blocks short, and wait for nothing inside one.
    """

    def __init__(self, engine: Engine, *, app: Flask | None = None, log_outages: bool = True) -> None:
        """``app``: the application that ``models.db`` binds ``engine`` to; None for a second database.

        ``log_outages``: False where who asks reports the error itself, once.
        """
        self.engine = engine
        self.app = app
        self.outages = OutageWatch(engine, logs=log_outages)
        self.file = DatabaseFile.of(engine)
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine, self.file)
        self.doubt: Sentence | None = None  # why it may not be the one that belongs to this instance
        self._watch: Any = None

    @classmethod
    def of(cls, app: Flask) -> Database:
        """The database of an application that ``models.db.bind`` bound; once for each application."""
        with app.app_context():
            return cls(db.engine, app=app)

    @classmethod
    def at(cls, url: str) -> Database:
        """A second database, with an engine of its own: what is copied, moved or restored, and tests."""
        return cls(engine_at(url, pool=NullPool if url.startswith("sqlite") else None), log_outages=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self._context(), self._session() as session:
            yield session

    @contextmanager
    def reading_of_one_moment(self) -> Iterator[Session]:
        """As ``reading``, where several questions belong together: what others commit meanwhile is seen by none of
        them.
        """
        with self.reading() as session:
            if self.engine.dialect.name != "sqlite":  # each of whose transactions is of one moment
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self.concurrent_writing() as session:
            self._take_turn(session)
            yield session

    @contextmanager
    def concurrent_writing(self) -> Iterator[Session]:
        """As ``writing``, without waiting for other blocks on PostgreSQL and MariaDB: lock the rows that you change."""
        with self._context(), self._session() as session, session.begin():
            # First of all: Flask-SQLAlchemy's get_bind passes over options of a session factory.
            session.connection(execution_options={WRITES: True})
            yield session

    def _session(self) -> Session:
        if self.app is None:
            return Session(self.engine, expire_on_commit=False)
        return BoundSession(db, expire_on_commit=False)

    def _context(self) -> AbstractContextManager[object]:
        """The application's context, which Flask-SQLAlchemy finds the engine by; a new one only where it is not
        active, so that ``g`` and ``current_user`` of a request stay.
        """
        if self.app is None or (has_app_context() and current_app == self.app):
            return nullcontext()
        return self.app.app_context()

    def _take_turn(self, session: Session) -> None:
        """Waits until no other block writes; the end of the transaction lets the next one in. SQLite does so itself."""
        if self.engine.dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _TURN_NUMBER})
        elif self.engine.dialect.name == "mysql":  # its named locks would outlive the transaction
            session.execute(text("SELECT version_num FROM alembic_version FOR UPDATE"))

    def change_mark(self) -> int | None:
        """A number that changes whenever anyone wrote (SQLite only; None elsewhere). Costs microseconds.

        One caller at a time: the number belongs to a connection of its own.
        """
        if self.engine.dialect.name != "sqlite":
            return None
        self._check_file()
        if self._watch is None:
            self._watch = self.engine.raw_connection()
        try:
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error as error:
            found = self.outages.error_for(error)
            if found is None:
                raise
            raise found from error

    def answers(self) -> bool:
        """Whether the database answers at all."""
        return self.trouble() is None

    def trouble(self) -> AniworldError | None:
        """Why the database does not answer, or accepts no writes; None where it does both as far as is known."""
        try:
            self._check_file()
            with self.reading() as session:
                session.execute(text("SELECT 1"))
                if isinstance(self.outages.current, DatabaseReadOnly) and self._accepts_writes(session):
                    self.outages.current = None
        except AniworldError as error:
            return error
        except (DBAPIError, PoolTimeout):
            return DatabaseAway("The database does not answer.")
        return None

    def _accepts_writes(self, session: Session) -> bool:
        """As the server says it; a promoted standby needs no write to be known again. SQLite shows it by a write
        only.
        """
        if self.engine.dialect.name == "postgresql":
            return bool(session.scalar(text("SHOW transaction_read_only")) == "off")
        return False

    def _check_file(self) -> None:
        if self.file is not None:
            self.file.check()

    def close(self) -> None:
        """Ends all connections. A SQLite database is one whole file afterwards, without a ``-wal`` next to it."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        if self.file is not None and self.file.path.exists():
            self._checkpoint()
        self.engine.dispose()

    def _checkpoint(self) -> None:
        try:
            connection = self.engine.raw_connection()
            try:
                connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()  # type: ignore[union-attr]
            finally:
                connection.close()
        except (sqlite3.Error, SQLAlchemyError, AniworldError) as error:
            log.warning("The database could not be written into its main file: %s", error)


def transaction(method: Callable[P, T]) -> Callable[P, T]:
    """``method``, which is one whole transaction, done again where the database ended it for another one's sake."""

    @wraps(method)
    def whole(*args: P.args, **named: P.kwargs) -> T:
        for tries in range(1, TRIES):
            try:
                return method(*args, **named)
            except DBAPIError as error:
                if not in_each_others_way(error):
                    raise
                log.info("%s is tried again: %s", method.__name__, error.orig)
            pause(random.uniform(0.01, 0.05) * tries)  # so that the two do not meet again
        return method(*args, **named)

    return whole


def _prepare_sqlite(engine: Engine, file: DatabaseFile | None) -> None:
    if file is not None:

        @event.listens_for(engine, "do_connect")
        def connecting(dialect: Any, record: Any, arguments: Any, named: Any) -> None:
            file.check()  # SQLite would make an empty database in the place of one that was deleted

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin event speaks BEGIN itself
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()
        if file is not None:
            file.opened()

    @event.listens_for(engine, "begin")
    def begun(connection: Any) -> None:
        if connection.get_execution_options().get(WRITES):
            if file is not None:
                file.check()
            _begin_writing(connection)
        else:
            connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Any) -> None:
    deadline = time.monotonic() + WRITE_WAIT_S
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except OperationalError as error:
            if "locked" not in str(error) and "busy" not in str(error):
                raise
            if time.monotonic() > deadline:
                raise Unavailable("The database is busy with another program's work; try again in a moment.") from error
        pause(random.uniform(0.002, 0.02))  # a lock tells nobody when it opens; others go on meanwhile
