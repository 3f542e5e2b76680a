"""DownloadService: the wishes about the queue, and what the workers report. Queue rows change only here."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from aniworld.config.settings import Settings
from aniworld.core.counting import counted
from aniworld.core.errors import (
    AniworldError,
    CatalogueBlocked,
    Conflict,
    DiskFull,
    InvalidInput,
    LibraryUnavailable,
    NotFound,
    Renumbered,
)
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import (
    DownloadComplete,
    DownloadFailed,
    DownloadProgress,
    Event,
    QueueStatusChanged,
    SeriesUpdated,
)
from aniworld.core.paging import Paging
from aniworld.core.queue import DownloadPriority, DownloadStatus, back_off
from aniworld.models import Database, DownloadQueueItem, QueueState
from aniworld.models.outage import DATABASE_AWAY
from aniworld.models.restore_hold import Hold
from aniworld.models.series import library_folder
from aniworld.services.queue.change_signal import Changes
from aniworld.services.queue.episode_records import EpisodeFiles
from aniworld.services.queue.items import Rows, halted, reached, sort_out, statistics_of, view_of
from aniworld.services.queue.progress import HeardProgress, News, RunningProgress
from aniworld.services.queue.repository import QueueRepository
from aniworld.services.queue.views import DownloadItem, DownloadRequest, QueueStatus, Skipped

log = logging.getLogger(__name__)

LEASE_S = 30.0
STOP_WITHIN_S = 2.0
WAIT_S = 60.0  # until what hinders an item (no room, no library) is looked at again
_WAITS = (
    CatalogueBlocked,
    DiskFull,
    LibraryUnavailable,
    Renumbered,
)  # no fault of the item: it waits and is not counted as a failure
_FINAL = frozenset({"nothing_there", "unsafe_path", "invalid_input"})  # trying again would not help


P = ParamSpec("P")
T = TypeVar("T")


def _unless_held(
    method: Callable[Concatenate[DownloadService, P], T],
) -> Callable[Concatenate[DownloadService, P], T]:
    """``method``, which raises Conflict while the queue must not change, and which a hold waits for once it has
    begun.
    """

    @wraps(method)
    def guarded(self: DownloadService, /, *args: P.args, **named: P.kwargs) -> T:
        with self.hold.changing():
            return method(self, *args, **named)

    return guarded


class DownloadService:
    """``settings()`` gives the settings in force; ``disk_free()`` bytes free under the library, or None.

    ``site_of(source)``: the catalogue that a wish names; raises InvalidInput for one that is none. ``lease_s``: how
    long a worker holds an item without a sign of life.
    """

    def __init__(
        self,
        database: Database,
        settings: Callable[[], Settings],
        progress: ProgressService,
        *,
        disk_free: Callable[[], int | None] = lambda: None,
        site_of: Callable[[str], str] = lambda source: source,
        lease_s: float = LEASE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lease_s = lease_s
        self.repository = QueueRepository(database.concurrent_writing, database.reading)
        self.changes = Changes()
        self.hold = Hold()
        self._database = database
        self._files = EpisodeFiles(database)
        self._kept: Rows | None = None
        self._settings = settings
        self._progress = progress
        self._disk_free = disk_free
        self._site_of = site_of
        self._running = RunningProgress(clock)
        self._elsewhere = HeardProgress(clock)

    # ── looking ─────────────────────────────────────────────────────────────

    def status(self, limit: int = 100) -> QueueStatus:
        """The queue as it is now; each list holds at most ``limit`` items."""
        rows = self._rows(limit)
        lists = {status: self._views(items, rows.state.is_paused) for status, items in rows.items.items()}
        running = lists[DownloadStatus.DOWNLOADING]
        return QueueStatus(
            is_running=rows.state.is_running,
            is_paused=rows.state.is_paused,
            paused_until=rows.state.paused_until,
            active_downloads=running[:limit],
            pending_queue=lists[DownloadStatus.PENDING],
            completed_downloads=lists[DownloadStatus.COMPLETED],
            failed_downloads=lists[DownloadStatus.FAILED],
            statistics=statistics_of(rows.counts, rows.downloaded, running, self._disk_free()),
            message=rows.state.reason,
        )

    def _rows(self, limit: int) -> Rows:
        """What the database says; the last answer again while nobody has written since."""
        mark, kept = self._database.change_mark(), self._kept
        if mark is not None and kept is not None and (kept.mark, kept.limit) == (mark, limit):
            return kept
        # Of one moment: an item that moves meanwhile is in one list, not in two and not in none.
        with self._database.reading_of_one_moment() as session:
            repository = self.repository.asked_by(session)
            limits = dict.fromkeys(DownloadStatus, limit) | {
                DownloadStatus.DOWNLOADING: None
            }  # the statistics are about all that run
            items = {status: repository.get_items([status], limit=limits[status]) for status in DownloadStatus}
            self._kept = Rows(
                mark, limit, repository.state(), repository.counts(), repository.downloaded_bytes(), items
            )
        return self._kept

    def items(
        self, status: str | None = None, q: str = "", page: int = 1, page_size: int = 50
    ) -> tuple[list[DownloadItem], Paging]:
        statuses = [DownloadStatus(status)] if status else []
        found = self.repository.get_items(statuses, q=q, limit=page_size, offset=(page - 1) * page_size)
        total = self.repository.count(statuses, q)
        return self._placed_views(found), Paging(page, page_size, total)

    def item(self, item_id: str) -> DownloadItem:
        """Raises NotFound."""
        return self._view(self.repository.get_item(item_id))

    # ── wishing ─────────────────────────────────────────────────────────────

    @_unless_held
    def add(self, request: DownloadRequest) -> tuple[list[DownloadItem], list[Skipped]]:
        """What was queued, and what was not with the reason. A failed item for the same episode is queued again.

        With ``upgrade`` a present episode is queued too, in the languages that are better than its file's.
        Raises InvalidInput, NotFound; then nothing is queued.
        """
        if request.source:
            request = replace(request, source=self._site_of(request.source))
        series = self._files.series(request)
        wanted = request.languages or (series.languages if series else ()) or self._settings().download.languages
        present = self._files.present(request.serie_id, wanted if request.upgrade else ())
        unfinished, not_out = self.repository.unfinished(request.serie_id), self._files.not_out(request.serie_id)
        wish = sort_out(request, series, present, unfinished, not_out, self._files.held(request.serie_id))
        for item in wish.again:
            self.repository.save_item(item)
        if wish.again:
            self.repository.retry([item.id for item in wish.again])
        new = self.repository.add_all(wish.new)
        added = [*(self.repository.get_item(item.id) for item in wish.again), *new]
        if added and self._settings().download.auto_start:
            self.repository.set_state(is_running=True)
        self._changed(added[0] if added else None)
        return self._placed_views(added), list(wish.skipped)

    @_unless_held
    def remove(self, item_id: str) -> None:
        """The item is gone; a running one was stopped first. Raises NotFound."""
        item = self.repository.get_item(item_id)
        if item.status == DownloadStatus.DOWNLOADING:
            self.repository.mark_cancelled(item_id)
            self.changes.ring()
            self.changes.wait_until(lambda: not self._held(item_id), STOP_WITHIN_S)
        self.repository.delete_item(item_id)
        self.forget(item_id)
        self._changed(item)

    def drop_series(self, key: str) -> int:
        """How many of a series' items left the queue, because the series left the library. History stays."""
        dropped = self.repository.drop_series(key)
        if dropped:
            self._changed()
        return dropped

    @_unless_held
    def change(self, item_id: str, priority: str | int | None = None, position: int | None = None) -> DownloadItem:
        """The item with another priority, or at another place (0 is next). Raises NotFound, InvalidInput, Conflict."""
        item = self.repository.get_item(item_id)
        if position is not None and item.status != DownloadStatus.PENDING:
            raise Conflict("Only an item that waits has a place in the queue.")
        if position is not None and position < 0:
            raise InvalidInput("The position is 0 or more.", {"position": ["Must be 0 or more."]})
        new = None if priority is None else int(DownloadPriority.parse(priority))
        moved = self.repository.move(item_id, priority=new, place=position)
        self._changed()
        return self._view(moved)

    @_unless_held
    def start(self) -> QueueStatus:
        """Items begin to download."""
        self.repository.set_state(is_running=True, reason=None)
        return self._changed_status()

    @_unless_held
    def stop(self) -> QueueStatus:
        """Nothing begins any more; what ran waits again and keeps what it has on disk."""
        self.halt(STOP_WITHIN_S)
        return self._changed_status()

    def halt(self, within_s: float) -> bool:
        """As ``stop``, also while the queue is held; whether nothing runs any more after at most ``within_s``."""
        self.repository.set_state(is_running=False, is_paused=False, paused_until=None, reason=None)
        self.changes.ring()
        return self.changes.wait_until(lambda: not self.repository.counts()[DownloadStatus.DOWNLOADING], within_s)

    def put_state(self, state: QueueState) -> None:
        """The queue runs, halts and waits as it did at the time of ``state``."""
        self.repository.set_state(
            is_running=state.is_running,
            is_paused=state.is_paused,
            paused_until=state.paused_until,
            reason=state.reason,
        )
        self._changed()

    @_unless_held
    def pause(self, minutes: float | None = None) -> QueueStatus:
        """Transfers halt where they are; with ``minutes`` they go on by themselves."""
        until = None if minutes is None else self.repository.now() + timedelta(minutes=minutes)
        self.repository.set_state(is_paused=True, paused_until=until, reason=None)
        return self._changed_status()

    @_unless_held
    def resume(self) -> QueueStatus:
        self.repository.set_state(is_paused=False, paused_until=None, reason=None)
        return self._changed_status()

    @_unless_held
    def retry(self, item_ids: Sequence[str] | None = None) -> QueueStatus:
        """Failed items, these or all, wait again with their count at 0. Raises NotFound for an id that is no item."""
        for item_id in item_ids or ():
            self.repository.get_item(item_id)
        if self.repository.retry(item_ids) and self._settings().download.auto_start:
            self.repository.set_state(is_running=True)
        return self._changed_status()

    @_unless_held
    def try_now(self) -> int:
        """How many items that waited for a later try may begin at once."""
        moved = self.repository.forget_waits()
        self._changed()
        return moved

    @_unless_held
    def clear(self, status: str) -> int:
        """How many completed, or failed, items were removed."""
        removed = self.repository.clear(DownloadStatus(status))
        self._changed()
        return removed

    # ── for the workers ─────────────────────────────────────────────────────

    def recover(self) -> int:
        """At the start of the only process: every held item waits again, and the queue begins anew. How many were
        held.
        """
        moved = self.repository.put_back_abandoned(everything=True)
        self.begin_anew()
        return moved

    def take_back(self, worker: str) -> int:
        """At a worker's start in a cluster: what an earlier process of this name held waits again. How many those
        were.
        """
        moved = self.repository.put_back(list(self.repository.held_by(worker)), worker)
        if moved:
            self._changed()
        return moved

    def begin_anew(self) -> None:
        """Failed items within the limit are tried again, history is trimmed, and the queue runs if it is to by
        itself.
        """
        settings = self._settings().download
        self.repository.retry(None, limit=settings.retry_limit)
        self.trim_history()
        if settings.auto_start and not self.repository.state().is_running:
            self.repository.set_state(is_running=True)

    def trim_history(self) -> None:
        """Completed and failed items beyond ``download.history_limit`` go, the oldest first."""
        if self.repository.trim(self._settings().download.history_limit):
            self._changed()

    def put_back_abandoned(self) -> int:
        """Items whose worker gave no sign of life until the end of its lease wait again. How many those were."""
        moved = self.repository.put_back_abandoned(everything=False)
        if moved:
            log.warning("%s left by their worker and wait again", counted(moved, "download was", "downloads were"))
            self._changed()
        return moved

    def claim(
        self, worker: str, *, without_sources: Iterable[str] = (), without_items: Iterable[str] = (), fair: bool = False
    ) -> DownloadQueueItem | None:
        """The next item, now held by ``worker``; None where none is due, and while the queue is held."""
        if not self.hold.begin():
            return None
        try:
            item = self.repository.claim(
                worker, self.lease_s, without_sources=without_sources, without_items=without_items, fair=fair
            )
        finally:
            self.hold.end()
        if item is not None:
            self._changed(item)
        return item

    def progressed(self, event: DownloadProgress, worker: str | None = None) -> None:
        """Tells how far an item is; written down at most once a second, and left out while the database is away.

        ``worker``: who says so; it is written down only while this one holds the item.
        """
        self._write_down(self._running.note(event, worker))
        self._progress.download_progress(event)

    def completed(
        self,
        item: DownloadQueueItem,
        *,
        file: str,
        size_bytes: int,
        language: str | None,
        hoster: str | None,
        relative: str,
        seconds: float,
        subtitles: Sequence[str] | None = None,
        notice: str | None = None,
        height: int | None = None,
    ) -> None:
        """The episode stands in the library. ``file``: its path under the library root; ``relative``: under the series
        folder.

        ``subtitles``: languages of those that came apart; ``notice``: what it lacks; ``height``: of the picture.
        """
        if hoster is not None:  # a file that was kept is noted already, with what is known of it
            folder = file.removesuffix(f"/{relative}")
            self._files.record(item, relative, language, size_bytes, subtitles, folder=folder, height=height)
        counts = self._report(
            item,
            DownloadStatus.COMPLETED,
            progress=100.0,
            downloaded_bytes=size_bytes,
            total_bytes=size_bytes,
            file=file,
            language=language,
            hoster=hoster,
            error=None,
            error_code=None,
            notice=notice,
        )
        if not counts:
            return
        self._progress.download_ended(
            DownloadComplete(
                item.id,
                item.serie_id,
                item.serie_folder,
                item.season,
                item.episode,
                file,
                size_bytes,
                language,
                round(seconds, 3),
            )
        )
        self.forget(item.id)
        self.trim_history()
        self._changed(item)

    def failed(self, item: DownloadQueueItem, error: AniworldError, *, failed_links: Sequence[str] = ()) -> None:
        """The attempt failed: within the limit the item waits and is tried again, else it stays failed with its
        reason.
        """
        if isinstance(error, _WAITS):
            self.put_back(item, wait_s=getattr(error, "retry_after", None) or WAIT_S, error=error)
            return
        tries = item.retry_count + 1
        will_retry = tries <= self._settings().download.retry_limit and error.code not in _FINAL
        facts = {"error": str(error), "error_code": error.code, "failed_links": list(failed_links)}
        if will_retry:
            counts = self._report(item, DownloadStatus.PENDING, wait_s=back_off(tries), retry_count=tries, **facts)
        else:
            counts = self._report(item, DownloadStatus.FAILED, **facts)
        if not counts:
            return
        retries = tries if will_retry else item.retry_count
        self._progress.download_ended(
            DownloadFailed(
                item.id,
                item.serie_id,
                item.serie_folder,
                item.season,
                item.episode,
                str(error),
                error.code,
                retries,
                will_retry,
            )
        )
        self.forget(item.id)
        self.trim_history()
        self._changed(item)

    def put_back(
        self, item: DownloadQueueItem, *, wait_s: float | None = None, error: AniworldError | None = None
    ) -> None:
        """The item waits again, its count as it was; ``error`` says what it waits for."""
        facts: dict[str, Any] = {} if error is None else {"error": str(error), "error_code": error.code}
        if self._report(item, DownloadStatus.PENDING, wait_s=wait_s, **facts):
            self.forget(item.id)
            self._changed(item)

    def dropped(self, item: DownloadQueueItem) -> None:
        """A cancelled item's worker has stopped: the row goes."""
        self.repository.drop_item(item.id, item.worker)
        self.forget(item.id)
        self._changed(item)

    def forget(self, item_id: str) -> None:
        self._running.forget(item_id)
        self._progress.forget(item_id)

    def heard(self, event: Event) -> None:
        """What happened to an item in another process: its progress counts as long as it is news."""
        self._elsewhere.hear(event)

    def renew(self, worker: str, item_ids: Sequence[str]) -> set[str]:
        """The leases on these items hold on, but for those that are not this worker's any more: their ids."""
        if not item_ids or self.repository.renew(worker, item_ids, self.lease_s) == len(item_ids):
            return set()
        return set(item_ids) - set(self.repository.held_by(worker))

    def needed_elsewhere(self, worker: str) -> int:
        """The bytes that the downloads of all other workers still need on the library's disk."""
        try:
            return self.repository.bytes_to_come(worker)
        except DATABASE_AWAY:
            return 0

    def wait_with(self, message: str | None, worker: str = "") -> None:
        """Says why nothing begins at the moment (None: it goes on again); in a cluster, why it does not at
        ``worker``.
        """
        reason, whose = self.repository.state().reason, f"{worker}: " if worker else ""
        if message is None and not (reason or "").startswith(whose):
            return
        wanted = whose + message if message else None
        if reason != wanted:
            self.repository.set_state(reason=wanted)
            self._changed()

    def paused_over(self, now: datetime | None = None) -> bool:
        """Whether a pause with an end has just been over; it is taken back then."""
        state = self.repository.state()
        if (
            not state.is_paused
            or state.paused_until is None
            or state.paused_until > (now or self.repository.now())
            or not self.hold.begin()
        ):
            return False
        try:
            self.repository.set_state(is_paused=False, paused_until=None, reason=None)
        finally:
            self.hold.end()
        self._changed()
        return True

    # ── inside ──────────────────────────────────────────────────────────────

    def _report(self, item: DownloadQueueItem, status: DownloadStatus, **facts: Any) -> bool:
        """Whether it counts: a worker that lost the item to another, or to a person, has nothing more to say about
        it.
        """
        counts = self.repository.report(item.id, item.worker, status, **reached(self._running.of(item.id)) | facts)
        if not counts:
            log.info("%s says that %s is %s, but does not hold it any more", item.worker, item.id, status)
            self.forget(item.id)
        return counts

    def _write_down(self, news: Sequence[News]) -> None:
        try:
            if news:
                self.repository.write_progress([(one.event, one.worker) for one in news])
        except DATABASE_AWAY as error:
            log.debug("Progress was not written down: %s", error)

    def _changed(self, item: DownloadQueueItem | None = None) -> None:
        self.changes.ring()
        self._progress.publish(QueueStatusChanged({}))
        folder = None if item is None else library_folder(self._database, item.serie_id)
        if item is not None and folder is not None:
            self._progress.publish(SeriesUpdated(item.serie_id, folder))

    def _changed_status(self) -> QueueStatus:
        self._changed()
        return self.status()

    def _held(self, item_id: str) -> bool:
        try:
            return self.repository.get_item(item_id).status == DownloadStatus.DOWNLOADING
        except NotFound:
            return False

    def _placed_views(self, items: Sequence[DownloadQueueItem]) -> list[DownloadItem]:
        places = self.repository.places_of([item for item in items if item.status == DownloadStatus.PENDING])
        paused = any(item.status == DownloadStatus.DOWNLOADING for item in items) and self.repository.state().is_paused
        return [self._view(item, places.get(item.id, 0), paused) for item in items]

    def _views(self, items: Sequence[DownloadQueueItem], paused: bool) -> tuple[DownloadItem, ...]:
        """Views of the first items of one status, whose place is where they stand in the list."""
        return tuple(self._view(item, place, paused) for place, item in enumerate(items))

    def _view(self, item: DownloadQueueItem, place: int | None = None, paused: bool | None = None) -> DownloadItem:
        if item.status != DownloadStatus.PENDING:
            place = 0
        elif place is None:
            place = self.repository.place_of(item)
        progress = self._running.of(item.id) or self._elsewhere.of(item.id)
        if item.status != DownloadStatus.DOWNLOADING or progress is None:
            return view_of(item, place, None)
        paused = self.repository.state().is_paused if paused is None else paused
        return view_of(item, place, halted(progress) if paused else progress)
