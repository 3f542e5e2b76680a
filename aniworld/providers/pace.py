"""At most so many requests a second to one host."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_HOSTS_REMEMBERED = 512


class Pace:
    """Gives each host its turns, evenly spaced. Safe from any thread; the waiting itself is the caller's."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at: dict[str, float] = {}

    def turn(self, host: str) -> float:
        """Takes the next turn at ``host``: seconds until it comes, 0.0 for now."""
        if self.per_second <= 0:
            return 0.0
        with self._lock:
            now = self._clock()
            start = max(now, self._free_at.get(host, 0.0))
            self._free_at[host] = start + 1 / self.per_second
            if len(self._free_at) > _HOSTS_REMEMBERED:
                self._free_at = {name: free for name, free in self._free_at.items() if free > now}
            return start - now
