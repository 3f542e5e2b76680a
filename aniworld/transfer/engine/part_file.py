"""The disk's side of a transfer: one writer for each folder, files that survive a kill, errors in words."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aniworld.core.errors import AlreadyRunning, DiskFull, LibraryUnavailable

LOCK_NAME = ".lock"
_LOCK_WAIT_S = 3.0
_SYNC_FILE_RANGE_WRITE = 2
_STRIPE = 8 * 1024 * 1024
_MOVED_AT_ONCE = 1024 * 1024
_SYNCED = re.compile(r"S \d{1,15}")
FULL = "The disk of the library is full. Make room and the download goes on."
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def storage(folder: Path) -> Iterator[None]:
    """Errors of the disk inside become DiskFull or LibraryUnavailable."""
    try:
        yield
    except OSError as error:
        gone = error.errno == errno.ENOENT and not folder.is_dir()
        raise (vanished() if gone else storage_error(error)) from error


def storage_error(error: OSError) -> DiskFull | LibraryUnavailable:
    """In words that name no working folder: all of them are on the library's disk."""
    if error.errno in _FULL:
        return DiskFull(FULL)
    if error.errno == errno.EFBIG:
        return DiskFull(
            "The disk of the library does not take a file this large; use a file system without that limit."
        )
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return LibraryUnavailable(f"The library cannot be written to ({reason}); check the disk and its rights.")


def vanished() -> LibraryUnavailable:
    return LibraryUnavailable("The library's folder is no longer there. Is its disk connected?")


def prepare_folder(folder: Path) -> None:
    """The folder is there. At most it and its parent are made: a library that vanished is never made anew."""
    with storage(folder):
        folder.parent.mkdir(exist_ok=True)
        folder.mkdir(exist_ok=True)


def lock_folder(folder: Path) -> int:
    """The descriptor that holds the folder's lock for as long as this process lives.

    A writer that is just dying gets three seconds. Raises AlreadyRunning if there is another one.
    """
    with storage(folder):
        descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        import fcntl
    except ImportError:  # where there is no flock, the server's own claim on the item is the only lock
        return descriptor
    got = threading.Event()

    def wait() -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        got.set()

    threading.Thread(target=wait, name="lock", daemon=True).start()
    if not got.wait(_LOCK_WAIT_S):
        raise AlreadyRunning(
            "Another transfer of this episode has not ended yet; this one is tried again automatically."
        )
    return descriptor


def preallocate(descriptor: int, length: int) -> None:
    """Room for ``length`` bytes, reserved where the file system can, else the file's length only. Raises OSError.

    By the system call itself: the C library's posix_fallocate writes into every block where the file system cannot.
    """
    fallocate = getattr(ctypes.CDLL(None, use_errno=True), "fallocate64", None) if os.name == "posix" else None
    if fallocate is not None and length > 0:
        fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
        if fallocate(descriptor, 0, 0, length) == 0:
            return
        if ctypes.get_errno() in _FULL | {errno.EFBIG}:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.ftruncate(descriptor, length)


def write_at(descriptor: int, data: memoryview, offset: int) -> None:
    """All of ``data`` stands at ``offset``. Raises OSError."""
    while data:
        count = os.pwrite(descriptor, data, offset)
        data, offset = data[count:], offset + count


def write_out(descriptor: int, offset: int, length: int) -> None:
    """The disk begins to write these bytes; nobody waits for it. So the sync at the end finds little left to do."""
    if _SYNC_FILE_RANGE is not None:
        _SYNC_FILE_RANGE(descriptor, offset, length, _SYNC_FILE_RANGE_WRITE)


def write_out_file(path: Path) -> None:
    """As ``write_out``, for all that stands in a file so far. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    write_out(descriptor, 0, 0)
    os.close(descriptor)


def _sync_file_range() -> Any:
    found = getattr(ctypes.CDLL(None), "sync_file_range", None) if sys.platform == "linux" else None
    if found is not None:
        found.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return found


_SYNC_FILE_RANGE = _sync_file_range()


def cut_front(path: Path, count: int) -> None:
    """The file without its first ``count`` bytes, moved in place: there may be no room for a second copy. Raises
    OSError.
    """
    with path.open("r+b") as file:
        place = 0
        while True:
            file.seek(place + count)
            data = file.read(_MOVED_AT_ONCE)
            if not data:
                break
            file.seek(place)
            file.write(data)
            place += len(data)
        file.truncate(place)


def boot_id() -> str:
    """What changes when the machine starts anew; after that, written bytes may be lost that were not synced."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


