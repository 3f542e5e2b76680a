"""What hosters and networks do to a plain file, each with a real server and a real child."""

from __future__ import annotations

import gzip
import threading

import pytest

from aniworld.core.errors import (
    AddressRefused,
    AniworldError,
    LinkDead,
    MediaExpired,
    SiteUnreachable,
    Stalled,
    TransferFailed,
    WrongMedia,
)
from aniworld.core.media import StreamKind
from tests.transfer.fixtures import Ask, Videos, serve
from tests.transfer.media_server import Fault, MediaHost, Request

pytestmark = pytest.mark.slow


def test_resets_at_every_tenth_of_the_file_cost_only_a_new_request(host: MediaHost, videos: Videos, ask: Ask) -> None:
    tenth = len(videos.mp4) // 10
    marks = {place * tenth for place in range(1, 10)}
    lock = threading.Lock()

    def reset(request: Request) -> bool:
        span = request.span(len(videos.mp4)) or (0, len(videos.mp4))
        with lock:
            mark = min((one for one in marks if span[0] < one < span[1]), default=None)
            marks.discard(mark or -1)
        if mark is None:
            return False
        request.head(
            206,
            ETag='"e"',
            Content_Range=f"bytes {span[0]}-{span[1] - 1}/{len(videos.mp4)}",
            Content_Length=str(span[1] - span[0]),
        )
        request.send(videos.mp4[span[0] : mark])
        request.drop()
        return True

    def faulty(request: Request) -> bool:
        return reset(request) or _with_etag(request, videos.mp4, '"e"')

    host.faults["/v.mp4"] = faulty
    assert ask("/v.mp4", connections=3).run().path.read_bytes() == videos.mp4
    assert not marks


def _with_etag(request: Request, data: bytes, etag: str) -> bool:
    request.media(data, ETag=etag)
    return True


def test_a_host_that_falls_silent_is_a_stall(host: MediaHost, videos: Videos, ask: Ask) -> None:
    def silent(request: Request) -> bool:
        request.head(200, Content_Length=str(len(videos.mp4)))
        request.send(videos.mp4[:100_000])
        request.wait(30)
        return True

    host.faults["/v.mp4"] = silent
    with pytest.raises(Stalled):
        ask("/v.mp4", stall_timeout_s=1.0).run()


def test_a_drip_of_a_byte_now_and_then_is_a_stall(host: MediaHost, videos: Videos, ask: Ask) -> None:
    def drip(request: Request) -> bool:
        request.head(200, Content_Length=str(len(videos.mp4)))
        for place in range(len(videos.mp4)):
            request.wfile.write(videos.mp4[place : place + 1])
            if request.server.host.closed.wait(0.2):
                break
        return True

    host.faults["/v.mp4"] = drip
    with pytest.raises(Stalled, match="1 kB"):
        ask("/v.mp4", stall_timeout_s=0.8).run()


def test_one_silent_connection_of_many_is_taken_over_by_another(host: MediaHost, videos: Videos, ask: Ask) -> None:
    def silent_once(request: Request) -> bool:
        if request.number != 3:
            return False
        span = request.span(len(videos.mp4)) or (0, 0)
        request.head(
            206,
            Content_Range=f"bytes {span[0]}-{span[1] - 1}/{len(videos.mp4)}",
            Content_Length=str(span[1] - span[0]),
        )
        request.wait(60)
        return True

    host.files["/v.mp4"] = videos.mp4
    host.faults["/v.mp4"] = silent_once
    assert ask("/v.mp4", stall_timeout_s=20.0).run().path.read_bytes() == videos.mp4


def test_a_body_shorter_than_its_length_is_never_taken_for_whole(host: MediaHost, videos: Videos, ask: Ask) -> None:
    def short(request: Request) -> bool:
        request.head(200, Content_Length=str(len(videos.mp4) + 5000))
        request.send(videos.mp4)
        request.drop()
        return True

    host.faults["/v.mp4"] = short
    asked = ask("/v.mp4")
    with pytest.raises((TransferFailed, SiteUnreachable)):
        asked.run()
    assert not any(name.startswith("media") for name in asked.left)


