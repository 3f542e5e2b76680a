"""What could not be handed on is tried again when its time has come, and no more waits than may."""

from __future__ import annotations

import threading

from aniworld.services.notifications.delayed_queue import Later
from tests.running import until


def test_things_come_in_the_order_of_their_times() -> None:
    came: list[str] = []
    later = Later(came.append, name="test")
    later.put("second", 0.2)
    later.put("first", 0.05)
    until(lambda: len(came) == 2)
    assert came == ["first", "second"]


def test_what_stumbles_keeps_nothing_else_from_coming() -> None:
    came: list[int] = []

    def deliver(number: int) -> None:
        came.append(number)
        if number == 0:
            raise OSError("broken")

    later = Later(deliver, name="test")
    later.put(0, 0.01)
    later.put(1, 0.02)
    until(lambda: came == [0, 1])


def test_no_more_waits_than_may_and_nothing_after_the_stop() -> None:
    came: list[int] = []
    later = Later(came.append, name="test", limit=2)
    assert [later.put(number, 60) for number in range(3)] == [True, True, False]
    later.stop()
    later.stop()
    assert len(later) == 0
    assert not later.put(9, 0)
    until(lambda: not any(thread.name == "test" for thread in threading.enumerate()))
    assert came == []
