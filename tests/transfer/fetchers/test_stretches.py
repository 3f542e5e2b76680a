"""Fragmented MP4 whose time begins anew on the way becomes one video in which it runs on, without a hole."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path

import pytest

from aniworld.core.errors import Cancelled, ChildDied, DiskFull, TooLarge, TransferFailed, WrongMedia
from aniworld.core.media import StreamKind
from aniworld.transfer.fetchers.hls_playlist import MOST_STRETCHES, parse, segments, stretches
from aniworld.transfer.protocol.job import Phase
from tests.transfer.fixtures import Ask, Asked, frames
from tests.transfer.media_server import MediaHost
from tests.transfer.programmes import LENGTH, Programmes, programmes, silences, times
from tests.transfer.test_supervisor import Running, _gone

pytestmark = pytest.mark.slow

__all__ = ["programmes"]

MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",LANGUAGE="de",NAME="Deutsch",DEFAULT=YES,URI="sound.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=320x180,AUDIO="a"
picture.m3u8
"""
WHOLE = {"media.mp4", "media.json"}


@pytest.fixture
def offer(host: MediaHost, programmes: Programmes, ask: Ask):
    """``offer("one", "two")``: a transfer of a playlist of these stretches."""

    def make(*names: str, maps: bool = True, **fields: object) -> Asked:
        programmes.serve(host)
        host.files["/p/list.m3u8"] = programmes.playlist(names, maps=maps).encode()
        return ask("/p/list.m3u8", StreamKind.HLS, **fields)

    return make


def offer_apart(host: MediaHost, programmes: Programmes, picture: list[str], sound: list[str]) -> None:
    """``/p/list.m3u8``: picture and sound in playlists of their own, of these stretches."""
    programmes.serve(host)
    host.files["/p/list.m3u8"] = MASTER.encode()
    host.files["/p/picture.m3u8"] = programmes.playlist([f"{name}-picture" for name in picture]).encode()
    host.files["/p/sound.m3u8"] = programmes.playlist([f"{name}-sound" for name in sound]).encode()


def _follow(programmes: Programmes, path: Path, *names: str) -> None:
    """Every frame of every stretch is there, and none comes late."""
    assert frames(path) == "\n".join(frames(programmes.clips / f"{name}.mp4") for name in names)
    shown = times(path, "v")
    assert all(0 < after - before < 0.12 for before, after in pairwise(shown))
    heard = times(path, "a")
    assert all(0 < after - before < 0.08 for before, after in pairwise(heard))


def _wrapped(tmp_path: Path, pattern: str, command: str) -> str:
    """An ffmpeg that does ``command`` first where its arguments match."""
    path = tmp_path / "wrapped-ffmpeg"
    path.write_text(f'#!/bin/sh\ncase "$*" in {pattern}) {command};; esac\nexec ffmpeg "$@"\n')
    path.chmod(0o755)
    return str(path)


def test_two_stretches_with_a_map_each_become_one_video(programmes: Programmes, offer) -> None:
    asked = offer("one", "two")
    result = asked.run()
    assert (result.container, result.height) == ("mp4", 180)
    assert result.duration == pytest.approx(2 * LENGTH, abs=0.2)
    assert asked.left == WHOLE
    assert len(asked.sizes) == 1
    _follow(programmes, result.path, "one", "two")
    ((start, end),) = silences(result.path)
    assert (start, end) == (pytest.approx(0, abs=0.1), pytest.approx(times(result.path, "v")[4 * 24], abs=0.06))


def test_three_stretches_with_only_one_map_share_it(programmes: Programmes, offer, host: MediaHost) -> None:
    result = offer("one", "one", "one", maps=False).run()
    assert result.duration == pytest.approx(3 * LENGTH, abs=0.3)
    assert host.count["/p/one-map.mp4"] == 1
    _follow(programmes, result.path, "one", "one", "one")


def test_sound_apart_stays_with_its_picture_over_every_seam(host: MediaHost, programmes: Programmes, ask: Ask) -> None:
    names = ["one", "two"] * 3
    offer_apart(host, programmes, names, names)
    asked = ask("/p/list.m3u8", StreamKind.HLS, language="ger-dub")
    result = asked.run()
    assert (result.audio_languages, asked.left) == (("ger",), WHOLE)
    assert result.duration == pytest.approx(6 * LENGTH, abs=0.5)
    _follow(programmes, result.path, *names)
    seams = times(result.path, "v")[:: LENGTH * 24]
    assert [end for _, end in silences(result.path)] == pytest.approx(seams[1::2], abs=0.08)


