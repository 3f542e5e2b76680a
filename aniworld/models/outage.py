"""What a database says when it cannot work now, whatever its kind, as one error that says what to do.

Read off the codes (SQLSTATE, the server's number, SQLite's result code), never off the driver's exception class: a
standby that only reads is an ``InternalError`` to psycopg and an ``OperationalError`` to PyMySQL.
PostgreSQL: https://www.postgresql.org/docs/15/errcodes-appendix.html; MariaDB:
https://mariadb.com/kb/en/mariadb-error-codes/; SQLite: https://www.sqlite.org/rescode.html.
"""

from __future__ import annotations

import logging
import re
import shutil
import threading
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from aniworld.core.errors import DatabaseAway, DatabaseDamaged, DatabaseFull, DatabaseReadOnly, Unavailable

log = logging.getLogger(__name__)

# The database does not work now: transfers continue, and their reports wait. Those not recognised by a code are locks
# that others hold for too long.
DATABASE_AWAY = (OperationalError, InterfaceError, NoConnectionFree, Unavailable)
LOG_EVERY_S = 60.0
ALMOST_NOTHING = 1_000_000  # bytes; SQLite calls some writes that found no room an I/O error
_RECOVERED = "The database accepts writes again"
_WROTE = "aniworld_wrote"


class Outage(Enum):
    """``value``: the error that is raised for it."""

    AWAY = DatabaseAway
    READ_ONLY = DatabaseReadOnly
    FULL = DatabaseFull
    DAMAGED = DatabaseDamaged


MESSAGES = {
    Outage.AWAY: "The database does not answer at this moment; work continues automatically once it is back.",
    Outage.READ_ONLY: (
        "The database is read-only at this moment, for instance a standby after a failover; nothing can be changed"
        " until it accepts writes again. Work continues automatically then."
    ),
    Outage.FULL: "The disk of the database is full; free some space on it. Work continues automatically then.",
    Outage.DAMAGED: (
        "The database is damaged or not an Aniworld database; stop the server and restore a backup: "
        "python -m aniworld backup restore"
    ),
}
FILE_READ_ONLY = (
    "The database file cannot be written; check the rights of the instance folder and that its disk is not mounted "
    "read-only. Work continues automatically then."
)
FILE_TROUBLE = (
    "The database file cannot be opened, read or written; check the instance folder and its disk. Work continues "
    "automatically once it is back."
)

_POSTGRESQL = {
    "25006": Outage.READ_ONLY,  # read_only_sql_transaction
    "25P03": Outage.AWAY,  # idle_in_transaction_session_timeout
    "3D000": Outage.AWAY,  # the database was dropped
    "55P03": Outage.AWAY,  # lock_not_available, after lock_timeout
    "53100": Outage.FULL,
    "42P01": Outage.DAMAGED,  # undefined_table
    "42703": Outage.DAMAGED,  # undefined_column
}
_POSTGRESQL_CLASSES = {
    "08": Outage.AWAY,  # connection exception
    "53": Outage.AWAY,  # insufficient resources
    "57": Outage.AWAY,  # operator intervention: shutdown, cancel, crash, still starting
    "58": Outage.AWAY,  # system error: its disk does not read or write
    "XX": Outage.DAMAGED,
}
_XX_INTERNAL = "XX000"  # anything a server did not expect: says nothing about its data
_MYSQL = {
    **dict.fromkeys((1036, 1223, 1290, 1792, 1836, 1874), Outage.READ_ONLY),
    **dict.fromkeys((3, 28, 1021, 1026, 1114), Outage.FULL),
    **dict.fromkeys((1037, 1038, 1040, 1041, 1053, 1077, 1129, 1135, 1152, 1203, 1226, 1927, 1969, 3024), Outage.AWAY),
    **dict.fromkeys((1158, 1159, 1160, 1161, 1184, 1049, 4031), Outage.AWAY),
    **dict.fromkeys((126, 127, 144, 145, 1034, 1035, 1054, 1146, 1194, 1195), Outage.DAMAGED),
}
_MYSQL_ENGINE = {1030, 1180, 1296, 1005, 1006}  # "Got error 28 …": the number of the system stands in the text
_MYSQL_CLIENT = range(2000, 3000)  # the driver's own: the connection could not be made, or is gone
_SQLITE = {
    8: Outage.READ_ONLY,
    10: Outage.AWAY,  # SQLITE_IOERR
    11: Outage.DAMAGED,  # SQLITE_CORRUPT
    13: Outage.FULL,
    14: Outage.AWAY,  # SQLITE_CANTOPEN
    26: Outage.DAMAGED,  # SQLITE_NOTADB
}
_SQLITE_ERROR = 1  # any fault of a statement; only its text tells one that meets a table that is not ours
_SQLITE_SCHEMA = re.compile(r"no such (?:table|column): |table \S+ has no column named ")


