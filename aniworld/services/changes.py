"""A bell: those who wait for a change of the queue are woken, here and now, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Changes:
    """``ring()`` wakes everyone in ``wait_until``. Listeners are called by ``ring`` itself and must not block."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._listeners: tuple[Callable[[], None], ...] = ()

    def listen(self, hear: Callable[[], None]) -> Callable[[], None]:
        """Registers ``hear``; what you get is the function that takes it off again."""
        self._listeners = (*self._listeners, hear)
        return lambda: setattr(self, "_listeners", tuple(known for known in self._listeners if known is not hear))

    def ring(self) -> None:
        for hear in self._listeners:
            hear()
        with self._condition:
            self._condition.notify_all()

    def wait_until(self, holds: Callable[[], bool], timeout_s: float, *, look_every_s: float = 0.25) -> bool:
        """Whether ``holds()`` came true in time. It is looked at after every ring, and now and then for changes
        that another process made and could not ring for."""
        deadline = time.monotonic() + timeout_s
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            with self._condition:
                self._condition.wait(min(left, look_every_s))
        return True
