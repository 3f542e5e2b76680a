"""HealthService: runs the checks beside everything else, and remembers what they said for a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from aniworld.core.errors import AniworldError
from aniworld.core.health import HealthCheck
from aniworld.core.offload import offload
from aniworld.core.sentences import Sentence
from aniworld.services.health import checks_library as library
from aniworld.services.health import checks_machine as machine
from aniworld.services.health import checks_work as work
from aniworld.services.health.context import Check, Circumstances, warning

FRESH_S, DAILY_S = 5.0, 86_400.0

_OF_OURS = (*work.CHECKS, *library.CHECKS, *machine.PROGRAMS)

_log = logging.getLogger(__name__)


class HealthService:
    """``checks`` gives every check, in the order of the page.

    A round is good for ``fresh_s`` seconds, the daily ones for a day. ``add`` takes checks of parts that come later.
    """

    def __init__(
        self, here: Circumstances, *, fresh_s: float = FRESH_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._here = here
        self._fresh_s = fresh_s
        self._clock = clock
        self._lock = threading.Lock()
        self._added: tuple[Check, ...] = ()
        self._round: tuple[float, list[HealthCheck]] | None = None
        self._day: tuple[float, list[HealthCheck]] | None = None

    def add(self, check: Check) -> None:
        self._added = (*self._added, check)
        self._round = None

    def expire(self) -> None:
        """The next question runs the checks again, however recent the last round is: something was changed."""
        self._round = None

    def checks(self) -> list[HealthCheck]:
        """Each check with what to do about it."""
        with self._lock:
            now = self._clock()
            if self._day is None or now - self._day[0] >= DAILY_S:
                self._day = now, self._run(work.DAILY)
            if self._round is None or now - self._round[0] >= self._fresh_s:
                beside = offload(self._run, machine.CHECKS)  # disk and programs, no database
                self._round = now, [*self._run((*_OF_OURS, *self._added)), *beside]
            return [*self._round[1], *self._day[1]]

    def _run(self, checks: Iterable[Check]) -> list[HealthCheck]:
        return [found for check in checks for found in _guarded(check, self._here)]


def _guarded(check: Check, here: Circumstances) -> list[HealthCheck]:
    """What a check says; one that stumbles is told like any other trouble."""
    try:
        return list(check(here))
    except AniworldError as trouble:
        return [_unknown(check, str(trouble))]
    except Exception as trouble:  # the wall: one check that cannot look must not hide what the others see
        _log.warning("The health check %s could not look: %s", check.__name__, trouble)
        return [_unknown(check, type(trouble).__name__)]


def _unknown(check: Check, why: str) -> HealthCheck:
    message = Sentence("This check failed: {why}", why=why)
    return warning(check.__name__, message, Sentence("See the log; the check runs again automatically."))
