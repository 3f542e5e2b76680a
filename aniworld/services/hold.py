"""A time in which nobody may change anything: what would be changed is about to be replaced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aniworld.core.errors import Conflict


class Hold:
    """``check`` raises Conflict during ``closed``. Belongs to one process; several of them restore nothing while they run."""

    def __init__(self) -> None:
        self._reason: str | None = None

    @contextmanager
    def closed(self, reason: str) -> Iterator[None]:
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
        if self._reason is not None:
            raise kind(self._reason)
