"""Sources that rest after a browser check: 1, 5, 15, then 60 minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from aniworld.core.errors import CatalogueBlocked

RESTS_S = (60, 300, 900, 3600)


@dataclass(frozen=True)
class Rest:
    """A source at rest: ``seconds`` that are left, the sentence ``why``."""

    site: str
    seconds: float
    why: str


class RestingSources:
    """Remembers which sources asked for a browser check. A restart may forget it. Safe from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[str, int] = {}
        self._until: dict[str, tuple[float, str]] = {}
        self._listeners: tuple[Callable[[Rest], None], ...] = ()

    def listen(self, hear: Callable[[Rest], None]) -> Callable[[], None]:
        """``hear(rest)`` when a source begins to rest; must not block. What you get takes it off again."""
        self._listeners = (*self._listeners, hear)
        return lambda: setattr(self, "_listeners", tuple(known for known in self._listeners if known is not hear))

    def check(self, site: str) -> None:
        """Nothing, if ``site`` may be asked. Raises CatalogueBlocked with the seconds to wait while it rests."""
        rest = self.rest_of(site)
        if rest is not None:
            minutes = max(1, round(rest.seconds / 60))
            raise CatalogueBlocked(f"{rest.why} It rests for about {minutes} more min.", retry_after=rest.seconds)

    def block(self, site: str, error: CatalogueBlocked) -> float:
        """Lets ``site`` rest, longer each time in a row; what you get is for how many seconds."""
        with self._lock:
            left = self._until.get(site, (0.0, ""))[0] - self._clock()
            if left > 0:
                return left  # several asked at once: one check, one rest
            times = self._times.get(site, 0)
            seconds = max(float(RESTS_S[min(times, len(RESTS_S) - 1)]), error.retry_after or 0.0)
            self._times[site] = times + 1
            self._until[site] = (self._clock() + seconds, str(error))
        for hear in self._listeners:
            hear(Rest(site, seconds, str(error)))
        return seconds

    def worked(self, site: str) -> None:
        """``site`` answered as it should: the next rest is a short one again."""
        if site in self._times:
            with self._lock:
                self._times.pop(site, None)
                self._until.pop(site, None)

    def wake(self, site: str) -> None:
        """Ends the rest by a person's wish; the next one is still longer."""
        with self._lock:
            self._until.pop(site, None)

    def rest_of(self, site: str) -> Rest | None:
        until, why = self._until.get(site, (0.0, ""))
        left = until - self._clock()
        return Rest(site, left, why) if why and left > 0 else None

    def resting(self) -> list[Rest]:
        """Every source at rest, for health."""
        return [rest for site in sorted(self._until) if (rest := self.rest_of(site)) is not None]
