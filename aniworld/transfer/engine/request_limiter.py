"""How many requests a host gets at a time. What it refuses may be one too many, and not yet the end of an address."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aniworld.transfer.engine.session import Session


class Gate:
    """Lets requests through: as many as the session has connections, fewer once the host has refused one.

    From time to time one more is tried again, for a host that was only busy. Safe from any thread.
    """

    TRY_ONE_MORE_S = 30.0

    def __init__(self, session: Session, now: Callable[[], float] = time.monotonic) -> None:
        self._session, self._now = session, now
        self._inside = self._waiting = 0
        self._most: int | None = None
        self._refused_at = 0.0

    @contextmanager
    def request(self) -> Iterator[bool]:
        """Inside, one request may be under way; True if no other one can be. Raises the transfer's error."""
        changed, session = self._session.changed, self._session
        with changed:
            self._waiting += 1
            changed.wait_for(lambda: session.error is not None or self._inside < self.limit)
            self._waiting -= 1
            session.check()
            self._inside += 1
            alone = self.limit == 1
        try:
            yield alone
        finally:
            with changed:
                self._inside -= 1
                if self._waiting:
                    changed.notify_all()

    def refused(self) -> None:
        """The host refused a request: from now on there is one fewer than there were with it. Call outside of it."""
        with self._session.changed:
            self._most = max(1, min(self._inside, self.limit - 1))
            self._refused_at = self._now()

    @property
    def limit(self) -> int:
        if self._most is not None and self._now() - self._refused_at > self.TRY_ONE_MORE_S:
            self._most, self._refused_at = self._most + 1, self._now()
        return min(self._session.connections, self._most or self._session.connections)