def test_sound_that_comes_packed_is_cut_with_its_picture(host: MediaHost, programmes: Programmes, ask: Ask) -> None:
    """ADTS has neither map nor time; only its discontinuities tell which picture it belongs to."""
    offer_apart(host, programmes, ["one", "two"], ["one", "two"])
    part = f"#EXTINF:{LENGTH},\n{{}}.aac\n"
    body = f"{part.format('one')}#EXT-X-DISCONTINUITY\n{part.format('two')}"
    host.files["/p/sound.m3u8"] = f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n{body}#EXT-X-ENDLIST\n".encode()
    result = ask("/p/list.m3u8", StreamKind.HLS).run()
    _follow(programmes, result.path, "one", "two")
    assert [end for _, end in silences(result.path)] == pytest.approx([LENGTH], abs=0.08)


@pytest.mark.slow
def test_hevc_stretches_of_other_settings_keep_every_frame(programmes: Programmes, offer) -> None:
    _follow(programmes, offer("old", "new", "old").run().path, "old", "new", "old")


def test_one_stretch_is_joined_while_it_comes(offer, tmp_path: Path) -> None:
    """An ordinary playlist goes no longer way than before: no piece is ever made of it."""
    assert offer("one", ffmpeg=_wrapped(tmp_path, "*piece*", "exit 1")).run().duration == pytest.approx(LENGTH, abs=0.2)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("one", "large"), "320x180 becomes h264 yuv420p 640x360"),
        (("one", "old"), "h264 yuv420p 320x180 becomes hevc"),
        (("one", "mute"), "44100 Hz mono becomes nothing"),
    ],
    ids=["resolution", "codec", "sound"],
)
def test_stretches_of_different_kinds_are_refused_by_name(offer, names: tuple[str, ...], words: str) -> None:
    asked = offer(*names)
    with pytest.raises(WrongMedia, match=words):
        asked.run()
    assert asked.left == set()


def test_a_stretch_shorter_than_announced_is_no_whole_video(host: MediaHost, offer) -> None:
    """What another stretch has too much does not make up for it, though the whole lasts as long as announced."""
    asked = offer("one", "two")
    lines = host.files["/p/list.m3u8"].decode().split("\n")
    lines = [line for line in lines if not line.startswith("#EXTINF")]
    lasts = {"one-": 0.5, "two-0": 1, "two-1": 3}
    kept = [line for line in lines if line not in ("two-2.m4s", "two-3.m4s")]
    for place in reversed(range(len(kept))):
        seconds = next((lasts[start] for start in lasts if kept[place].startswith(start)), None)
        if seconds:
            kept.insert(place, f"#EXTINF:{seconds},")
    host.files["/p/list.m3u8"] = "\n".join(kept).encode()
    with pytest.raises(WrongMedia, match="announced"):
        asked.run()
    assert not any(name.startswith(("media", "piece")) for name in asked.left)


def test_sound_with_other_stretches_than_its_picture_is_refused_before_it_comes(
    host: MediaHost, programmes: Programmes, ask: Ask
) -> None:
    offer_apart(host, programmes, ["one", "two"], ["one"])
    with pytest.raises(WrongMedia, match="different places"):
        ask("/p/list.m3u8", StreamKind.HLS).run()
    assert not any(path.endswith((".m4s", ".mp4")) for path in host.count)


def test_a_missing_second_map_fails_the_attempt(host: MediaHost, offer) -> None:
    asked = offer("one", "two")
    del host.files["/p/two-map.mp4"]
    with pytest.raises(TransferFailed):
        asked.run()
    assert not any(name.startswith(("media", "piece")) for name in asked.left)


@pytest.mark.parametrize(
    "data",
    [b"ffconcat version 1.0\nfile /etc/passwd\n", b"\0" * 5000, b"", b"\0\0\0\x08moov"],
    ids=["list", "zeros", "empty", "stub"],
)
def test_a_map_that_is_none_is_refused(host: MediaHost, offer, data: bytes) -> None:
    asked = offer("one", "two")
    host.files["/p/two-map.mp4"] = data
    with pytest.raises(WrongMedia):
        asked.run()
    assert not any(name.startswith(("media", "piece")) for name in asked.left)


@pytest.mark.slow
def test_a_kill_in_the_middle_costs_no_segment_that_was_there(host: MediaHost, programmes: Programmes, offer) -> None:
    host.rate = 400_000
    running = Running(offer("one", "two", connections=1))
    running.wait_until(lambda: host.count["/p/one-3.m4s"] > 0)
    running.processes[0].kill()
    assert isinstance(running.end(), ChildDied)
    host.rate = 0
    before = host.count["/p/one-0.m4s"]
    asked = offer("one", "two", connections=1)
    _follow(programmes, asked.run().path, "one", "two")
    assert (host.count["/p/one-0.m4s"], asked.left) == (before, WHOLE)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["*piece-1.mp4*", "*ffconcat*"], ids=["second piece", "joining"])
