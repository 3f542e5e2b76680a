"""The recycle bin: what the application removes or replaces can be brought back for some days.

``<root>/.recycle/<id>/manifest.json`` says what it was, ``<root>/.recycle/<id>/content/<name>`` is it; ``…/subtitles/``
holds the subtitle files of a video. The manifest is
written first: a crash leaves an entry without content, which is not listed and is purged.

Every field of a manifest is foreign data (recycle_note). An entry whose manifest is damaged is listed as damaged, under
the name of its content; it is not restored to a guessed place, and ends nobody's list.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from aniworld.core.errors import InvalidInput, NotFound, StorageError, UnsafePath
from aniworld.core.naming import entry_inside, path_component
from aniworld.library.files.recycle_note import Recycled, parsed, read_note, written
from aniworld.library.files.safe_io import (
    check_root,
    copy_synced,
    make_parents,
    move_new,
    one_mount,
    storage_errors,
    sync_folder,
    write_new,
)
from aniworld.library.files.sidecars import give_back, take_along
from aniworld.library.names.patterns import VIDEO

log = logging.getLogger(__name__)

FOLDER = ".recycle"
_MANIFEST, _CONTENT, _SUBTITLES = "manifest.json", "content", "subtitles"
_ID = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{16}")
_NOT_THERE = "This is no longer in the recycle bin."

__all__ = ["FOLDER", "RecycleBin", "Recycled"]


class RecycleBin:
    """The bin of one library. ``days``: how long to keep; 0 = until it is emptied by hand.

    ``links``: folders outside of the root that links in it may lead to. Of a folder that is a link, the link is kept.
    """

    def __init__(
        self, root: Path, days: int = 14, *, links: Sequence[str] = (), clock: Callable[[], float] = time.time
    ) -> None:
        self._root = root
        self._links = links
        self._days = days
        self._clock = clock

    def put(
        self,
        path: Path,
        *,
        reason: str = "",
        languages: Mapping[str, str] | None = None,
        series: str = "",
        files: Mapping[str, str] | None = None,
    ) -> Recycled:
        """Moves a file or a folder of the library into the bin. ``series``: whose it is, ``files``: which episodes they
        were, for the way back. Raises NotFound, UnsafePath, StorageError."""
        entry, place = self._entry(path, reason, languages, series, files)
        with storage_errors(self._root):
            _move(self._real(path), place)
            self._take_subtitles(path, entry)
            sync_folder(path.parent)
        return entry

    def hold(self, path: Path, *, reason: str = "") -> Recycled:
        """Puts a second link to a file into the bin; the file itself stays until it is replaced.

        Raises OSError where the disk knows no links; the bin is then as before.
        """
        entry, place = self._entry(path, reason)
        try:
            os.link(self._real(path), place)
        except OSError:
            shutil.rmtree(self._home() / entry.id, ignore_errors=True)
            raise
        sync_folder(place.parent)
        self._take_subtitles(path, entry)
        return entry

    def check(self) -> None:
        """Nothing, if something can be put into the bin as far as is known. Raises UnsafePath, StorageError."""
        home = self._home()
        if os.path.lexists(home) and not home.is_dir():
            raise UnsafePath(f"There is a file where the folder {FOLDER!r} is needed; move it away and try again.")
        if home.is_dir() and not os.access(home, os.W_OK | os.X_OK):
            raise StorageError(
                f"The folder {FOLDER} cannot be written; change its permissions or its disk, then retry."
            )

    def _take_subtitles(self, path: Path, entry: Recycled) -> None:
        """The subtitles of a video are made for its time: they go and come back with it."""
        if not entry.is_folder and path.suffix[1:].lower() in VIDEO:
            take_along(self._real(path), self._home() / entry.id / _SUBTITLES)

    def list(self) -> list[Recycled]:
        """What is in the bin, newest first."""
        found = [entry for name in self._names() if (entry := self._seen(name)) is not None]
        return sorted(found, key=lambda entry: (entry.removed_at, entry.id), reverse=True)

    def restore(self, entry_id: str) -> Path:
        """The path where it stands again: its old one, or one beside it if that is taken.

        Raises NotFound, InvalidInput for a damaged entry, UnsafePath, StorageError.
        """
        entry = self.find(entry_id)
        content = self._content(entry.id)
        if content is None:
            raise NotFound(_NOT_THERE)
        if entry.damaged:
            raise InvalidInput(
                f"The note of this entry is damaged, so its place is not known. Move {FOLDER}/{entry.id}/{_CONTENT} by "
                "hand, or delete the entry."
            )
        check_root(self._root)
        target = self._real(self._root / entry.original)
        with storage_errors(self._root):
            make_parents(target.parent)
            restored = _restored(content, target)
            give_back(self._home() / entry.id / _SUBTITLES, Path(entry.original).stem, restored)
            shutil.rmtree(self._home() / entry.id, ignore_errors=True)
        return (self._root / entry.original).with_name(restored.name)

    def remove(self, entry_id: str) -> None:
        """Deletes one entry for good. Raises NotFound."""
        folder = self._home() / entry_id
        if not _ID.fullmatch(entry_id) or not folder.is_dir():
            raise NotFound(_NOT_THERE)
        with storage_errors(self._root):
            _delete(folder)

    def empty(self) -> int:
        """How many entries were deleted for good: all of them. Raises StorageError."""
        removed = 0
        failed: OSError | None = None
        for name in list(self._names()):
            try:
                _delete(self._home() / name)
                removed += 1
            except OSError as error:  # the others can go
                failed = error
        if failed is not None:
            with storage_errors(self._root):
                raise failed
        return removed

    def find(self, entry_id: str) -> Recycled:
        """One entry. Raises NotFound."""
        entry = self._seen(entry_id) if _ID.fullmatch(entry_id) else None
        if entry is None:
            raise NotFound(_NOT_THERE)
        return entry

    def purge(self) -> int:
        """How many entries were older than the days to keep and are gone for good."""
        if not self._days:
            return 0
        oldest = self._clock() - self._days * 86_400
        gone = [name for name in self._names() if 0 < _time_of(name) < oldest]
        for name in gone:
            with suppress(OSError):
                _delete(self._home() / name)
        return len(gone)

    def _home(self) -> Path:
        home = self._root / FOLDER
        if home.is_symlink():
            raise UnsafePath("The recycle bin is a link that may lead out of the library; replace it by a folder.")
        return home

    def _real(self, path: Path) -> Path:
        """The entry itself, not what it links to, in a folder that lies in the library."""
        return entry_inside(self._root, path, self._links)

    def _below_root(self, path: Path, real: Path) -> PurePosixPath:
        """The path below the root as it is written, by way of links; where it was written in another way, the real
        one.
        """
        for one, root in ((path, self._root), (real, Path(os.path.realpath(self._root)))):
            with suppress(ValueError):
                below = PurePosixPath(one.relative_to(root).as_posix())
                if ".." not in below.parts:
                    return below
        raise UnsafePath("This is no part of the library's series and is not removed.")

    def _names(self) -> Iterator[str]:
        """The entries' names, whatever is in them."""
        home = self._home()
        if not home.is_dir():
            return
        with storage_errors(self._root):
            names = os.listdir(home)
        yield from (name for name in names if _ID.fullmatch(name))

    def _entry(
        self,
        path: Path,
        reason: str,
        languages: Mapping[str, str] | None = None,
        series: str = "",
        files: Mapping[str, str] | None = None,
    ) -> tuple[Recycled, Path]:
        """A new entry with its manifest on the disk, and where its content goes."""
        check_root(self._root)
        real = self._real(path)
        if not os.path.lexists(real):
            raise NotFound(f"{path.name} is not there any more.")
        original = self._below_root(path, real)
        if not original.parts or original.parts[0].startswith("."):
            raise UnsafePath("This is no part of the library's series and is not removed.")
        entry = Recycled(
            self._new_id(),
            original.as_posix(),
            self._clock(),
            _size(real),
            reason,
            real.is_dir(),
            languages or {},
            series,
            files or {},
        )
        place = self._home() / entry.id / _CONTENT / path_component(real.name)
        with storage_errors(self._root):
            make_parents(place.parent)
            write_new(self._home() / entry.id / _MANIFEST, written(entry))
        return entry, place

    def _new_id(self) -> str:
        moment = datetime.fromtimestamp(self._clock(), UTC)
        return f"{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(8)}"

    def _seen(self, entry_id: str) -> Recycled | None:
        """The entry, damaged or not; None where nothing is in it, or it cannot be looked at."""
        folder = self._home() / entry_id
        try:
            names = os.listdir(folder / _CONTENT) if not folder.is_symlink() else []
        except OSError:  # a crash left it, or it has just gone
            return None
        if not names:
            return None
        entry = parsed(read_note(folder / _MANIFEST), entry_id)
        return entry if entry is not None and len(names) == 1 else self._damaged(entry_id, names)

    def _damaged(self, entry_id: str, names: Sequence[str]) -> Recycled:
        content = self._home() / entry_id / _CONTENT
        log.warning("The note of %s in the recycle bin is damaged", entry_id)
        size, is_folder = 0, False
        with suppress(OSError):
            is_folder = any((content / name).is_dir() for name in names)
            size = _size(content)
        return Recycled(entry_id, names[0], _time_of(entry_id), size, is_folder=is_folder, damaged=True)

    def _content(self, entry_id: str) -> Path | None:
        folder = self._home() / entry_id / _CONTENT
        try:
            names = os.listdir(folder)
        except OSError:
            return None
        return folder / names[0] if names else None


