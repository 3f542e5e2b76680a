"""Spans of the week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest

from aniworld.core.schedule import open_span


@dataclass(frozen=True)
class Span:
    days: tuple[int, ...]
    start: str
    end: str


NIGHT = Span((4,), "22:00", "06:30")  # Friday into Saturday
DAY = Span((0, 1), "08:00", "24:00")


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        ("2026-11-20 21:59", False),
        ("2026-11-20 22:00", True),
        ("2026-11-21 06:29", True),
        ("2026-11-21 06:30", False),
        ("2026-11-20 03:00", False),
        ("2026-11-21 22:30", False),
        ("2026-11-23 08:00", True),
        ("2026-11-23 23:59", True),
        ("2026-11-24 00:00", False),
        ("2026-11-25 12:00", False),
    ],
)
def test_a_moment_lies_in_a_span_or_not(moment: str, inside: bool) -> None:
    now = datetime.strptime(moment, "%Y-%m-%d %H:%M")
    assert (open_span((NIGHT, DAY), now) is not None) is inside


def test_no_spans_hold_nothing() -> None:
    assert open_span((), datetime(2026, 11, 22)) is None
