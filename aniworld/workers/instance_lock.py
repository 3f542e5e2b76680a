"""One server for one instance folder: a lock that ends with its process, however it ends."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from aniworld.core.errors import AlreadyRunning

try:
    import fcntl
except ImportError:  # Windows has no flock; there the open port is what tells a second server
    fcntl = None  # type: ignore[assignment]

NAME = "server.lock"


class InstanceLock:
    """``take`` raises AlreadyRunning while another process holds it; ``release`` may be called twice."""

    def __init__(self, instance: Path) -> None:
        self._path = instance / NAME
        self._file: IO[str] | None = None

    def take(self) -> None:
        file = open(self._path, "a+", encoding="ascii")  # noqa: SIM115  held open as long as the lock
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            other = file.read(20).strip()
            file.close()
            raise AlreadyRunning(
                f"Another Aniworld server (process {other or 'unknown'}) already runs on {self._path.parent}; "
                "stop it first, or give this one an instance folder of its own (ANIWORLD_INSTANCE)."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

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
