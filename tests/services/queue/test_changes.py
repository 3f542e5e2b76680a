"""The bell of the queue: who hears which ring."""

from __future__ import annotations

import threading

from aniworld.services.queue.change_signal import Changes


def test_a_ring_from_afar_wakes_everyone_and_is_not_told_on() -> None:
    changes, heard = Changes(), []
    changes.listen(lambda: heard.append("any"))
    changes.listen_near(lambda: heard.append("near"))
    changes.ring()
    changes.ring(afar=True)
    assert heard == ["any", "near", "any"]


def test_who_has_left_hears_nothing() -> None:
    changes, heard = Changes(), []
    leave, leave_near = changes.listen(lambda: heard.append(1)), changes.listen_near(lambda: heard.append(2))
    leave()
    leave_near()
    changes.ring()
    assert heard == []


def test_a_ring_from_afar_ends_a_wait() -> None:
    changes, done = Changes(), threading.Event()
    threading.Timer(0.05, lambda: (done.set(), changes.ring(afar=True))).start()
    assert changes.wait_until(done.is_set, 5, look_every_s=5)
