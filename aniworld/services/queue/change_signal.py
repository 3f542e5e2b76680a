"""A bell: those who wait for a change of the queue are woken, in this process. Other processes ring it from afar."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

Hear = Callable[[], None]


class Changes:
    """``ring()`` wakes everyone in ``wait_until``. Listeners are called by ``ring`` itself and must not block."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._listeners: tuple[Hear, ...] = ()
        self._near: tuple[Hear, ...] = ()

    def listen(self, hear: Hear) -> Callable[[], None]:
        """Registers ``hear`` for every ring; what you get is the function that takes it off again."""
        self._listeners = (*self._listeners, hear)
        return lambda: setattr(self, "_listeners", tuple(known for known in self._listeners if known is not hear))

    def listen_near(self, hear: Hear) -> Callable[[], None]:
        """As ``listen``, but only for changes that this process made: for who tells them to others."""
        self._near = (*self._near, hear)
        return lambda: setattr(self, "_near", tuple(known for known in self._near if known is not hear))

    def ring(self, *, afar: bool = False) -> None:
        """``afar``: another process made the change."""
        for hear in self._listeners if afar else (*self._listeners, *self._near):
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
