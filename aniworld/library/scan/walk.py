"""What lies in the library's folders. Reads names, kinds, sizes and directory times; opens no file, changes nothing."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aniworld.core.errors import LibraryUnavailable
from aniworld.core.naming import is_ignored_folder
from aniworld.core.subtitles import is_subtitle_name
from aniworld.library.files.links import leads_outside, leads_up, outside_note, readable
from aniworld.library.names.patterns import ONE_TRACK, VIDEO

DEEPEST = 8
RACY_NS = 2_000_000_000  # the coarsest directory clock that is common (FAT); younger times may hide a later change
LEGACY_FILES = frozenset({"data", "key"})
# What download programs keep beside a file while they fill it, and what they name a file that is empty until it is
# whole.
_CONTROL = (
    ".aria2",
    ".aria2__temp",
    ".ytdl",
    ".st",
    ".lftp-pget-status",
    "-lftp-pget-status",
    ".td.cfg",
    ".jccfg",
    ".!qb",
    ".bt.xltd",
)
_DRAFT = (".part", ".partial", ".crdownload", ".download", ".opdownload", ".filepart", ".tmp")
# Firefox fills ``Name.Xy12ab34.mkv.part`` beside an empty ``Name.mkv``.
_FIREFOX = re.compile(r"\.[A-Za-z0-9_-]{6,8}(?=\.[A-Za-z0-9]{2,4}$)")


class SeenFile(NamedTuple):
    """A video. ``path`` relative to its series folder, with ``/``; ``size`` in bytes."""

    path: str
    size: int


@dataclass(slots=True)
class Listing:
    """A series folder as it was read. ``problems``: sentences; with one, what is not listed may still be there, if it
    is at or below one of the paths in ``unread`` ("" = the folder itself).

    ``subtitles``: paths of subtitle files. ``directories``: path below the series folder ("" = itself) → mtime in ns.
    ``trusted``: a later change is sure to change one of them.
    ``unchanged``: no directory changed since ``seen``, so nothing was read.
    """

    folder: str
    files: list[SeenFile] = field(default_factory=list)
    subtitles: list[str] = field(default_factory=list)
    directories: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    legacy: bool = False
    trusted: bool = True
    unchanged: bool = False

    def trouble(self, below: str, sentence: str) -> None:
        """What is at or below this path could not be read."""
        self.problems.append(sentence)
        self.unread.append(below)


@dataclass(frozen=True)
class Top:
    """The root's own content. ``loose``: videos outside of any folder. ``broken``: entries that lead nowhere."""

    folders: tuple[str, ...]
    loose: int
    broken: tuple[str, ...]
    identity: tuple[int, int]


def is_unicode(name: str) -> bool:
    """Whether a name can be stored: file systems hold bytes, and not all of them are UTF-8."""
    return name.isascii() or not any("\ud800" <= char <= "\udfff" for char in name)


def left_out(name: str) -> bool:
    """Whether a folder is no part of the library, whatever it holds."""
    return is_ignored_folder(name)


def counts(folder: str, path: str) -> bool:
    """Whether a file, by its ``path`` below the series ``folder``, may be an episode's: in a folder of the library, and
    whole as far as names tell.
    """
    *parents, name = path.split("/")
    if any(map(left_out, parents)) or name.startswith(".") or _is_draft(name):
        return False
    return not any(os.path.lexists(f"{folder}/{path}{ending}") for ending in _CONTROL)


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
    """Whether each of a series folder's directories has the time that it had in the last scan; False where nothing is
    known.
    """
    return bool(seen) and all(_mtime(f"{root}/{name}/{below}") == mtime for below, mtime in seen.items())


