"""When downloads may run: spans of the week in local time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar


class Span(Protocol):
    """``days``: 0 = Monday, the day on which the span begins. ``start``, ``end``: ``HH:MM``, ``24:00`` included."""

    @property
    def days(self) -> Sequence[int]: ...
    @property
    def start(self) -> str: ...
    @property
    def end(self) -> str: ...


S = TypeVar("S", bound=Span)


def open_span(spans: Sequence[S], now: datetime) -> S | None:
    """The first span that ``now`` (local time) lies in; None when it lies in none."""
    return next((span for span in spans if _holds(span, now)), None)


def _holds(span: Span, now: datetime) -> bool:
    start, end, minute = _minutes(span.start), _minutes(span.end), now.hour * 60 + now.minute
    if start < end:
        return now.weekday() in span.days and start <= minute < end
    yesterday = (now - timedelta(days=1)).weekday()
    return (now.weekday() in span.days and minute >= start) or (yesterday in span.days and minute < end)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
