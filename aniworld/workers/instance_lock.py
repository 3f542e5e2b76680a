"""One server, and one worker of a name, for one instance folder: locks that end with their process, however it ends."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from aniworld.config.instance import instance_errors
from aniworld.core.errors import AlreadyRunning

try:
    import fcntl
except ImportError:  # Windows has no flock; there the open port is what tells a second server
    fcntl = None  # type: ignore[assignment]

SERVER = "server"
_HELD = {errno.EAGAIN, errno.EACCES}  # POSIX leaves it to the system which of the two says so


class InstanceLock:
    """``take`` raises AlreadyRunning while another process holds it, StorageError where the folder takes no lock;
    ``release`` may be called twice.

    ``role``: a server and workers may share a folder, each has a lock of its own.
    """

    def __init__(self, instance: Path, role: str = SERVER) -> None:
        self._path = instance / f"{role}.lock"
        self._role = role
        self._file: IO[str] | None = None

    def take(self) -> None:
        with instance_errors(self._path.parent), ExitStack() as unless_taken:
            file = open(self._path, "a+", encoding="ascii")  # noqa: SIM115  held open as long as the lock
            unless_taken.callback(_closed, file)
            self._lock(file)
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            unless_taken.pop_all()
        self._file = file

    def _lock(self, file: IO[str]) -> None:
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _HELD:
                raise
            file.seek(0)
            raise AlreadyRunning(self._sentence(file.read(20).strip() or "unknown")) from None

    def _sentence(self, other: str) -> str:
        if self._role == SERVER:
            return (
                f"Another Aniworld server (process {other}) already runs on {self._path.parent}; stop it first, or give"
                " this one an instance folder of its own (ANIWORLD_INSTANCE)."
            )
        return (
            f"The {self._role.replace('-', ' ', 1)} (process {other}) already runs on {self._path.parent}; stop it"
            " first, or give this one another name (--name)."
        )

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @classmethod
    def is_held(cls, instance: Path) -> bool:
        """Whether a server runs on this instance folder now."""
        lock = cls(instance)
        try:
            lock.take()
        except AlreadyRunning:
            return True
        lock.release()
        return False


def _closed(file: IO[str]) -> None:
    with suppress(OSError):  # what could not be written on a full disk cannot be written at the end either
        file.close()
