"""How far downloads of other processes are: remembered while it is news, for the database knows it every second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from aniworld.core.events import DownloadComplete, DownloadFailed, DownloadProgress, Event

NEWS_FOR_S = 3.0
MOST = 1000


class HeardProgress:
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
