"""As many threads as the transfer may have connections, over one store of work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from aniworld.transfer.engine.session import Session

T = TypeVar("T")
Piece_co = TypeVar("Piece_co", covariant=True)
_LOOK_AGAIN_S = 1.0


class Work(Protocol[Piece_co]):
    def take(self) -> Piece_co | None:
        """The next piece, or None if there is none just now."""

    def waiting(self) -> bool:
        """Whether ``take`` would give a piece."""


class OneConnectionLess(Exception):
    """Raised by the work when the host takes no further connection; its piece was handed back."""


class Crew(Generic[T]):
    """Runs ``do`` on every piece of ``work``. The number of threads follows ``session.connections`` while it runs.

    A host that takes fewer connections lowers the number for the rest of this transfer, never below one. ``pace``: how
    many of the threads that there may be are of use just now; asked again whenever the session changes.
    """

    def __init__(
        self, session: Session, work: Work[T], do: Callable[[T], None], pace: Callable[[int], int] = lambda most: most
    ) -> None:
        self._session, self._work, self._do, self._pace = session, work, do, pace
        self._alive = 0
        self._most: int | None = None

    @property
    def alive(self) -> int:
        return self._alive

    def one_less(self) -> None:
        """From now on one connection fewer than there are; whoever calls goes on with its piece."""
        self._most = max(1, min(self._allowed(), self._alive) - 1)

    def run(self) -> None:
        """Returns when all work is done; raises the transfer's first error. No thread is left in either case."""
        changed = self._session.changed
        with changed:
            while self._alive or (self._work.waiting() and self._session.error is None):
                while self._wanted() > self._alive and self._session.error is None and self._work.waiting():
                    self._alive += 1
                    threading.Thread(target=self._body, name="fetch", daemon=True).start()
                changed.wait(_LOOK_AGAIN_S)
        self._session.check()

    def _wanted(self) -> int:
        return self._pace(self._allowed())

    def _allowed(self) -> int:
        return min(self._session.connections, self._most or self._session.connections)

    def _body(self) -> None:
        try:
            while self._session.error is None and self._alive <= self._wanted():
                piece = self._work.take()
                if piece is None:
                    break
                self._do(piece)
        except OneConnectionLess:
            self.one_less()
        except BaseException as error:  # whatever it is ends the transfer and is raised again by run
            self._session.fail(error)
        finally:
            with self._session.changed:
                self._alive -= 1
                self._session.changed.notify_all()
