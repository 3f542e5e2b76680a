"""What happens reaches the rooms: all of it, in order, and no more often than is of use."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from aniworld.core.events import EventBus, QueueStatusChanged, Room, ScanFailed, SeriesUpdated
from aniworld.services.queue.views import DownloadItem, QueueStatistics, QueueStatus
from aniworld.services.scan.views import ScanStatus
from aniworld.web.live.rooms import Message, Rooms, asked_rooms
from tests.running import until

NOW = datetime(2025, 10, 17, 10, 30, tzinfo=UTC)


def item(**more: Any) -> DownloadItem:
    facts: dict[str, Any] = dict.fromkeys(DownloadItem.__dataclass_fields__)
    facts |= {
        "id": "1",
        "serie_id": "a",
        "serie_folder": "A",
        "season": 1,
        "episode": 2,
        "status": "downloading",
        "progress": 12.5,
        "downloaded_bytes": 1,
        "speed_mbps": 0.0,
        "speed_bytes": 0,
        "added_at": NOW,
    }
    return DownloadItem(**(facts | more))


class Queue:
    """The queue as it is when someone asks."""

    def __init__(self) -> None:
        self.running = 0
        self.asked = 0

    def status(self) -> QueueStatus:
        self.asked += 1
        statistics = QueueStatistics(self.running, 0, self.running, 0, 0, 0, 0.0, None, None)
        return QueueStatus(True, False, None, (item(),), (), (), (), statistics)


class Listener:
    def __init__(self, *rooms: str) -> None:
        self.rooms = rooms
        self.heard: list[Message] = []
        self.at: list[float] = []

    connections = 1

    def wanted(self, room: str) -> bool:
        return room in self.rooms

    def send(self, message: Message) -> None:
        self.heard.append(message)
        self.at.append(time.monotonic())


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def rooms(bus: EventBus, queue: Queue) -> Iterator[Rooms]:
    made = Rooms(bus, queue.status, lambda: ScanStatus("7", "running", "walk", 3, 10, 30.0))
    yield made
    made.stop()
    made.stop()


def test_an_event_goes_to_its_room_only_with_its_time_beside_the_fields(bus: EventBus, rooms: Rooms) -> None:
    library, scans = Listener("library"), Listener("scan_progress")
    rooms.add(library)
    rooms.add(scans)
    bus.publish(SeriesUpdated("attack-on-titan", "Größe (2013)"))
    (message,) = until(lambda: library.heard)
    assert message.name == "series_updated"
    assert message.data["folder"] == "Größe (2013)"
    assert message.data["timestamp"].endswith("Z")
    assert message.envelope["data"] == {name: value for name, value in message.data.items() if name != "timestamp"}
    assert scans.heard == []


def test_events_arrive_in_their_order_from_many_threads(bus: EventBus, rooms: Rooms) -> None:
    listener = Listener("library")
    rooms.add(listener)

    def tell(name: str) -> None:
        for number in range(200):
            bus.publish(SeriesUpdated(name, str(number)))

    threads = [threading.Thread(target=tell, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(listener.heard) == 600)
    for name in "abc":
        assert [m.data["folder"] for m in listener.heard if m.data["key"] == name] == [str(n) for n in range(200)]


def test_a_hundred_changes_of_the_queue_are_a_few_messages_and_the_last_is_true(
    bus: EventBus, rooms: Rooms, queue: Queue
) -> None:
    listener = Listener("downloads")
    rooms.add(listener)
    for number in range(100):
        queue.running = number
        bus.publish(QueueStatusChanged({}))
        time.sleep(0.005)
    until(lambda: listener.heard and listener.heard[-1].data["statistics"]["total"] == 99)
    assert len(listener.heard) <= 6
    assert all(later - sooner >= 0.2 for sooner, later in zip(listener.at, listener.at[1:], strict=False))


def test_what_nobody_wants_costs_nothing(bus: EventBus, rooms: Rooms, queue: Queue) -> None:
    rooms.add(Listener("library"))
    before = threading.active_count()
    for _ in range(100):
        bus.publish(QueueStatusChanged({}))
    assert queue.asked == 0
    assert not rooms._waiting
    assert threading.active_count() <= before + 1  # the one that sends


def test_an_outlet_that_fails_does_not_silence_what_follows(bus: EventBus, rooms: Rooms) -> None:
    listener = Listener("library")

    class Broken(Listener):
        def send(self, message: Message) -> None:
            raise RuntimeError("broken")

    rooms.add(listener)
    rooms.add(Broken("library"))
    bus.publish(SeriesUpdated("a", "A"))
    bus.publish(SeriesUpdated("b", "B"))
    until(lambda: len(listener.heard) == 2)


def test_joining_shows_the_present_state(rooms: Rooms) -> None:
    (status,) = rooms.state_of(Room.DOWNLOADS)
    assert status.data["active_downloads"][0]["added_at"] == "2025-10-17T10:30:00.000Z"
    (progress,) = rooms.state_of(Room.DOWNLOAD_PROGRESS)
    assert (progress.name, progress.data["download_id"], progress.data["percent"]) == ("download_progress", "1", 12.5)
    (scan,) = rooms.state_of(Room.SCAN_PROGRESS)
    assert (scan.name, scan.data["scan_id"], scan.data["status"], scan.data["percent"]) == (
        "scan_progress",
        "7",
        "running",
        30.0,
    )
    assert rooms.state_of(Room.LIBRARY) == []


def test_after_the_stop_nothing_is_told(bus: EventBus, rooms: Rooms) -> None:
    listener = Listener("scan_progress")
    rooms.add(listener)
    rooms.stop()
    bus.publish(ScanFailed("1", "error", "code"))
    time.sleep(0.05)
    assert listener.heard == []


@pytest.mark.parametrize(
    "wish",
    [
        None,
        "",
        "nope",
        [],
        ["downloads", "nope"],
        [["downloads"]],
        {"room": "downloads"},
        7,
        ["downloads"] * 21,
        "x" * 10**6,
    ],
)
def test_only_rooms_can_be_joined(wish: Any) -> None:
    assert asked_rooms(wish) is None


def test_one_room_or_several() -> None:
    assert asked_rooms("downloads") == ["downloads"]
    assert asked_rooms(["library", "downloads", "library"]) == ["library", "downloads"]
