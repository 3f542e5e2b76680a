"""How far the downloads of this process are: known at once, written down for all of them together once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aniworld.core.events import DownloadProgress

PERSIST_EVERY_S = 1.0


@dataclass(frozen=True)
class News:
    """``worker``: who holds the item; None: whoever does."""

    event: DownloadProgress
    worker: str | None


class RunningProgress:
    """Safe from any thread. One transaction a second in place of one for each download: whoever looks for changes of
    the database looks once, and a slow disk is asked once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: dict[str, DownloadProgress] = {}
        self._unwritten: dict[str, News] = {}
        self._written_at = float("-inf")

    def note(self, event: DownloadProgress, worker: str | None) -> Sequence[News]:
        """What is to be written down now: the newest of each download, or nothing yet."""
        with self._lock:
            self._latest[event.download_id] = event
            self._unwritten[event.download_id] = News(event, worker)
            if self._clock() - self._written_at < PERSIST_EVERY_S:
                return ()
            self._written_at = self._clock()
            news, self._unwritten = tuple(self._unwritten.values()), {}
            return news

    def of(self, item_id: str) -> DownloadProgress | None:
        return self._latest.get(item_id)

    def forget(self, item_id: str) -> None:
        with self._lock:
            self._latest.pop(item_id, None)
            self._unwritten.pop(item_id, None)