class Journal:
    """An append-only file of lines. A line stands only after what it speaks of was written.

    The first two lines name what the data belongs to, and the machine's boot. A line ``S n`` says that what the
    first n bytes speak of has reached the disk itself: after a power cut only that counts, after a kill all does.
    """

    SYNC_EVERY_S = 10.0

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1

    def load(self) -> tuple[str, list[str]]:
        """What the data belongs to ("" if there is no journal) and the lines that may be believed."""
        try:
            text = self.path.read_bytes().decode("utf-8", "replace")
        except FileNotFoundError:
            return "", []
        whole = text[: text.rfind("\n") + 1].split("\n")[:-1]
        if len(whole) < 2:
            return "", []
        if whole[1] != boot_id():
            synced = max((int(entry[2:]) for entry in whole[2:] if _SYNCED.fullmatch(entry)), default=0)
            whole = [*whole[:2], *text[:synced].split("\n")[2:-1]]
        return whole[0], [entry for entry in whole[2:] if not _SYNCED.fullmatch(entry)]

    def begin(self, subject: str, lines: list[str]) -> None:
        """A fresh journal in place of the old one, with ``lines`` kept. Raises OSError."""
        fresh = self.path.with_suffix(".new")
        text = "\n".join([subject, boot_id(), *lines, ""])
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        os.write(descriptor, text.encode())
        os.replace(fresh, self.path)
        self.close()
        self._descriptor = descriptor

    def add(self, entry: str) -> None:
        """Raises OSError. One write call each, so that lines of several threads do not mix."""
        os.write(self._descriptor, f"{entry}\n".encode())

    def sync(self, data: int) -> None:
        """What was written to ``data`` before this call is safe from a power cut afterwards. Raises OSError."""
        place = os.fstat(self._descriptor).st_size
        os.fdatasync(data) if hasattr(os, "fdatasync") else os.fsync(data)
        os.write(self._descriptor, f"S {place}\n".encode())

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def forget(self) -> None:
        """No journal is left. Raises StorageError."""
        self.close()
        with storage(self.path.parent):
            self.path.unlink(missing_ok=True)


class PartFile:
    """A file that is being filled in any order, with the journal of what stands in it. Safe from any thread.

    ``final``: it becomes the result as it is, so the disk may begin early to write it.
    """

    def __init__(self, path: Path, *, final: bool) -> None:
        self.path, self._final = path, final
        self.journal = Journal(path.with_suffix(".journal"))
        self._descriptor = -1
        self._synced = time.monotonic()
        self._syncing = threading.Lock()

    def size(self) -> int:
        """Bytes of the file, 0 if it is not there."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def open(self, subject: str, lines: list[str], length: int | None) -> None:
        """Ready to be filled; ``lines`` of an earlier attempt are kept. ``length``: room to reserve.

        Raises StorageError.
        """
        with storage(self.path.parent):
            flags = os.O_RDWR | os.O_CREAT | (0 if lines else os.O_TRUNC)
            self._descriptor = os.open(self.path, flags, 0o666)  # less what the umask takes
            if length is not None:
                preallocate(self._descriptor, length)
            self.journal.begin(subject, lines)

    def put(self, data: memoryview, offset: int, entry: str | None = None) -> None:
        """``data`` stands at ``offset``, then ``entry`` in the journal. Raises StorageError."""
        with storage(self.path.parent):
            write_at(self._descriptor, data, offset)
            if entry:
                self.journal.add(entry)
        stripe = (offset + len(data)) // _STRIPE
        if self._final and stripe > offset // _STRIPE:
            write_out(self._descriptor, (stripe - 1) * _STRIPE, _STRIPE)
        if time.monotonic() - self._synced > Journal.SYNC_EVERY_S:
            self._sync()

    def note(self, entry: str) -> None:
        with storage(self.path.parent):
            self.journal.add(entry)

    def cut(self, length: int) -> None:
        with storage(self.path.parent):
            os.ftruncate(self._descriptor, length)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self.journal.close()

    def discard(self) -> None:
        """Neither file nor journal is left."""
        self.close()
        self.journal.forget()
        with storage(self.path.parent):
            self.path.unlink(missing_ok=True)

    def _sync(self) -> None:
        if self._syncing.acquire(blocking=False):
            try:
                with storage(self.path.parent):
                    self.journal.sync(self._descriptor)
            finally:
                self._synced = time.monotonic()
                self._syncing.release()
