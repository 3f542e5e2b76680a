"""db: the database itself."""

from __future__ import annotations

import sys

import click

from aniworld.core.errors import AlreadyRunning, Conflict

from ..output import emit, prints, say, show


@click.group()
def db() -> None:
    """Look after the database: for several machines, and for the way there and back."""


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
    from aniworld.services.database_moving import NotEqual, look, move
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
    from aniworld.services.database_moving import Moved

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
