"""backup: the whole instance as one file, and back."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aniworld.cli.opening import opened, recorded
from aniworld.cli.output import emit, emit_line, prints, say, show, size_text
from aniworld.config.store import BACKUP_NAME as SETTINGS_NAME
from aniworld.core.counting import counted
from aniworld.core.errors import AlreadyRunning, AniworldError

if TYPE_CHECKING:
    from aniworld.services.backup.create import Home, Tell
    from aniworld.services.container import Services


def _lines(command: Callable[..., Any]) -> Callable[..., Any]:
    """For the server, whose child this may be: each step, and the end, as one line of JSON."""
    return click.option("--lines", "for_server", is_flag=True, hidden=True)(command)


@click.group("backup", invoke_without_command=True)
@prints
@click.pass_context
def backup(ctx: click.Context, as_json: bool) -> None:
    """Keep everything but videos and logs in one file, check it, bring it back.

    Database, settings with their secrets and copies, covers: whoever has the file has the keys. Without a command it
    makes one, like: backup create
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(create, as_json=as_json)


@backup.command("create")
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file instead.")
@click.option("--without-secrets", is_flag=True, help="Leave out password, keys and hidden settings.")
@click.option("--before-upgrade", is_flag=True, help="Mark it so; of these the last five stay.")
@click.option("--kind", default="manual", hidden=True, type=click.Choice(["auto", "manual"]))
@click.option("--keep", type=click.IntRange(1, 1000), hidden=True)
@_lines
@prints
def create(
    target: Path | None = None,
    without_secrets: bool = False,
    before_upgrade: bool = False,
    kind: str = "manual",
    keep: int | None = None,
    for_server: bool = False,
    as_json: bool = False,
) -> None:
    """Make a backup. A server that runs is not disturbed."""
    from aniworld.services.backup.create import create as make  # reads tables: nothing that help should wait for

    with opened() as services, _telling(for_server, as_json) as told:
        where = target.expanduser().absolute() if target else None
        kind = "before-upgrade" if before_upgrade else kind
        made = make(_home(services), kind, secrets=not without_secrets, to=where, keep=keep, tell=told.step)
        told.end(made, f"Kept as {where or made.name} ({size_text(made.size_bytes)})")


@backup.command("list")
@prints
def list_backups(as_json: bool) -> None:
    """List the backups in the instance folder, newest first."""
    from aniworld.services.backup.store import BackupShelf

    backups = BackupShelf(_instance()).list()
    rows = [
        (one.name, f"{one.created_at:%Y-%m-%d %H:%M:%S} UTC", size_text(one.size_bytes), one.kind) for one in backups
    ]
    show(as_json, backups, ("Name", "Made", "Size", "Kind"), rows, "There are no backups yet.")


@backup.command("verify")
@click.argument("file")
@_lines
@prints
def verify(file: str, for_server: bool, as_json: bool) -> None:
    """Check FILE, a name from the list or a path: every checksum, and a restore into a database that is thrown away."""
    from aniworld.services.backup.restore import verify as check

    with _telling(for_server, as_json) as told:
        sound = check(_instance(), _path(file), told.step)
        rows, when = sum(sound.tables.values()), f"{sound.created_at:%Y-%m-%d %H:%M} UTC"
        told.end(
            sound,
            f"{sound.name} is sound: {counted(rows, 'row')}, {counted(sound.covers, 'cover')}, made {when} by"
            f" {sound.version}",
        )


@backup.command("restore")
@click.argument("file")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--asked-by-server", is_flag=True, hidden=True)
@_lines
@prints
def restore(file: str, yes: bool, asked_by_server: bool, for_server: bool, as_json: bool) -> None:
    """Put what FILE holds in the place of what is there; that is kept as a backup first. Everybody signs in again.

    FILE is a name from the list or a path. Stop the server first, or restore on its settings page.
    """
    from aniworld.services.backup.restore import restore as bring_back

    if SETTINGS_NAME.fullmatch(file):
        _restore_settings(file, as_json)
        return
    path = _path(file)
    if not yes:
        click.confirm(f"Put everything in {path.name} in the place of what is there?", abort=True, err=True)
    with _telling(for_server, as_json) as told, _alone(asked_by_server):
        _make_way()
        with opened(restoring=True) as services:
            brought = bring_back(_home(services), path, beside_server=asked_by_server, tell=told.step)
            if not asked_by_server:
                services.audit.record("backup_restored", brought.name)
        for sentence in () if for_server or as_json else brought.warnings:
            say(sentence)
        told.end(
            brought,
            f"{brought.name} is back ({counted(brought.rows, 'row')}). What was there is kept as {brought.before.name}",
        )


