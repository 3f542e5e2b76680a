"""Fetched subtitles go next to their placed video. See core/subtitles for their names."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from aniworld.core.errors import UnsafePath
from aniworld.core.naming import entry_inside
from aniworld.core.offload import offload
from aniworld.core.subtitles import FORMATS
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.library.files.safe_io import check_root, copy_synced, move_new, storage_errors, sync_folder

LONGEST = 255  # bytes of a name, as file systems count


def place_subtitles(
    root: Path, video: Path, files: Sequence[tuple[Path, str]], recycle: RecycleBin, *, links: Sequence[str] = ()
) -> list[Path]:
    """Copies of ``files`` next to a placed video: each a path and how it goes on after the video's stem, ``.de.vtt``.

    ``links``: folders outside of the root that links in it may lead to. What has such a name goes to the recycle bin,
    unless it is the same already. Raises UnsafePath, LibraryUnavailable, DiskFull; may be called again then.
    """
    return offload(_place, root, video, files, recycle, links)


def _place(
    root: Path, video: Path, files: Sequence[tuple[Path, str]], recycle: RecycleBin, links: Sequence[str]
) -> list[Path]:
    check_root(root)
    folder = entry_inside(root, video, links).parent
    with storage_errors(root):
        return [_placed(source, folder, video.with_name(f"{video.stem}{suffix}"), recycle) for source, suffix in files]


def _placed(source: Path, folder: Path, listed: Path, recycle: RecycleBin) -> Path:
    """``listed``: the path in the library, which a link may lead to ``folder``."""
    target = folder / listed.name
    if target.suffix[1:] not in FORMATS or len(os.fsencode(target.name)) > LONGEST:
        raise UnsafePath(f"{target.name[:200]!r} cannot be the name of a file of subtitles.")
    if os.path.lexists(target):
        if target.is_file() and not target.is_symlink() and filecmp.cmp(source, target, shallow=False):
            return target
        recycle.put(listed, reason="replaced")
    draft = target.parent / f".aniworld-{uuid4().hex}.part"
    copy_synced(source, draft)
    try:
        move_new(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(target.parent)
    return target
