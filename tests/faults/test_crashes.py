"""Kill -9 at any moment: what was written before is used, and the file is the same, byte for byte."""

from __future__ import annotations

import random
import threading

import pytest

from aniworld.core.errors import ChildDied
from aniworld.core.media import StreamKind
from tests.transfer.fixtures import Ask, Videos, serve
from tests.transfer.media_server import MediaHost


def _killed_after(asked, seconds: float) -> bool:
    """Whether the child was killed before it was done."""

    def kill() -> None:
        child = asked.transfer._child
        if child is not None and child.returncode is None:
            child.kill()

    timer = threading.Timer(seconds, kill)
    timer.start()
    try:
        asked.run()
    except ChildDied:
        return True
    finally:
        timer.cancel()
        timer.join()
    return False


def _sent(host: MediaHost, size: int) -> int:
    """Bytes that were asked for by ranges."""
    total = 0
    for _, headers in host.requests:
        start, _, end = headers.get("Range", "bytes=0-0").removeprefix("bytes=").partition("-")
        total += min(size, int(end) + 1) - int(start)
    return total


def test_a_killed_child_costs_a_few_hundred_kilobytes_at_most(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    host.rate = 400_000
    asked = ask("/v.mp4", connections=4)
    assert _killed_after(asked, 1.5)
    told = asked.told[-1].downloaded_bytes
    host.rate = 0
    again = ask("/v.mp4", connections=4)
    assert again.run().path.read_bytes() == videos.mp4
    assert told > 100_000
    assert again.sizes[0] <= len(videos.mp4) - told


def _survives(host: MediaHost, ask: Ask, path: str, kind: StreamKind, moments: list[float]) -> bytes:
    for moment in moments:
        _killed_after(ask(path, kind), moment)
    return ask(path, kind).run().path.read_bytes()


def test_kills_in_a_row_end_in_the_same_file(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    host.rate = 500_000
    assert _survives(host, ask, "/v.mp4", StreamKind.FILE, [0.4, 0.6, 0.8]) == videos.mp4


@pytest.mark.slow
def test_kills_at_twenty_random_moments_end_in_the_same_file(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    host.rate = 200_000
    chance = random.Random(4)
    moments = [chance.uniform(0.1, 1.2) for _ in range(20)]
    assert _survives(host, ask, "/v.mp4", StreamKind.FILE, moments) == videos.mp4


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["hls", "aes", "fmp4"])
def test_kills_at_twenty_random_moments_of_a_playlist(host: MediaHost, videos: Videos, ask: Ask, kind: str) -> None:
    serve(host, kind, getattr(videos, kind))
    whole = ask(f"/{kind}/list.m3u8", StreamKind.HLS).run().path
    expected = whole.read_bytes()
    for path in whole.parent.iterdir():
        path.unlink()
    host.rate = 300_000
    chance = random.Random(5)
    moments = [chance.uniform(0.1, 1.5) for _ in range(20)]
    assert _survives(host, ask, f"/{kind}/list.m3u8", StreamKind.HLS, moments) == expected
