"""Folders as people have them: each part of a path is opened under the name that it has on the disk.

A folder is never spelled in another way than the records spell it, whatever its name holds: a missing one is created
under that very name, or refused where the disk does not allow it. What can be known before a file is fetched is
checked before: ``check_landing``.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from aniworld.core.errors import LibraryUnavailable, StorageError, UnsafePath
from aniworld.core.naming import MAX_BYTES, inside, is_ignored_folder, path_component, same_name, season_folder
from aniworld.library.files.links import leads_outside, readable
from aniworld.library.files.safe_io import check_root, storage_errors
from aniworld.library.names.patterns import CODE, VIDEO
from aniworld.library.names.season_folders import read_folders

_LONGEST_PATH = 4096
_OF_AN_EPISODE = re.compile(r"(?<![^\W_])(?:folge|episode|epi?|e|teil|kapitel)[ ._-]*[0-9]", re.IGNORECASE)
_NOT_ALLOWED = {errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG, errno.ENOENT}  # what disks answer to a name they refuse
_DEPTH = 2  # folders below a season's own in which its videos are looked for


def existing(folder: Path, name: str) -> str | None:
    """The entry of ``folder`` that ``name`` means: that one, else a folder, else a file of the same letters; None where
    there is none.
    """
    if os.path.lexists(folder / name):
        return name
    try:
        alike = [entry for entry in os.listdir(folder) if same_name(entry, name)]
    except OSError:
        return None
    return min(alike, key=lambda entry: (not (folder / entry).is_dir(), entry), default=None)


def spelled(root: Path, relative: PurePosixPath, links: Sequence[str | Path] = ()) -> Path:
    """Where the folders of ``relative`` are or will be, below ``root``. Raises UnsafePath for what leads out of it and
    ``links``, and for folders that are no part of a library.
    """
    path = root
    if relative.is_absolute() or not relative.parts:
        raise _no_path(relative)
    for part in relative.parts:
        if part == ".." or is_ignored_folder(part):
            raise _no_path(relative)
        path = path / (existing(path, part) or _creatable(part, relative))
    inside(root, path, links)
    return path


def _creatable(part: str, relative: PurePosixPath) -> str:
    """``part`` itself, under which a missing folder is to be created. Raises UnsafePath for what is no name."""
    if not path_component(part, fallback="") or any(char == "\0" or "\ud800" <= char <= "\udfff" for char in part):
        raise _no_path(relative)
    if os.name == "nt" and path_component(part) != part:  # "a:b" would be a stream of the file "a"
        raise _not_creatable(part)
    return part


def check_creatable(root: Path, name: str) -> None:
    """Tries an unusual name in a hidden folder of ``root``. Raises UnsafePath where the disk does not allow it."""
    if path_component(name, fallback="") == name:
        return
    with tempfile.TemporaryDirectory(prefix=".aniworld-", dir=root) as trial:
        try:
            os.mkdir(f"{trial}/{name}")
        except OSError as error:
            if error.errno in _NOT_ALLOWED:
                raise _not_creatable(name) from error
            raise


def _not_creatable(name: str) -> UnsafePath:
    return UnsafePath(
        f"The series' folder {readable(name)[:200]} is not there, and this disk does not allow a folder of that name;"
        " bring it back, or choose another folder for the series, then retry."
    )


def _no_path(relative: PurePosixPath) -> UnsafePath:
    return UnsafePath(f"{str(relative)[:200]!r} is no path of a library.")


def landing(root: Path, folder: str, season: int | None, links: Sequence[str] = ()) -> PurePosixPath:
    """The folders, below ``root``, for a new file of the series in ``folder``; ``season`` None for its own folder.

    Raises UnsafePath.
    """
    series = spelled(root, PurePosixPath(folder), links)
    below = PurePosixPath(series.relative_to(root).as_posix())
    return below if season is None else below / folder_of_season(series, season)


def check_landing(root: Path, folder: str, season: int | None, links: Sequence[str] = ()) -> Path:
    """The folder that ``landing`` names, or the one above it that is there, if a file can be put there as far as can be
    known before it is fetched.

    Raises UnsafePath where a person has to change something first, StorageError where a folder cannot be written,
    LibraryUnavailable where a disk is missing.
    """
    check_root(root)
    _check_writable(root, PurePosixPath())
    _opened(root, PurePosixPath(folder), links)
    whole = landing(root, folder, season, links)
    deepest = _opened(root, whole, links)
    with storage_errors(root):
        for part in whole.parts[len(deepest.parts) :]:
            check_creatable(root, part)
    _check_writable(root, deepest)
    if len(os.fsencode(root / whole)) + MAX_BYTES + 1 >= _LONGEST_PATH:
        raise UnsafePath(f"The path of the folder {_shown(whole)} is too long; give it a shorter name.")
    return root / deepest


def _opened(root: Path, relative: PurePosixPath, links: Sequence[str]) -> PurePosixPath:
    """As much of ``relative`` as is there, each part a folder that may be used. Raises UnsafePath,
    LibraryUnavailable.
    """
    here = PurePosixPath()
    for part in relative.parts:
        name = None if part == ".." else existing(root / here, part)
        if name is None:
            break
        here = here / name
        _check_folder(root, here, links)
    return here


def _check_folder(root: Path, here: PurePosixPath, links: Sequence[str]) -> None:
    path = root / here
    if path.is_symlink():
        outside = leads_outside(str(root), str(path), links)
        if outside is not None:
            raise UnsafePath(
                f"The folder {_shown(here)} is a link to {readable(outside)}, outside of the library; name that folder"
                " in the settings under “Folders that links may lead to”, then retry."
            )
        if not path.exists():
            raise LibraryUnavailable(f"The folder {_shown(here)} is a link that leads nowhere; is its disk connected?")
    if not path.is_dir():
        raise UnsafePath(f"There is a file where the folder {path.name!r} is needed; move it away and try again.")


def _check_writable(root: Path, here: PurePosixPath) -> None:
    if os.access(root / here, os.W_OK | os.X_OK):
        return
    if not here.parts:
        raise LibraryUnavailable(f"The library folder {root} cannot be written; check its disk and its permissions.")
    raise StorageError(f"The folder {_shown(here)} cannot be written; change its permissions or its disk, then retry.")


def _shown(path: PurePosixPath) -> str:
    return readable(str(path))[:200]


def longest_name(folder: Path) -> int:
    """The bytes that a file's name may have in ``folder``: fewer where its file system allows fewer, as encrypted ones
    do.
    """
    there = next((one for one in (folder, *folder.parents) if one.is_dir()), folder)
    try:
        return min(MAX_BYTES, os.pathconf(there, "PC_NAME_MAX"))
    except (OSError, ValueError, AttributeError):
        return MAX_BYTES


def folder_of_season(series: Path, season: int) -> str:
    """The name of the folder for a season's new files: the one that holds most of it already, else ``Season 01``."""
    own = season_folder(season)
    held: Counter[str] = Counter()
    try:
        with os.scandir(series) as entries:
            names = [entry.name for entry in entries if entry.is_dir() and _is_of(entry.name, season)]
    except OSError:
        return own
    for name in names:
        held[name] = _videos(f"{series}/{name}", _DEPTH)
    return max((name for name in names if held[name]), key=lambda name: (held[name], name == own, name), default=own)


def _is_of(name: str, season: int) -> bool:
    """Whether a folder's name says this season, the whole of it, and no single episode."""
    if CODE.search(name) or _OF_AN_EPISODE.search(name):
        return False
    folder = read_folders(name)
    return folder.ignored is None and folder.season == season and not folder.of_season


def _videos(folder: str, depth: int) -> int:
    count = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    inner = depth and not is_ignored_folder(entry.name)
                    count += _videos(entry.path, depth - 1) if inner else 0
                else:
                    count += not entry.name.startswith(".") and entry.name.rpartition(".")[2].lower() in VIDEO
    except OSError:
        return count
    return count