@pytest.mark.parametrize("how", ["kill", "cancel"])
def test_ended_while_pieces_are_joined_it_goes_on_without_a_request(
    host: MediaHost, programmes: Programmes, offer, tmp_path: Path, place: str, how: str
) -> None:
    (tmp_path / "reached").unlink(missing_ok=True)
    slow = _wrapped(tmp_path, place, f"touch {tmp_path}/reached; exec sleep 30")
    running = Running(offer("one", "two", ffmpeg=slow))
    running.reach(Phase.MERGING)
    waited = threading.Event()
    for _ in range(500):
        if (tmp_path / "reached").exists():
            break
        waited.wait(0.02)
    assert (tmp_path / "reached").exists()
    processes = running.processes
    assert len(processes) > 1
    running.asked.transfer.cancel() if how == "cancel" else processes[0].kill()
    assert isinstance(running.end(), Cancelled if how == "cancel" else ChildDied)
    assert _gone(processes, 2)
    assert not any(name.startswith("media") for name in running.asked.left)
    fetched = {path: count for path, count in host.count.items() if path.endswith((".m4s", ".mp4"))}
    asked = offer("one", "two")
    _follow(programmes, asked.run().path, "one", "two")
    assert asked.left == WHOLE
    assert {path: host.count[path] for path in fetched} == fetched


@pytest.mark.parametrize("place", ["*piece-1.mp4*", "*ffconcat*"], ids=["second piece", "joining"])
def test_a_disk_that_is_full_while_pieces_are_joined_waits_without_them(
    host: MediaHost, offer, tmp_path: Path, place: str
) -> None:
    asked = offer("one", "two", ffmpeg=_wrapped(tmp_path, place, "ulimit -f 40"))
    with pytest.raises(DiskFull):
        asked.run()
    assert not any(name.startswith(("media", "piece")) for name in asked.left)
    fetched = host.count["/p/one-1.m4s"]
    assert offer("one", "two").run().duration == pytest.approx(2 * LENGTH, abs=0.2)
    assert host.count["/p/one-1.m4s"] == fetched


def test_room_is_asked_for_the_pieces_too(host: MediaHost, programmes: Programmes, offer) -> None:
    """Tracks, pieces and the joined file stand side by side for a while."""
    asked = offer("two", "two")
    asked.run()
    stream = 2 * sum(len(host.files[f"/p/two-{number}.m4s"]) for number in range(LENGTH))
    assert asked.sizes[0] > 2.2 * stream


HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
MAP, PART, CUT = '#EXT-X-MAP:URI="{}"\n', "#EXTINF:1,\n{}\n", "#EXT-X-DISCONTINUITY\n"


def _stretches(body: str) -> list[str]:
    track = segments(parse(f"{HEAD}{body}#EXT-X-ENDLIST\n", "https://h.example/p/list.m3u8"))
    return ["".join(one.url[-1] for one in stretch) for stretch in stretches(track)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (PART.format("a") + CUT + PART.format("b"), ["a", "b"]),
        (MAP.format("m") + PART.format("a") + PART.format("b"), ["mab"]),
        (MAP.format("m") + CUT + PART.format("a"), ["ma"]),
        (MAP.format("m") + PART.format("a") + CUT + PART.format("b") + PART.format("c"), ["ma", "mbc"]),
        (MAP.format("m") + PART.format("a") + MAP.format("m") + PART.format("b"), ["mab"]),
        (MAP.format("m") + PART.format("a") + MAP.format("n") + PART.format("b"), ["ma", "nb"]),
        (MAP.format("m") + PART.format("a") + CUT + MAP.format("n") + PART.format("b"), ["ma", "nb"]),
        (PART.format("a") + CUT + MAP.format("n") + PART.format("b") + CUT + PART.format("c"), ["a", "nb", "nc"]),
    ],
    ids=["no map", "one", "first", "one map", "same map", "other map", "both", "map comes late"],
)
def test_where_time_may_begin_anew(body: str, found: list[str]) -> None:
    assert _stretches(body) == found


def test_more_stretches_than_any_episode_has_are_refused() -> None:
    with pytest.raises(TooLarge, match="begins anew"):
        _stretches(MAP.format("m") + (CUT + PART.format("a")) * (MOST_STRETCHES + 1))
