"""A time in which nobody may change anything: what would be changed is about to be replaced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aniworld.core.errors import Conflict


class Hold:
    """``check`` raises Conflict during ``closed``. Belongs to one process; several of them restore nothing while they
    run.

    A change that runs between ``begin`` and ``end``, or inside ``changing``, cannot fall between a check and the hold:
    whoever closes it waits with ``drained`` for the changes that began before.
    """

    def __init__(self) -> None:
        self._reason: str | None = None
        self._changes = 0
        self._condition = threading.Condition()

    @contextmanager
    def closed(self, reason: str) -> Iterator[None]:
        with self._condition:
            self._reason = reason
        try:
            yield
        finally:
            self._reason = None

    @property
    def is_closed(self) -> bool:
        return self._reason is not None

    def check(self, kind: type[Conflict] = Conflict) -> None:
        """Raises ``kind`` with the reason."""
        reason = self._reason
        if reason is not None:
            raise kind(reason)

    def begin(self) -> bool:
        """Whether a change may be made now; ``end`` has to be called after it then."""
        with self._condition:
            if self._reason is not None:
                return False
            self._changes += 1
        return True

    def end(self) -> None:
        with self._condition:
            self._changes -= 1
            self._condition.notify_all()

    @contextmanager
    def changing(self, kind: type[Conflict] = Conflict) -> Iterator[None]:
        """A block that makes a change. Raises ``kind`` with the reason during ``closed``."""
        while not self.begin():
            self.check(kind)
        try:
            yield
        finally:
            self.end()

    def drained(self, timeout_s: float) -> bool:
        """Whether all changes that had begun have ended within ``timeout_s``."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._changes, timeout_s)
