"""A file or a playlist comes whole from an honest host, as fast and in as many parts as was wished."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from aniworld.core.errors import AniworldError, ChildDied, DiskFull, HosterUnsupported
from aniworld.core.media import StreamKind
from aniworld.transfer.protocol.job import Phase
from tests.transfer.fixtures import Ask, Videos, frames, serve
from tests.transfer.media_server import MediaHost, Request


def test_a_plain_file_comes_whole_over_several_ranges(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    asked = ask("/v.mp4", stream={"duration": 12.0})
    result = asked.run()
    assert result.path.read_bytes() == videos.mp4
    assert (result.container, result.height, result.size_bytes) == ("mp4", 180, len(videos.mp4))
    assert result.path.name == "media.mp4"
    assert asked.sizes == [len(videos.mp4)]
    assert asked.left == {"media.mp4", "media.json"}
    assert all("Range" in headers for _, headers in host.requests)
    assert len({headers["Range"] for _, headers in host.requests}) == len(host.requests) > 1
    assert asked.told[-1].percent == 100.0


def test_headers_that_the_hoster_expects_are_sent_and_none_that_break_the_ranges(
    host: MediaHost, videos: Videos, ask: Ask
) -> None:
    host.files["/v.mp4"] = videos.mp4
    ask("/v.mp4", stream={"headers": {"Referer": "https://hoster.example/e/1", "Accept-Encoding": "br"}}).run()
    seen = host.requests[0][1]
    assert seen["Referer"] == "https://hoster.example/e/1"
    assert seen["Accept-Encoding"] == "identity"
    assert seen["User-Agent"] == "Aniworld"


def test_a_webm_file_stays_webm(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v"] = videos.webm
    result = ask("/v").run()
    assert result.path.name == "media.webm"
    assert result.path.read_bytes() == videos.webm


def test_a_transport_stream_becomes_mp4(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.ts"] = videos.ts
    result = ask("/v.ts").run()
    assert result.path.name == "media.mp4"
    assert result.duration == pytest.approx(12, abs=0.2)


def test_a_range_of_absurd_length_fails_in_a_sentence(host: MediaHost, ask: Ask) -> None:
    def odd(request: Request) -> bool:
        request.answer(206, b"x", Content_Type="video/mp4", Content_Range=f"bytes 0-{'9' * 5000}/*")
        return True

    host.faults["/v.mp4"] = odd
    with pytest.raises(AniworldError) as raised:
        ask("/v.mp4").run()
    assert not isinstance(raised.value, ChildDied)


def test_a_server_without_ranges_is_read_in_one_piece(host: MediaHost, videos: Videos, ask: Ask) -> None:
    def whole(request: Request) -> bool:
        request.answer(200, videos.mp4, Content_Type="video/mp4")
        return True

    host.faults["/v.mp4"] = whole
    assert ask("/v.mp4").run().path.read_bytes() == videos.mp4
    assert host.count["/v.mp4"] == 1


def test_a_server_without_a_length_is_read_to_its_end(host: MediaHost, videos: Videos, ask: Ask) -> None:
    def endless(request: Request) -> bool:
        request.close_connection = True
        request.head(200, Content_Type="video/mp4", Connection="close")
        request.send(videos.mp4)
        return True

    host.faults["/v.mp4"] = endless
    assert ask("/v.mp4").run().path.read_bytes() == videos.mp4


def test_a_playlist_becomes_one_mp4_with_every_frame(host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path) -> None:
    serve(host, "hls", videos.hls)
    asked = ask("/hls/list.m3u8", StreamKind.HLS)
    result = asked.run()
    (tmp_path / "clip.mp4").write_bytes(videos.mp4)
    assert frames(result.path) == frames(tmp_path / "clip.mp4")
    assert asked.left == {"media.mp4", "media.json"}
    assert len(asked.sizes) == 1
    assert Phase.MERGING in {progress.phase for progress in asked.told}


def test_an_encrypted_playlist_is_opened_with_its_key(
    host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path
) -> None:
    serve(host, "aes", videos.aes)
    result = ask("/aes/list.m3u8", StreamKind.HLS).run()
    (tmp_path / "clip.mp4").write_bytes(videos.mp4)
    assert frames(result.path) == frames(tmp_path / "clip.mp4")
    assert host.count["/aes/enc.key"] == 1


def test_a_fragmented_mp4_playlist_keeps_its_map(host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path) -> None:
    serve(host, "fmp4", videos.fmp4)
    result = ask("/fmp4/list.m3u8", StreamKind.HLS).run()
    (tmp_path / "clip.mp4").write_bytes(videos.mp4)
    assert frames(result.path) == frames(tmp_path / "clip.mp4")


def test_byte_ranges_of_one_file_are_segments(host: MediaHost, videos: Videos, ask: Ask) -> None:
    names = sorted((name for name in videos.hls if name.endswith(".ts")), key=lambda name: int(name[4:-3]))
    host.files["/all.ts"] = b"".join(videos.hls[name] for name in names)
    text = videos.hls["list.m3u8"].decode()
    for name in names:
        text = text.replace(f"{name}\n", f"#EXT-X-BYTERANGE:{len(videos.hls[name])}\n/all.ts\n")
    first = text.index("#EXT-X-BYTERANGE:")
    host.files["/list.m3u8"] = (text[:first] + text[first:].replace("\n", "@0\n", 1)).encode()
    assert ask("/list.m3u8", StreamKind.HLS).run().duration == pytest.approx(12, abs=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("before", ["sleep 4;", "case $* in *pipe:0*) exit 3;; esac;"], ids=["late", "ended"])
def test_few_segments_at_a_time_are_fetched_while_the_join_is_far_behind(
    host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path, before: str
) -> None:
    """Not so where nobody joins: then all is joined at the end."""
    host.files["/all.ts"] = whole = b"".join(videos.hls[f"list{number}.ts"] for number in range(len(videos.hls) - 1))
    size = -(-len(whole) // 120 // 188) * 188
    far = 1024 * 1024 // size + 45  # more than a pipe holds, with what may be ahead and under way
    pieces = [(start, min(size, len(whole) - start)) for start in range(0, len(whole), size)]
    lines = [f"#EXTINF:{12 / len(pieces):.3f},\n#EXT-X-BYTERANGE:{length}@{start}\n/all.ts" for start, length in pieces]
    head = "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:1\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    host.files["/list.m3u8"] = "\n".join([head, *lines, "#EXT-X-ENDLIST\n"]).encode()
    at_once: dict[int, int] = {}
    running: set[int] = set()

    def slowly(request: Request) -> bool:
        start = int(request.headers["Range"].removeprefix("bytes=").split("-")[0])
        with host.lock:
            running.add(start)
            at_once[start // size] = len(running)
        time.sleep(0.03)
        request.honest("/all.ts")
        with host.lock:
            running.discard(start)
        return True

    host.faults["/all.ts"] = slowly
    late = tmp_path / "ffmpeg"
    late.write_text(f'#!/bin/sh\n{before} exec {shutil.which("ffmpeg")} "$@"\n')
    late.chmod(0o755)
    result = ask("/list.m3u8", StreamKind.HLS, connections=8, ffmpeg=str(late)).run()
    (tmp_path / "clip.mp4").write_bytes(videos.mp4)
    assert frames(result.path) == frames(tmp_path / "clip.mp4")
    most = max(count for index, count in at_once.items() if index > far)
    assert max(at_once.values()) > 3 and (most <= 2) == before.startswith("sleep")


@pytest.mark.parametrize(
    ("quality", "language", "height", "spoken"),
    [
        ("best", "ger-dub", 180, "ger"),
        ("144p", "jpn", 90, "jpn"),
        ("worst", "ger-sub", 90, "jpn"),
        ("720p", None, 180, "jpn"),
    ],
)
def test_quality_and_audio_are_chosen_by_the_wish(
    host: MediaHost, videos: Videos, ask: Ask, quality: str, language: str | None, height: int, spoken: str
) -> None:
    serve(host, "apart", videos.apart)
    result = ask("/apart/list.m3u8", StreamKind.HLS, quality=quality, language=language).run()
    assert (result.height, result.audio_languages) == (height, (spoken,))
    assert result.duration == pytest.approx(12, abs=0.2)


def test_a_playlist_under_a_files_address_is_seen_as_one(host: MediaHost, videos: Videos, ask: Ask) -> None:
    serve(host, "hls", videos.hls)
    assert ask("/hls/list.m3u8", StreamKind.FILE).run().path.name == "media.mp4"


def test_a_discontinuity_is_joined_with_time_running_on(host: MediaHost, videos: Videos, ask: Ask) -> None:
    serve(host, "hls", videos.hls)
    lines = videos.hls["list.m3u8"].decode().replace("#EXT-X-ENDLIST\n", "")
    again = lines[lines.index("#EXTINF") :]
    host.files["/hls/twice.m3u8"] = f"{lines}#EXT-X-DISCONTINUITY\n{again}#EXT-X-ENDLIST\n".encode()
    assert ask("/hls/twice.m3u8", StreamKind.HLS).run().duration == pytest.approx(24, abs=0.5)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("#EXT-X-ENDLIST", "").replace("#EXT-X-PLAYLIST-TYPE:VOD", ""),
        lambda text: text.replace("#EXTINF", '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x"\n#EXTINF', 1),
    ],
    ids=["live", "drm"],
)
def test_live_and_protected_playlists_are_said_to_be_so(
    host: MediaHost, videos: Videos, ask: Ask, change: Callable[[str], str]
) -> None:
    serve(host, "hls", videos.hls)
    host.files["/hls/list.m3u8"] = change(videos.hls["list.m3u8"].decode()).encode()
    with pytest.raises(HosterUnsupported):
        ask("/hls/list.m3u8", StreamKind.HLS).run()


def test_no_room_for_the_size_stops_the_child_before_anything_is_written(
    host: MediaHost, videos: Videos, ask: Ask
) -> None:
    host.files["/v.mp4"] = videos.mp4
    asked = ask("/v.mp4")

    def full(_: int) -> None:
        raise DiskFull("No room.")

    asked.transfer._on_size = full
    with pytest.raises(DiskFull):
        asked.run()
    assert asked.left == set()


def test_a_finished_file_that_nobody_picked_up_is_not_fetched_again(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    first = ask("/v.mp4").run()
    count = host.count["/v.mp4"]
    assert ask("/v.mp4").run() == first
    assert host.count["/v.mp4"] == count


@pytest.mark.parametrize("umask", [0o002, 0o027, 0o022], ids=oct)
@pytest.mark.parametrize("kind", ["plain", "hls", "apart"])
def test_what_others_may_do_with_the_file_is_what_the_umask_says(
    host: MediaHost, videos: Videos, ask: Ask, umask: int, kind: str
) -> None:
    host.files["/v.mp4"] = videos.mp4
    serve(host, "hls", videos.hls)
    serve(host, "apart", videos.apart)
    asked = {
        "plain": lambda: ask("/v.mp4"),
        "hls": lambda: ask("/hls/list.m3u8", StreamKind.HLS),
        "apart": lambda: ask("/apart/list.m3u8", StreamKind.HLS),
    }[kind]()
    before = os.umask(umask)
    try:
        result = asked.run()
    finally:
        os.umask(before)
    assert oct(result.path.stat().st_mode & 0o777) == oct(0o666 & ~umask)
