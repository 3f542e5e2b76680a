"""What lies in the library's folders. Reads names, kinds, sizes and directory times; opens no file, changes nothing."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from aniworld.core.errors import LibraryUnavailable
from aniworld.core.naming import IGNORED_FOLDERS

from .name_patterns import VIDEO

DEEPEST = 8
RACY_NS = 2_000_000_000  # the coarsest directory clock that is common (FAT); younger times may hide a later change
LEGACY_FILES = frozenset({"data", "key"})


class SeenFile(NamedTuple):
    """A video. ``path`` relative to its series folder, with ``/``; ``size`` in bytes."""

    path: str
    size: int


@dataclass(slots=True)
class Listing:
    """A series folder as it was read. ``problems``: sentences; with one, what is not listed may still be there.

    ``directories``: path below the series folder ("" = itself) → mtime in ns. ``trusted``: a later change is sure to change
    one of them.
    ``unchanged``: no directory changed since ``seen``, so nothing was read.
    """

    folder: str
    files: list[SeenFile] = field(default_factory=list)
    directories: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    legacy: bool = False
    trusted: bool = True
    unchanged: bool = False


@dataclass(frozen=True)
class Top:
    """The root's own content. ``loose``: videos outside of any folder. ``broken``: entries that lead nowhere."""

    folders: tuple[str, ...]
    loose: int
    broken: tuple[str, ...]
    identity: tuple[int, int]


def readable(name: str) -> str:
    """A name fit for logs and messages, whatever bytes it holds."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)


def is_unicode(name: str) -> bool:
    """Whether a name can be stored: file systems hold bytes, and not all of them are UTF-8."""
    return name.isascii() or not any("\ud800" <= char <= "\udfff" for char in name)


def left_out(name: str) -> bool:
    """Whether a folder is no part of the library, whatever it holds."""
    return name.startswith(".") or name.casefold() in IGNORED_FOLDERS


def read_root(root: str) -> Top:
    """The series folders, sorted. Raises LibraryUnavailable where the root is missing or cannot be read."""
    folders, broken, loose = [], [], 0
    try:
        status = os.stat(root)
        with os.scandir(root) as entries:
            for entry in entries:
                if left_out(entry.name):
                    continue
                if _is_folder(entry):
                    folders.append(entry.name)
                elif entry.is_symlink() and not os.path.exists(entry.path):
                    broken.append(entry.name)
                else:
                    loose += _is_video(entry.name)
    except OSError as error:
        raise LibraryUnavailable(
            f"The library folder {root} cannot be read ({error.strerror}); is its disk connected?"
        ) from error
    return Top(tuple(sorted(folders)), loose, tuple(sorted(broken)), (status.st_dev, status.st_ino))


def still_there(root: str, identity: tuple[int, int]) -> bool:
    """Whether the root is the directory that it was: an unmounted disk leaves another one behind."""
    try:
        status = os.stat(root)
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == identity


def is_unchanged(root: str, name: str, seen: Mapping[str, int]) -> bool:
    """Whether each of a series folder's directories has the time that it had in the last scan; False where nothing is known."""
    return bool(seen) and all(_mtime(f"{root}/{name}/{below}") == mtime for below, mtime in seen.items())


def list_folder(root: str, name: str, seen: Mapping[str, int]) -> Listing:
    """Everything below one series folder. ``seen``: this folder's directories of the last scan."""
    listing = Listing(name)
    visited: set[tuple[int, int]] = set()
    waiting, too_deep = [("", 0)], False
    while waiting:
        below, depth = waiting.pop()
        try:
            for child in _list_directory(root, below, listing, seen, visited):
                too_deep = too_deep or depth == DEEPEST
                if depth < DEEPEST:
                    waiting.append((child, depth + 1))
        except OSError as error:
            listing.problems.append(f"{readable(_join(name, below))} cannot be read ({error.strerror}).")
    if too_deep:
        listing.notes.append(f"{readable(name)} is nested deeper than {DEEPEST} folders; what lies below is not read.")
    return listing


def _mtime(path: str) -> int | None:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return None


def _join(one: str, other: str) -> str:
    return f"{one}/{other}" if one and other else one or other


def _list_directory(
    root: str, below: str, listing: Listing, seen: Mapping[str, int], visited: set[tuple[int, int]]
) -> Iterator[str]:
    relative = _join(listing.folder, below)
    path = f"{root}/{relative}"
    status = os.stat(path)
    if (status.st_dev, status.st_ino) in visited:
        listing.notes.append(f"{readable(relative)} leads back into its own folder and is read once.")
        return
    visited.add((status.st_dev, status.st_ino))
    _remember(listing, below, status.st_mtime_ns, seen.get(below))
    files = listing.files
    with os.scandir(path) as entries:
        for entry in entries:
            name = entry.name
            if _is_folder(entry):
                if entry.is_symlink() and _leads_up(root, entry.path):
                    listing.notes.append(
                        f"{readable(_join(relative, name))} leads up to the library itself; it is not read."
                    )
                elif is_unicode(name) and not left_out(name):
                    yield _join(below, name)
            elif (video := name[name.rfind(".") + 1 :] in VIDEO or _is_video(name)) or entry.is_symlink():
                size = _size_of(entry, listing)
                if video and size is not None:
                    files.append(SeenFile(f"{below}/{name}" if below else name, size))
            elif not below and name in LEGACY_FILES:
                listing.legacy = True


def _remember(listing: Listing, below: str, mtime: int, before: int | None) -> None:
    """Notes the directory's time, if a later change is sure to change it."""
    if before is not None and mtime < before:  # an older directory in its place: a disk was unmounted from over it
        listing.problems.append(
            f"{readable(_join(listing.folder, below))} is older than it was; is a disk missing?"
            " Nothing there is marked as missing."
        )
    elif is_unicode(below) and time.time_ns() - mtime > RACY_NS:
        listing.directories[below] = mtime
    else:
        listing.trusted = False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one; not where the link leads in circles or to what cannot be looked at."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _leads_up(root: str, link: str) -> bool:
    """Whether a link leads to the library or above it, where the other series' episodes would be taken for this one's."""
    target = os.path.realpath(link)
    return os.path.commonpath([os.path.realpath(root), target]) == target


def _size_of(entry: os.DirEntry[str], listing: Listing) -> int | None:
    """A file's bytes; None for one that does not count, with a note or a problem where a person should know."""
    name = entry.name
    if name[0] == ".":
        return None
    if not is_unicode(name):
        listing.notes.append(f"{readable(name)} in {readable(listing.folder)} has a name that is no valid text.")
        return None
    try:
        status = entry.stat()
        if stat.S_ISREG(status.st_mode):
            return status.st_size
        if _is_video(name):
            listing.notes.append(
                f"{readable(_join(listing.folder, name))} is a pipe or a device and no file; it is not counted."
            )
    except OSError as error:  # vanished since the listing, or a link to a disk that is not there
        listing.problems.append(f"{readable(_join(listing.folder, name))} cannot be looked at ({error.strerror}).")
    return None


def _is_video(name: str) -> bool:
    ext = name[name.rfind(".") + 1 :]
    return ext in VIDEO or ext.lower() in VIDEO
