"""SeriesApp: the library engine without web. List, search, add, scan and download, with progress and cancellation."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from aniworld.core.callbacks import CallbackManager, CompletionContext, ErrorContext, Operation, ProgressContext
from aniworld.core.errors import AniworldError, Cancelled, NotFound, by_code
from aniworld.core.events import Event, EventBus, ScanProgress, SeriesUpdated
from aniworld.core.media import EpisodeNumber
from aniworld.core.queue import DownloadStatus
from aniworld.models import DownloadQueueItem
from aniworld.services.queue.views import DownloadItem, DownloadRequest, Skipped
from aniworld.services.scan.views import ScanStatus
from aniworld.services.series.views import AnimeDetail, AnimeSummary, SearchResult, SeriesQuery

if TYPE_CHECKING:
    from aniworld.legacy.serie import Serie
    from aniworld.services.container import Services
    from aniworld.services.library_import.legacy import DataMigrationService
    from aniworld.services.series.service import AnimeService

PAGE_SIZE = 200
LOOK_EVERY_S = 0.25
FIRST_READING_S = 120.0
STOP_WITHIN_S = 5.0
ENDED = (DownloadStatus.COMPLETED, DownloadStatus.FAILED)


@dataclass(frozen=True)
class DownloadOutcome:
    """What became of a wish for episodes. ``waiting`` are still in the queue, because it was asked to stop watching."""

    completed: tuple[DownloadItem, ...] = ()
    failed: tuple[DownloadItem, ...] = ()
    waiting: tuple[DownloadItem, ...] = ()
    removed: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()


class SerieList:
    """The series of the library, in alphabetical order, each with the episodes that it misses."""

    def __init__(self, anime: AnimeService, legacy: DataMigrationService) -> None:
        self._anime = anime
        self._legacy = legacy

    def __iter__(self) -> Iterator[AnimeSummary]:
        return self.matching()

    def __len__(self) -> int:
        return self._anime.list_series(SeriesQuery(page_size=1))[1].total

    def matching(self, q: str = "", *, missing: bool = False) -> Iterator[AnimeSummary]:
        """Series with ``q`` in their name; ``missing``: only those that miss episodes."""
        page, left = 1, 1
        while left > 0:
            found, paging = self._anime.list_series(SeriesQuery(q=q, missing=missing, page=page, page_size=PAGE_SIZE))
            yield from found
            left, page = paging.total - page * PAGE_SIZE, page + 1

    def with_missing_episodes(self) -> list[AnimeSummary]:
        return list(self.matching(missing=True))

    def get(self, key: str) -> AnimeDetail:
        """Raises NotFound."""
        return self._anime.detail(key)

    def add_to_db(self, serie: Serie) -> AnimeSummary:
        """The series as the library has it, added with its missing episodes if its key was not in use.

        Its catalogue page is read in the background. Raises NotFound where the key belongs to a removed series.
        """
        return self._anime.added(serie.key) if self._legacy.add_series(serie.facts) else self._anime.summary(serie.key)

    def add(self, serie: Serie) -> AnimeSummary:
        """Deprecated: the same as ``add_to_db``, under the name that it had when series were files."""
        warnings.warn("SerieList.add is deprecated; use SerieList.add_to_db instead.", DeprecationWarning, stacklevel=2)
        return self.add_to_db(serie)


class SeriesApp:
    """Built from the services. ``drive()``: while its block lasts, queued episodes are downloaded by someone.

    That is a pool of this process, or nothing at all where a server works on the same instance.
    """

    def __init__(self, services: Services, drive: Callable[[], AbstractContextManager[object]] = nullcontext) -> None:
        self.series = SerieList(services.anime, services.legacy)
        self._services = services
        self._drive = drive

    def list(self, q: str = "", *, missing: bool = False) -> tuple[AnimeSummary, ...]:
        return tuple(self.series.matching(q, missing=missing))

    def search(self, query: str, source: str | None = None) -> tuple[SearchResult, ...]:
        """Raises SourceError when no catalogue could be asked."""
        return tuple(self._services.anime.search(query, source))

    def add(
        self,
        link: str,
        name: str | None = None,
        folder: str | None = None,
        source: str | None = None,
        *,
        should_stop: Callable[[], bool] = bool,
    ) -> tuple[AnimeDetail, bool]:
        """The series with its episodes, and whether it is new. Waits until its catalogue page was read.

        Raises InvalidInput, KeyConflict, Cancelled.
        """
        read = threading.Event()
        with _heard(self._services.bus, lambda event: read.set() if isinstance(event, SeriesUpdated) else None):
            summary, created = self._services.anime.add(link, name, folder, source)
            detail = self.series.get(summary.key)
            deadline = time.monotonic() + FIRST_READING_S
            while created and not (detail.refreshed_at or detail.refresh_error) and time.monotonic() < deadline:
                if should_stop():
                    raise Cancelled("Stopped; the series is in the library, its episodes were not read yet.")
                read.wait(LOOK_EVERY_S)
                read.clear()
                detail = self.series.get(summary.key)
        return detail, created

    # ── scan ────────────────────────────────────────────────────────────────

    def scan(
        self,
        keys: Sequence[str] | None = None,
        *,
        callbacks: CallbackManager | None = None,
        should_stop: Callable[[], bool] = bool,
    ) -> ScanStatus:
        """The finished scan. Raises AlreadyRunning, Cancelled when it was asked to stop, and what made the scan
        fail.
        """
        callbacks = callbacks or CallbackManager()
        with _heard(self._services.bus, lambda event: _tell_scan(event, callbacks)):
            self._services.scan.start(keys)
            while not self._services.scan.wait(LOOK_EVERY_S):
                if should_stop():
                    self._services.scan.cancel()
                    self._services.scan.wait(STOP_WITHIN_S)
        status = self._services.scan.status()
        return _ended_scan(status, callbacks)

    # ── download ────────────────────────────────────────────────────────────

    def download(
        self,
        key: str,
        episodes: Sequence[EpisodeNumber],
        *,
        languages: Sequence[str] = (),
        priority: int = 2,
        callbacks: CallbackManager | None = None,
        should_stop: Callable[[], bool] = bool,
    ) -> DownloadOutcome:
        """Queues the episodes and sees them through: every one completed or failed, or stopped by ``should_stop``.

        What is stopped stays in the queue with its bytes on disk. A queue that stood still stands still again
        afterwards.
        """
        wish = tuple((each.season, each.episode) for each in episodes)
        request = DownloadRequest(key, wish, priority=priority, languages=tuple(languages))
        downloads = self._services.downloads
        added, skipped = downloads.add(request)
        if not added:
            return DownloadOutcome(skipped=tuple(skipped))
        stood = not downloads.status(limit=1).is_running
        try:
            with self._drive():
                downloads.start()
                items = self._watch([item.id for item in added], callbacks or CallbackManager(), should_stop)
        finally:
            if stood:
                downloads.stop()
        return _outcome(items, added, skipped)

    def _watch(
        self, ids: Sequence[str], callbacks: CallbackManager, should_stop: Callable[[], bool]
    ) -> dict[str, DownloadItem]:
        """The items as they were last, by id; one that is missing was removed meanwhile. Rows may change in another
        process.
        """
        items: dict[str, DownloadItem] = {}
        running = set(ids)

        def ended() -> bool:
            for item_id in running & self._moving(ids):
                self._look(item_id, items, callbacks)
            running.intersection_update(item.id for item in items.values() if item.status not in ENDED)
            return not running or should_stop()

        for item_id in ids:
            self._look(item_id, items, callbacks)
        self._services.downloads.changes.wait_until(ended, float("inf"), look_every_s=LOOK_EVERY_S)
        return items

    def _moving(self, ids: Sequence[str]) -> set[str]:
        """Those of ``ids`` that do not simply wait in the queue: only they are worth a closer look."""
        query = select(DownloadQueueItem.id).where(
            DownloadQueueItem.status == DownloadStatus.PENDING, DownloadQueueItem.error.is_(None)
        )
        with self._services.database.reading() as session:
            return set(ids) - set(session.scalars(query))

    def _look(self, item_id: str, items: dict[str, DownloadItem], callbacks: CallbackManager) -> None:
        try:
            item = self._services.downloads.item(item_id)
        except NotFound:
            items.pop(item_id, None)
            return
        before = items.get(item_id)
        items[item_id] = item
        if item != before:
            _tell_download(item, before, callbacks)


@contextmanager
def _heard(bus: EventBus, hear: Callable[[Event], None]) -> Iterator[None]:
    """A block during which ``hear`` gets every event."""
    drop = bus.subscribe(hear)
    try:
        yield
    finally:
        drop()


def _tell_scan(event: Event, callbacks: CallbackManager) -> None:
    if isinstance(event, ScanProgress):
        callbacks.progress(
            ProgressContext(
                Operation.SCAN,
                event.scan_id,
                event.phase,
                event.current,
                event.total,
                event.message,
                event.key,
                event.folder,
            )
        )


def _ended_scan(status: ScanStatus, callbacks: CallbackManager) -> ScanStatus:
    scan_id, facts = status.scan_id or "", asdict(status)
    if status.status == "cancelled":
        raise Cancelled("The scan was cancelled; what it found so far is kept.")
    if status.status != "completed":
        error = AniworldError(status.error or "The scan did not come to its end; the log has the details.")
        callbacks.error(ErrorContext(Operation.SCAN, scan_id, error, str(error)))
        raise error
    callbacks.completion(CompletionContext(Operation.SCAN, scan_id, True, result=facts))
    return status


def _tell_download(item: DownloadItem, before: DownloadItem | None, callbacks: CallbackManager) -> None:
    code = EpisodeNumber(item.season, item.episode).code
    key, folder, facts = item.serie_id, item.serie_folder, asdict(item)
    if item.error and (before is None or before.error != item.error or before.retry_count != item.retry_count):
        error = by_code(item.error_code or "")(item.error)
        again = item.status != DownloadStatus.FAILED
        callbacks.error(ErrorContext(Operation.DOWNLOAD, item.id, error, item.error, again, key, folder, facts))
    if item.status in ENDED:
        done = item.status == DownloadStatus.COMPLETED
        callbacks.completion(CompletionContext(Operation.DOWNLOAD, item.id, done, code, key, folder, facts))
        return
    phase = item.phase or ("waiting" if item.status == DownloadStatus.PENDING else "transferring")
    callbacks.progress(
        ProgressContext(
            Operation.DOWNLOAD, item.id, phase, item.downloaded_bytes, item.total_bytes or 0, code, key, folder, facts
        )
    )


def _outcome(
    items: Mapping[str, DownloadItem], wished: Sequence[DownloadItem], skipped: Sequence[Skipped]
) -> DownloadOutcome:
    def of(*statuses: DownloadStatus) -> tuple[DownloadItem, ...]:
        return tuple(item for item in items.values() if item.status in statuses)

    return DownloadOutcome(
        completed=of(DownloadStatus.COMPLETED),
        failed=of(DownloadStatus.FAILED),
        waiting=of(DownloadStatus.PENDING, DownloadStatus.DOWNLOADING),
        removed=tuple(EpisodeNumber(one.season, one.episode).code for one in wished if one.id not in items),
        skipped=tuple(skipped),
    )
