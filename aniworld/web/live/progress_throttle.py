"""How often progress is told when many listen: each telling costs the processor once for every one of them."""

from __future__ import annotations

import time
from collections.abc import Callable

from aniworld.core.events import DownloadComplete, DownloadFailed, DownloadProgress, Event

DELIVERIES_A_SECOND = 800  # of progress, by one process: about a tenth of a core
_OFTEN_ENOUGH_S = 0.25  # who publishes is no quicker; what is allowed so often is not held at all
_LONGEST_S = 2.0
_FORGOTTEN_S = 10.0


class ProgressPace:
    """The newest progress of each download, none too soon after the one before. For one thread or greenlet."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sent: dict[str, float] = {}
        self._held: dict[str, DownloadProgress] = {}

    def admit(self, event: Event, listeners: int) -> list[Event]:
        """What is to be told now, in order: the event, after what was held of a download that it ends, or nothing
        yet.
        """
        if isinstance(event, DownloadProgress):
            self._held[event.download_id] = event
            return self._let_go([event.download_id], listeners)
        if isinstance(event, (DownloadComplete, DownloadFailed)):
            last = self._held.pop(event.download_id, None)
            self._sent.pop(event.download_id, None)
            return [last, event] if last else [event]
        return [event]

    def due(self, listeners: int) -> list[Event]:
        """What was held and need not wait any more."""
        return self._let_go(list(self._held), listeners)

    def wait_s(self, listeners: int) -> float | None:
        """Seconds until ``due`` has something; None while nothing is held."""
        if not self._held:
            return None
        first = min(self._sent.get(each, 0.0) for each in self._held)
        return max(0.0, first + self._interval(listeners) - self._clock())

    def _let_go(self, wished: list[str], listeners: int) -> list[Event]:
        now, interval = self._clock(), self._interval(listeners)
        ready = [each for each in wished if now - self._sent.get(each, float("-inf")) >= interval]
        self._sent.update(dict.fromkeys(ready, now))
        return [self._held.pop(each) for each in ready]

    def _interval(self, listeners: int) -> float:
        """Seconds between two tellings of one download, so that all of them together stay within the measure."""
        oldest = self._clock() - _FORGOTTEN_S
        self._sent = {each: at for each, at in self._sent.items() if at >= oldest}
        interval = listeners * len(self._sent) / DELIVERIES_A_SECOND
        return min(interval, _LONGEST_S) if interval > _OFTEN_ENOUGH_S else 0.0
