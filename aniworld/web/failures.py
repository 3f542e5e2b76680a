"""Failures in any minute: counted in memory, and in Redis too where several processes share the count.

While Redis is away each process counts for itself: nobody is locked out by that, and no door stands open.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.strategies import MovingWindowRateLimiter

T = TypeVar("T")

log = logging.getLogger(__name__)

ANSWER_WITHIN_S, REST_S = 1.0, 5.0
PREFIX = "aniworld:sign-in"


class Failures:
    """``redis_url``: empty for a process that is alone. Loads ``limits`` when the first one is asked for."""

    def __init__(self, redis_url: str, window_s: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self._window_s = window_s
        self._clock = clock
        self._here = MovingWindowRateLimiter(MemoryStorage())
        self._shared = MovingWindowRateLimiter(_redis(redis_url)) if redis_url else None
        self._asked_again_at = 0.0

    def add(self, who: str, limit: int) -> None:
        rule = self._rule(limit)
        self._here.hit(rule, who)
        self._ask(lambda shared: shared.hit(rule, who))

    def left(self, who: str, limit: int) -> tuple[int, float]:
        """How many more there may be until ``limit``, and at which time (Unix) it is one more again."""
        rule = self._rule(limit)
        here = self._here.get_window_stats(rule, who)
        there = self._ask(lambda shared: shared.get_window_stats(rule, who)) or here
        fewest = min(here, there, key=lambda stats: stats.remaining)
        return int(fewest.remaining), float(fewest.reset_time)

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
                log.warning("Redis is away; failed sign-ins are counted by this process alone until it is back: %s",
                            error.__cause__ or error)  # fmt: skip
            self._asked_again_at = self._clock() + REST_S
            return None
        if self._asked_again_at:
            log.info("Redis is back; failed sign-ins are counted together again")
            self._asked_again_at = 0.0
        return answer


def _redis(url: str):  # type: ignore[no-untyped-def]
    from limits.storage import RedisStorage
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    known = f"redis+{url}" if url.startswith("unix://") else url
    return RedisStorage(
        known, wrap_exceptions=True, key_prefix=PREFIX, socket_timeout=ANSWER_WITHIN_S,
        socket_connect_timeout=ANSWER_WITHIN_S, retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]
    )  # fmt: skip
