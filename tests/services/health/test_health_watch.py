"""A check that turns bad is told once, and once when it is well again."""

from __future__ import annotations

import logging

import pytest

from aniworld.core.events import HealthChanged
from aniworld.core.health import HealthCheck
from aniworld.services.health.alerts import HealthWatch
from tests.running import until


class House:
    def __init__(self, **more: float) -> None:
        self.checks: list[HealthCheck] = []
        self.told: list[HealthChanged] = []
        self.wanted = True
        self.watch = HealthWatch(self._look, self.told.append, lambda: self.wanted, **more)

    def _look(self) -> list[HealthCheck]:
        return self.checks

    def say(self, *levels: str, name: str = "disk") -> list[tuple[str, str]]:
        self.told.clear()
        self.checks = [HealthCheck(name, level, f"It is {level}.", "Make room.") for level in levels]
        self.watch.look()
        return [(event.check, event.level) for event in self.told]


def test_what_turns_bad_is_told_once_and_once_when_it_is_well_again() -> None:
    house = House()
    assert house.say("ok") == []
    assert house.say("error") == [("disk", "error")]
    assert house.told[0].advice == "Make room."
    assert house.say("error") == []
    assert house.say("warning") == [("disk", "warning")]
    assert house.say("notice") == [("disk", "notice")]
    assert house.say("ok") == []


def test_of_several_checks_of_one_name_the_worst_counts() -> None:
    house = House()
    assert house.say("ok", "error", "warning") == [("disk", "error")]
    assert house.say("ok", "warning") == [("disk", "warning")]


def test_a_check_that_is_there_no_more_is_well() -> None:
    house = House()
    house.say("error")
    assert house.say("ok", name="other") == [("disk", "ok")]


def test_it_looks_by_itself_only_while_somebody_wants_to_know(caplog: pytest.LogCaptureFixture) -> None:
    house = House(every_s=0.02)
    house.wanted = False
    house.checks = [HealthCheck("disk", "error", "Full.")]
    house.watch.start()
    house.watch.start()
    house.wanted = True
    until(lambda: house.told)
    house.checks = [None]  # type: ignore[list-item]  # a look that stumbles
    with caplog.at_level(logging.ERROR):
        until(lambda: "could not be looked at" in caplog.text)
    house.watch.stop()
    house.watch.stop()
