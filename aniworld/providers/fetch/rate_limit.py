"""At most so many requests a second to one host."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

_HOSTS_REMEMBERED = 512


class Pace:
    """Gives each host its turns: at 2.0 a second, never more than two within any second. Safe from any thread.

    Below one a second turns are evenly spaced. The waiting itself is the caller's.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._turns: dict[str, deque[float]] = {}

    def turn(self, host: str) -> float:
        """Takes the next turn at ``host``: seconds until it comes, 0.0 for now."""
        if self.per_second <= 0:
            return 0.0
        together = max(1, int(self.per_second))
        window = together / self.per_second
        with self._lock:
            now = self._clock()
            turns = self._turns.setdefault(host, deque())
            while len(turns) > together:
                turns.popleft()
            start = max(now, turns[0] + window) if len(turns) == together else now
            turns.append(max(start, turns[-1] if turns else start))
            if len(self._turns) > _HOSTS_REMEMBERED:
                self._turns = {name: kept for name, kept in self._turns.items() if kept[-1] + window > now}
            return turns[-1] - now
