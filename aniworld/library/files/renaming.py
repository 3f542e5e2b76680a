"""Files of one series take other names: a plan in which nothing is ever in the way of another, then step by step.

Pure disk. A name is never taken from what has it already; what shares a video's stem (subtitles, NFO, thumbnails) goes
along; two files that swap names go over a third one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from aniworld.core.errors import UnsafePath
from aniworld.core.naming import entry_inside, folded, path_component
from aniworld.library.files.folders import spelled
from aniworld.library.files.safe_io import make_parents, move_new, storage_errors, sync_folder
from aniworld.library.files.sidecars import stem_of, video_stems
from aniworld.library.names.patterns import VIDEO

Pair = tuple[str, str]
LONGEST = 255  # bytes of a name, as file systems count
_GONE = "The file is not there any more; scan the library."
_TAKEN = "There is a file of this name already."


@dataclass(frozen=True)
class Wish:
    """A file that shall be called otherwise: paths below the root. ``ids``: its episodes."""

    old: str
    new: str
    ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Step:
    """One rename on the disk. ``beside``: (old, new) of the files that go along."""

    old: str
    new: str
    ids: tuple[int, ...]
    beside: tuple[Pair, ...] = ()


def plan(root: Path, wishes: Sequence[Wish], links: Sequence[str] = ()) -> tuple[list[Step], list[tuple[Wish, str]]]:
    """The steps in an order in which every name is free when it is taken, and what cannot be, with the reason.

    Raises LibraryUnavailable.
    """
    with storage_errors(root):
        return _Plan(root, wishes, links).result()


def take(root: Path, step: Step, links: Sequence[str] = ()) -> str | None:
    """Does one step; the reason why it was not done, or None. Raises UnsafePath, StorageError."""
    source, target = _real(root, step.old, links), _real(root, step.new, links)
    with storage_errors(root):
        if not os.path.lexists(source):
            return _GONE
        make_parents(target.parent)
        if not _move(source, target):
            return _TAKEN
        take_along(root, step, links)
        for folder in {source.parent, target.parent}:
            sync_folder(folder)
        _leave(root / PurePosixPath(step.old).parent, root)
    return None


def take_along(root: Path, step: Step, links: Sequence[str] = ()) -> None:
    """Moves the files beside a video that has its new name; one whose name is taken stays where it is."""
    for old, new in step.beside:
        source, target = _real(root, old, links), _real(root, new, links)
        if os.path.lexists(source):
            _move(source, target)


def stands(root: Path, step: Step, links: Sequence[str] = ()) -> bool:
    """Whether a step that a crash may have interrupted was done."""
    return os.path.lexists(_real(root, step.new, links)) and not os.path.lexists(_real(root, step.old, links))


def reverse(steps: Sequence[Step]) -> list[Step]:
    """The steps that lead back."""
    return [Step(one.new, one.old, one.ids, tuple((new, old) for old, new in one.beside)) for one in reversed(steps)]


def _move(source: Path, target: Path) -> bool:
    """Whether the file has its new name; not if that was taken."""
    try:
        move_new(source, target)
    except FileExistsError:
        if not _is_same(source, target):
            return False
        os.rename(source, target)  # a disk that ignores case: only the spelling changes
    return True


def _is_same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one != other and one.name != other.name and folded(str(one)) == folded(str(other)) and _one_entry(one)
    return False


def _one_entry(path: Path) -> bool:
    """Whether the folder has one entry for this name in all its spellings; else they are two files."""
    return sum(1 for name in os.listdir(path.parent) if folded(name) == folded(path.name)) == 1


def _real(root: Path, relative: str, links: Sequence[str]) -> Path:
    """The entry itself, in a folder that lies in the library. Raises UnsafePath."""
    parts = PurePosixPath(relative).parts
    if not parts or relative.startswith("/") or ".." in parts or parts[0].startswith("."):
        raise UnsafePath(f"{relative[:200]!r} is no path of a series.")
    return entry_inside(root, root / relative, links)


def _leave(folder: Path, root: Path) -> None:
    """Removes folders that are empty now, up to the series' own."""
    while len(folder.relative_to(root).parts) > 1:
        try:
            folder.rmdir()
        except OSError:  # something is in it still
            return
        folder = folder.parent


