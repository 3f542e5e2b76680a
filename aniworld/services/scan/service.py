"""ScanService: one scan at a time, from the disk to the database, told as it goes."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from aniworld.config.settings import Settings
from aniworld.core.callbacks import CallbackManager, CompletionContext, ErrorContext, Operation, ProgressContext
from aniworld.core.errors import AlreadyRunning, AniworldError, Cancelled, Conflict, LibraryUnavailable, NotFound
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import SeriesUpdated
from aniworld.core.naming import inside
from aniworld.core.offload import offload, under_gevent
from aniworld.core.validators import validate_series_key
from aniworld.models import AnimeSeries, Database, utcnow
from aniworld.models.outage import log_failure
from aniworld.models.restore_hold import Hold
from aniworld.models.series import library_folder
from aniworld.services.cluster.leases import DEAD_AFTER
from aniworld.services.scan.job import ManyFolders, ScanOutcome, ScanWish, ScanWork
from aniworld.services.scan.process import ScanProcess, StopWish
from aniworld.services.scan.repository import ScanRecords
from aniworld.services.scan.runs import HEARTBEAT_S, ScanRunning, ScanRuns
from aniworld.services.scan.views import ScanStatus, UnmatchedFolder
from aniworld.services.series.folders import on_disk

log = logging.getLogger(__name__)

KEPT_WARNINGS = 100
TURN_S = 0.0005
MOST_HERE = 40  # changed folders that are read beside the event loop; for more a process of its own is worth its start


@dataclass
class _Run:
    """A scan that runs in this process."""

    status: ScanStatus
    keys: frozenset[str]
    refresh: bool
    cancelled: StopWish = field(default_factory=StopWish)
    ended: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)


class ScanService:
    """``spawn`` begins work beside everything else. ``refresher`` reads one series' catalogue page again.

    ``most_here``: how many changed folders are read in this process, None = any number. ``process``: its name in a
    cluster.
    """

    def __init__(
        self,
        database: Database,
        settings: Callable[[], Settings],
        progress: ProgressService,
        spawn: Callable[[Callable[[], None]], object],
        *,
        refresher: Callable[[str], object] | None = None,
        most_here: Callable[[], int | None] = lambda: MOST_HERE if under_gevent() else None,
        process: str = "",
        hold: Hold | None = None,
    ) -> None:
        self._database = database
        self._hold = hold or Hold()
        self._settings = settings
        self._progress = progress
        self._spawn = spawn
        self._refresher = refresher
        self._most_here = most_here
        self._records = ScanRecords(database)
        self._runs = ScanRuns(database, process)
        self._tell_stop_wish: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._run: _Run | None = None

    def start(self, keys: Sequence[str] | None = None, refresh: bool = False) -> ScanStatus:
        """The status of the scan that now runs. ``keys``: only these series' folders are read, even where nothing seems
        changed, and nothing else is touched or counted.

        ``refresh``: read the catalogue pages that are due, too. Raises ScanRunning (an AlreadyRunning), NotFound for an
        unknown key, LibraryUnavailable where no library folder is set.
        """
        self._hold.check(AlreadyRunning)
        wanted = frozenset(validate_series_key(key) for key in keys or ())
        self._check_keys(wanted)
        if not self._settings().library.root:
            raise LibraryUnavailable("No library folder is set; choose one in the settings.")
        run = _Run(ScanStatus(str(uuid4()), "running", "walk", started_at=utcnow()), wanted, refresh)
        with self._hold.changing(AlreadyRunning), self._lock:
            if self._run is not None and not self._run.ended.is_set():
                raise ScanRunning(self._run.status)
            self._runs.begin(run.status)
            self._run = run
        self._spawn(lambda: self._work(run))
        return run.status

    def status(self) -> ScanStatus:
        """The running scan, else the last one, else idle. A scan of another process counts while it gives signs of
        life.
        """
        run = self._run
        if run is not None and not run.ended.is_set():
            return run.status
        return self._runs.latest()

    def cancel(self) -> ScanStatus:
        """Asks the running scan to stop; it does at its next step, one of another process within seconds."""
        if not self.stop_here():
            self._runs.ask_to_stop()
            self._tell_stop_wish()
        return self.status()

    def stop_here(self) -> bool:
        """Whether a scan runs in this process; it ends at its next step."""
        run = self._run
        if run is None or run.ended.is_set():
            return False
        run.cancelled.set()
        return True

    def on_stop_wish(self, tell: Callable[[], None]) -> None:
        """``tell()`` when a scan of another process is to stop, so that it need not look for that."""
        self._tell_stop_wish = tell

    def wait(self, timeout: float | None = None) -> bool:
        """Whether the scan of this process has ended, after waiting at most ``timeout`` seconds for it."""
        run = self._run
        return run is None or run.ended.wait(timeout)

    def unmatched(self) -> list[UnmatchedFolder]:
        """Folders that belong to no known series, with the series that they may be."""
        return [
            UnmatchedFolder(
                one.folder,
                one.files,
                tuple({"key": key, "name": name, "score": score} for key, name, score in one.candidates),
            )
            for one in self._records.unmatched()
        ]

    def match(self, folder: str, key: str | None) -> str:
        """Gives a folder to a series, or to none (None: it is not offered again). It is read by a scan that starts now.
        The folder as it is spelled on the disk.

        Raises NotFound, also for a folder that no scan reads; Conflict where the series has another folder with files.
        """
        library = self._settings().library
        root, named = Path(library.root), folder
        folder = offload(on_disk, library.root, named) or ""
        if not folder:
            raise NotFound(f"There is no folder {named[:100]!r} in the library.")
        inside(root, root / folder, library.link_roots)
        if key is not None:
            key = validate_series_key(key)
            self._check_keys(frozenset({key}))
            self._check_free(key, folder, root)
        self._records.match(folder, key)
        try:
            self.start([key] if key else None)
        except AlreadyRunning:
            log.info("The folder %r is read by the next scan", folder)
        return folder

    def read_folder(self, key: str) -> None:
        """Starts a scan of one series' folder; while another scan runs, the next one reads it. Raises NotFound."""
        try:
            self.start([key])
        except (AlreadyRunning, LibraryUnavailable) as error:
            log.info("The folder of %s is read by the next scan: %s", key, error)

    def _check_keys(self, keys: frozenset[str]) -> None:
        if not keys:
            return
        with self._database.reading() as session:
            query = select(AnimeSeries.key).where(AnimeSeries.key.in_(keys), AnimeSeries.deleted_at.is_(None))
            unknown = keys - set(session.scalars(query))
        if unknown:
            raise NotFound(f"There is no series {min(unknown)} in the library.")

    def _check_free(self, key: str, folder: str, root: Path) -> None:
        with self._database.reading() as session:
            stored = session.scalar(select(AnimeSeries.folder).where(AnimeSeries.key == key)) or ""
            other = session.scalar(
                select(AnimeSeries.name).where(
                    AnimeSeries.folder == folder, AnimeSeries.key != key, AnimeSeries.deleted_at.is_(None)
                )
            )
        if other:
            raise Conflict(f"The folder belongs to {other} already.")
        if stored and stored != folder and (root / stored).is_dir():
            raise Conflict(f"The series has the folder {stored} already; merge the two on the disk first.")

    # --- the run

    def _work(self, run: _Run) -> None:
        callbacks = CallbackManager()
        callbacks.register(self._progress)
        callbacks.register(_Listener(self, run))
        threading.Thread(target=self._beat, args=(run,), name="scan", daemon=True).start()
        try:
            outcome = self._read(run, callbacks)
            for key in outcome.changed:
                folder = library_folder(self._database, key)
                if folder is not None:  # it may have been removed while the scan ran
                    self._progress.publish(SeriesUpdated(key, folder))
            self._refresh(run, callbacks)
            with self._records.opened():
                totals = offload(self._records.totals, run.keys)
            self._finish(run, outcome, totals, callbacks)
        except Cancelled as error:
            self._fail(run, error, "The scan was cancelled; what it had recorded is kept.", callbacks, "cancelled")
        except AniworldError as error:
            self._fail(run, error, str(error), callbacks)
        except Exception as error:  # the wall: a scan that fails must end in a visible state
            log_failure(log, error, "The scan failed")
            self._fail(
                run, error, "The scan stopped because of something unforeseen; the log has the details.", callbacks
            )
        finally:
            run.ended.set()

    def _beat(self, run: _Run) -> None:
        """Signs of life while the scan runs, and an ear for other processes."""
        lost_at = time.monotonic() + DEAD_AFTER.total_seconds()
        while not run.ended.wait(HEARTBEAT_S):
            if time.monotonic() > lost_at:  # frozen, or without a database: others take it for dead by now
                run.cancelled.set()
            try:
                if not self._runs.beat(run.status):
                    run.cancelled.set()
                lost_at = time.monotonic() + DEAD_AFTER.total_seconds()
            except (AniworldError, SQLAlchemyError) as error:  # a database under load: the next beat may come through
                log.warning("The scan's sign of life was not written: %s", error)

    def _read(self, run: _Run, callbacks: CallbackManager) -> ScanOutcome:
        """The disk's truth in the database: by this process, or beside it where that would keep the event loop
        waiting.
        """
        library = self._settings().library
        wish = ScanWish(run.status.scan_id or "", library.root, run.keys, library.link_roots)
        try:
            with _quick_turns():
                return ScanWork(self._records, wish, callbacks, run.cancelled.is_set).run(self._most_here())
        except ManyFolders:
            return ScanProcess(self._database.engine.url, wish).run(callbacks, run.cancelled)

    def _refresh(self, run: _Run, callbacks: CallbackManager) -> None:
        due = self._due(run.keys) if run.refresh and self._refresher else []
        for number, (key, folder) in enumerate(due):
            self._stop_if_asked(run)
            step = ProgressContext(
                Operation.SCAN, run.status.scan_id or "", "refresh", number, len(due), folder, key, folder
            )
            callbacks.progress(step)
            try:
                self._refresher(key)  # type: ignore[misc]
            except AniworldError as error:
                context = ErrorContext(Operation.SCAN, run.status.scan_id or "", error, str(error), True, key, folder)
                callbacks.error(context)

    def _due(self, keys: frozenset[str]) -> list[tuple[str, str]]:
        """Monitored series (of ``keys``, if there are any) whose catalogue page was not read for the configured
        hours.
        """
        query = select(AnimeSeries.key, AnimeSeries.folder).where(AnimeSeries.deleted_at.is_(None))
        if keys:
            query = query.where(AnimeSeries.key.in_(keys))
        else:
            oldest = utcnow() - timedelta(hours=self._settings().catalogue.refresh_hours)
            stale = AnimeSeries.refreshed_at.is_(None) | (AnimeSeries.refreshed_at < oldest)
            query = query.where(AnimeSeries.monitored, stale)
        with self._database.reading() as session:
            unread_first = (
                AnimeSeries.refreshed_at.is_not(None),
                AnimeSeries.refreshed_at,
            )  # each kind sorts NULL its way
            return [(key, folder) for key, folder in session.execute(query.order_by(*unread_first))]

    def _stop_if_asked(self, run: _Run) -> None:
        if run.cancelled.is_set():
            raise Cancelled("The scan was cancelled.")

    # --- its end, and its row

    def _finish(self, run: _Run, outcome: ScanOutcome, totals: tuple[int, int], callbacks: CallbackManager) -> None:
        present, missing = totals
        run.status = replace(
            run.status,
            status="completed",
            phase="done",
            current=outcome.folders,
            total=outcome.folders,
            percent=100.0,
            completed_at=utcnow(),
            series_found=outcome.found,
            episodes_found=present,
            missing_total=missing,
        )
        self._runs.end(run.status)
        run.ended.set()
        facts: dict[str, Any] = {
            name: getattr(run.status, name)
            for name in ("total", "series_found", "episodes_found", "missing_total", "warnings")
        }
        facts["duration_seconds"] = round(time.monotonic() - run.began, 2)
        callbacks.completion(CompletionContext(Operation.SCAN, run.status.scan_id or "", True, result=facts))

    def _fail(
        self, run: _Run, error: Exception, sentence: str, callbacks: CallbackManager, status: str = "failed"
    ) -> None:
        run.status = replace(run.status, status=status, completed_at=utcnow(), error=sentence)
        try:
            self._runs.end(run.status)
        except (AniworldError, SQLAlchemyError) as unwritten:  # its silence will say so
            log.warning("How the scan ended was not written down: %s", unwritten)
        run.ended.set()
        callbacks.error(ErrorContext(Operation.SCAN, run.status.scan_id or "", error, sentence))

    def moved_on(self, run: _Run, context: ProgressContext) -> None:
        """A step of the run: kept at once for ``status``, in its row with the next sign of life."""
        run.status = replace(
            run.status, phase=context.phase, current=context.current, total=context.total, percent=context.percent
        )

    def warned(self, run: _Run, sentence: str) -> None:
        log.warning("Scan: %s", sentence)
        if len(run.status.warnings) < KEPT_WARNINGS:
            run.status = replace(run.status, warnings=(*run.status.warnings, sentence))


@contextmanager
def _quick_turns() -> Iterator[None]:
    """While native threads compute, the event loop gets the interpreter back after half a millisecond instead of five.

    An answer gives it up at each question to a socket or the database, and then waits to have it back.
    """
    before = sys.getswitchinterval()
    if under_gevent():
        sys.setswitchinterval(TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class _Listener:
    """Hears a run's steps and warnings."""

    def __init__(self, service: ScanService, run: _Run) -> None:
        self._service, self._run = service, run

    def on_progress(self, context: ProgressContext) -> None:
        self._service.moved_on(self._run, context)

    def on_error(self, context: ErrorContext) -> None:
        if context.recoverable:
            self._service.warned(self._run, context.message)
