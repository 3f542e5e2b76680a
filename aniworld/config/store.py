"""The configuration file and its backups: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from aniworld.config.instance import check_is_file, make_folder
from aniworld.core.errors import Conflict, InvalidInput, NotFound
from aniworld.core.offload import offload
from aniworld.core.validators import validate_backup_name

try:
    import fcntl
except ImportError:  # Windows: one program at a time, so nothing to keep apart
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

MAX_BYTES = 1024 * 1024
KINDS = ("auto", "manual", "before-restore")
KEPT = {"auto": 20, "before-restore": 20}
MANUAL_LIMIT = 200
BACKUP_NAME = re.compile(r"config-(\d{8}-\d{6})-(auto|manual|before-restore)-[0-9a-f]{8}\.json")


Mark = tuple[int, ...] | None


@dataclass(frozen=True)
class Backup:
    name: str
    created_at: datetime
    size_bytes: int
    kind: str


class Overtaken(Exception):
    """Somebody else changed the settings between the look at them and the change: look again."""


class SettingsStore(Protocol):
    """Where the settings and their backups are kept: in files (``ConfigStore``), or for several machines together.

    It knows JSON, and nothing of what settings mean.
    """

    def locked(self) -> AbstractContextManager[None]: ...

    def mark(self) -> Mark:
        """Something that changes whenever the settings do; None while there are none."""

    def load(self) -> dict[str, Any] | None: ...

    def is_set_aside(self) -> bool:
        """Whether there were settings that could not be read, and none have been stored since."""

    def exchange(self, mark: Mark, data: Mapping[str, Any], kept: tuple[Mapping[str, Any], str] | None) -> Mark:
        """The new mark, after ``data`` took the place of the settings that had ``mark``.

        ``kept``: what is kept as a backup, and of which kind; both happen or neither. Raises Overtaken, Conflict.
        """

    def backups(self) -> list[Backup]:
        """Newest first."""

    def backup(self, data: Mapping[str, Any], kind: str) -> Backup:
        """Keeps ``data``. Raises Conflict at 200 manual ones."""

    def read_backup(self, name: str) -> dict[str, Any]:
        """Raises NotFound, InvalidInput."""

    def backup_content(self, name: str) -> bytes:
        """A backup as JSON, secrets and all. Raises NotFound."""

    def delete_backup(self, name: str) -> None:
        """Raises NotFound."""


class ConfigStore:
    """``instance/config.json`` and ``instance/backups``. Knows JSON and files, nothing of what settings mean."""

    def __init__(self, instance: Path) -> None:
        self.path = instance / "config.json"
        self._backups = instance / "backups"
        self._lock_path = instance / ".config.lock"
        for folder in (instance, self._backups):
            make_folder(folder)
        check_is_file(self._lock_path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One change at a time, over all processes of this instance."""
        descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if fcntl is not None:
                offload(fcntl.flock, descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def mark(self) -> Mark:
        """Something that changes whenever the file does; None while there is none."""
        try:
            facts = self.path.stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_size, facts.st_ino

    def load(self) -> dict[str, Any] | None:
        """What the file says; None if there is none, or it was broken and is kept aside."""
        try:
            return _read(self.path)
        except FileNotFoundError:
            return None
        except (OSError, InvalidInput) as error:
            self.put_aside(str(error))
            return None

    def is_set_aside(self) -> bool:
        """Whether a broken file was put aside and none was written since: also after another start."""
        return not self.path.exists() and any(self.path.parent.glob(f"{self.path.name}.broken-*"))

    def put_aside(self, why: str) -> None:
        """Keeps a copy of a file that is not understood, beside it, with a loud line in the log."""
        aside = self.path.with_name(f"{self.path.name}.broken-{_now()}-{secrets.token_hex(2)}")
        try:
            self.path.replace(aside)
        except OSError:
            log.exception("%s is not readable and could not be put aside", self.path.name)
            return
        log.error("%s is broken (%s). It is kept as %s; what it said is not in force.", self.path.name, why, aside.name)

    def save(self, data: Mapping[str, Any]) -> None:
        write_private(self.path, dump(data))

    def exchange(self, mark: Mark, data: Mapping[str, Any], kept: tuple[Mapping[str, Any], str] | None) -> Mark:
        """The new mark. Whoever holds ``locked`` is alone, so ``mark`` is not looked at."""
        if kept is not None:
            self.backup(*kept)
        self.save(data)
        return self.mark()

    def backups(self) -> list[Backup]:
        """Newest first."""
        found = []
        for entry in _entries(self._backups):
            name, facts = BACKUP_NAME.fullmatch(entry.name), file_facts(entry)
            if name and facts is not None:
                found.append((facts.st_mtime_ns, Backup(entry.name, moment_of(name[1]), facts.st_size, name[2])))
        found.sort(key=lambda pair: (pair[1].created_at, pair[0]), reverse=True)
        return [backup for _, backup in found]

    def backup(self, data: Mapping[str, Any], kind: str) -> Backup:
        """Keeps ``data``; of kinds that come by themselves the last 20 stay. Raises Conflict at 200 manual ones."""
        if kind == "manual" and sum(one.kind == "manual" for one in self.backups()) >= MANUAL_LIMIT:
            raise Conflict(f"There are {MANUAL_LIMIT} backups already; delete some that you no longer need.")
        path = self._backups / new_backup_name(kind)
        write_private(path, dump(data))
        self._trim(kind, path.name)
        return next(one for one in self.backups() if one.name == path.name)

    def backup_path(self, name: str) -> Path:
        """Raises NotFound for every name that is not one of ours, whatever it tries to be."""
        return backup_file(self._backups, name, BACKUP_NAME)

    def read_backup(self, name: str) -> dict[str, Any]:
        """Raises NotFound, InvalidInput."""
        return _read(self.backup_path(name))

    def backup_content(self, name: str) -> bytes:
        """A backup as its file holds it. Raises NotFound."""
        return self.backup_path(name).read_bytes()

    def delete_backup(self, name: str) -> None:
        self.backup_path(name).unlink(missing_ok=True)

    def _trim(self, kind: str, made: str) -> None:
        """The one just made stays whatever its date: the clock may have been set back."""
        if kind in KEPT:
            others = [one for one in self.backups() if one.kind == kind and one.name != made]
            for old in others[KEPT[kind] - 1 :]:
                self.delete_backup(old.name)


def backup_file(folder: Path, name: str, form: re.Pattern[str]) -> Path:
    """The backup ``name`` in ``folder``. Raises NotFound unless its name has our ``form`` and it is a file of its
    own.
    """
    try:
        path = folder / name if form.fullmatch(validate_backup_name(name)) else None
    except InvalidInput:
        path = None
    if path is None or path.is_symlink() or not path.is_file():
        raise NotFound("There is no backup of this name.")
    return path


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:  # somebody took it away
        return []


def file_facts(entry: os.DirEntry[str]) -> os.stat_result | None:
    """A plain file's facts; None for anything else, and for one that cannot be looked at or has just gone."""
    try:
        return entry.stat(follow_symlinks=False) if entry.is_file(follow_symlinks=False) else None
    except OSError:
        return None


def new_backup_name(kind: str) -> str:
    return f"config-{_now()}-{kind}-{secrets.token_hex(4)}.json"


def write_private(path: Path, content: bytes) -> None:
    """``path`` holds ``content`` with mode 0600, or what it held before, whatever happens in between."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            offload(os.fsync, file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """What was named in the folder is so after a power cut, too."""
    if os.name == "nt":  # Windows cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        offload(os.fsync, descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> dict[str, Any]:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InvalidInput("this is no plain file")
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InvalidInput("it is larger than any configuration")
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"it is no JSON: {type(error).__name__}") from None
    if not isinstance(data, dict):
        raise InvalidInput("it is no JSON object")
    return data


def dump(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S")


def moment_of(text: str) -> datetime:
    """The moment in a backup's name."""
    try:
        return datetime.strptime(text, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:  # digits that are no date: someone named the file by hand
        return datetime.fromtimestamp(0, UTC)
