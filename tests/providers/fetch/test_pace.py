"""At most so many requests a second to one host."""

from __future__ import annotations

import pytest

from aniworld.providers.fetch.rate_limit import Pace


@pytest.mark.parametrize(
    ("per_second", "starts"),
    [
        (2.0, [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]),
        (0.5, [0.0, 2.0, 4.0]),
        (1.0, [0.0, 1.0, 2.0]),
        (2.5, [0.0, 0.0, 0.8, 0.8, 1.6]),
        (0.0, [0.0, 0.0, 0.0]),
    ],
)
def test_turns_come_as_soon_as_the_pace_allows(per_second: float, starts: list[float]) -> None:
    pace = Pace(per_second, clock=lambda: 0.0)
    assert [round(pace.turn("host"), 3) for _ in starts] == starts


def test_a_rest_brings_the_full_pace_back_and_hosts_do_not_wait_for_each_other() -> None:
    now = [0.0]
    pace = Pace(2.0, clock=lambda: now[0])
    assert [pace.turn("a"), pace.turn("a"), pace.turn("b"), pace.turn("b")] == [0.0, 0.0, 0.0, 0.0]
    assert pace.turn("a") == 1.0
    now[0] = 10.0
    assert [pace.turn("a"), pace.turn("a"), pace.turn("a")] == [0.0, 0.0, 1.0]


def test_no_second_ever_sees_more_than_the_pace() -> None:
    now, moments = [0.0], []
    pace = Pace(3.0, clock=lambda: now[0])
    for step in range(60):
        now[0] = step * 0.17
        moments.append(now[0] + pace.turn("host"))
    assert all(sum(start <= other < start + 0.999 for other in moments) <= 3 for start in moments)


def test_hosts_of_long_ago_are_forgotten() -> None:
    now = [0.0]
    pace = Pace(2.0, clock=lambda: now[0])
    for number in range(5000):
        now[0] += 1
        pace.turn(f"host{number}")
    assert len(pace._turns) < 600
