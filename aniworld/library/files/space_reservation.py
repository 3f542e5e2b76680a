"""Free space, promised to the downloads that run: two that fit one by one may not fit together."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from aniworld.core.errors import DiskFull, LibraryUnavailable
from aniworld.core.offload import offload

ASK_EVERY_S = 2.0


def _free(path: Path) -> int:
    return shutil.disk_usage(path).free


class FreeSpace:
    """Bytes free on the disk that holds ``folder()``, asked of it every two seconds at most; None where it does not
    say.
    """

    def __init__(self, folder: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._known: tuple[str, float, int | None] = ("", 0.0, None)

    def __call__(self) -> int | None:
        folder, now = self._folder(), self._clock()
        asked, at, free = self._known
        if asked != folder or now - at >= ASK_EVERY_S:
            free = self._ask(folder)
            self._known = (folder, now, free)
        return free

    def _ask(self, folder: str) -> int | None:
        try:
            return offload(_free, Path(folder)) if folder else None
        except OSError:
            return None


class Room:
    """What each item still needs, summed by volume. Safe from any thread or greenlet.

    ``elsewhere()``: the bytes that downloads of other processes still need on the same disk.
    """

    def __init__(self, free: Callable[[Path], int] = _free, elsewhere: Callable[[], int] = lambda: 0) -> None:
        self._free = free
        self._elsewhere = elsewhere
        self._lock = threading.Lock()
        self._needs: dict[str, tuple[int, int]] = {}

    def reserve(self, path: Path, item_id: str, needed_bytes: int, floor_bytes: int = 0) -> None:
        """Keeps ``needed_bytes`` on the volume of ``path`` for an item, instead of what it had reserved before.

        Say again what is still needed as bytes arrive. Raises DiskFull where, with what others still need,
        less than ``floor_bytes`` would be left; the earlier reservation then stands.
        """
        volume, free = self._volume(path)
        elsewhere = self._elsewhere()
        with self._lock:
            others = elsewhere + sum(
                need for owner, (where, need) in self._needs.items() if where == volume and owner != item_id
            )
            if free - others - needed_bytes < floor_bytes:
                raise DiskFull(_sentence(path, free, others, needed_bytes, floor_bytes))
            self._needs[item_id] = (volume, max(needed_bytes, 0))

    def release(self, item_id: str) -> None:
        with self._lock:
            self._needs.pop(item_id, None)

    def reserved(self, path: Path) -> int:
        """The bytes that are promised on the volume of ``path``."""
        volume, _ = self._volume(path)
        with self._lock:
            return sum(need for where, need in self._needs.values() if where == volume)

    def _volume(self, path: Path) -> tuple[int, int]:
        existing = next((one for one in (path, *path.parents) if one.exists()), path)
        try:
            return os.stat(existing).st_dev, self._free(existing)
        except OSError as error:
            raise LibraryUnavailable(f"The folder {path} cannot be reached ({error.strerror}).") from error


def _sentence(path: Path, free: int, others: int, needed: int, floor: int) -> str:
    also = f", {_size(others)} of it promised to other downloads" if others else ""
    kept = f" and {_size(floor)} shall stay free" if floor else ""
    return f"The disk of {path} has {_size(free)} left{also}; this download needs {_size(needed)}{kept}."


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
