"""Tables as lines of JSON that mean the same for every kind of database. The form is told in docs/operations.md.

One row is one line: an object with its columns' names, sorted. Moments are ISO 8601 in UTC with microseconds, dates
``2026-10-12``, JSON columns as they are, NULL is null. So a line is also what a table's checksum is taken over,
whichever database it comes from.
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from aniworld.core.errors import InvalidInput
from aniworld.models import Database, db
from aniworld.models.base import UtcDateTime
from aniworld.models.upgrade import migrate_to, newest_revision, patient_engine, revision_of

BATCH = 500
ANSWER_WAIT_S = 3600
CHECKSUM_BITS = 128
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_WHOLE = range(-(2**63), 2**63)
_TYPES: dict[str, Any] = {
    "moment": UtcDateTime(),
    "json": sa.JSON(),
    "truth": sa.Boolean(create_constraint=False),
    "whole": sa.BigInteger(),
    "number": sa.Double(),
    "text": sa.Text(),
    "date": sa.Date(),
}


@dataclass(frozen=True)
class Form:
    """A table by its name and its columns, name → kind: moment, date, json, truth, whole, number, text.

    ``optional``: the columns that may be NULL. ``counters``: columns whose next value the database counts by itself.
    """

    name: str
    columns: dict[str, str]
    optional: frozenset[str] = frozenset()
    counters: tuple[str, ...] = ()

    @cached_property
    def table(self) -> sa.TableClause:
        """For statements on any database that has the table."""
        return sa.table(self.name, *(sa.column(name, self._type(name, kind)) for name, kind in self.columns.items()))

    def line(self, row: Sequence[Any]) -> bytes:
        """``row``, its values in the order of ``columns``, as a line."""
        values = {
            name: _WRITTEN[kind](value) if kind in _WRITTEN and value is not None else value
            for (name, kind), value in zip(self.columns.items(), row, strict=True)
        }
        return _encode(values).encode() + b"\n"

    def row(self, line: bytes) -> dict[str, Any]:
        """What a line says. Raises InvalidInput for one that is no row of this table."""
        try:
            values = json.loads(line, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise InvalidInput(f"A row of {self.name} is not valid JSON.") from None
        if not isinstance(values, dict) or values.keys() != self.columns.keys():
            raise InvalidInput(f"A row of {self.name} has other columns than the table.")
        return {name: self._value(name, kind, values[name]) for name, kind in self.columns.items()}

    def _value(self, name: str, kind: str, value: Any) -> Any:
        if value is None and (name in self.optional or kind == "json"):
            return None
        if not _FITS[kind](value):
            raise InvalidInput(f"A value of {self.name}.{name} has the wrong type ({kind} expected).")
        return _READ[kind](value, f"{self.name}.{name}") if kind in _READ else value

    def _type(self, name: str, kind: str) -> Any:
        """Where a column of JSON may be NULL, None is that and not JSON's own null."""
        return sa.JSON(none_as_null=True) if kind == "json" and name in self.optional else _TYPES[kind]


class Tally:
    """Counts rows and adds their hashes up, so that the order in which a database gives its rows does not matter."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, line: bytes) -> None:
        self.rows += 1
        self._sum += int.from_bytes(hashlib.sha256(line).digest()[: CHECKSUM_BITS // 8])

    @property
    def checksum(self) -> str:
        return f"{self._sum % 2**CHECKSUM_BITS:0{CHECKSUM_BITS // 4}x}"


def forms_of(metadata: sa.MetaData) -> list[Form]:
    """The tables' forms, each after those that it refers to."""
    return [_form(table) for table in metadata.sorted_tables if table.name != "alembic_version"]


def forms_at(revision: str) -> list[Form]:
    """The forms of the tables at a revision that this program knows."""
    if revision == newest_revision():
        return forms_of(db.metadata)
    with tempfile.TemporaryDirectory() as folder:
        database = Database.at(f"sqlite:///{Path(folder) / 'at.db'}")
        try:
            migrate_to(database, revision)
            metadata = sa.MetaData()
            metadata.reflect(database.engine)
        finally:
            database.close()
    return forms_of(metadata)


