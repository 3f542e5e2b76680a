"""Things that come in bursts, handed on together: one message instead of twelve."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from aniworld.models.outage import log_failure

log = logging.getLogger(__name__)
T = TypeVar("T")

LIMIT = 500
STOP_WITHIN_S = 5.0


class Batches(Generic[T]):
    """``put`` never waits; ``deliver`` gets what came within ``settle_s`` of the first, on a thread (or greenlet) of
    its own.

    At most ``limit`` things wait, the oldest go first. The thread stands only while there is something to do.
    ``stop`` delivers the rest at once and waits for that a little; it may be called twice.
    """

    def __init__(
        self, deliver: Callable[[Sequence[T]], None], *, name: str, settle_s: float = 10.0, limit: int = LIMIT
    ) -> None:
        self._deliver = deliver
        self._name = name
        self._settle_s = settle_s
        self._limit = limit
        self._waiting: deque[T] = deque()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, thing: T) -> None:
        with self._lock:
            if self._stopping.is_set():
                return
            if len(self._waiting) >= self._limit:
                self._waiting.popleft()
                log.warning("%s: more came than can be handed on; the oldest was dropped", self._name)
            self._waiting.append(thing)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()

    def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        self._stopping.set()
        thread = self._thread
        if thread is not None:
            thread.join(within_s)

    def _work(self) -> None:
        while batch := self._next():
            try:
                self._deliver(batch)
            except Exception as error:  # the end of a background thread: nobody above could say it
                log_failure(log, error, "%s stumbled; what comes next is tried again", self._name)

    def _next(self) -> list[T]:
        """What came within the time; empty, and the thread is let go, when nothing waits."""
        if self._waiting:
            self._stopping.wait(self._settle_s)
        with self._lock:
            batch = list(self._waiting)
            self._waiting.clear()
            if not batch:
                self._thread = None
        return batch
