"""Sources that rest: catalogues after a browser check, hosters after failures. 1, 5, 15, then 60 minutes."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aniworld.core.errors import AniworldError, CatalogueBlocked

log = logging.getLogger(__name__)

RESTS_S = (60, 300, 900, 3600)
FAILURES_IN_A_ROW = 2  # of different files: one that fails again and again may be at fault itself
_LONGEST_S = 24 * 3600.0


@dataclass(frozen=True)
class Rest:
    """A source at rest: ``seconds`` that are left, the sentence ``why``."""

    site: str
    seconds: float
    why: str


class RestingSources:
    """Remembers which sources rest, in ``file`` also over a restart. Safe from any thread."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        file: Path | None = None,
        today: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[str, int] = {}
        self._until: dict[str, tuple[float, str]] = {}
        self._failures: dict[str, set[str]] = {}
        self._listeners: tuple[Callable[[Rest], None], ...] = ()
        self._file, self._today = file, today
        self._recall()

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

    def block(self, site: str, error: AniworldError) -> float:
        """Lets ``site`` rest, longer each time in a row; what you get is for how many seconds."""
        with self._lock:
            left = self._until.get(site, (0.0, ""))[0] - self._clock()
            if left > 0:
                return left  # several asked at once: one check, one rest
            times = self._times.get(site, 0)
            seconds = max(float(RESTS_S[min(times, len(RESTS_S) - 1)]), getattr(error, "retry_after", None) or 0.0)
            self._times[site] = times + 1
            self._until[site] = (self._clock() + seconds, str(error))
        self._keep()
        for hear in self._listeners:
            hear(Rest(site, seconds, str(error)))
        return seconds

    def failed(self, site: str, error: AniworldError, of: str) -> None:
        """``site`` did not do what it should for the file named ``of``; at the second one in a row it begins to
        rest.
        """
        with self._lock:
            files = self._failures.setdefault(site, set())
            if len(files) < FAILURES_IN_A_ROW:
                files.add(of)
            enough = len(files) >= FAILURES_IN_A_ROW
        if enough:
            self.block(site, error)

    def worked(self, site: str) -> None:
        """``site`` answered as it should: the next rest is a short one again."""
        if site in self._times or site in self._failures:
            with self._lock:
                for known in (self._times, self._until, self._failures):
                    known.pop(site, None)
            self._keep()

    def wake(self, site: str) -> None:
        """Ends the rest by a person's wish; the next one is still longer."""
        with self._lock:
            self._until.pop(site, None)
        self._keep()

    def rest_of(self, site: str) -> Rest | None:
        until, why = self._until.get(site, (0.0, ""))
        left = until - self._clock()
        return Rest(site, left, why) if why and left > 0 else None

    def resting(self) -> list[Rest]:
        """Every source at rest, for health."""
        return [rest for site in sorted(self._until) if (rest := self.rest_of(site)) is not None]

    def _recall(self) -> None:
        """What the file says; times in it are on the wall clock, and no rest is longer than a day."""
        if self._file is None:
            return
        try:
            for site, (until, times, why) in json.loads(self._file.read_text(encoding="utf-8")).items():
                left = min(float(until) - self._today(), _LONGEST_S)
                self._until[str(site)], self._times[str(site)] = (self._clock() + left, str(why)), int(times)
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, AttributeError):
            log.warning("%s cannot be read; every source is asked as if none had rested", self._file)

    def _keep(self) -> None:
        if self._file is None:
            return
        with self._lock:
            offset = self._today() - self._clock()
            kept = {
                site: (self._until.get(site, (0.0, ""))[0] + offset, times, self._until.get(site, (0.0, ""))[1])
                for site, times in self._times.items()
            }
            fresh = self._file.with_suffix(".new")
            try:
                fresh.write_text(json.dumps(kept), encoding="utf-8")
                os.replace(fresh, self._file)
            except OSError as error:
                log.warning("Which sources rest could not be written down: %s", error)