def test_a_length_shorter_than_the_file_gives_a_cut_video_that_is_refused(
    host: MediaHost, videos: Videos, ask: Ask
) -> None:
    def cut(request: Request) -> bool:
        request.answer(200, videos.mp4[: len(videos.mp4) * 7 // 10])
        return True

    host.faults["/v.mp4"] = cut
    asked = ask("/v.mp4")
    with pytest.raises(WrongMedia, match="cut off"):
        asked.run()
    assert asked.left == set()


def test_a_file_that_changes_in_the_middle_starts_anew_and_is_never_mixed(
    host: MediaHost, videos: Videos, ask: Ask
) -> None:
    def changing(request: Request) -> bool:
        host.files["/v.mp4"] = videos.mp4[::-1] if request.number == 2 else videos.mp4
        return False

    host.faults["/v.mp4"] = changing
    assert ask("/v.mp4", connections=1).run().path.read_bytes() == videos.mp4


def test_a_length_that_changes_without_any_validator_starts_anew(host: MediaHost, videos: Videos, ask: Ask) -> None:
    def changing(request: Request) -> bool:
        data = videos.mp4[: len(videos.mp4) * 9 // 10] if request.number == 1 else videos.mp4
        start, end = request.span(len(data)) or (0, len(data))
        request.answer(206, data[start:end], Content_Range=f"bytes {start}-{max(start, end) - 1}/{len(data)}")
        return True

    host.faults["/v.mp4"] = changing
    assert ask("/v.mp4", connections=1).run().path.read_bytes() == videos.mp4


def test_a_206_with_the_wrong_range_is_refused(host: MediaHost, videos: Videos, ask: Ask) -> None:
    def shifted(request: Request) -> bool:
        start, end = request.span(len(videos.mp4)) or (0, 0)
        off = 0 if start == 0 else 16
        request.answer(
            206,
            videos.mp4[start - off : end - off],
            ETag='"x"',
            Content_Range=f"bytes {start - off}-{end - off - 1}/{len(videos.mp4)}",
        )
        return True

    host.faults["/v.mp4"] = shifted
    with pytest.raises(TransferFailed, match="other bytes"):
        ask("/v.mp4").run()


def test_gzip_that_nobody_asked_for_is_opened(host: MediaHost, videos: Videos, ask: Ask) -> None:
    def packed(request: Request) -> bool:
        request.answer(200, gzip.compress(videos.mp4, 1), Content_Encoding="gzip")
        return True

    host.faults["/v.mp4"] = packed
    assert ask("/v.mp4").run().path.read_bytes() == videos.mp4


def test_ranges_of_a_gzip_stream_are_not_trusted(host: MediaHost, videos: Videos, ask: Ask) -> None:
    data = gzip.compress(videos.mp4, 1)

    def packed(request: Request) -> bool:
        request.media(data, Content_Encoding="gzip")
        return True

    host.faults["/v.mp4"] = packed
    assert ask("/v.mp4").run().path.read_bytes() == videos.mp4


def test_a_gzip_bomb_ends_the_transfer(host: MediaHost, ask: Ask) -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, 9)

    def packed(request: Request) -> bool:
        request.answer(200, bomb, Content_Encoding="gzip")
        return True

    host.faults["/v.mp4"] = packed
    with pytest.raises(AniworldError):
        ask("/v.mp4").run()


def _status(status: int, **headers: str) -> Fault:
    def answer(request: Request) -> bool:
        request.answer(status, b"no", **headers)
        return True

    return answer


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (_status(404), LinkDead),
        (_status(410), LinkDead),
        (_status(403), LinkDead),
        (_status(500), TransferFailed),
        (_status(302, Location="/v.mp4"), TransferFailed),
        (_status(302, Location="file:///etc/passwd"), AddressRefused),
        (_status(302, Location="http://127.0.0.1:9/v"), AddressRefused),
        (_status(302, Location="http://[::ffff:127.0.0.1]/v"), AddressRefused),
        (_status(200, Content_Type="text/html"), WrongMedia),
        (_status(429, Retry_After="3600"), SiteUnreachable),
    ],
    ids=["404", "410", "403", "500", "circle", "file", "other port", "mapped", "html", "wait an hour"],
)
def test_what_the_host_says_at_the_start(host: MediaHost, ask: Ask, fault: Fault, kind: type[AniworldError]) -> None:
    host.faults["/v.mp4"] = fault
    asked = ask("/v.mp4")
    with pytest.raises(kind) as caught:
        asked.run()
    assert str(caught.value).endswith(".")
    assert not any(name.startswith("media") for name in asked.left)
    if kind is SiteUnreachable:
        assert caught.value.retry_after == 3600


def test_a_host_that_redirects_to_itself_with_a_cookie_gives_the_file_to_who_brings_it(
    host: MediaHost, videos: Videos, ask: Ask
) -> None:
    host.files["/v.mp4"] = videos.mp4
    host.faults["/v.mp4"] = _only_with_a_cookie
    job = {"stream": {"headers": {"Cookie": "given=1"}}, "connections": 2}
    assert ask("/v.mp4", **job).run().path.read_bytes() == videos.mp4
    assert {headers.get("Cookie") for _, headers in host.requests} == {"given=1", "given=1; seen=1"}


