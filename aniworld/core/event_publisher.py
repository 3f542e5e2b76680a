"""ProgressService: turns what the core tells into events for the rooms, no more often than clients need."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from aniworld.core.callbacks import CompletionContext, ErrorContext, Operation, ProgressContext
from aniworld.core.events import (
    DownloadComplete,
    DownloadFailed,
    DownloadProgress,
    Event,
    EventBus,
    ScanComplete,
    ScanFailed,
    ScanProgress,
)

PROGRESS_EVENTS_PER_SECOND = 4


class ProgressService:
    """Listens to core callbacks (scan) and to the download workers, and publishes events on the bus.

    At most 4 progress events a second for one operation; the one held back goes out before any final state.
    """

    def __init__(self, bus: EventBus, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: dict[str, float] = {}
        self._held: dict[str, Event] = {}

    def publish(self, event: Event) -> None:
        self._bus.publish(event)

    def on_progress(self, context: ProgressContext) -> None:
        if context.operation is Operation.SCAN:
            self._throttled(context.operation_id, _scan_progress(context), force=context.details.get("final") is True)

    def on_error(self, context: ErrorContext) -> None:
        if context.operation is Operation.SCAN and not context.recoverable:
            self._flush(context.operation_id)
            code = getattr(context.error, "code", "error")
            self._bus.publish(ScanFailed(context.operation_id, str(context.message), code))

    def on_completion(self, context: CompletionContext) -> None:
        if context.operation is Operation.SCAN and context.success:
            self._flush(context.operation_id)
            self._bus.publish(_scan_complete(context))

    def download_progress(self, event: DownloadProgress) -> None:
        self._throttled(event.download_id, event)

    def download_ended(self, event: DownloadComplete | DownloadFailed) -> None:
        """A final state: the last progress first, then the event itself."""
        self._flush(event.download_id)
        self._bus.publish(event)

    def forget(self, operation_id: str) -> None:
        """Drops what is held back of an operation that ended without a final event (put back, removed)."""
        with self._lock:
            self._held.pop(operation_id, None)
            self._sent.pop(operation_id, None)

    def _throttled(self, operation_id: str, event: Event, *, force: bool = False) -> None:
        now = self._clock()
        with self._lock:
            if not force and now - self._sent.get(operation_id, -1e9) < 1 / PROGRESS_EVENTS_PER_SECOND:
                self._held[operation_id] = event
                return
            self._sent[operation_id] = now
            self._held.pop(operation_id, None)
        self._bus.publish(event)

    def _flush(self, operation_id: str) -> None:
        with self._lock:
            held = self._held.pop(operation_id, None)
            self._sent.pop(operation_id, None)
        if held is not None:
            self._bus.publish(held)


def _scan_progress(context: ProgressContext) -> ScanProgress:
    return ScanProgress(
        context.operation_id,
        context.phase,
        context.current,
        context.total,
        context.percent,
        context.key,
        context.folder,
        context.message,
    )


def _scan_complete(context: CompletionContext) -> ScanComplete:
    result = context.result
    return ScanComplete(
        scan_id=context.operation_id,
        phase="done",
        current=result["total"],
        total=result["total"],
        percent=100.0,
        series_found=result["series_found"],
        episodes_found=result["episodes_found"],
        missing_total=result["missing_total"],
        duration_seconds=result["duration_seconds"],
        warnings=list(result.get("warnings", ())),
        message=context.message,
    )
