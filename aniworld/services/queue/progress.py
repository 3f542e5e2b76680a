"""How far downloads are: those of this process, and what others of a cluster say of theirs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aniworld.core.events import DownloadComplete, DownloadFailed, DownloadProgress, Event

PERSIST_EVERY_S = 1.0
NEWS_FOR_S = 3.0
MOST = 1000


@dataclass(frozen=True)
class News:
    """``worker``: who holds the item; None: whoever does."""

    event: DownloadProgress
    worker: str | None


class RunningProgress:
    """The downloads of this process: known at once, written down for all of them together once a second.

    Safe from any thread. One transaction a second in place of one for each download: whoever looks for changes of the
    database looks once, and a slow disk is asked once."""

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


class HeardProgress:
    """The downloads of other processes: remembered while it is news, for the database knows it every second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._heard: dict[str, tuple[float, DownloadProgress]] = {}

    def hear(self, event: Event) -> None:
        with self._lock:
            match event:
                case DownloadProgress():
                    if len(self._heard) >= MOST:
                        self._heard.clear()
                    self._heard[event.download_id] = (self._clock(), event)
                case DownloadComplete() | DownloadFailed():
                    self._heard.pop(event.download_id, None)

    def of(self, item_id: str) -> DownloadProgress | None:
        """None where nothing was heard lately."""
        at, event = self._heard.get(item_id, (0.0, None))
        if event is not None and self._clock() - at < NEWS_FOR_S:
            return event
        return None
