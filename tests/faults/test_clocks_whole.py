"""The machine's clock is set forward and back under a whole server: nobody may wait for that, and nothing is thought
lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.faults.house import House
from tests.running import until
from tests.transfer.fixtures import Videos
from tests.transfer.media_server import MediaHost

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EPISODES = (1, 2)
# Python reads this at the start of the server: its time of day is from then on the true one and what the file says.
HOOK = """
import os, sys, threading, time
from pathlib import Path
import time_machine

rest, file = time.sleep, Path(__file__).with_name("clock")
offset = float(file.read_text())
traveller = time_machine.travel(time.time() + offset, tick=True).start()

def follow():
    global offset
    while True:
        new = float(file.read_text())
        if new != offset:
            traveller.shift(new - offset)
            offset = new
        rest(0.02)

def begin():
    threading.Thread(target=follow, daemon=True).start()

def begin_in_worker():
    if "wsgi" not in sys.modules:  # what the worker itself forks becomes another program at once
        begin()

begin()
os.register_at_fork(after_in_child=begin_in_worker)
"""
DAY_S = 86_400


class WallClock:
    """The time of day of a server with ``environment``; ``set`` moves it while the server runs."""

    def __init__(self, place: Path) -> None:
        place.mkdir()
        self.file = place / "clock"
        self.set(0)
        (place / "sitecustomize.py").write_text(HOOK)
        self.environment = {"PYTHONPATH": str(place)}

    def set(self, offset_s: int) -> None:
        """``offset_s`` seconds ahead of the true time."""
        new = self.file.with_suffix(".new")
        new.write_text(str(offset_s))
        new.replace(self.file)


@pytest.fixture
def clock(tmp_path: Path) -> WallClock:
    return WallClock(tmp_path / "clock")


@pytest.fixture
def house(tmp_path: Path, host: MediaHost, videos: Videos, clock: WallClock) -> Iterator[House]:
    host.files["/v.mp4"] = videos.mp4
    made = House(tmp_path, host, len(EPISODES), **clock.environment)
    for number in EPISODES:
        made.offer(number, f"/v.mp4?{number}")
    yield made
    made.close()


def _time_of_day(house: House) -> datetime:
    return parsedate_to_datetime(house.server.call("GET", "/health").headers["Date"])


@pytest.mark.parametrize("offset_s", [400 * DAY_S, -400 * DAY_S])
def test_downloads_go_on_over_a_jump(house: House, clock: WallClock, offset_s: int) -> None:
    house.media.rate = 40_000
    house.start(concurrency=2, connections=2)
    house.queue(*EPISODES)
    until(lambda: len(house.children()) == len(EPISODES), 20)
    before, children = _time_of_day(house), set(house.children())
    clock.set(offset_s)
    until(lambda: abs((_time_of_day(house) - before).total_seconds() - offset_s) < 60, 10)
    house.server.sign_in()  # a session may end by the new time
    until(lambda: all(item["downloaded_bytes"] for item in house.items().values()), 20)
    assert children & set(house.children()), "they are the same transfers"
    house.media.rate = 0
    items = until(lambda: house.ended(len(EPISODES)), 30)
    assert [(item["status"], item["retry_count"]) for item in items.values()] == [("completed", 0)] * len(EPISODES)
    house.check_rest()


def test_what_waits_for_another_try_does_not_wait_for_the_old_time(house: House, clock: WallClock) -> None:
    """A clock that ran ahead is set right: by it the next try would be a month away."""
    clock.set(30 * DAY_S)
    house.offer(1, "/gone.mp4")
    house.start(concurrency=1, retry_limit=3)
    house.queue(1)
    until(lambda: house.item(1)["retry_count"] == 1, 20)
    house.offer(1, "/v.mp4?1")
    clock.set(0)
    house.server.sign_in()
    until(lambda: house.item(1)["status"] == "completed", 20)
    house.check_rest()
