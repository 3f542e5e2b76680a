"""db: the database itself, before any of the program's work: its revision, the way to the newest, and to another
kind.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from aniworld.cli.output import emit, prints, say, show
from aniworld.core.errors import AlreadyRunning, Conflict

if TYPE_CHECKING:
    from aniworld.config.environment import Environment
    from aniworld.models import Database


@click.group()
def db() -> None:
    """Look after the database: for several machines, and for the way there and back.

    Servers bring it up to date when they start, one after the other; `db upgrade` does so beforehand.
    """


@db.command()
@prints
def current(as_json: bool) -> None:
    """Say where the database is, and at which revision; changes nothing."""
    from aniworld.models.upgrade import newest_revision, revision_of  # SQLAlchemy, which help does not need

    with _database() as (_, database):
        where, have, newest = _place(database), revision_of(database), newest_revision()
    told = {"database": where, "revision": have, "newest": newest, "up_to_date": have == newest}
    emit(told) if as_json else say(f"{where}: {_words(have, newest)}")


@db.command()
@prints
def upgrade(as_json: bool) -> None:
    """Bring the database to the newest revision; an empty one gets its tables.

    A SQLite file is copied to instance/backups first. For PostgreSQL and MariaDB make a backup yourself.
    """
    from aniworld.models.upgrade import bring_up_to_date, newest_revision, revision_of

    with _database() as (environment, database):
        before, newest, where = revision_of(database), newest_revision(), _place(database)
        bring_up_to_date(database, environment.instance / "backups")
    told = {"database": where, "before": before, "revision": newest, "changed": before != newest}
    if as_json:
        emit(told)
    elif before == newest:
        say(f"{where}: at revision {newest} already.")
    else:
        say(f"{where}: {f'made at revision {newest}' if before is None else f'brought from {before} to {newest}'}.")


@db.command("copy")
@click.option("--to", "target", required=True, help="The other database, e.g. postgresql://user:password@host/name.")
@click.option("--from", "source", help="Where from. [ANIWORLD_DATABASE_URL, or the instance's own]")
@click.option("--replace", is_flag=True, help="Replace what the other database holds.")
@click.option("--dry-run", is_flag=True, help="Say what would be copied, and change nothing.")
@prints
def copy(target: str, source: str | None, replace: bool, dry_run: bool, as_json: bool) -> None:
    """Copy everything into another database, SQLite, PostgreSQL or MariaDB, and compare both.

    The copy counts only when every table is equal in count and checksum. Stop the server and all workers first. To move
    for good, set ANIWORLD_DATABASE_URL to the other one afterwards.
    """
    from aniworld.config.environment import Environment
    from aniworld.services.backup.database_move import NotEqual, look, move
    from aniworld.workers.instance_lock import InstanceLock

    environment = Environment.read()
    if InstanceLock.is_held(environment.instance):
        raise AlreadyRunning("A server runs on this instance; stop it, so that nothing changes while it is copied.")
    source = source or environment.sqlalchemy_url
    try:
        if dry_run:
            moved = look(source, target)
        else:
            moved = move(
                source, target, environment.instance, shared=bool(environment.redis_url), replace=replace, tell=_tell
            )
    except NotEqual as error:
        _show(error.outcome, as_json)
        raise Conflict(str(error)) from None
    _show(moved, as_json)


def _show(moved: object, as_json: bool) -> None:
    from aniworld.services.backup.database_move import Moved

    assert isinstance(moved, Moved)
    if as_json:
        emit({"equal": moved.equal, **vars(moved)})
        return
    verdicts = {(True, True): "equal", (True, False): "different"}
    rows = [
        (one.table, one.source_rows, one.target_rows, verdicts.get((moved.copied, one.equal), ""))
        for one in moved.tables
    ]
    show(False, moved, ("Table", moved.source, moved.target, ""), rows)
    if sys.stdout.isatty() and moved.copied and moved.equal:
        say("Everything is equal." + (f" Settings: {moved.settings}." if moved.settings else ""))


def _tell(phase: str, current: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\rCopying … {100 * current // total if total else 0:3} %\r", nl=False, err=True)


@contextmanager
def _database() -> Iterator[tuple[Environment, Database]]:
    from aniworld.config.environment import Environment
    from aniworld.config.instance import make_instance
    from aniworld.models import Database

    environment = Environment.read()
    make_instance(environment.instance)
    database = Database.at(environment.sqlalchemy_url)
    try:
        yield environment, database
    finally:
        database.close()


def _place(database: Database) -> str:
    """The address without its password."""
    return database.engine.url.render_as_string(hide_password=True)


def _words(have: str | None, newest: str) -> str:
    if have is None:
        return f"empty; `aniworld db upgrade` makes the tables of revision {newest}."
    if have == newest:
        return f"revision {have}, the newest."
    if have > newest:
        return f"revision {have}, newer than this program knows ({newest}); install the newer program."
    return f"revision {have}; `aniworld db upgrade` brings it to {newest}."