def outage_of(error: BaseException | None, *, disconnected: bool = False) -> Outage | None:
    """What a driver's exception says about the database; None for an error of the statement."""
    number = error.args[0] if error is not None and error.args else None
    if type(error).__module__.startswith("pymysql") and isinstance(number, int):  # its states say less: most are HY000
        return _of_number(number, str(error)) or (Outage.AWAY if disconnected else None)
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return _of_state(state)
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        if code == _SQLITE_ERROR and _SQLITE_SCHEMA.match(str(error)):
            return Outage.DAMAGED
        return _SQLITE.get(code & 0xFF)
    if type(error).__module__.startswith("psycopg") and type(error).__name__ == "OperationalError":
        return Outage.AWAY  # of the connection itself: there was no answer that could have a code
    return Outage.AWAY if disconnected else None


def _of_state(state: str) -> Outage | None:
    if state == _XX_INTERNAL:
        return None
    return _POSTGRESQL.get(state) or _POSTGRESQL_CLASSES.get(state[:2])


def _of_number(number: int, text: str) -> Outage | None:
    if number in _MYSQL_ENGINE:
        return Outage.FULL if any(f"rror {full}" in text or f"errno: {full}" in text for full in (28, 122)) else None
    if number in _MYSQL_CLIENT or number == 0:
        return Outage.AWAY
    return _MYSQL.get(number)


class OutageLog:
    """One line a minute for each kind of outage, however many requests and workers meet it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logged: dict[str, float] = {}
        self._lock = threading.Lock()

    def write(self, message: str, cause: object) -> None:
        if self._is_due(message):
            log.error("%s (%s)", message, " ".join(str(cause).split()))

    def recovered(self) -> None:
        """Its end, as seldom: a database that is back for a second only is not back."""
        if self._is_due(_RECOVERED):
            log.info(_RECOVERED)

    def _is_due(self, message: str) -> bool:
        with self._lock:
            now = self._clock()
            if now - self._logged.get(message, now - LOG_EVERY_S) < LOG_EVERY_S:
                return False
            self._logged[message] = now
        return True


class OutageWatch:
    """Listens to an engine: its outages are raised as ``Unavailable``; ``current`` is the last one until a write
    succeeds.
    """

    def __init__(self, engine: Engine, *, logs: bool = True) -> None:
        self.current: Unavailable | None = None
        self._log = OutageLog() if logs else None
        self._folder = _folder_of(engine)
        event.listen(engine, "handle_error", self._handle, retval=True)
        event.listen(engine, "after_cursor_execute", self._executed)
        event.listen(engine, "commit", self._committed)

    def error_for(self, error: BaseException | None, *, disconnected: bool = False) -> Unavailable | None:
        """The error to raise for a driver's exception; None for one that is no outage."""
        outage = outage_of(error, disconnected=disconnected)
        if outage is None:
            return None
        outage = self._seen_on_the_disk(error, outage)
        message = self._message(outage)
        if self._log is not None:
            self._log.write(message, error)
        self.current = outage.value(message)
        return self.current

    def _handle(self, context: ExceptionContext) -> Unavailable | None:
        if context.is_pre_ping:  # the pool replaces a connection that is gone before anyone notices
            return None
        if (context.statement or "").lstrip().upper().startswith(("DESCRIBE ", "SHOW CREATE TABLE ")):
            return None  # how SQLAlchemy asks MariaDB whether there is a table: it handles that there is none itself
        found = self.error_for(context.original_exception, disconnected=context.is_disconnect)
        if isinstance(found, DatabaseReadOnly) and self._folder is None and context.connection is not None:
            context.is_disconnect = True  # the address may lead to another server by now: connect again
        return found

    def _executed(
        self, connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> None:
        """A transaction that changed no row says nothing about whether one could be changed."""
        if self.current is not None and statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            connection.info[_WROTE] = cursor.rowcount != 0

    def _committed(self, connection: Any) -> None:
        if self.current is not None and connection.info.pop(_WROTE, False):
            if self._log is not None:
                self._log.recovered()
            self.current = None

    def _seen_on_the_disk(self, error: BaseException | None, outage: Outage) -> Outage:
        """SQLite has one code for an I/O error and for shared memory that found no room."""
        if outage is not Outage.AWAY or self._folder is None:
            return outage
        try:
            return Outage.FULL if shutil.disk_usage(self._folder).free < ALMOST_NOTHING else outage
        except OSError:
            return outage

    def _message(self, outage: Outage) -> str:
        if self._folder is None:
            return MESSAGES[outage]
        return {Outage.READ_ONLY: FILE_READ_ONLY, Outage.AWAY: FILE_TROUBLE}.get(outage, MESSAGES[outage])


def _folder_of(engine: Engine) -> Path | None:
    """Where a SQLite file lies."""
    path = engine.url.database
    return Path(path).parent if engine.dialect.name == "sqlite" and path and path != ":memory:" else None


def log_failure(log: logging.Logger, error: Exception, message: str, *args: object) -> None:
    """Logs that background work failed: a warning of one line for an outage of the database, which is no fault of the
    work and is logged with its cause where it is found; a traceback for anything else."""
    if isinstance(error, DATABASE_AWAY):
        log.warning("%s: %s", message % args, " ".join(str(error).split()))
    else:
        log.error(message, *args, exc_info=error)
