"""Moves and writes that survive a crash, and what the disk's refusals mean."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from aniworld.core.errors import DiskFull, LibraryUnavailable, UnsafePath

_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_FOLDER = {errno.EEXIST, errno.ENOTDIR}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EACCES}


@contextmanager
def storage_errors(root: Path) -> Iterator[None]:
    """Turns the system's refusals into DiskFull, UnsafePath or LibraryUnavailable with a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(f"The disk of {root} is full; make room and try again.") from error
        if error.errno in (errno.ELOOP, errno.ENAMETOOLONG):
            raise UnsafePath(f"The file system refuses this name ({error.strerror}).") from error
        if error.errno in _NO_FOLDER:  # one odd file must not stop the whole library
            name = Path(os.fsdecode(error.filename or "")).name
            raise UnsafePath(
                f"There is a file where the folder {name!r} is needed; move it away and try again."
            ) from error
        reason = "is read-only" if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM) else "cannot be written"
        raise LibraryUnavailable(
            f"The library folder {root} {reason} ({error.strerror}); check its disk and its permissions."
        ) from error


def check_root(root: Path) -> None:
    """Nothing, if the root is a directory. Raises LibraryUnavailable."""
    if not root.is_dir():
        raise LibraryUnavailable(f"The library folder {root} is not there; is its disk connected?")


def one_mount(one: Path, other: Path) -> bool:
    """Whether files can be moved between two folders: of one file system, and not by two mounts of it."""
    return os.stat(one).st_dev == os.stat(other).st_dev and _mount_of(one) == _mount_of(other)


def _mount_of(folder: Path) -> str:
    """The number of the mount, where the system tells it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            facts = Path(f"/proc/self/fdinfo/{descriptor}").read_text()
        finally:
            os.close(descriptor)
        return next((line for line in facts.splitlines() if line.startswith("mnt_id:")), "")
    return ""


def make_parents(folder: Path) -> None:
    """``folder`` and what is missing above it, each new entry on the disk for good."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing:
        sync_folder(one.parent)


def sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Brings a folder's entries to the disk, where the system can (Windows and some network disks cannot)."""
    with suppress(OSError):
        sync_file(folder)


def copy_synced(source: Path, target: Path) -> None:
    """A whole copy on the disk, or none."""
    try:
        shutil.copyfile(source, target)
        sync_file(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def move_new(source: Path, target: Path) -> None:
    """Moves a file to a name that is free, on one file system. Raises FileExistsError where it is not: nothing is
    overwritten.
    """
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):  # no links on this disk: look, then rename
            raise FileExistsError(errno.EEXIST, "File exists", str(target)) from None
        os.rename(source, target)
    else:
        os.unlink(source)


def write_new(target: Path, content: bytes) -> bool:
    """Whether ``content`` was written to ``target``; not if there is something already. Whole or not at all."""
    draft = target.parent / f".aniworld-{uuid4().hex}.part"
    try:
        _write_synced(draft, content)
        move_new(draft, target)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(target.parent)
    return True


def write_over(target: Path, content: bytes) -> None:
    """Replaces a file of our own, whole or not at all."""
    draft = target.parent / f".aniworld-{uuid4().hex}.part"
    try:
        _write_synced(draft, content)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(target.parent)


def _write_synced(path: Path, content: bytes) -> None:
    with open(path, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