@contextmanager
def patient(database: Database) -> Iterator[Database]:
    """The same database with time for whole tables: requests give up after seconds, which is too soon here."""
    with patient_engine(database.engine, ANSWER_WAIT_S) as engine:
        yield database if engine is database.engine else Database(engine, log_outages=False)


@contextmanager
def snapshot(database: Database) -> Iterator[sa.Connection]:
    """One reading transaction: everything read in the block is of one moment, whatever others write meanwhile."""
    with database.engine.connect() as connection:
        if database.engine.dialect.name != "sqlite":
            connection.execution_options(isolation_level="REPEATABLE READ")  # changes the connection itself
        with connection.begin():
            yield connection


def rows_of(connection: sa.Connection, form: Form) -> Iterator[Sequence[Any]]:
    """The rows of a table, a few hundred in memory at a time."""
    statement = sa.select(*form.table.columns).execution_options(yield_per=BATCH)
    yield from connection.execute(statement)


def lines_of(connection: sa.Connection, form: Form, tally: Tally) -> Iterator[bytes]:
    """The lines of a table, counted by ``tally``."""
    for row in rows_of(connection, form):
        line = form.line(row)
        tally.add(line)
        yield line


def insert(connection: sa.Connection, form: Form, rows: Iterable[dict[str, Any]]) -> int:
    """How many rows were written, in batches."""
    done, waiting = 0, iter(rows)
    while batch := list(islice(waiting, BATCH)):
        connection.execute(form.table.insert(), batch)
        done += len(batch)
    return done


def counted(connection: sa.Connection, form: Form) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(form.table)) or 0


def known_revision(database: Database) -> str:
    """The revision of a database that is not empty. Raises InvalidInput for one that never was ours."""
    revision = revision_of(database)
    if revision is None:
        raise InvalidInput("This database holds nothing of Aniworld.")
    return revision


def _form(table: sa.Table) -> Form:
    return Form(
        table.name,
        {column.name: _kind(column.type) for column in table.columns},
        frozenset(column.name for column in table.columns if column.nullable),
        tuple(column.name for column in table.primary_key.columns if _counts(table, column)),
    )


def _counts(table: sa.Table, column: sa.Column[Any]) -> bool:
    return len(table.primary_key.columns) == 1 and isinstance(column.type, sa.Integer)


def _kind(type_: Any) -> str:
    if isinstance(type_, UtcDateTime | sa.DateTime):
        return "moment"
    if isinstance(type_, sa.Date):
        return "date"
    if isinstance(type_, sa.JSON):
        return "json"
    if isinstance(type_, sa.Boolean):
        return "truth"
    if isinstance(type_, sa.Integer):
        return "whole"
    if isinstance(type_, sa.String):
        return "text"
    if isinstance(type_, sa.Numeric | sa.Float):
        return "number"
    raise TypeError(f"{type_!r} has no portable form yet; give it one in services/backup/portable_rows.py")


def _told(moment: datetime) -> str:
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[:-6] + "Z"


def _moment(text: str, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise InvalidInput(f"A timestamp of {where} is invalid.") from None
    if moment.tzinfo is None:
        raise InvalidInput(f"A timestamp of {where} has no time zone.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the zone leads out of the years that there are
        raise InvalidInput(f"A timestamp of {where} is invalid.") from None


def _date(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"A value of {where} is not a date; write it as 2026-10-12.") from None


def _no_number(word: str) -> float:
    raise ValueError(word)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value)


_WRITTEN: dict[str, Any] = {"moment": _told, "date": date.isoformat}
_READ: dict[str, Any] = {"moment": _moment, "date": _date}
_FITS: dict[str, Any] = {
    "date": lambda value: isinstance(value, str) and len(value) == 10,
    "moment": lambda value: isinstance(value, str) and len(value) < 40,
    "json": lambda value: True,
    "truth": lambda value: isinstance(value, bool),
    "whole": lambda value: isinstance(value, int) and not isinstance(value, bool) and value in _WHOLE,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value),
    "text": _is_text,
}
