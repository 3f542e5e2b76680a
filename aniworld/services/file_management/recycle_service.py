"""RecyclingService: what the application removed or replaced, and its way back into the library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from aniworld.config.settings import LibrarySettings, Settings
from aniworld.core.errors import LibraryUnavailable
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import SeriesAdded, SeriesUpdated
from aniworld.core.heights import height_in
from aniworld.core.media import EpisodeNumber
from aniworld.core.naming import folded
from aniworld.core.offload import offload
from aniworld.core.subtitles import is_subtitle_name
from aniworld.library.files.recycle_bin import RecycleBin, Recycled
from aniworld.library.files.safe_io import check_root
from aniworld.library.files.sidecars import languages_by_video, subtitles_of
from aniworld.library.names.answers import Found
from aniworld.library.names.parser import read_name
from aniworld.library.scan.episode_lookup import Numbering
from aniworld.library.scan.matching import KnownEpisode
from aniworld.models import AnimeSeries, Database, Episode
from aniworld.services.file_management.views import RecycledItem, Restored
from aniworld.services.renumbering.proposals import remember_file
from aniworld.services.series.listing import facts_of, summary_of

_TOGETHER_S = 6 * 3600.0  # between the move of a folder and the end of its series' removal
Files = dict[str, int]  # path below the series folder → bytes


class RecyclingService:
    """The recycle bin of the library that is set. Raises LibraryUnavailable where that is not there."""

    def __init__(self, database: Database, settings: Callable[[], Settings], progress: ProgressService) -> None:
        self._database = database
        self._settings = settings
        self._progress = progress

    def list(self) -> list[RecycledItem]:
        """What can be brought back, newest first."""
        library = self._settings().library
        return (
            [_item(entry, library.recycle_days) for entry in offload(self._bin(library).list)] if library.root else []
        )

    def restore(self, entry_id: str) -> Restored:
        """Where it stands again; episodes without a file have theirs again, and a removed series is back.

        Raises NotFound, InvalidInput for a damaged entry, StorageError.
        """
        library = self._settings().library
        entry, path = offload(_brought_back, self._bin(library), entry_id)
        relative = path.relative_to(Path(library.root)).as_posix()
        folder = relative.partition("/")[0]
        files = offload(_files_of, Path(library.root) / folder, path)
        event: SeriesAdded | SeriesUpdated | None = None
        with self._database.writing() as session:
            series = _series_of(session, folder, entry)
            episodes = _give_back(session, series, files, entry) if series else []
            removed = series is not None and series.is_deleted
            if series is not None and removed:
                series.restore()
                series.folder = folder if shown(folder) == folder else series.folder
                session.flush()
                event = SeriesAdded(series.key, folder, facts_of(summary_of(session, series)))
            elif series is not None and episodes:
                event = SeriesUpdated(series.key, series.folder)
        if event is not None:
            self._progress.publish(event)
        return Restored(shown(relative), series.key if series else None, tuple(episodes), removed)

    def undo_removal(self, key: str) -> bool:
        """Whether a removed series is back together with the files that went into the recycle bin with it.

        Raises LibraryUnavailable where its files may be there and cannot be reached, StorageError.
        """
        library = self._settings().library
        with self._database.reading() as session:
            series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
            if series is None or series.deleted_at is None or not series.folder or not library.root:
                return False
            has_files = any(row.file for row in series.episodes)
        entry = None if has_files else _entry_of(series, offload(self._bin(library).list))
        if entry is None:
            return False
        self.restore(entry.id)
        return True

    def remove(self, entry_id: str) -> None:
        """Deletes one entry for good. Raises NotFound."""
        offload(self._bin(self._settings().library).remove, entry_id)

    def empty(self) -> int:
        """How many entries were deleted for good: all of them."""
        return offload(self._bin(self._settings().library).empty)

    def _bin(self, library: LibrarySettings) -> RecycleBin:
        if not library.root:
            raise LibraryUnavailable("No library folder is set; choose one in the settings.")
        offload(check_root, Path(library.root))
        return RecycleBin(Path(library.root), library.recycle_days, links=library.link_roots)


def _item(entry: Recycled, days: int) -> RecycledItem:
    removed = datetime.fromtimestamp(entry.removed_at, UTC)
    path = shown(entry.original)
    return RecycledItem(
        id=entry.id,
        path=path,
        name=path.rpartition("/")[2],
        removed_at=removed,
        expires_at=removed + timedelta(days=days) if days else None,
        size_bytes=entry.size_bytes,
        reason=shown(entry.reason),
        is_folder=entry.is_folder,
        damaged=entry.damaged,
    )


def shown(text: str) -> str:
    """A name as text: bytes of a name that are no UTF-8, and what no text holds, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _entry_of(series: AnimeSeries, entries: Iterable[Recycled]) -> Recycled | None:
    """The newest entry with the folder of a series that was removed; earlier programs wrote no key into it."""
    removed = series.deleted_at.timestamp() if series.deleted_at else 0.0
    for entry in entries:
        mine = entry.series == series.key or (not entry.series and folded(entry.original) == folded(series.folder))
        if mine and entry.is_folder and not entry.damaged and abs(removed - entry.removed_at) < _TOGETHER_S:
            return entry
    return None