@backup.command("delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@prints
def delete(name: str, yes: bool, as_json: bool) -> None:
    """Delete the backup NAME for good."""
    from aniworld.services.backup.store import BackupShelf

    BackupShelf(_instance()).path(name)
    if not yes:
        click.confirm(f"Delete {name} for good?", abort=True, err=True)
    with opened() as services:
        services.backups.delete(name)
        services.audit.record("backup_deleted", name)
    emit({"deleted": name}) if as_json else say(f"{name} is deleted")


def _restore_settings(name: str, as_json: bool) -> None:
    """A copy of the settings alone, as this command brought it back before there were whole backups."""
    with opened() as services, recorded(services, "settings_restored"):
        settings = services.config.restore(name)
    emit(settings) if as_json else say(f"The settings are those of {name} again.")


class _Told:
    """How far it is, for a person at a terminal or for the server."""

    def __init__(self, for_server: bool, as_json: bool) -> None:
        self._for_server, self._as_json = for_server, as_json
        self._on_terminal = sys.stderr.isatty() and not for_server
        self._last = ("", -1)

    @property
    def step(self) -> Tell:
        return self._step

    def _step(self, phase: str, current: int, total: int) -> None:
        percent = 100 * current // total if total else 0
        if (phase, percent) == self._last:
            return
        self._last = (phase, percent)
        if self._for_server:
            emit_line({"phase": phase, "current": current, "total": total})
        elif self._on_terminal:
            click.echo(f"\r{_PHASES.get(phase, phase)} … {percent:3} %", nl=False, err=True)

    def end(self, facts: object, sentence: str) -> None:
        if self._on_terminal:
            click.echo("\r" + " " * 40 + "\r", nl=False, err=True)
        if self._for_server:
            emit_line({"done": facts})
        else:
            emit(facts) if self._as_json else say(sentence)


_PHASES = {"tables": "Reading", "check": "Checking", "load": "Restoring beside", "swap": "Putting in place"}


@contextmanager
def _telling(for_server: bool, as_json: bool) -> Iterator[_Told]:
    if not for_server:
        yield _Told(for_server, as_json)
        return
    if hasattr(os, "nice"):
        os.nice(5)  # the server, whose child this is, goes before
    try:
        yield _Told(for_server, as_json)
    except AniworldError as error:
        emit_line({"error": str(error), "code": error.code})
        raise


@contextmanager
def _alone(asked_by_server: bool) -> Iterator[None]:
    """No server runs on this instance, and none can begin. Raises AlreadyRunning."""
    from aniworld.config.instance import make_instance
    from aniworld.workers.instance_lock import InstanceLock

    if asked_by_server:
        yield
        return
    instance = _instance()
    make_instance(instance)
    lock = InstanceLock(instance)
    try:
        lock.take()
    except AlreadyRunning:
        raise AlreadyRunning(
            "A server runs on this instance; stop it first, or restore on its page: Settings, Backup."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _make_way() -> None:
    """A database that is newer than this program cannot be opened by it: it is set aside, not written over."""
    from aniworld.config.environment import Environment
    from aniworld.services.backup.restore import set_newer_aside

    aside = set_newer_aside(Environment.read())
    if aside is not None:
        say(f"The database is newer than this program; it is kept as {aside.name}")


def _home(services: Services) -> Home:
    from aniworld.services.backup.create import Home

    environment = services.environment
    return Home(environment.instance, services.database, services.config, bool(environment.redis_url))


def _instance() -> Path:
    from aniworld.config.environment import Environment

    return Environment.read().instance


def _path(file: str) -> Path:
    """The file of a name from the list, else the path itself."""
    from aniworld.services.backup.store import NAME, BackupShelf

    return (
        BackupShelf(_instance()).path(file)
        if NAME.fullmatch(file) and not Path(file).exists()
        else Path(file).expanduser()
    )
