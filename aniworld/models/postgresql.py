"""Connections to PostgreSQL that give up. Loaded only when PostgreSQL is used: it brings the driver."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import psycopg

SLACK_S = 2.0  # beyond what the server was told, so that its own answer comes first where it can still speak


class PatientConnection(psycopg.Connection[Any]):
    """Waits ``patience_s`` for an answer, then closes itself and raises OperationalError.

    The server's ``statement_timeout`` alone helps nobody when the server is frozen or the cable is cut.
    """

    patience_s = 15.0

    def wait(self, gen: Generator[Any, Any, Any], *more: Any, **named: Any) -> Any:
        return super().wait(self._until(time.monotonic() + self.patience_s, gen), *more, **named)

    def _until(self, deadline: float, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """The same steps; the driver takes one several times a second, also while nothing comes."""
        try:
            wish = next(steps)
            while True:
                came = yield wish
                if not came and time.monotonic() > deadline:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"the server did not answer within {self.patience_s:.0f} s")
                wish = steps.send(came)
        except StopIteration as end:
            return end.value
