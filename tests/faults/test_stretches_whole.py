"""A whole server downloads an episode whose time begins anew on the way; killed meanwhile, it goes on from the
bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import House, gone
from tests.running import until
from tests.transfer.fetchers.test_stretches import offer_apart
from tests.transfer.media_server import MediaHost
from tests.transfer.programmes import Programmes, programmes

__all__ = ["programmes"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def house(tmp_path: Path, host: MediaHost, programmes: Programmes) -> Iterator[House]:
    """Episode 1 has its sound apart, episode 2 changes its size. ffmpeg leaves a mark and waits while there is
    ``slow``.
    """
    offer_apart(host, programmes, ["one", "two", "one"], ["one", "two", "one"])
    host.files["/p/large.m3u8"] = programmes.playlist(["one", "large"]).encode()
    script = tmp_path / "bin" / "ffmpeg"
    script.parent.mkdir()
    waits = f'[ -e "{tmp_path}/slow" ] && touch "{tmp_path}/merging" && sleep 20'
    script.write_text(f'#!/bin/sh\ncase "$*" in *ffconcat*) {waits};; esac\nexec /usr/bin/ffmpeg "$@"\n')
    script.chmod(0o755)
    made = House(tmp_path, host, 2, PATH=f"{script.parent}:/usr/local/bin:/usr/bin:/bin")
    made.offer(1, "/p/list.m3u8")
    made.offer(2, "/p/large.m3u8")
    yield made
    made.close()


def test_killed_while_pieces_are_joined_the_episode_comes_whole_and_nothing_else(house: House, tmp_path: Path) -> None:
    (tmp_path / "slow").touch()
    house.start()
    house.queue(1)
    until((tmp_path / "merging").exists, 60)
    assert not house.in_library()
    killed = house.everything()
    until(lambda: gone(killed), 5)
    fetched = dict(house.media.count)
    (tmp_path / "slow").unlink()
    house.server.start()
    house.server.post("/api/queue/start")
    until(lambda: house.ended(1), 60)
    assert house.item(1)["status"] == "completed"
    assert {path: count for path, count in house.media.count.items() if path.endswith(".m4s")} == {
        path: count for path, count in fetched.items() if path.endswith(".m4s")
    }
    house.check_rest()
    assert len([path for path in house.in_library() if path.suffix == ".mp4"]) == 1


def test_an_episode_that_changes_its_size_fails_with_a_sentence(house: House) -> None:
    house.start()
    house.queue(2)
    until(lambda: house.ended(1), 60)
    item = house.item(2)
    assert item["status"] == "failed"
    assert "h264 yuv420p 320x180 becomes h264 yuv420p 640x360" in item["error"]
    house.check_rest()
    assert not [path for path in house.in_library() if path.suffix == ".mp4"]
