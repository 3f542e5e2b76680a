"""Which hosters the slots may use just now: so many downloads from each, and none from one that rests after
failures.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from aniworld.core.errors import AniworldError, SiteUnreachable, Stalled, TransferFailed
from aniworld.core.media import HosterLink
from aniworld.providers.cooldown import Rest, RestingSources

FAILURES = (SiteUnreachable, TransferFailed, Stalled)  # of the hoster, not of one file there
_REMEMBERED = 5000


class HostersClosed(Exception):
    """Every hoster of an item rests (``wait_s``: until the first may be asked), or serves as many as it may (None)."""

    def __init__(self, full: Sequence[HosterLink], rests: Sequence[Rest]) -> None:
        self.full = full
        first = None if full else min(rests, key=lambda rest: rest.seconds)
        super().__init__("Every hoster of this episode serves as many downloads as it may.")
        self.wait_s = first.seconds if first else None
        self.error = (
            SiteUnreachable(f"{first.site.removeprefix(PREFIX)} rests after failures: {first.why}") if first else None
        )


PREFIX = "hoster "  # before a hoster's name among the sources that rest: no catalogue can be meant


class Hosters:
    """One for all slots of this process. Safe from any thread or greenlet."""

    def __init__(self, rest: RestingSources) -> None:
        self._rest = rest
        self._lock = threading.Lock()
        self._used: Counter[str] = Counter()
        self._turned_away: dict[str, frozenset[str]] = {}

    @contextmanager
    def seat(self, name: str, most: int) -> Iterator[bool]:
        """Inside, one more download runs from the hoster; False if that would be more than ``most`` (0 = any
        number).
        """
        with self._lock:
            free = not most or self._used[name] < most
            self._used[name] += free
        try:
            yield free
        finally:
            with self._lock:
                self._used[name] -= free
                self._used += Counter()  # only those that are used

    def rest_of(self, name: str) -> Rest | None:
        return self._rest.rest_of(PREFIX + name)

    @contextmanager
    def judged(self, name: str, item_id: str) -> Iterator[None]:
        """What happens to an item inside counts for or against the hoster."""
        try:
            yield
        except FAILURES as error:
            self._rest.failed(PREFIX + name, error, item_id)
            raise
        except AniworldError:
            raise
        else:
            self._rest.worked(PREFIX + name)

    def turn_away(self, item_id: str, links: Iterable[HosterLink]) -> None:
        """The item is not claimed again before one of these hosters has a seat."""
        with self._lock:
            if len(self._turned_away) >= _REMEMBERED:
                self._turned_away.clear()
            self._turned_away[item_id] = frozenset(link.hoster for link in links)

    def turned_away(self, most: int) -> list[str]:
        """The items that cannot begin now because all their hosters are in use."""
        with self._lock:
            self._turned_away = {
                item_id: names
                for item_id, names in self._turned_away.items()
                if most and all(self._used[name] >= most for name in names)
            }
            return list(self._turned_away)

    def connections(self, name: str | None, each: int, most: int) -> int:
        """How many one download from the hoster may have: ``each``, or its share of ``most`` for the hoster (0 =
        any).
        """
        if not most or name is None:
            return each
        with self._lock:
            return max(1, min(each, most // max(1, self._used[name])))

    def used(self) -> dict[str, int]:
        """How many downloads run from each hoster."""
        with self._lock:
            return dict(self._used)
