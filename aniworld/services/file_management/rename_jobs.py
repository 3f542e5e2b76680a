"""RenamingRuns: renamings in the background, and those of the past."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import select

from aniworld.core.errors import AlreadyRunning, AniworldError, NotFound
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import RenameComplete, RenameProgress
from aniworld.models import Database, RenameRun, utcnow
from aniworld.models.outage import log_failure
from aniworld.services.file_management.rename_service import (
    RUNNING,
    UNDONE,
    RenamingService,
    Watch,
    done_of,
    newest_runs,
)
from aniworld.services.file_management.views import EarlierRename, Rename, RenameOutcome, RenameStatus

log = logging.getLogger(__name__)


class RenamingRuns:
    """One renaming in the background at a time. ``spawn`` begins work beside everything else."""

    def __init__(
        self,
        database: Database,
        renaming: RenamingService,
        progress: ProgressService,
        spawn: Callable[[Callable[[], None]], None],
    ) -> None:
        self._database = database
        self._renaming = renaming
        self._progress = progress
        self._spawn = spawn
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._status = RenameStatus()

    def status(self) -> RenameStatus:
        return self._status

    def begin(self, keys: Sequence[str] | None = None) -> RenameStatus:
        """A renaming of these series, or of all, has begun. Raises AlreadyRunning, Renumbered."""
        self._renaming.check_decided(keys or ())
        return self._begin(lambda watch: self._renaming.apply(keys, watch))

    def begin_undo(self, run_id: str) -> RenameStatus:
        """A run is being taken back. Raises AlreadyRunning; NotFound and Conflict at once, not in the background."""
        self._renaming.check_undo(run_id)
        return self._begin(lambda watch: self._renaming.undo(run_id, watch))

    def cancel(self) -> RenameStatus:
        """Asks the running one to stop; what has its new name keeps it, and can be taken back."""
        self._stopping.set()
        return self._status

    def earlier(self, limit: int = 20) -> list[EarlierRename]:
        """The last runs, newest first."""
        with self._database.reading() as session:
            ids = list(session.scalars(newest_runs().limit(limit)))
            rows = session.scalars(select(RenameRun).where(RenameRun.run_id.in_(ids)).order_by(RenameRun.id)).all()
        parts: dict[str, list[RenameRun]] = defaultdict(list)
        for row in rows:
            parts[row.run_id].append(row)
        return [_told(run_id, parts[run_id]) for run_id in ids]

    def files(self, run_id: str) -> list[Rename]:
        """What a run renamed, in its order. Raises NotFound."""
        query = select(RenameRun).where(RenameRun.run_id == run_id).order_by(RenameRun.id)
        with self._database.reading() as session:
            parts = list(session.scalars(query))
        if not parts:
            raise NotFound("There is no renaming of this number.")
        return [line for part in parts for line in self._renaming.lines(part)]

    # ── in the background ───────────────────────────────────────────────────

    def _begin(self, work: Callable[[Watch], RenameOutcome]) -> RenameStatus:
        watch = Watch(tell=self._tell, should_stop=self._stopping.is_set)
        with self._lock:
            if self._status.status == RUNNING:
                raise AlreadyRunning("Files are being renamed already; wait for the end of that.")
            self._stopping.clear()
            self._status = RenameStatus(watch.run_id, RUNNING, started_at=utcnow())
        self._spawn(lambda: self._work(watch, work))
        return self._status

    def _work(self, watch: Watch, work: Callable[[Watch], RenameOutcome]) -> None:
        try:
            outcome = work(watch)
            status = "cancelled" if outcome.cancelled else "completed"
            self._end(status, done=outcome.done, skipped=outcome.skipped)
        except AniworldError as error:
            self._end("failed", error=str(error))
        except Exception as error:  # the wall: a renaming must end in a visible state
            log_failure(log, error, "A renaming stumbled")
            self._end("failed", error="Something unforeseen went wrong; the log has the details.")

    def _tell(self, key: str, current: int, total: int) -> None:
        percent = round(100 * current / total, 1) if total else 100.0
        self._status = replace(self._status, key=key, current=current, total=total, percent=percent)
        self._progress.publish(RenameProgress(self._status.id or "", current, total, percent, key))

    def _end(self, status: str, *, done: int = 0, skipped: tuple[Rename, ...] = (), error: str | None = None) -> None:
        self._status = replace(
            self._status, status=status, done=done, skipped=skipped, error=error, completed_at=utcnow()
        )
        self._progress.publish(RenameComplete(self._status.id or "", status, done, len(skipped), error))


def _told(run_id: str, parts: Sequence[RenameRun]) -> EarlierRename:
    moved = {(part.key, step.ids) for part in parts for step in done_of(part)}
    statuses = {part.status for part in parts}
    status = RUNNING if RUNNING in statuses else UNDONE if statuses == {UNDONE} else "completed"
    return EarlierRename(
        id=run_id,
        status=status,
        started_at=min(part.created_at for part in parts),
        keys=tuple(dict.fromkeys(part.key for part in parts)),
        files=len(moved),
        failed=sum(len(part.failed) for part in parts),
        undoes=parts[0].undoes,
        can_undo=status == "completed" and bool(moved),
    )
