"""A clock that goes when the test says so."""

from __future__ import annotations


class Clock:
    """In place of ``time.monotonic``; ``at`` is the time."""

    def __init__(self, at: float = 1000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at