def _time_of(entry_id: str) -> float:
    try:
        return datetime.strptime(entry_id[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0  # digits that are no date: someone named the folder by hand


def _size(path: Path) -> int:
    if path.is_symlink() or path.is_file():
        return path.lstat().st_size
    return sum(file.lstat().st_size for file in path.rglob("*") if file.is_file())


def _delete(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder)


def _move(source: Path, target: Path) -> None:
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        if source.is_dir():
            shutil.move(source, target)
        else:
            copy_synced(source, target)
            source.unlink()


def _restored(content: Path, target: Path) -> Path:
    for number in range(1, 1000):
        free = target if number == 1 else _beside(target, number, folder=content.is_dir())
        if os.path.lexists(free):
            continue
        with _nearby(content, target.parent) as near:
            if content.is_dir() and not content.is_symlink():
                os.rename(near, free)
                return free
            try:
                move_new(near, free)
            except FileExistsError:  # it came meanwhile
                continue
            return free
    raise NotFound("There is no free name left to restore this to.")


@contextmanager
def _nearby(content: Path, folder: Path) -> Iterator[Path]:
    """The content, if it can be moved into ``folder``; else a whole copy that can."""
    if content.is_symlink() or one_mount(content.parent, folder):
        yield content
        return
    draft = folder / f".aniworld-{secrets.token_hex(16)}.part"
    try:
        if content.is_dir():
            shutil.copytree(
                content,
                draft,
                symlinks=True,
                copy_function=lambda source, target: copy_synced(Path(source), Path(target)),
            )
        else:
            copy_synced(content, draft)
        yield draft
    finally:
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)


def _beside(target: Path, number: int, *, folder: bool) -> Path:
    mark = " (restored)" if number == 2 else f" (restored {number - 1})"
    stem, ending = (target.name, "") if folder else (target.stem, target.suffix)  # ``Dr. Stone`` has no ending
    return target.with_name(path_component(stem, max_bytes=220) + mark + ending)