def list_folder(root: str, name: str, seen: Mapping[str, int], links: Sequence[str] = ()) -> Listing:
    """Everything below one series folder. ``seen``: this folder's directories of the last scan; ``links``: folders that
    links may lead to.
    """
    listing = Listing(name)
    if os.path.islink(f"{root}/{name}"):
        if leads_up(root, f"{root}/{name}"):
            listing.notes.append(f"{readable(name)} leads up to the library itself; it is not read.")
            listing.trusted = False
            return listing
        _check_link(root, name, listing, links)
    if os.path.lexists(
        f"{root}/{name}.aria2"
    ):  # a whole folder is being filled, with room for each file from the start
        listing.notes.append(_unfinished_note(name, f"{name}.aria2"))
        listing.trusted = False
        return listing
    visited: set[tuple[int, int]] = set()
    waiting, too_deep = [("", 0)], False
    while waiting:
        below, depth = waiting.pop()
        try:
            for child in _list_directory(root, below, listing, seen, visited, links):
                too_deep = too_deep or depth == DEEPEST
                if depth < DEEPEST:
                    waiting.append((child, depth + 1))
        except OSError as error:
            listing.trouble(below, f"{readable(_join(name, below))} cannot be read ({error.strerror}).")
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
    root: str,
    below: str,
    listing: Listing,
    seen: Mapping[str, int],
    visited: set[tuple[int, int]],
    links: Sequence[str],
) -> Iterator[str]:
    relative = _join(listing.folder, below)
    path = f"{root}/{relative}"
    status = os.stat(path)
    if (status.st_dev, status.st_ino) in visited:
        listing.notes.append(f"{readable(relative)} leads back into its own folder and is read once.")
        return
    visited.add((status.st_dev, status.st_ino))
    _remember(listing, below, status.st_mtime_ns, seen.get(below))
    with os.scandir(path) as entries:
        here = list(entries)
    unfinished = _unfinished(entry.name for entry in here)
    for entry in here:
        name = entry.name
        if _is_folder(entry):
            if entry.is_symlink() and leads_up(root, entry.path):
                listing.notes.append(
                    f"{readable(_join(relative, name))} leads up to the library itself; it is not read."
                )
            elif is_unicode(name) and not left_out(name):
                if entry.is_symlink():
                    _check_link(root, _join(relative, name), listing, links)
                if name in unfinished:
                    listing.notes.append(_unfinished_note(_join(relative, name), unfinished[name]))
                else:
                    yield _join(below, name)
        elif (video := name[name.rfind(".") + 1 :] in VIDEO or _is_video(name)) or entry.is_symlink():
            size = _size_of(entry, below, listing)
            if video and size is not None:
                _take(SeenFile(_join(below, name), size), listing, unfinished)
            elif size is not None and is_subtitle_name(name):
                listing.subtitles.append(_join(below, name))
        elif name[0] != "." and is_subtitle_name(name) and is_unicode(name):
            listing.subtitles.append(_join(below, name))
        elif not below and name in LEGACY_FILES:
            listing.legacy = True


def _take(file: SeenFile, listing: Listing, unfinished: Mapping[str, str]) -> None:
    """A video counts, unless a download program is still at it."""
    name = file.path.rpartition("/")[2]
    sign = unfinished.get(name, "") if unfinished else ""
    if sign and not (file.size and sign.lower().endswith(_DRAFT)):  # a draft beside a whole file is a newer version
        listing.notes.append(_unfinished_note(_join(listing.folder, file.path), sign))
    else:
        listing.files.append(file)


def _unfinished(names: Iterable[str]) -> dict[str, str]:
    """What is being filled, as its neighbours tell: name → the neighbour that says so."""
    found: dict[str, str] = {}
    for name in names:
        low = name.lower()
        if low.endswith(_CONTROL):
            found[_without(name, low, _CONTROL)] = name
        elif low.endswith(_DRAFT):
            whole = _without(name, low, _DRAFT)
            found.setdefault(whole, name)
            found.setdefault(_FIREFOX.sub("", whole), name)
    return found


def _without(name: str, low: str, endings: Sequence[str]) -> str:
    return name[: -len(next(one for one in endings if low.endswith(one)))]


def _unfinished_note(path: str, sign: str) -> str:
    return f"{readable(path)} is skipped: {readable(sign)} shows that its download is not finished."


def _is_draft(name: str) -> bool:
    """Whether a video's name says itself that it is being filled: ``Name.part.mp4``."""
    stem = name[: name.rfind(".")] if "." in name else name
    return ONE_TRACK.fullmatch(stem, stem.rfind(".") + 1) is not None


def _check_link(root: str, relative: str, listing: Listing, links: Sequence[str]) -> None:
    """A link that leads out of the library is told of, in each scan."""
    target = leads_outside(root, f"{root}/{relative}", links)
    if target is not None:
        listing.notes.append(outside_note(relative, target))
        listing.trusted = False


def _remember(listing: Listing, below: str, mtime: int, before: int | None) -> None:
    """Notes the directory's time, if a later change is sure to change it."""
    if before is not None and mtime < before:  # an older directory in its place: a disk was unmounted from over it
        listing.trouble(
            below,
            f"{readable(_join(listing.folder, below))} is older than it was; is a disk missing?"
            " Nothing there is marked as missing.",
        )
    elif is_unicode(below) and time.time_ns() - mtime > RACY_NS:
        listing.directories[below] = mtime
    else:
        listing.trusted = False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one; not where the link leads in circles or to what cannot be read."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _size_of(entry: os.DirEntry[str], below: str, listing: Listing) -> int | None:
    """A file's bytes; None for one that does not count, with a note or a problem where a person should know."""
    name, folder = entry.name, _join(listing.folder, below)
    if name[0] == ".":
        return None
    if not is_unicode(name):
        listing.notes.append(f"{readable(name)} in {readable(folder)} has a name that is no valid text.")
        return None
    try:
        status = entry.stat()
        if stat.S_ISREG(status.st_mode):
            return status.st_size
        if _is_video(name):
            listing.notes.append(
                f"{readable(_join(folder, name))} is a pipe or a device and no file; it is not counted."
            )
    except OSError as error:  # vanished since the listing, or a link to a disk that is not there
        listing.trouble(_join(below, name), f"{readable(_join(folder, name))} cannot be read ({error.strerror}).")
    return None


def _is_video(name: str) -> bool:
    ext = name[name.rfind(".") + 1 :]
    return ext in VIDEO or ext.lower() in VIDEO
