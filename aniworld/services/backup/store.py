"""The folder of whole backups: their names, how many are kept, and who works on them at this moment."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from aniworld.config.store import backup_file, file_facts, moment_of
from aniworld.core.errors import AlreadyRunning, Conflict
from aniworld.core.offload import offload
from aniworld.services.settings.views import BackupView

try:
    import fcntl
except ImportError:  # Windows: one program at a time, so nothing to keep apart
    fcntl = None  # type: ignore[assignment]

KINDS = ("auto", "manual", "before-restore", "before-upgrade")
KEPT: Mapping[str, int] = {"before-restore": 5, "before-upgrade": 5}
MANUAL_LIMIT = 100
NAME = re.compile(rf"aniworld-(\d{{8}}-\d{{6}})-({'|'.join(KINDS)})-[0-9a-f]{{8}}\.zip")
_WORK = re.compile(r"\.(work|part)-[0-9a-f]{16}")


class BackupShelf:
    """``instance/backups/whole``, for its owner's eyes only."""

    def __init__(self, instance: Path) -> None:
        self.folder = instance / "backups" / "whole"

    def list(self) -> list[BackupView]:
        """Newest first."""
        found = []
        for entry in _entries(self.folder):
            name, facts = NAME.fullmatch(entry.name), file_facts(entry)
            if name and facts is not None:
                found.append((facts.st_mtime_ns, BackupView(entry.name, moment_of(name[1]), facts.st_size, name[2])))
        found.sort(key=lambda pair: (pair[1].created_at, pair[0]), reverse=True)
        return [backup for _, backup in found]

    def path(self, name: str) -> Path:
        """Raises NotFound for every name that is not one of ours, whatever it tries to be."""
        return backup_file(self.folder, name, NAME)

    def delete(self, name: str) -> None:
        """Raises NotFound."""
        self.path(name).unlink(missing_ok=True)

    def check_room(self, kind: str) -> None:
        """Raises Conflict where a person keeps more than anybody looks through."""
        if kind == "manual" and sum(one.kind == "manual" for one in self.list()) >= MANUAL_LIMIT:
            raise Conflict(f"There are {MANUAL_LIMIT} backups already; delete some that you no longer need.")

    def new_name(self, kind: str) -> str:
        return f"aniworld-{datetime.now(UTC):%Y%m%d-%H%M%S}-{kind}-{secrets.token_hex(4)}.zip"

    def trim(self, kind: str, keep: int, made: str) -> None:
        """The newest ``keep`` of a kind stay, and ``made`` among them: the clock may have been set back."""
        for old in [one for one in self.list() if one.kind == kind and one.name != made][keep - 1 :]:
            self.delete(old.name)

    @contextmanager
    def working(self) -> Iterator[Path]:
        """An empty folder to work in, for one at a time over all processes; it goes at the end of the block.

        What a process that died left lying is taken away first. Raises AlreadyRunning.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _take(descriptor)
            self._sweep()
            work = self.folder / f".work-{secrets.token_hex(8)}"
            work.mkdir(mode=0o700)
            try:
                yield work
            finally:
                offload(shutil.rmtree, work, True)
        finally:
            os.close(descriptor)

    def _sweep(self) -> None:
        for entry in _entries(self.folder):
            if _WORK.fullmatch(entry.name) and not entry.is_symlink():
                offload(shutil.rmtree, entry.path, True) if entry.is_dir() else os.unlink(entry.path)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _take(descriptor: int) -> None:
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise AlreadyRunning("A backup is being made, checked or restored; wait for its end.") from None
