"""RecyclingService: what the application removed or replaced, and its way back into the library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from aniworld.config.settings import LibrarySettings, Settings
from aniworld.core.errors import LibraryUnavailable
from aniworld.core.events import SeriesUpdated
from aniworld.core.media import EpisodeNumber
from aniworld.core.naming import folded
from aniworld.core.offload import offload
from aniworld.core.subtitles import is_subtitle_name
from aniworld.library.disk import check_root
from aniworld.library.filenames import Found, read_name
from aniworld.library.matching import KnownEpisode
from aniworld.library.numbering import Numbering
from aniworld.library.recycle import RecycleBin, Recycled
from aniworld.library.sidecars import languages_by_video, subtitles_of
from aniworld.models import AnimeSeries, Database

from .progress import ProgressService
from .views import RecycledItem, Restored

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
        """Where it stands again; episodes without a file have theirs again. Raises NotFound, StorageError."""
        library = self._settings().library
        entry, path = offload(_brought_back, self._bin(library), entry_id)
        relative = path.relative_to(Path(library.root)).as_posix()
        folder = relative.partition("/")[0]
        files = offload(_files_of, Path(library.root) / folder, path)
        with self._database.writing() as session:
            series = _series_of(session, folder)
            episodes = _give_back(session, series, files, entry) if series else []
        if series is not None and episodes and not series.is_deleted:
            self._progress.publish(SeriesUpdated(series.key, series.folder))
        return Restored(relative, series.key if series else None, tuple(episodes))

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
    return RecycledItem(
        id=entry.id, path=entry.original, name=entry.original.rpartition("/")[2], removed_at=removed,
        expires_at=removed + timedelta(days=days) if days else None, size_bytes=entry.size_bytes,
        reason=entry.reason, is_folder=entry.is_folder,
    )  # fmt: skip


def _brought_back(waste: RecycleBin, entry_id: str) -> tuple[Recycled, Path]:
    entry = waste.find(entry_id)
    return entry, waste.restore(entry_id)


def _files_of(folder: Path, path: Path) -> Files:
    """The files at ``path`` or below it, and a video's subtitles."""
    found = path.rglob("*") if path.is_dir() and not path.is_symlink() else iter((path, *subtitles_of(path)))
    return {one.relative_to(folder).as_posix(): one.stat().st_size for one in found if one != folder and one.is_file()}


def _series_of(session: Session, folder: str) -> AnimeSeries | None:
    """The series whose folder this is; one that is in the library goes before one that was removed."""
    rows = session.execute(select(AnimeSeries.id, AnimeSeries.folder, AnimeSeries.deleted_at)).all()
    fitting = [(gone is not None, number) for number, name, gone in rows if name and folded(name) == folded(folder)]
    return session.get(AnimeSeries, min(fitting)[1]) if fitting else None


def _give_back(session: Session, series: AnimeSeries, files: Files, entry: Recycled) -> list[str]:
    """The codes of the episodes that have their file again; one that has another file keeps that."""
    rows = {(row.season, row.number): row for row in series.episodes}
    numbering = Numbering([KnownEpisode(row.season, row.number, row.absolute) for row in rows.values()])
    given: list[str] = []
    sidecars = languages_by_video(list(files), [path for path in files if is_subtitle_name(path)])
    for path, found in _read(files, (series.name, *(series.alternative_titles or ()))):
        for place in numbering.places(found) or ():
            row = rows.get(place)
            if row is None or row.file is not None:
                continue
            code = EpisodeNumber(*place).code
            row.file, row.size_bytes = path, files[path]
            row.file_language = found.language or entry.languages.get(code)
            row.subtitles = list(sidecars[path]) if path in sidecars else None
            given.append(code)
    return given


def _read(files: Iterable[str], names: tuple[str, ...]) -> Iterator[tuple[str, Found]]:
    for path in sorted(files):
        found = read_name(path, series_names=names, guess=False)
        if isinstance(found, Found):
            yield path, found