def _brought_back(waste: RecycleBin, entry_id: str) -> tuple[Recycled, Path]:
    entry = waste.find(entry_id)
    return entry, waste.restore(entry_id)


def _files_of(folder: Path, path: Path) -> Files:
    """The files at ``path`` or below it, and a video's subtitles, with their sizes.

    Without those whose names are not valid text, which no record can hold, and those that vanish meanwhile.
    """
    found = path.rglob("*") if path.is_dir() and not path.is_symlink() else iter((path, *subtitles_of(path)))
    sizes: Files = {}
    for one in found:
        with suppress(OSError):
            if one != folder and one.is_file():
                sizes[one.relative_to(folder).as_posix()] = one.stat().st_size
    return {name: size for name, size in sizes.items() if shown(name) == name}


def _series_of(session: Session, folder: str, entry: Recycled) -> AnimeSeries | None:
    """The series that was removed with this folder; else the one whose folder it is, sooner one that is in the
    library.
    """
    if entry.series and entry.is_folder:
        removed = session.scalar(select(AnimeSeries).where(AnimeSeries.key == entry.series))
        if removed is not None and removed.is_deleted:
            return removed
    rows = session.execute(select(AnimeSeries.id, AnimeSeries.folder, AnimeSeries.deleted_at)).all()
    fitting = [(gone is not None, number) for number, name, gone in rows if name and folded(name) == folded(folder)]
    return session.get(AnimeSeries, min(fitting)[1]) if fitting else None


def _give_back(session: Session, series: AnimeSeries, files: Files, entry: Recycled) -> list[str]:
    """The codes of the episodes that have their file again; one that has another file keeps that.

    What the entry says of a file goes before what its name says.
    """
    rows = {(row.season, row.number): row for row in series.episodes}
    numbering = Numbering([KnownEpisode(row.season, row.number, row.absolute) for row in rows.values()])
    noted = {(row.season, row.number): path for row in rows.values() if (path := entry.files.get(_code(row))) in files}
    places: list[tuple[tuple[int, int], str, str | None]] = [(place, path, None) for place, path in noted.items()]
    others = {path: size for path, size in files.items() if path not in noted.values()}
    for path, found in _read(others, (series.name, *(series.alternative_titles or ()))):
        places += [(place, path, found.language) for place in numbering.places(found) or ()]
    given: list[str] = []
    sidecars = languages_by_video(list(files), [path for path in files if is_subtitle_name(path)])
    for place, path, language in places:
        row = rows.get(place)
        if row is None or row.file is not None:
            continue
        row.take_file(path, language or entry.languages.get(_code(row)), files[path], height_in(path))
        row.subtitles = list(sidecars[path]) if path in sidecars else None
        if row.file_title is None:
            remember_file(row)
        given.append(_code(row))
    return sorted(given)


def _code(row: Episode) -> str:
    return EpisodeNumber(row.season, row.number).code


def _read(files: Iterable[str], names: tuple[str, ...]) -> Iterator[tuple[str, Found]]:
    for path in sorted(files):
        found = read_name(path, series_names=names, guess=False)
        if isinstance(found, Found):
            yield path, found