def test_a_cookie_of_the_playlist_opens_its_segments_and_goes_to_no_other_host(
    host: MediaHost, videos: Videos, ask: Ask
) -> None:
    other = MediaHost()
    try:
        serve(host, "hls", videos.hls)
        serve(other, "hls", videos.hls)
        text = videos.hls["list.m3u8"].decode().replace("list3.ts", other.url("/hls/list3.ts"))
        host.files["/hls/list.m3u8"] = text.encode()
        for path in host.files:
            host.faults[path] = _only_with_a_cookie
        ask("/hls/list.m3u8", StreamKind.HLS, private_hosts=(host.address, other.address)).run()
        assert all("Cookie" not in headers for _, headers in other.requests)
        assert other.requests
    finally:
        other.close()


def test_a_new_cookie_at_every_turn_is_still_a_circle(host: MediaHost, ask: Ask) -> None:
    def turning(request: Request) -> bool:
        request.answer(302, b"", Location="/v.mp4", Set_Cookie=f"turn{request.number}={request.number}")
        return True

    host.faults["/v.mp4"] = turning
    with pytest.raises(TransferFailed, match="circle"):
        ask("/v.mp4").run()


def _only_with_a_cookie(request: Request) -> bool:
    if "seen=1" in request.headers.get("Cookie", ""):
        return False
    request.answer(302, b"", Location=request.path, Set_Cookie="seen=1; Path=/; Domain=127.0.0.1; HttpOnly")
    return True


@pytest.mark.parametrize(
    "body", [b"<!DOCTYPE html><html>", b"\xef\xbb\xbf  <html><body>", b""], ids=["page", "bom", "empty"]
)
def test_a_page_in_a_videos_clothes_is_refused(host: MediaHost, ask: Ask, body: bytes) -> None:
    host.files["/v.mp4"] = body
    with pytest.raises(WrongMedia):
        ask("/v.mp4").run()


def test_an_address_used_up_in_the_middle_keeps_what_came_and_goes_on(
    host: MediaHost, videos: Videos, ask: Ask
) -> None:
    host.files["/v.mp4"] = host.files["/fresh.mp4"] = videos.mp4
    host.faults["/v.mp4"] = lambda request: request.number > 2 and _status(403)(request)
    asked = ask("/v.mp4", connections=2)
    with pytest.raises(MediaExpired):
        asked.run()
    assert "video.part" in asked.left
    again = ask("/fresh.mp4?token=new")
    assert again.run().path.read_bytes() == videos.mp4
    assert again.sizes[0] < len(videos.mp4)


def test_429_is_answered_with_patience_and_fewer_connections(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    busy = threading.Semaphore(2)
    refused = []

    def limited(request: Request) -> bool:
        if not busy.acquire(blocking=False):
            refused.append(request.number)
            return _status(429, Retry_After="1")(request)
        try:
            request.wait(0.05)
            request.honest("/v.mp4")
        finally:
            busy.release()
        return True

    host.faults["/v.mp4"] = limited
    assert ask("/v.mp4", connections=8).run().path.read_bytes() == videos.mp4
    assert len(refused) < 12


def test_a_burst_of_500_is_survived(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    host.faults["/v.mp4"] = lambda request: request.number % 3 == 0 and _status(500)(request)
    assert ask("/v.mp4").run().path.read_bytes() == videos.mp4


def test_a_refused_connection_is_a_site_out_of_reach(host: MediaHost, ask: Ask) -> None:
    with pytest.raises(SiteUnreachable):
        ask("http://127.0.0.1:9/v.mp4", private_hosts=("127.0.0.1:9",)).run()


def test_a_name_that_does_not_exist_is_said(ask: Ask) -> None:
    with pytest.raises(SiteUnreachable, match="hoster.invalid"):
        ask("http://hoster.invalid/v.mp4").run()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/v",
        "http://localhost/v",
        "http://10.0.0.1/v",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/v",
        "http://2130706433/v",
        "http://0x7f.1/v",
        "ftp://example.org/v",
        "file:///etc/passwd",
        "http://user@example.org/v",
    ],
)
def test_private_and_odd_addresses_are_never_fetched(ask: Ask, url: str) -> None:
    with pytest.raises(AddressRefused):
        ask(url).run()


def test_a_redirect_to_an_honest_place_is_followed_without_the_cookie(
    host: MediaHost, videos: Videos, ask: Ask
) -> None:
    other = MediaHost()
    try:
        other.files["/real.mp4"] = videos.mp4
        host.faults["/v.mp4"] = _status(302, Location=other.url("/real.mp4"))
        headers = {"Cookie": "secret=1", "Referer": "https://h.example/"}
        asked = ask("/v.mp4", stream={"headers": headers}, private_hosts=(host.address, other.address))
        assert asked.run().path.read_bytes() == videos.mp4
        assert all("Cookie" not in headers for _, headers in other.requests)
        assert host.requests[0][1]["Cookie"] == "secret=1"
    finally:
        other.close()
