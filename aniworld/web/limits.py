"""How often one may be wrong: five failed sign-ins in a minute for one address.

Failures of many addresses together slow everyone down by two seconds at most, but for addresses from which somebody
signed in before: an attacker is held up, and the owner is never locked out (docs/decisions/0044).

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
from aniworld.core.offload import pause

from .errors import TooManyTries

if TYPE_CHECKING:
    from limits.strategies import MovingWindowRateLimiter

FAILURES, WINDOW_S, WAIT_AT_MOST_S = 5, 60, 20.0
FAILURES_OF_ALL, COUNTED_AT_MOST = 30, 1000
SLOWER_S, SLOWEST_S = 0.05, 2.0  # for each failure beyond those, and at most
WELCOME_LIMIT = 64
_EVERYONE = "everyone"


class SignInLimit:
    """``storage``: a ``limits`` storage address; Redis where several processes share the count."""

    def __init__(self, storage: str = "memory://") -> None:
        self._storage = storage
        self._turn = threading.Condition()
        self._under_way: Counter[str] = Counter()
        self._limiter: MovingWindowRateLimiter | None = None
        self._welcome: dict[str, None] = {}

    @contextmanager
    def attempt(self, address: str) -> Iterator[None]:
        """Runs one attempt of ``address``; a WrongPassword or Forbidden inside counts. Raises TooManyTries."""
        who = _neighbourhood(address)
        self._enter(who)
        try:
            pause(self.delay(who))
            yield
            self._greet(who)
        except (WrongPassword, Forbidden):
            self._limit().hit(self._rule, who)
            self._limit().hit(self._rule_of_all, _EVERYONE)
            raise
        finally:
            with self._turn:
                self._under_way[who] -= 1
                self._under_way += Counter()  # forgets those at zero
                self._turn.notify_all()

    def delay(self, who: str) -> float:
        """Seconds that an attempt is held up because many addresses failed in the last minute; 2 at most."""
        if who in self._welcome:
            return 0.0
        limit = self._limit()
        failures = COUNTED_AT_MOST - int(limit.get_window_stats(self._rule_of_all, _EVERYONE).remaining)
        return min(SLOWEST_S, SLOWER_S * max(0, failures - FAILURES_OF_ALL))

    def _greet(self, who: str) -> None:
        """Remembers the last addresses from which somebody proved himself."""
        with self._turn:
            self._welcome.pop(who, None)
            self._welcome[who] = None
            if len(self._welcome) > WELCOME_LIMIT:
                del self._welcome[next(iter(self._welcome))]

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
            self._rule_of_all = RateLimitItemPerSecond(COUNTED_AT_MOST, WINDOW_S)
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
