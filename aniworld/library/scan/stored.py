"""Which file of the records a file on the disk is, where names are older than the episodes' numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence


def stored_paths(
    listed: Sequence[tuple[str, int]], stored: Collection[str], sizes: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    """(path on the disk, its path in the records) of each file that is in the records.

    A file keeps its path, or its name and size in another folder, or at least its name where only one has it. Files
    that were renamed by hand to each other's names, which their sizes show, are none of these: their names are new.
    """
    paths, known = {path for path, _ in listed}, Counter(sizes.values())
    gone = [path for path in stored if path not in paths]
    new = [(path, size) for path, size in listed if path not in stored]
    for path, size in listed:
        if path in stored and not _has_the_size_of_another(path, size, sizes, known):
            yield path, path
    moved = dict(_pairs(new, [(path, sizes.get(path)) for path in gone]))
    yield from moved.items()
    left = [path for path, _ in new if path not in moved]
    yield from _of_one_name(left, [path for path in gone if path not in moved.values()])


def _has_the_size_of_another(path: str, size: int, sizes: Mapping[str, int], known: Mapping[int, int]) -> bool:
    return path in sizes and size != sizes[path] and size in known


def _pairs(new: Sequence[tuple[str, int]], gone: Sequence[tuple[str, int | None]]) -> Iterator[tuple[str, str]]:
    """Of one name and size, in the order of their folders; a copy more is the last one's."""
    before = defaultdict[tuple[str, int | None], list[str]](list)
    for path, size in sorted(gone, key=lambda one: one[0]):
        before[_name(path), size].append(path)
    used = Counter[tuple[str, int | None]]()
    for path, size in sorted(new):
        key = (_name(path), size)
        if several := before.get(key):
            yield path, several[min(used[key], len(several) - 1)]
            used[key] += 1


def _of_one_name(new: Sequence[str], gone: Sequence[str]) -> Iterator[tuple[str, str]]:
    before, now = _by_name(gone), _by_name(new)
    for name, several in now.items():
        if len(several) == len(before.get(name, ())) == 1:
            yield several[0], before[name][0]


def _by_name(paths: Sequence[str]) -> dict[str, list[str]]:
    named = defaultdict[str, list[str]](list)
    for path in paths:
        named[_name(path)].append(path)
    return named


def _name(path: str) -> str:
    return path.rpartition("/")[2]
