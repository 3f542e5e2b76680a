"""All rows of one database in another one of any kind, and the proof that both hold the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError

from aniworld.core.errors import AlreadyRunning, Conflict, InvalidInput
from aniworld.models import Database, DownloadQueueItem, Lease
from aniworld.models.clock import database_now
from aniworld.services.backup.portable_rows import Form, Tally, counted, insert, lines_of, rows_of

Counting = Callable[[Iterable[Any]], Iterator[Any]]


@dataclass(frozen=True)
class TableCopy:
    """One table in both databases: how many rows, and whether every value is the same."""

    table: str
    source_rows: int
    target_rows: int
    equal: bool


@contextmanager
def writing(database: Database) -> Iterator[sa.Connection]:
    """One writing transaction: all of it is there at the end of the block, or nothing."""
    engine = database.engine.execution_options(aniworld_write=True)
    with engine.begin() as connection:
        yield connection


def replace_rows(
    source: sa.Connection, target: sa.Connection, forms: Sequence[Form], counting: Counting = iter
) -> None:
    """The rows of ``source`` in the place of those of ``target``, in ``target``'s transaction.

    ``forms``: each table after those that it refers to. Raises InvalidInput for rows that the other kind cannot keep.
    """
    for form in reversed(forms):
        target.execute(form.table.delete())
    for form in forms:
        names = list(form.columns)
        rows = (dict(zip(names, row, strict=True)) for row in counting(rows_of(source, form)))
        try:
            insert(target, form, rows)
        except (DataError, IntegrityError, ValueError) as error:
            raise InvalidInput(f"The other database does not take a row of {form.name}: {_reason(error)}.") from error
        count_on(target, form)


def count_on(target: sa.Connection, form: Form) -> None:
    """The database's own counter goes on behind the highest number there is."""
    for name in form.counters:
        highest = target.scalar(sa.select(sa.func.max(form.table.c[name]))) or 0
        kind = target.dialect.name
        if kind == "postgresql":
            sequence = target.scalar(
                sa.text("SELECT pg_get_serial_sequence(:table, :name)"), {"table": form.name, "name": name}
            )
            if sequence:
                target.execute(
                    sa.text("SELECT setval(:sequence, :value, false)"), {"sequence": sequence, "value": highest + 1}
                )
        elif kind in ("mysql", "mariadb"):
            # InnoDB counts on behind the highest row by itself, also in this transaction; ALTER TABLE would commit it
            continue


def compare(source: sa.Connection, target: sa.Connection, forms: Sequence[Form]) -> list[TableCopy]:
    """Each table by its count and the checksum over its rows in their portable form."""
    return [_compared(source, target, form) for form in forms]


def check_empty(target: sa.Connection, forms: Sequence[Form]) -> None:
    """Raises Conflict where the other database holds rows already."""
    full = [form.name for form in forms if counted(target, form)]
    if full:
        raise Conflict(
            f"The other database is not empty ({', '.join(full[:3])}); name another one, or replace what it holds with"
            " --replace."
        )


def check_quiet(connection: sa.Connection) -> None:
    """Raises AlreadyRunning while a process, of whatever machine, holds an item of the queue or a piece of shared
    work.
    """
    now = database_now(connection)
    held = sa.select(DownloadQueueItem.worker).where(
        DownloadQueueItem.status == "downloading", DownloadQueueItem.lease_until > now
    )
    shared = sa.select(Lease.holder).where(Lease.until > now, Lease.holder != "")
    for wish in (held, shared):
        if found := connection.execute(wish.limit(1)).first():
            raise AlreadyRunning(
                f"{found[0] or 'A process'} still works on this database; stop the servers and workers first."
            )


def _compared(source: sa.Connection, target: sa.Connection, form: Form) -> TableCopy:
    ours, theirs = _tally(source, form), _tally(target, form)
    same = ours.rows == theirs.rows and ours.checksum == theirs.checksum
    return TableCopy(form.name, ours.rows, theirs.rows, same)


def _tally(connection: sa.Connection, form: Form) -> Tally:
    tally = Tally()
    for _ in lines_of(connection, form, tally):
        pass
    return tally


def _reason(error: Exception) -> str:
    """The database's own words, without the values that it may quote behind them."""
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0][:200].rstrip(".")
