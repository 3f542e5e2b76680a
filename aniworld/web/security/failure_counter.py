"""Failures in any minute: counted in memory, and in Redis too where several processes share the count.

While Redis is away each process counts for itself: nobody is locked out by that, and no door stands open.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.strategies import MovingWindowRateLimiter

T = TypeVar("T")

log = logging.getLogger(__name__)

ANSWER_WITHIN_S, REST_S = 1.0, 5.0
PREFIX = "aniworld:sign-in"


class Here:
    """Counts in memory. Who did not fail within the window is forgotten, so that made-up addresses do not pile up:
    the storage that ``limits`` has for this keeps each name for good."""

    def __init__(self, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._window_s, self._clock = window_s, clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()  # who failed last stands last
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._failed)

    def add(self, who: str, limit: int) -> None:
        with self._lock:
            self._forget()
            self._failed.setdefault(who, deque(maxlen=limit)).append(self._clock())
            self._failed.move_to_end(who)

    def left(self, who: str, limit: int) -> tuple[int, float]:
        with self._lock:
            now = self._clock()
            counted = [at for at in self._failed.get(who, ()) if at > now - self._window_s]
            rest_s = counted[0] + self._window_s - now if counted else self._window_s
            return max(0, limit - len(counted)), time.time() + rest_s

    def _forget(self) -> None:
        oldest = self._clock() - self._window_s
        while self._failed and next(iter(self._failed.values()))[-1] <= oldest:
            self._failed.popitem(last=False)


class Failures:
    """``redis_url``: empty for a process that is alone. Loads ``limits`` for Redis only."""

    def __init__(self, redis_url: str, window_s: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._window_s = window_s
        self._clock = clock
        self._here = Here(window_s)
        self._shared = _shared(redis_url) if redis_url else None
        self._asked_again_at = 0.0

    def add(self, who: str, limit: int) -> None:
        self._here.add(who, limit)
        self._ask(lambda shared: shared.hit(self._rule(limit), who))

    def left(self, who: str, limit: int) -> tuple[int, float]:
        """How many more there may be until ``limit``, and at which time (Unix) it is one more again."""
        here = self._here.left(who, limit)
        there = self._ask(lambda shared: shared.get_window_stats(self._rule(limit), who))
        return here if there is None else min(here, (int(there.remaining), float(there.reset_time)))

    def _rule(self, limit: int) -> RateLimitItem:
        from limits import RateLimitItemPerSecond

        return RateLimitItemPerSecond(limit, self._window_s)

    def _ask(self, question: Callable[[MovingWindowRateLimiter], T]) -> T | None:
        """What Redis says; None while it says nothing. One that is away is asked again after a few seconds."""
        if self._shared is None or self._clock() < self._asked_again_at:
            return None
        from limits.errors import StorageError

        try:
            answer = question(self._shared)
        except StorageError as error:
            if not self._asked_again_at:
                log.warning(
                    "Redis is away; failed sign-ins are counted by this process alone until it is back: %s",
                    error.__cause__ or error,
                )
            self._asked_again_at = self._clock() + REST_S
            return None
        if self._asked_again_at:
            log.info("Redis is back; failed sign-ins are counted together again")
            self._asked_again_at = 0.0
        return answer


def _shared(url: str) -> MovingWindowRateLimiter:
    from limits.storage import RedisStorage
    from limits.strategies import MovingWindowRateLimiter
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    known = f"redis+{url}" if url.startswith("unix://") else url
    storage = RedisStorage(
        known,
        wrap_exceptions=True,
        key_prefix=PREFIX,
        socket_timeout=ANSWER_WITHIN_S,
        socket_connect_timeout=ANSWER_WITHIN_S,
        retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]
    )
    return MovingWindowRateLimiter(storage)
