"""Progress is told less often to a crowd, and the last before an end is always told."""

from __future__ import annotations

from aniworld.core.events import DownloadFailed, DownloadProgress, EventBus, SeriesUpdated
from aniworld.services.queue.views import QueueStatistics, QueueStatus
from aniworld.services.scan.views import ScanStatus
from aniworld.web.live.progress_throttle import DELIVERIES_A_SECOND, ProgressPace
from aniworld.web.live.rooms import Message, Rooms
from tests.clock import Clock
from tests.running import until

CROWD = 200


def progress(name: str, percent: float) -> DownloadProgress:
    return DownloadProgress(name, "a", "A", 1, 1, percent, 1, 2, 1.0, 1, 1)


def failed(name: str) -> DownloadFailed:
    return DownloadFailed(name, "a", "A", 1, 1, "It broke.", "transfer_failed", 1, True)


def told_in_ten_seconds(listeners: int, downloads: int) -> int:
    """Events of so many downloads that tell their progress four times a second each."""
    clock = Clock()
    pace, told = ProgressPace(clock=clock), 0
    for turn in range(40):
        for number in range(downloads):
            told += len(pace.admit(progress(str(number), turn), listeners))
        clock.at += 0.25
        told += len(pace.due(listeners))
    return told


def test_a_household_hears_everything() -> None:
    assert told_in_ten_seconds(listeners=5, downloads=4) == 160
    assert told_in_ten_seconds(listeners=50, downloads=4) == 160


def test_a_crowd_hears_each_download_about_once_a_second() -> None:
    assert 40 <= told_in_ten_seconds(CROWD, downloads=4) <= DELIVERIES_A_SECOND * 10 / CROWD + 8


def test_however_many_there_are_each_is_told_every_two_seconds() -> None:
    assert told_in_ten_seconds(listeners=5000, downloads=2) >= 2 * 5


def test_the_newest_is_told_when_it_is_due() -> None:
    clock = Clock()
    pace = ProgressPace(clock=clock)
    assert pace.wait_s(CROWD) is None
    assert pace.admit(progress("x", 1), 2000) == [progress("x", 1)]
    assert pace.admit(progress("x", 2), 2000) == pace.admit(progress("x", 3), 2000) == pace.due(2000) == []
    assert pace.wait_s(2000) == 2.0
    clock.at += 2.0
    assert pace.wait_s(2000) == 0.0
    assert pace.due(2000) == [progress("x", 3)]
    assert pace.due(2000) == []
    assert pace.wait_s(2000) is None


def test_the_last_progress_comes_before_the_end_and_nothing_after_it() -> None:
    pace = ProgressPace(clock=Clock())
    pace.admit(progress("x", 1), 2000)
    pace.admit(progress("x", 99), 2000)
    assert pace.admit(failed("x"), 2000) == [progress("x", 99), failed("x")]
    assert pace.due(2000) == []
    assert pace.admit(failed("y"), 2000) == [failed("y")]


def test_other_events_are_never_held() -> None:
    pace = ProgressPace(clock=Clock())
    for _ in range(100):
        assert pace.admit(SeriesUpdated("a", "A"), 5000) == [SeriesUpdated("a", "A")]


def test_downloads_that_ended_without_a_word_are_forgotten() -> None:
    clock = Clock()
    pace = ProgressPace(clock=clock)
    for number in range(1000):
        pace.admit(progress(str(number), 1), CROWD)
        clock.at += 1
    assert len(pace._sent) <= 12
    assert pace.due(CROWD) == []


def test_a_crowd_in_the_rooms_hears_the_newest_by_itself() -> None:
    class Crowd:
        connections = 1600

        def __init__(self) -> None:
            self.heard: list[Message] = []

        def wanted(self, room: str) -> bool:
            return room == "download_progress"

        def send(self, message: Message) -> None:
            self.heard.append(message)

    nothing = QueueStatus(True, False, None, (), (), (), (), QueueStatistics(0, 0, 0, 0, 0, 0, 0.0, None, None))
    bus, crowd = EventBus(), Crowd()
    rooms = Rooms(bus, lambda: nothing, lambda: ScanStatus("7", "running", "walk", 3, 10, 30.0))
    rooms.add(crowd)
    for percent in range(1, 21):
        bus.publish(progress("x", float(percent)))
    until(lambda: crowd.heard and crowd.heard[-1].data["percent"] == 20.0, 5)
    assert len(crowd.heard) <= 3
    rooms.stop()
