"""What the settings say of how a download is done, seen at the running children and in the library."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import House
from tests.running import until
from tests.transfer.engine.test_full_check import damaged
from tests.transfer.fixtures import Videos
from tests.transfer.media_server import MediaHost

pytestmark = pytest.mark.slow


@pytest.fixture
def house(tmp_path: Path, host: MediaHost, videos: Videos) -> Iterator[House]:
    host.files |= {"/v.mp4": videos.mp4, "/damaged.mp4": damaged(videos.mp4)}
    made = House(tmp_path, host, 2)
    made.offer(1, "/v.mp4")
    made.offer(2, "/damaged.mp4")
    yield made
    made.close()


@pytest.mark.parametrize("niceness", [0, 7])
def test_downloads_step_aside_as_far_as_is_wished(house: House, niceness: int) -> None:
    house.media.rate = 100_000
    house.start(niceness=niceness)
    house.queue(1)
    wanted = os.getpriority(os.PRIO_PROCESS, 0) + niceness
    until(lambda: any(os.getpriority(os.PRIO_PROCESS, pid) == wanted for pid in house.children()), 20)
    house.media.rate = 0
    assert until(lambda: house.ended(1), 20)[1]["status"] == "completed"


def test_damage_that_only_the_full_check_finds_never_stands_in_the_library(house: House) -> None:
    house.start(full_check=True)
    house.queue(1, 2)
    items = until(lambda: house.ended(2), 30)
    assert items[1]["status"] == "completed"
    assert (items[2]["status"], items[2]["error_code"]) == ("failed", "wrong_media")
    assert "damaged" in items[2]["error"]
    assert [path.name for path in house.in_library() if path.suffix == ".mp4"] == [Path(items[1]["file"]).name]
    house.check_rest()


def test_a_niceness_that_is_none_is_refused(house: House) -> None:
    house.server.start()
    for niceness in (-1, 20, "5", 1.5, True, None):
        answer = house.server.call("PUT", "/api/config/", {"download": {"niceness": niceness}})
        assert answer.status_code == 422, niceness
        assert "download.niceness" in answer.json()["errors"]
