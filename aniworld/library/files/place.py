"""A finished file goes into the library: at no instant is neither the old nor the new one there.

Same file system: the name is taken by a link (which never overwrites) and the working name given up. Another one: a
copy under a hidden name beside the target, brought to the disk, then as before. An old file under the same name is
linked into the recycle bin first and then replaced by one rename; one under another name goes there afterwards.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from uuid import uuid4

from aniworld.core.errors import StorageError, UnsafePath
from aniworld.core.naming import path_component
from aniworld.core.offload import offload
from aniworld.library.files.folders import spelled
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.library.files.safe_io import (
    check_root,
    copy_synced,
    make_parents,
    move_new,
    one_mount,
    storage_errors,
    sync_file,
    sync_folder,
)

log = logging.getLogger(__name__)


def place(
    source: Path,
    root: Path,
    relative: PurePosixPath,
    *,
    replace: Path | None = None,
    recycle: RecycleBin | None = None,
    links: Sequence[str] = (),
    keep_others: bool = False,
) -> Path:
    """The path of the file in the library: ``root / relative``, in the spelling of folders that exist.

    ``links``: folders outside of the root that links in it may lead to.

    ``replace``: the episode's file so far; it goes to ``recycle`` once the new one stands (and stays without one).
    A stranger's file under the same name goes to ``recycle`` too, or the new one is named beside it, as with
    ``keep_others``: where names may be older than the numbers, it can be another episode's.
    Raises UnsafePath, LibraryUnavailable, DiskFull; then everything is as it was.
    """
    return offload(_place, source, root, relative, replace, recycle, links, keep_others)


def _place(
    source: Path,
    root: Path,
    relative: PurePosixPath,
    replace: Path | None,
    recycle: RecycleBin | None,
    links: Sequence[str],
    keep_others: bool,
) -> Path:
    check_root(root)
    with storage_errors(root):
        target = _target(root, relative, links)
        make_parents(target.parent)
        sync_file(source)
        with _nearby(source, target) as near:
            placed = _stand(near, target, None if keep_others and target != replace else recycle)
        source.unlink(missing_ok=True)
        sync_folder(placed.parent)
    _retire(replace, placed, recycle)
    return placed


def _target(root: Path, relative: PurePosixPath, links: Sequence[str]) -> Path:
    """Where ``relative`` leads, if it is the path of an episode. Raises UnsafePath."""
    if len(relative.parts) < 2 or path_component(relative.name) != relative.name:
        raise UnsafePath(f"{str(relative)[:200]!r} is no path of a library.")
    return spelled(root, relative.parent, links) / relative.name


@contextmanager
def _nearby(source: Path, target: Path) -> Iterator[Path]:
    """The source, if it lies on the target's file system; else a whole copy that does."""
    if one_mount(source.parent, target.parent):
        yield source
        return
    draft = target.parent / f".aniworld-{uuid4().hex}.part"
    try:
        copy_synced(source, draft)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _stand(near: Path, target: Path, recycle: RecycleBin | None) -> Path:
    """Gives the file its name. What has that name already is kept in the bin, or keeps its name."""
    for number in range(1, 1000):
        try:
            move_new(near, target)
        except FileExistsError:
            if recycle is not None and not target.is_dir():
                _replace(near, target, recycle)
                return target
            target = _beside(target, number)
        else:
            return target
    raise UnsafePath("There is no free name left for this file.")


def _beside(target: Path, number: int) -> Path:
    stem = target.stem if number == 1 else target.stem.rpartition(" (")[0]
    return target.with_name(f"{path_component(stem, max_bytes=220)} ({number + 1}){target.suffix}")


def _replace(near: Path, target: Path, recycle: RecycleBin) -> None:
    try:
        recycle.hold(target, reason="replaced")
    except OSError:  # this disk knows no links: stand beside it, then retire the old one, then take its name
        waiting = target.with_name(f"{path_component(target.stem, max_bytes=220)} (new){target.suffix}")
        os.replace(near, waiting)
        try:
            recycle.put(target, reason="replaced")
        except BaseException:
            os.replace(waiting, near)
            raise
        os.replace(waiting, target)
    else:
        os.replace(near, target)


def _retire(old: Path | None, placed: Path, recycle: RecycleBin | None) -> None:
    if old is None or recycle is None or not os.path.lexists(old):
        return
    if old.exists() and os.path.samefile(old, placed):
        return
    try:
        recycle.put(old, reason="replaced")
    except StorageError as error:  # the new one stands; that the old one stays beside it is no failure of this episode
        log.warning("The replaced file %r stays where it is: %s", old.name, error)
