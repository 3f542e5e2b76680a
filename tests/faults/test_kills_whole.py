"""kill -9 of child, server and both: at random moments, and in each phase of an episode's way into the library."""

from __future__ import annotations

import os
import random
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aniworld.demo.facts import FIRST_LINK_ID
from tests.faults.house import House, gone, kill
from tests.running import until
from tests.transfer.fixtures import Videos, serve
from tests.transfer.media_server import MediaHost

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

MOMENTS = int(os.environ.get("ANIWORLD_TEST_MOMENTS", "20"))
EPISODES = (1, 2, 3, 4)


@pytest.fixture
def house(tmp_path: Path, host: MediaHost, videos: Videos) -> Iterator[House]:
    """Two files and two playlists at a pace that leaves time to be killed."""
    serve(host, "hls", videos.hls)
    serve(host, "aes", videos.aes)
    host.files["/v.mp4"] = videos.mp4
    made = House(tmp_path, host, MOMENTS, PATH=f"{_slow_ffmpeg(tmp_path)}:/usr/local/bin:/usr/bin:/bin")
    for number, path in zip(EPISODES, ("/v.mp4?1", "/hls/list.m3u8", "/v.mp4?2", "/aes/list.m3u8"), strict=True):
        made.offer(number, path)
    yield made
    made.close()


def _slow_ffmpeg(place: Path) -> Path:
    """A folder with an ffmpeg that leaves a mark and takes its time, while there is a file ``slow`` beside it."""
    folder = place / "bin"
    folder.mkdir()
    script = folder / "ffmpeg"
    script.write_text(
        f'#!/bin/sh\nif [ -e "{folder}/slow" ]; then\n  case "$*" in\n'
        f'    *-sseof*) touch "{folder}/verifying"; sleep 3;;\n'
        f'    *pipe:0*) touch "{folder}/merging"; /usr/bin/ffmpeg "$@"; code=$?; sleep 3; exit $code;;\n'
        '  esac\nfi\nexec /usr/bin/ffmpeg "$@"\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    return folder


def _kill_server(house: House) -> list[int]:
    return house.server.kill()


def _kill_both(house: House) -> list[int]:
    return house.everything()


@pytest.mark.parametrize("victims", [_kill_server, _kill_both], ids=["server", "server and children"])
def test_kills_at_random_moments_lose_nothing(house: House, victims: Callable[[House], list[int]]) -> None:
    moments = random.Random(11)
    house.media.rate = 50_000
    house.start(concurrency=4, connections=2, auto_start=True)
    house.queue(*EPISODES)
    for _ in range(MOMENTS):
        time.sleep(moments.uniform(0.0, 1.5))
        left = victims(house)
        until(lambda left=left: gone(left), 10)
        house.check_library()
        house.server.start()
        assert len(house.items()) == len(EPISODES)
    house.media.rate = 0
    items = until(lambda: house.ended(len(EPISODES)), 60)
    assert {item["status"] for item in items.values()} == {"completed"}
    house.check_rest()


def test_children_killed_at_random_moments_are_said_and_tried_again(house: House) -> None:
    moments = random.Random(12)
    house.media.rate = 60_000
    house.start(concurrency=4, connections=2)
    house.queue(*EPISODES)
    for _ in range(MOMENTS):
        children = until(house.children, 20, 0.02)
        time.sleep(moments.uniform(0.0, 1.0))
        kill(moments.choice(children))
        until(lambda: all(item["status"] != "pending" for item in house.items().values()), 20)
        house.check_library()
        if any(item["status"] == "failed" for item in house.items().values()):
            house.server.post("/api/queue/retry", {})
    house.media.rate = 0
    until(lambda: not any(item["status"] == "pending" for item in house.items().values()), 30)
    for item in until(lambda: house.ended(len(EPISODES)), 60).values():
        assert item["status"] == "completed" or "kill" in item["error"] or "signal" in item["error"], item["error"]
    house.server.post("/api/queue/retry", {})
    until(lambda: all(item["status"] == "completed" for item in house.items().values()), 60)
    house.check_rest()


def _ends_well(house: House, *numbers: int) -> None:
    """After the next start everything is as if nothing had been."""
    house.check_library()
    assert not [path for path in house.in_library() if path.suffix == ".mp4"]
    house.server.start()
    until(lambda: all(house.item(number)["status"] == "completed" for number in numbers), 60)
    house.check_rest()
    assert len([path for path in house.in_library() if path.suffix == ".mp4"]) == len(numbers)


def test_a_server_killed_while_it_resolves(house: House) -> None:
    asked = house.media.count
    slow = house.site.fault("/redirect/", delay=5.0)
    house.start(auto_start=True)
    house.queue(1)
    until(lambda: any(seen.path.startswith("/redirect/") for seen in house.site.requests), 20)
    house.everything()
    assert asked[f"/e/{FIRST_LINK_ID}"] == 0
    house.site.heal(slow)
    _ends_well(house, 1)


@pytest.mark.parametrize(("phase", "episode"), [("merging", 2), ("merging", 4), ("verifying", 1), ("verifying", 2)])
@pytest.mark.parametrize("victims", [_kill_server, _kill_both], ids=["server", "both"])
def test_a_server_killed_while_it_merges_or_verifies(
    house: House, tmp_path: Path, phase: str, episode: int, victims: Callable[[House], list[int]]
) -> None:
    (tmp_path / "bin" / "slow").touch()
    house.start(auto_start=True)
    house.queue(episode)
    until((tmp_path / "bin" / phase).exists, 20)
    left = victims(house)
    until(lambda: gone(left), 10)
    (tmp_path / "bin" / "slow").unlink()
    _ends_well(house, episode)


def test_a_server_killed_while_it_places_has_the_whole_file_or_none(house: House) -> None:
    """A finished file is placed within milliseconds, so the moment is met by waiting for the file and trying often."""
    moments = random.Random(13)
    house.start(auto_start=True, connections=4)
    for number in range(1, MOMENTS + 1):
        house.offer(number, f"/v.mp4?{number}")
        house.queue(number)
        victims = house.server.tree()
        _wait_for_finished(house.library, number)
        _spin(moments.uniform(0.0, 0.03))
        for pid in victims:
            kill(pid)
        assert house.server.process is not None
        house.server.process.wait(10)
        house.check_library()
        house.server.start()
        item = until(lambda: house.ended(number), 30)[number]  # noqa: B023  asked at once
        assert item["status"] == "completed", item["error"]
        assert len([path for path in house.in_library() if path.suffix == ".mp4"]) == number
    house.check_rest()


def _wait_for_finished(library: Path, number: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if any((library / ".incoming").glob("*/*/media.mp4")) or any(library.glob(f"*/*/*S01E{number:02d}*.mp4")):
            return
    raise AssertionError("no file was finished")


def _spin(seconds: float) -> None:
    """Waits more exactly than a sleep."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
