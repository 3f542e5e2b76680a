"""One restore over all processes of an instance: commands change nothing meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aniworld.core.errors import AlreadyRunning, Conflict

try:
    import fcntl
except ImportError:  # Windows: one program at a time, so nothing to keep apart
    fcntl = None  # type: ignore[assignment]

RESTORING = "A backup is being restored; try again when it is done."


class RestoreLock:
    """A lock file in the instance, which ends with the process that holds it."""

    def __init__(self, instance: Path) -> None:
        self._file = instance / "backups" / "whole" / ".restoring"

    @contextmanager
    def held(self) -> Iterator[None]:
        """For the block that restores. Raises AlreadyRunning."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if fcntl is not None:
                _take(descriptor)
            yield
        finally:
            os.close(descriptor)

    def check(self) -> None:
        """Raises Conflict while a backup is being restored."""
        if fcntl is None:
            return
        with suppress(FileNotFoundError):  # nothing was ever restored here
            descriptor = os.open(self._file, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict(RESTORING) from None
            finally:
                os.close(descriptor)


def _take(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AlreadyRunning(RESTORING) from None
