"""Making a backup: database, settings with their copies, covers and the secret key as one file, beside a running
server.

Loaded by the command line and by the server's child only: it reads tables whole, which is no work for the server
itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aniworld import __version__
from aniworld.config.store import dump, sync_folder
from aniworld.core.errors import Conflict, DiskFull, InvalidInput, NotFound, StorageError
from aniworld.models import Database, utcnow
from aniworld.services.backup.archive import CHUNK, CONFIG, SECRET_KEY, Archive, ArchiveWriter, limit_of
from aniworld.services.backup.portable_rows import (
    Form,
    Tally,
    counted,
    forms_at,
    known_revision,
    lines_of,
    patient,
    snapshot,
)
from aniworld.services.backup.store import KEPT, BackupShelf
from aniworld.services.settings.service import ConfigService
from aniworld.services.settings.views import BackupView

SESSIONS = frozenset({"user_session"})
OF_PROCESSES = frozenset(
    {"lease", "worker_seen", "stored_settings", "settings_backup"}
)  # settings travel as config.json
ACCESS = frozenset({"master_password", "second_factor", "recovery_code", "api_key", "calendar_token"})
TELL_EVERY = 500

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Home:
    """What is backed up and restored: the instance folder, its database, its settings. ``shared``: these lie in it,
    too.
    """

    instance: Path
    database: Database
    config: ConfigService
    shared: bool = False


def unheard(phase: str, current: int, total: int) -> None:
    """For whoever does not want to know how far it is."""


def create(
    home: Home,
    kind: str = "manual",
    *,
    secrets: bool = True,
    to: Path | None = None,
    keep: int | None = None,
    tell: Tell = unheard,
) -> BackupView:
    """A new backup among ours, or at ``to``; of ``kind`` the newest ``keep`` stay.

    Raises AlreadyRunning, Conflict for too many of them or a file that is there already, DiskFull, StorageError.
    """
    shelf = BackupShelf(home.instance)
    with shelf.working() as work:
        return made(home, shelf, work, kind, secrets=secrets, to=to, keep=keep, tell=tell)


def made(
    home: Home,
    shelf: BackupShelf,
    work: Path,
    kind: str,
    *,
    secrets: bool = True,
    to: Path | None = None,
    keep: int | None = None,
    tell: Tell = unheard,
) -> BackupView:
    """As ``create``, for whoever has the shelf already."""
    if to is None:
        shelf.check_room(kind)
    elif to.exists():
        raise Conflict(f"{to} is there already; name another file.")
    target = to or shelf.folder / shelf.new_name(kind)
    part = target.with_name(f".part-{work.name[-16:]}")
    try:
        _write(part, home, kind, secrets, tell)
        os.replace(part, target)
        sync_folder(target.parent)
    except OSError as error:
        raise _storage(error, target) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    if to is None and (keep or KEPT.get(kind)):
        shelf.trim(kind, keep or KEPT[kind], target.name)
    return BackupView(target.name, utcnow(), target.stat().st_size, kind)


def _write(part: Path, home: Home, kind: str, secrets: bool, tell: Tell) -> None:
    """The file is written, read again, and safe on the disk, or it is not there."""
    with open(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        archive = ArchiveWriter(file)
        facts = _tables(archive, home.database, secrets, tell)
        for name, content in _files(home, secrets):
            archive.add(name, content)
        archive.close(
            {
                "version": __version__,
                "created_at": utcnow().isoformat(),
                "kind": kind,
                "secrets": secrets,
                **facts,
            }
        )
        file.flush()
        os.fsync(file.fileno())
    check_files(part, tell)


def check_files(path: Path, tell: Tell = unheard) -> None:
    """Every file in a backup is what the manifest says. Raises InvalidInput."""
    with Archive(path) as archive:
        total, done = archive.manifest.total_bytes, 0
        for name in archive.manifest.files:
            for chunk in archive.chunks(name):
                done += len(chunk)
                tell("check", done, total)


def _tables(archive: ArchiveWriter, database: Database, secrets: bool, tell: Tell) -> dict[str, Any]:
    """The tables as they are at one moment, and what the manifest says of them."""
    told: dict[str, Any] = {}
    with patient(database) as unhurried, snapshot(unhurried) as connection:
        revision = known_revision(database)
        forms = carried(forms_at(revision), secrets=secrets)
        progress = Progress("tables", sum(counted(connection, form) for form in forms), tell)
        for form in forms:
            tally = Tally()
            archive.add(f"database/{form.name}.jsonl", _blocks(progress.counting(lines_of(connection, form, tally))))
            told[form.name] = {"rows": tally.rows, "columns": form.columns, "checksum": tally.checksum}
    return {"revision": revision, "database": database.engine.dialect.name, "tables": told}


def carried(forms: Iterable[Form], *, secrets: bool) -> list[Form]:
    """The tables that a backup holds: no sessions; without secrets also none that says who may come in."""
    left_out = SESSIONS | OF_PROCESSES | (frozenset() if secrets else ACCESS)
    return [form for form in forms if form.name not in left_out]


class Progress:
    """Tells now and then how many of ``total`` rows have gone by."""

    def __init__(self, phase: str, total: int, tell: Tell) -> None:
        self._phase, self._total, self._tell, self._done = phase, total, tell, 0
        tell(phase, 0, total)

    def counting(self, rows: Iterable[Any]) -> Iterator[Any]:
        for row in rows:
            self._done += 1
            if self._done % TELL_EVERY == 0:
                self._tell(self._phase, min(self._done, self._total), self._total)
            yield row


def _files(home: Home, secrets: bool) -> Iterator[tuple[str, Iterable[bytes]]]:
    """What is no table: settings, their copies, covers, the secret key."""
    yield CONFIG, [dump(home.config.stored if secrets else home.config.masked())]
    for one in home.config.backups():
        with suppress(NotFound, InvalidInput, OSError):  # gone, or broken, since it was listed
            content = home.config.backup_content(one.name) if secrets else dump(home.config.read_backup(one.name))
            yield f"settings/{one.name}", [content]
    key = home.instance / SECRET_KEY
    if secrets and key.is_file():
        yield SECRET_KEY, [key.read_bytes()]
    yield from _covers(home.instance / "covers")


def _covers(folder: Path) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Covers whose content is still what their name says."""
    for path in sorted(folder.glob("*.*")) if folder.is_dir() else ():
        limit = limit_of(f"covers/{path.name}")
        if limit is None or path.is_symlink():
            continue
        with suppress(OSError):
            content = path.read_bytes() if path.stat().st_size <= limit else b""
            if hashlib.sha256(content).hexdigest() == path.stem:
                yield f"covers/{path.name}", [content]


def _blocks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines gathered into pieces that are worth packing."""
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def _storage(error: OSError, target: Path) -> StorageError:
    import errno  # for the one name of a full disk

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"The disk of {target.parent} is full; make room and try again. Nothing was left there.")
    return StorageError(f"{target} cannot be written: {error.strerror or error}.")
