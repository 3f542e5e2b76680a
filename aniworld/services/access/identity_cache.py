"""What was looked up a moment ago, for a second at most, and never longer than until something was revoked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Keeps found values only, at most ``limit`` of them. ``clear`` also spoils look-ups that are under way."""

    def __init__(self, *, seconds: float = 1.0, limit: int = 1000, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[str, tuple[float, T]] = {}
        self._epoch = 0

    def get(self, name: str) -> T | None:
        found = self._values.get(name)
        return found[1] if found and self._clock() - found[0] < self._seconds else None

    def put(self, name: str, look_up: Callable[[str], T | None]) -> T | None:
        """What ``look_up(name)`` finds, kept unless something was revoked in the meantime."""
        epoch = self._epoch
        value = look_up(name)
        with self._lock:
            if value is not None and epoch == self._epoch:
                if len(self._values) >= self._limit:
                    self._values.clear()
                self._values[name] = (self._clock(), value)
        return value

    def clear(self) -> None:
        with self._lock:
            self._epoch += 1
            self._values.clear()
