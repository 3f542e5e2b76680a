"""The instance folder: made for its owner alone, and what the system's refusals there mean."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aniworld.core.errors import DiskFull, StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_FOLDER = {errno.EEXIST, errno.ENOTDIR}
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


@contextmanager
def instance_errors(folder: Path) -> Iterator[None]:
    """Turns what the system refuses in the instance folder into a StorageError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(
                f"The disk of the instance folder {folder} is full; make room on it and start again."
            ) from error
        raise StorageError(
            f"The instance folder {folder} {_trouble(error)} or choose another one (ANIWORLD_INSTANCE)."
        ) from error


def _trouble(error: OSError) -> str:
    if error.errno in _FORBIDDEN:
        return f"cannot be written ({error.strerror}); give it to the user that runs Aniworld,"
    if error.errno in _NO_FOLDER:
        return "is no folder, or lies below a file; move the file away,"
    if error.errno in _NO_LOCKS:
        return f"takes no lock ({error.strerror}); put it on a disk of this machine,"
    return f"cannot be used ({error.strerror}); look at its disk,"


def make_instance(folder: Path) -> None:
    """The folder is there. Raises StorageError."""
    with instance_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
