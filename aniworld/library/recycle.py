"""The recycle bin: what the application removes or replaces can be brought back for some days.

``<root>/.recycle/<id>/manifest.json`` says what it was, ``<root>/.recycle/<id>/content/<name>`` is it; ``…/subtitles/`` holds
the subtitle files of a video. The manifest is
written first: a crash leaves an entry without content, which is not listed and is purged.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from aniworld.core.errors import NotFound, StorageError, UnsafePath
from aniworld.core.naming import entry_inside, path_component

from .disk import check_root, copy_synced, make_parents, move_new, one_mount, storage_errors, sync_folder, write_new
from .name_patterns import VIDEO
from .sidecars import give_back, take_along

FOLDER = ".recycle"
_MANIFEST, _CONTENT, _SUBTITLES = "manifest.json", "content", "subtitles"
_ID = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{16}")
_LARGEST_MANIFEST = 65_536
_MOST_LANGUAGES = 2000  # 24 bytes each at most
_LATEST = 100_000_000_000  # seconds since 1970: the year 5138


@dataclass(frozen=True)
class Recycled:
    """One entry. ``original``: its path relative to the root. ``removed_at``: seconds since 1970, UTC.

    ``languages``: what no name tells of the episodes in it, ``{"S01E02": "ger-dub"}``.
    """

    id: str
    original: str
    removed_at: float
    size_bytes: int
    reason: str = ""
    is_folder: bool = False
    languages: Mapping[str, str] = field(default_factory=dict)


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

    def put(self, path: Path, *, reason: str = "", languages: Mapping[str, str] | None = None) -> Recycled:
        """Moves a file or a folder of the library into the bin. Raises NotFound, UnsafePath, StorageError."""
        entry, place = self._entry(path, reason, languages)
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
        home = self._home()
        entries = [self._read(folder.name) for folder in home.iterdir()] if home.is_dir() else []
        whole = [entry for entry in entries if entry and self._content(entry)]
        return sorted(whole, key=lambda entry: (entry.removed_at, entry.id), reverse=True)

    def restore(self, entry_id: str) -> Path:
        """The path where it stands again: its old one, or one beside it if that is taken. Raises NotFound."""
        entry = self._read(entry_id)
        content = self._content(entry) if entry else None
        if entry is None or content is None:
            raise NotFound("This is no longer in the recycle bin.")
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
            raise NotFound("This is no longer in the recycle bin.")
        with storage_errors(self._root):
            shutil.rmtree(folder)

    def empty(self) -> int:
        """How many entries were deleted for good: all of them. Raises StorageError."""
        home = self._home()
        if not home.is_dir():
            return 0
        names = [folder.name for folder in home.iterdir() if _ID.fullmatch(folder.name) and not folder.is_symlink()]
        with storage_errors(self._root):
            for name in names:
                shutil.rmtree(home / name)
        return len(names)

    def find(self, entry_id: str) -> Recycled:
        """One entry. Raises NotFound."""
        entry = self._read(entry_id)
        if entry is None or self._content(entry) is None:
            raise NotFound("This is no longer in the recycle bin.")
        return entry

    def purge(self) -> int:
        """How many entries were older than the days to keep and are gone for good."""
        home = self._home()
        if not home.is_dir() or not self._days:
            return 0
        oldest = self._clock() - self._days * 86_400
        gone = [folder for folder in home.iterdir() if _ID.fullmatch(folder.name) and _time_of(folder.name) < oldest]
        for folder in gone:
            shutil.rmtree(folder, ignore_errors=True)
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
        """The path below the root as it is written, by way of links; where it was written in another way, the real one."""
        for one, root in ((path, self._root), (real, Path(os.path.realpath(self._root)))):
            with suppress(ValueError):
                below = PurePosixPath(one.relative_to(root).as_posix())
                if ".." not in below.parts:
                    return below
        raise UnsafePath("This is no part of the library's series and is not removed.")

    def _entry(self, path: Path, reason: str, languages: Mapping[str, str] | None = None) -> tuple[Recycled, Path]:
        """A new entry with its manifest on the disk, and where its content goes."""
        check_root(self._root)
        real = self._real(path)
        if not os.path.lexists(real):
            raise NotFound(f"{path.name} is not there any more.")
        original = self._below_root(path, real)
        if not original.parts or original.parts[0].startswith("."):
            raise UnsafePath("This is no part of the library's series and is not removed.")
        told = dict(list((languages or {}).items())[:_MOST_LANGUAGES])
        entry = Recycled(self._new_id(), original.as_posix(), self._clock(), _size(real), reason, real.is_dir(), told)
        place = self._home() / entry.id / _CONTENT / path_component(real.name)
        with storage_errors(self._root):
            make_parents(place.parent)
            write_new(self._home() / entry.id / _MANIFEST, json.dumps(asdict(entry)).encode())
        return entry, place

    def _new_id(self) -> str:
        moment = datetime.fromtimestamp(self._clock(), UTC)
        return f"{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(8)}"

    def _read(self, entry_id: str) -> Recycled | None:
        if not _ID.fullmatch(entry_id):
            return None
        try:
            with open(self._home() / entry_id / _MANIFEST, "rb") as file:
                facts = json.loads(file.read(_LARGEST_MANIFEST))
            entry = Recycled(**facts)
        except (OSError, ValueError, TypeError, RecursionError):  # not there, or not ours: then it is no entry
            return None
        return entry if entry.id == entry_id and _sound(entry) else None

    def _content(self, entry: Recycled) -> Path | None:
        folder = self._home() / entry.id / _CONTENT
        found = list(folder.iterdir()) if folder.is_dir() else []
        return found[0] if len(found) == 1 else None


def _sound(entry: Recycled) -> bool:
    """Whether the facts are of their kinds: a manifest lies among the user's files, and a damaged one hides no other."""
    return (
        isinstance(entry.original, str)
        and isinstance(entry.reason, str)
        and isinstance(entry.size_bytes, int)
        and isinstance(entry.is_folder, bool)
        and isinstance(entry.languages, dict)
        and isinstance(entry.removed_at, int | float)
        and 0 <= entry.removed_at < _LATEST
    )


def _time_of(entry_id: str) -> float:
    try:
        return datetime.strptime(entry_id[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return float("inf")


def _size(path: Path) -> int:
    if path.is_symlink() or path.is_file():
        return path.lstat().st_size
    return sum(file.lstat().st_size for file in path.rglob("*") if file.is_file())


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
            shutil.copytree(content, draft, symlinks=True, copy_function=copy_synced)
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
