"""Progress is written for all downloads together, once a second, and never of one that has ended."""

from __future__ import annotations

from aniworld.core.events import DownloadProgress
from aniworld.services.queue.progress import News, RunningProgress
from tests.clock import Clock


def progress(name: str, percent: float) -> DownloadProgress:
    return DownloadProgress(name, "a", "A", 1, 1, percent, 1, 2, 1.0, 1, 1)


def test_the_newest_of_each_is_written_once_a_second() -> None:
    clock = Clock()
    running = RunningProgress(clock)
    assert running.note(progress("a", 1), "w") == (News(progress("a", 1), "w"),)
    for percent in (2, 3, 4):
        clock.at += 0.25
        assert running.note(progress("a", percent), "w") == running.note(progress("b", percent), None) == ()
    clock.at += 0.25
    assert running.note(progress("a", 5), "w") == (News(progress("a", 5), "w"), News(progress("b", 4), None))
    assert running.of("b") == progress("b", 4)


def test_what_has_ended_is_neither_known_nor_written() -> None:
    clock = Clock()
    running = RunningProgress(clock)
    running.note(progress("a", 1), "w")
    running.note(progress("b", 1), "w")
    running.forget("b")
    running.forget("nobody")
    clock.at += 1
    assert running.of("b") is None
    assert running.note(progress("a", 2), "w") == (News(progress("a", 2), "w"),)
