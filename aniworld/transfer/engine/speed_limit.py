"""A speed limit for one transfer, over all of its connections, changeable while it runs."""

from __future__ import annotations

import threading
import time


class Limiter:
    """A token bucket: whoever took bytes waits until the rate has paid for them.

    ``rate`` in bytes per second; None for no limit. Safe from any thread.
    """

    def __init__(self, rate: int | None = None) -> None:
        self._changed = threading.Condition()
        self._rate = rate
        self._paid_until = 0.0
        self._closed = False
        self._halted = False

    @property
    def rate(self) -> int | None:
        return self._rate

    def set(self, rate: int | None) -> None:
        """The new rate counts at once, for those that wait already too."""
        with self._changed:
            self._rate = rate
            self._paid_until = time.monotonic()
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody waits any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def reopen(self) -> None:
        self._closed = False

    def halt(self, halted: bool) -> None:
        """While halted, whoever reads waits after what it has just read."""
        with self._changed:
            self._halted = halted
            self._changed.notify_all()

    def took(self, count: int) -> None:
        """Returns when ``count`` bytes, read just now, are within the rate."""
        if self._rate is None and not self._halted:
            return
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._halted)
            rate = self._rate
            if not rate:
                return
            now = time.monotonic()
            self._paid_until = due = max(self._paid_until, now - 0.1) + count / rate
            while rate == self._rate and not self._closed and due > now:
                self._changed.wait(due - now)
                now = time.monotonic()

    def portion(self, most: int) -> int:
        """How much to read at once so that the flow stays even: at most ``most`` bytes, about a tenth of a second."""
        rate = self._rate
        return most if not rate else max(4096, min(most, rate // 10))
