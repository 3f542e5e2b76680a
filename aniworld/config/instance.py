"""The instance folder: made for its owner alone, and what the system's refusals there mean."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aniworld.core.errors import DiskFull, StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_FOLDER = {errno.EEXIST, errno.ENOTDIR}
_FOLDERS = ("backups", "backups/whole", "covers", "logs")
_FILES = ("config.json", "secret_key", "rests.json", "server.lock", ".config.lock")
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


def disk_error(error: OSError) -> StorageError | None:
    """What a full, read-only or broken disk means for whoever asked; None for a system error of another kind."""
    where = f" ({Path(os.fsdecode(error.filename)).parent})" if isinstance(error.filename, str | bytes) else ""
    if error.errno in _FULL:
        return DiskFull(f"The disk is full{where}; free some space on it and try again. Nothing was changed.")
    if error.errno == errno.EROFS:
        return StorageError(f"The disk is read-only{where}; make it writable and try again. Nothing was changed.")
    if error.errno == errno.EIO:
        return StorageError(f"The disk reports an error{where}; check it and try again. Nothing was changed.")
    return None


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


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """Turns what the system refuses of the database's file into a StorageError that names it and says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(f"The disk of the database {path} is full; make room on it and start again.") from error
        raise StorageError(
            f"The database {path} {_database_trouble(path, error)} or name another one (ANIWORLD_DATABASE_URL)."
        ) from error


def _database_trouble(path: Path, error: OSError) -> str:
    if path.is_symlink() and error.errno in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
        return f"is a link that leads nowhere ({os.readlink(path)}); connect its disk, correct the link,"
    if error.errno in _FORBIDDEN:
        return f"cannot be opened for writing ({error.strerror}); give it to the user that runs Aniworld,"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"cannot be created ({error.strerror}); create its folder,"
    return f"cannot be used ({error.strerror}); check its disk,"


def _trouble(error: OSError) -> str:
    if error.errno in _FORBIDDEN:
        return f"cannot be written ({error.strerror}); give it to the user that runs Aniworld,"
    if error.errno in _NO_FOLDER:
        return "is no folder, or lies below a file; move the file away,"
    if error.errno in _NO_LOCKS:
        return f"takes no lock ({error.strerror}); put it on a disk of this machine,"
    return f"cannot be used ({error.strerror}); look at its disk,"


def make_folder(folder: Path) -> None:
    """A folder below the instance folder exists. Raises StorageError with what to do."""
    if os.path.lexists(folder) and not folder.is_dir():
        raise StorageError(f"{folder} has to be a folder, but is not one; move it away and start again.")
    with instance_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def check_is_file(path: Path) -> None:
    """Raises StorageError with what to do where something else than a file has this name."""
    if os.path.lexists(path) and not path.is_file():
        kind = "a folder" if path.is_dir() else "a special file or a broken link"
        raise StorageError(f"{path} has to be a file, but is {kind}; move it away and start again.")


def make_instance(folder: Path) -> None:
    """The folder exists, and nothing in it is of the wrong kind. Raises StorageError."""
    with instance_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in _FOLDERS:
        if os.path.lexists(folder / name):
            make_folder(folder / name)
    for name in _FILES:
        check_is_file(folder / name)
