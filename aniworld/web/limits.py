"""How often one may be wrong: five failed sign-ins in a minute for one address.

Attempts under way count as failures until they prove otherwise, so that a hundred at once are no way around.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aniworld.core.errors import Forbidden, WrongPassword

from .errors import TooManyTries

if TYPE_CHECKING:
    from limits.strategies import MovingWindowRateLimiter

FAILURES, WINDOW_S, WAIT_AT_MOST_S = 5, 60, 20.0


class SignInLimit:
    """``storage``: a ``limits`` storage address; Redis where several processes share the count."""

    def __init__(self, storage: str = "memory://") -> None:
        self._storage = storage
        self._turn = threading.Condition()
        self._under_way: Counter[str] = Counter()
        self._limiter: MovingWindowRateLimiter | None = None

    @contextmanager
    def attempt(self, address: str) -> Iterator[None]:
        """Runs one attempt of ``address``; a WrongPassword or Forbidden inside counts. Raises TooManyTries."""
        who = _neighbourhood(address)
        self._enter(who)
        try:
            yield
        except (WrongPassword, Forbidden):
            self._limit().hit(self._rule, who)
            raise
        finally:
            with self._turn:
                self._under_way[who] -= 1
                self._under_way += Counter()  # forgets those at zero
                self._turn.notify_all()

    def _enter(self, who: str) -> None:
        deadline = time.monotonic() + WAIT_AT_MOST_S
        with self._turn:
            while (left := self._left(who)) <= self._under_way[who]:
                wait = deadline - time.monotonic()
                if left <= 0 or wait <= 0 or not self._under_way[who]:
                    raise TooManyTries("Too many failed tries; wait a minute.", self._seconds_to_wait(who))
                self._turn.wait(wait)
            self._under_way[who] += 1

    def _left(self, who: str) -> int:
        return int(self._limit().get_window_stats(self._rule, who).remaining)

    def _seconds_to_wait(self, who: str) -> float:
        reset = self._limit().get_window_stats(self._rule, who).reset_time
        return min(max(1.0, reset - time.time()), float(WINDOW_S))

    def _limit(self) -> MovingWindowRateLimiter:
        """Made at the first sign-in: a server that nobody signs in to does without."""
        if self._limiter is None:
            from limits import RateLimitItemPerSecond
            from limits.storage import storage_from_string
            from limits.strategies import MovingWindowRateLimiter

            self._rule = RateLimitItemPerSecond(FAILURES, WINDOW_S)
            self._limiter = MovingWindowRateLimiter(storage_from_string(self._storage))
        return self._limiter


def _neighbourhood(address: str) -> str:
    """One visitor: an IPv4 address, or the /64 that a single IPv6 connection commonly has for itself."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))
    return str(ip)
