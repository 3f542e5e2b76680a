"""Tells once when a check of the server's health turns bad, and once when it is well again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from aniworld.core.events import HealthChanged
from aniworld.core.health import HealthCheck
from aniworld.models.outage import log_failure

log = logging.getLogger(__name__)

EVERY_S = 300.0
_BAD = ("warning", "error")


class HealthWatch:
    """``start`` begins to look every ``every_s`` while ``wanted()``; ``stop`` ends it. Each may be called twice."""

    def __init__(
        self,
        checks: Callable[[], Iterable[HealthCheck]],
        tell: Callable[[HealthChanged], None],
        wanted: Callable[[], bool],
        *,
        every_s: float = EVERY_S,
    ) -> None:
        self._checks = checks
        self._tell = tell
        self._wanted = wanted
        self._every_s = every_s
        self._bad: dict[str, str] = {}
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None and not self._done.is_set():
            self._thread = threading.Thread(target=self._watch, name="health", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._done.set()

    def look(self) -> None:
        """Compares what is bad now with what was told, and tells the difference."""
        found: dict[str, HealthCheck] = {}
        for check in self._checks():
            found[check.name] = max(found.get(check.name, check), check, key=_height)
        bad = {name: check.level for name, check in found.items() if check.level in _BAD}
        for name in bad.keys() | self._bad.keys():
            if bad.get(name) != self._bad.get(name):
                self._tell(_changed(name, found.get(name)))
        self._bad = bad

    def _watch(self) -> None:
        while not self._done.wait(self._every_s):
            try:
                if self._wanted():
                    self.look()
            except Exception as error:  # the end of a background thread: nobody above could say it
                log_failure(log, error, "The health could not be looked at; it is tried again")


def _height(check: HealthCheck) -> int:
    return ("ok", "notice", *_BAD).index(check.level)


def _changed(name: str, check: HealthCheck | None) -> HealthChanged:
    if check is None:
        return HealthChanged(name, "ok", "This is in order again.")
    return HealthChanged(name, check.level, str(check.message), str(check.advice))
