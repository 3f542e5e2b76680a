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

from aniworld.core.errors import Forbidden, TotpRequired, WrongPassword
from aniworld.core.offload import pause
from aniworld.web.http.problems import TooManyTries
from aniworld.web.security.failure_counter import Failures

FAILURES, WINDOW_S, WAIT_AT_MOST_S = 5, 60, 20.0
FAILURES_OF_ALL, COUNTED_AT_MOST = 30, 1000
SLOWER_S, SLOWEST_S = 0.05, 2.0  # for each failure beyond those, and at most
WELCOME_LIMIT = 64
_EVERYONE = "everyone"


class SignInLimit:
    """``redis_url``: where several processes share the count; empty for one that is alone."""

    def __init__(self, redis_url: str = "") -> None:
        self._redis_url = redis_url
        self._turn = threading.Condition()
        self._under_way: Counter[str] = Counter()
        self._counted: Failures | None = None
        self._welcome: dict[str, None] = {}

    @contextmanager
    def attempt(self, address: str) -> Iterator[None]:
        """Runs one attempt of ``address``; what proves nothing counts, a code that is left out too. Raises
        TooManyTries.
        """
        who = _neighbourhood(address)
        self._enter(who)
        try:
            pause(self.delay(who))
            yield
            self._greet(who)
        except (WrongPassword, TotpRequired, Forbidden):
            self._failures().add(who, FAILURES)
            self._failures().add(_EVERYONE, COUNTED_AT_MOST)
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
        failures = COUNTED_AT_MOST - self._failures().left(_EVERYONE, COUNTED_AT_MOST)[0]
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
        return self._failures().left(who, FAILURES)[0]

    def _seconds_to_wait(self, who: str) -> float:
        return min(max(1.0, self._failures().left(who, FAILURES)[1] - time.time()), float(WINDOW_S))

    def _failures(self) -> Failures:
        """Made at the first sign-in: a server that nobody signs in to does without."""
        if self._counted is None:
            self._counted = Failures(self._redis_url, WINDOW_S)
        return self._counted


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
