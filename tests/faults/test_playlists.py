"""What can be wrong with a playlist and its segments. A missing piece fails the attempt; there is never a hole."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from aniworld.core.errors import AddressRefused, MediaExpired, TooLarge, TransferFailed, WrongMedia
from aniworld.core.media import StreamKind
from tests.transfer.fixtures import Ask, Videos, frames, serve
from tests.transfer.media_server import MediaHost, Request

pytestmark = pytest.mark.slow

HEAD = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"


def _text(body: str) -> bytes:
    return (HEAD + body).encode()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (_text("#EXT-X-STREAM-INF:BANDWIDTH=1\nlist.m3u8\n"), WrongMedia),
        (_text("#EXTINF:1,\ns.ts\n" * 100_000 + "#EXT-X-ENDLIST\n"), TooLarge),
        (_text("#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"), AddressRefused),
        (_text("#EXTINF:1,\nhttp://10.0.0.1/s.ts\n#EXT-X-ENDLIST\n"), AddressRefused),
        (
            _text('#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/passwd"\n#EXTINF:1,\ns.ts\n#EXT-X-ENDLIST\n'),
            AddressRefused,
        ),
        (_text('#EXT-X-MAP:URI="file:///etc/passwd"\n#EXTINF:1,\ns.m4s\n#EXT-X-ENDLIST\n'), AddressRefused),
        (_text("#EXT-X-ENDLIST\n"), WrongMedia),
        (_text("#EXTINF:abc,\n#EXT-X-BYTERANGE:x@y\ns.ts\n#EXT-X-ENDLIST\n"), WrongMedia),
        (b"<html>not a playlist</html>", WrongMedia),
        (b"", WrongMedia),
        (b"#EXTM3U\n\xff\xfe\x00\n#EXT-X-ENDLIST\n", WrongMedia),
    ],
    ids=["itself", "100000", "file", "private", "key", "map", "empty list", "nonsense", "page", "nothing", "bytes"],
)
def test_a_playlist_that_is_none(host: MediaHost, ask: Ask, body: bytes, kind: type[Exception]) -> None:
    host.files["/list.m3u8"] = body
    with pytest.raises(kind):
        ask("/list.m3u8", StreamKind.HLS).run()


def test_a_playlist_that_never_ends_is_cut(host: MediaHost, ask: Ask) -> None:
    def endless(request: Request) -> bool:
        request.close_connection = True
        request.head(200, Connection="close")
        request.send(HEAD.encode())
        while not request.server.host.closed.is_set():
            request.wfile.write(b"#EXTINF:1,\nsegment.ts\n" * 2000)
        return True

    host.faults["/list.m3u8"] = endless
    with pytest.raises(TooLarge):
        ask("/list.m3u8", StreamKind.HLS).run()


def test_a_file_that_is_a_playlist_of_local_files_is_not_opened_by_ffmpeg(
    host: MediaHost, ask: Ask, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.ts"
    secret.write_bytes(b"secret")
    host.files["/list.m3u8"] = _text("#EXTINF:1,\ns.ts\n#EXT-X-ENDLIST\n")
    host.files["/s.ts"] = _text(f"#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n")
    asked = ask("/list.m3u8", StreamKind.HLS)
    with pytest.raises((WrongMedia, TransferFailed)):
        asked.run()
    assert not any(name.startswith("media") for name in asked.left)


def test_a_wrong_key_is_noticed(host: MediaHost, videos: Videos, ask: Ask) -> None:
    serve(host, "aes", videos.aes | {"enc.key": b"0123456789abcdef"})
    with pytest.raises(WrongMedia, match="key"):
        ask("/aes/list.m3u8", StreamKind.HLS).run()


def test_a_key_of_the_wrong_length_is_noticed(host: MediaHost, videos: Videos, ask: Ask) -> None:
    serve(host, "aes", videos.aes | {"enc.key": b"<html>please sign in</html>"})
    with pytest.raises(WrongMedia, match="key"):
        ask("/aes/list.m3u8", StreamKind.HLS).run()


@pytest.mark.parametrize("kind", ["hls", "aes"])
def test_a_segment_that_stays_short_fails_the_attempt(host: MediaHost, videos: Videos, ask: Ask, kind: str) -> None:
    serve(host, kind, getattr(videos, kind))
    data = host.files[f"/{kind}/list5.ts"]

    def short(request: Request) -> bool:
        request.head(200, Content_Length=str(len(data)))
        request.send(data[: len(data) // 2])
        request.drop()
        return True

    host.faults[f"/{kind}/list5.ts"] = short
    asked = ask(f"/{kind}/list.m3u8", StreamKind.HLS)
    with pytest.raises(TransferFailed):
        asked.run()
    assert not any(name.startswith("media") for name in asked.left)


def test_a_segment_that_is_short_once_is_fetched_again(
    host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path
) -> None:
    serve(host, "hls", videos.hls)
    data = videos.hls["list5.ts"]

    def short(request: Request) -> bool:
        if request.number > 1:
            return False
        request.head(200, Content_Length=str(len(data) + 1000))
        request.send(data)
        request.drop()
        return True

    host.faults["/hls/list5.ts"] = short
    result = ask("/hls/list.m3u8", StreamKind.HLS).run()
    (tmp_path / "clip.mp4").write_bytes(videos.mp4)
    assert frames(result.path) == frames(tmp_path / "clip.mp4")


def test_a_missing_segment_fails_the_attempt_and_the_rest_is_kept(host: MediaHost, videos: Videos, ask: Ask) -> None:
    serve(host, "hls", videos.hls)
    missing = host.files.pop("/hls/list7.ts")
    asked = ask("/hls/list.m3u8", StreamKind.HLS, connections=2)
    with pytest.raises(TransferFailed):
        asked.run()
    host.files["/hls/list7.ts"] = missing
    before = host.count["/hls/list0.ts"]
    assert ask("/hls/list.m3u8", StreamKind.HLS).run().duration == pytest.approx(12, abs=0.2)
    assert host.count["/hls/list0.ts"] == before


def test_a_web_page_in_a_segments_place_is_no_segment(host: MediaHost, videos: Videos, ask: Ask) -> None:
    serve(host, "hls", videos.hls | {"list3.ts": b"<!doctype html><html>busy</html>"})
    with pytest.raises(WrongMedia):
        ask("/hls/list.m3u8", StreamKind.HLS).run()


def test_addresses_that_expire_go_on_with_fresh_ones(host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path) -> None:
    serve(host, "hls", videos.hls)
    text = videos.hls["list.m3u8"].decode()
    host.files["/hls/list.m3u8"] = text.replace(".ts", ".ts?token=old").encode()

    def expires(request: Request) -> bool:
        if "new" in request.path:
            return False
        request.answer(403, b"expired")
        return True

    host.faults["/hls/list9.ts"] = host.faults["/hls/list10.ts"] = expires
    with pytest.raises(MediaExpired):
        ask("/hls/list.m3u8", StreamKind.HLS).run()
    fetched = host.count["/hls/list1.ts"]
    host.files["/hls/list.m3u8"] = text.replace(".ts", ".ts?token=new").encode()
    result = ask("/hls/list.m3u8", StreamKind.HLS).run()
    assert host.count["/hls/list1.ts"] == fetched
    (tmp_path / "clip.mp4").write_bytes(videos.mp4)
    assert frames(result.path) == frames(tmp_path / "clip.mp4")


def test_segments_of_unknown_length_find_their_place(host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path) -> None:
    serve(host, "hls", videos.hls)

    def chunked(request: Request) -> bool:
        data = host.files[request.path]
        request.head(200, Transfer_Encoding="chunked")
        for start in range(0, len(data), 50_000):
            part = data[start : start + 50_000]
            request.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        request.wfile.write(b"0\r\n\r\n")
        return True

    for name in ("list2.ts", "list3.ts", "list8.ts"):
        host.faults[f"/hls/{name}"] = chunked
    result = ask("/hls/list.m3u8", StreamKind.HLS).run()
    (tmp_path / "clip.mp4").write_bytes(videos.mp4)
    assert frames(result.path) == frames(tmp_path / "clip.mp4")


@pytest.mark.parametrize("status", [403, 429])
def test_a_host_that_takes_two_connections_gets_two(host: MediaHost, videos: Videos, ask: Ask, status: int) -> None:
    """Refused again and again, an address would count as used up; it is only one request too many."""
    serve(host, "hls", videos.hls)
    busy, refused = threading.Semaphore(2), []

    def limited(request: Request) -> bool:
        if not busy.acquire(blocking=False):
            refused.append(request.path)
            request.answer(status, b"too many")
            return True
        try:
            request.wait(0.1)
            request.honest(request.path)
        finally:
            busy.release()
        return True

    for place in range(12):
        host.faults[f"/hls/list{place}.ts"] = limited
    assert ask("/hls/list.m3u8", StreamKind.HLS, connections=8).run().duration == pytest.approx(12, abs=0.2)
    assert len(refused) < 20


def test_an_address_that_is_used_up_is_said_to_be_so_after_one_request_alone(
    host: MediaHost, videos: Videos, ask: Ask
) -> None:
    serve(host, "hls", videos.hls)

    def used_up(request: Request) -> bool:
        request.answer(403, b"expired")
        return True

    for place in range(12):
        host.faults[f"/hls/list{place}.ts"] = used_up
    with pytest.raises(MediaExpired):
        ask("/hls/list.m3u8", StreamKind.HLS, connections=8).run()
    asked = sum(host.count[f"/hls/list{place}.ts"] for place in range(12))
    assert asked <= 8 + 1


def test_a_first_segment_that_comes_last_keeps_no_connection_from_the_others(
    host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path
) -> None:
    """Its size tells where all others stand; they are gathered apart meanwhile."""
    serve(host, "hls", videos.hls)

    def late(request: Request) -> bool:
        request.wait(3)
        return False

    host.faults["/hls/list0.ts"] = late
    result = ask("/hls/list.m3u8", StreamKind.HLS, connections=3).run()
    (tmp_path / "clip.mp4").write_bytes(videos.mp4)
    assert frames(result.path) == frames(tmp_path / "clip.mp4")


def test_429_on_segments_means_fewer_at_a_time(host: MediaHost, videos: Videos, ask: Ask) -> None:
    serve(host, "hls", videos.hls)

    def busy(request: Request) -> bool:
        if request.number > 1:
            return False
        request.answer(429, b"slower", Retry_After="0")
        return True

    for place in range(12):
        host.faults[f"/hls/list{place}.ts"] = busy
    assert ask("/hls/list.m3u8", StreamKind.HLS).run().duration == pytest.approx(12, abs=0.2)
