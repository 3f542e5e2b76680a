"""Things that are handed on again after a while: a message that a service did not take."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Generic, TypeVar

from aniworld.models.outage import log_failure

log = logging.getLogger(__name__)
T = TypeVar("T")

LIMIT = 100


class Later(Generic[T]):
    """``put`` never waits; ``deliver`` gets each thing when its time has come, on a thread (or greenlet) of its own.

    At most ``limit`` things wait; what comes beyond that is dropped. The thread stands only while something waits.
    ``stop`` drops what waits; it may be called twice.
    """

    def __init__(
        self,
        deliver: Callable[[T], None],
        *,
        name: str,
        limit: int = LIMIT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deliver = deliver
        self._name = name
        self._limit = limit
        self._clock = clock
        self._waiting: list[tuple[float, int, T]] = []
        self._numbers = count()
        self._news = threading.Condition()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def put(self, thing: T, after_s: float) -> bool:
        """Whether it was taken: not when too many wait, or after ``stop``."""
        with self._news:
            if self._stopped or len(self._waiting) >= self._limit:
                return False
            heapq.heappush(self._waiting, (self._clock() + after_s, next(self._numbers), thing))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
            self._news.notify_all()
            return True

    def stop(self) -> None:
        with self._news:
            self._stopped = True
            self._waiting.clear()
            self._news.notify_all()

    def __len__(self) -> int:
        return len(self._waiting)

    def _work(self) -> None:
        while (thing := self._next()) is not None:
            try:
                self._deliver(thing[0])
            except Exception as error:  # the end of a background thread: nobody above could say it
                log_failure(log, error, "%s stumbled; what comes next is tried again", self._name)

    def _next(self) -> tuple[T] | None:
        """The next thing when it is due; None, and the thread is let go, when nothing waits."""
        with self._news:
            while self._waiting:
                left = self._waiting[0][0] - self._clock()
                if left <= 0:
                    return (heapq.heappop(self._waiting)[2],)
                self._news.wait(left)
            self._thread = None
            return None