class _Plan:
    def __init__(self, root: Path, wishes: Sequence[Wish], links: Sequence[str]) -> None:
        self.root, self.links = Path(os.path.realpath(root)), links
        self.refused: list[tuple[Wish, str]] = []
        self.folders: dict[str, _Folder] = {}
        self.waiting: dict[str, Wish] = {}  # folded old path → wish
        targets: set[str] = set()
        for wish in wishes:
            ready = self._ready(wish, targets)
            if ready is not None:
                self.waiting[folded(ready.old)] = ready
                targets.add(folded(ready.new))
        self.occupants = {old: self._occupant(wish) for old, wish in self.waiting.items()}

    def _ready(self, wish: Wish, targets: set[str]) -> Wish | None:
        try:
            there, target = os.path.lexists(_real(self.root, wish.old, self.links)), self._target(wish)
        except UnsafePath as error:
            self.refused.append((wish, str(error)))
            return None
        if not there:
            self.refused.append((wish, _GONE))
            return None
        if target == wish.old:
            return None
        if folded(target) in targets:
            self.refused.append((wish, "Another episode would have the same name."))
            return None
        return replace(wish, new=target)

    def _target(self, wish: Wish) -> str:
        """The wished path, by the folders that exist where they differ in case only."""
        path = PurePosixPath(wish.new)
        folder = spelled(self.root, path.parent, self.links)
        return (folder.relative_to(self.root) / path.name).as_posix()

    def result(self) -> tuple[list[Step], list[tuple[Wish, str]]]:
        while blocked := [old for old in self.waiting if self.occupants[old] not in self.waiting.keys() | {None}]:
            self.refused += [(self.waiting.pop(old), _TAKEN) for old in blocked]  # which may block others
        return list(self._ordered()), self.refused

    def _occupant(self, wish: Wish) -> str | None:
        """What has the wished name now, as a folded path; nothing if that is the file itself in another spelling."""
        target = PurePosixPath(wish.new)
        names = self._in(target.parent.as_posix()).names.get(folded(target.name), ())
        others = [name for name in names if (target.parent / name).as_posix() != wish.old]
        return folded(wish.new) if others else None

    def _in(self, folder: str) -> _Folder:
        if folder not in self.folders:
            path = self.root / folder
            self.folders[folder] = _Folder(os.listdir(path) if path.is_dir() else [])
        return self.folders[folder]

    def _ordered(self) -> Iterator[Step]:
        waiting, aside = dict(self.waiting), dict[str, Wish]()
        while waiting or aside:
            free = [old for old in waiting if self.occupants[old] == old or self.occupants[old] not in waiting]
            for wish in map(waiting.pop, free):
                yield self._step(wish, wish.old, wish.new)
            back = [old for old in aside if self.occupants[old] not in waiting]
            for wish in map(aside.pop, back):
                yield self._step(wish, _aside(wish.old), wish.new)
            if not free and not back:  # they all wait for one another: one steps aside
                old, wish = next(iter(waiting.items()))
                aside[old] = waiting.pop(old)
                yield self._step(wish, wish.old, _aside(wish.old))

    def _step(self, wish: Wish, old: str, new: str) -> Step:
        origin, here, there = PurePosixPath(wish.old), PurePosixPath(old), PurePosixPath(new)
        rests = self._in(origin.parent.as_posix()).beside.get(origin.stem, ())
        fitting = [rest for rest in rests if len((there.stem + rest).encode()) <= LONGEST]
        return Step(old, new, wish.ids, tuple((_with(here, rest), _with(there, rest)) for rest in fitting))


class _Folder:
    """What lies in a folder. ``names``: by their folded form; ``beside``: video's stem → how companions go on."""

    def __init__(self, entries: Sequence[str]) -> None:
        self.names: dict[str, list[str]] = {}
        for name in entries:
            self.names.setdefault(folded(name), []).append(name)
        stems = video_stems(entries)
        self.beside: dict[str, list[str]] = {stem: [] for stem in stems}
        for name in entries:
            stem = None if _is_video(name) else stem_of(name, stems)
            if stem is not None:
                self.beside[stem].append(name[len(stem) :])


def _with(path: PurePosixPath, rest: str) -> str:
    return (path.parent / (path.stem + rest)).as_posix()


def _aside(old: str) -> str:
    path = PurePosixPath(old)
    return path.with_name(f"{path_component(path.stem, max_bytes=210)} (renaming){path.suffix}").as_posix()


def _is_video(name: str) -> bool:
    return name.rpartition(".")[2].lower() in VIDEO
