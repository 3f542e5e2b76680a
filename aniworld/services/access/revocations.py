"""Which sessions and keys have just ended, told to whom it concerns: sockets are cut at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)

Hear = Callable[[str], None]


class Endings:
    """``tell`` calls the listeners with each id. What they must not do is wait."""

    def __init__(self) -> None:
        self._listeners: tuple[Hear, ...] = ()
        self._near: tuple[Callable[[Sequence[str]], None], ...] = ()

    def listen(self, hear: Hear) -> Callable[[], None]:
        """``hear(id)`` when a session ends or a key is revoked; what you get takes it off again."""
        self._listeners = (*self._listeners, hear)
        return lambda: setattr(self, "_listeners", tuple(known for known in self._listeners if known is not hear))

    def listen_near(self, hear: Callable[[Sequence[str]], None]) -> None:
        """``hear(ids)`` of what ended in this process: for who tells it to others."""
        self._near = (*self._near, hear)

    def tell(self, ids: Sequence[str], *, afar: bool = False) -> None:
        """``afar``: they ended in another process."""
        for one in ids:
            for hear in self._listeners:
                _guarded(hear, one)
        for tell in self._near if ids and not afar else ():
            _guarded(tell, ids)


def _guarded(hear: Callable[..., None], what: object) -> None:
    try:
        hear(what)
    except Exception:  # the wall: a listener that fails must not keep the next session alive
        log.exception("A listener failed on an ended session")
