"""Playlists as real hosters write them: odd addresses, disguised segments, rounded times, keys in the list itself."""

from __future__ import annotations

import base64
import re
import shutil
from urllib.parse import quote

import pytest

from aniworld.core.errors import HosterUnsupported, LinkDead, WrongMedia
from aniworld.core.media import StreamKind
from aniworld.transfer.fetchers import hls_playlist
from tests.transfer.fixtures import Ask, Videos, frames, serve
from tests.transfer.media_server import MediaHost, Request


@pytest.mark.parametrize("folder", ["Fruits Basket (2019)", "Über ärger", 'a"b|c[1]', "it's {x}^`"])
def test_addresses_with_raw_characters_are_asked_as_browsers_do(
    host: MediaHost, videos: Videos, ask: Ask, clip: str, folder: str
) -> None:
    """In the address itself, the child lists, the segments and the redirect."""
    there = quote(folder, safe="|[]()'")
    for name, data in videos.hls.items():
        host.files[f"/{there}/{name.replace('list', 'Folge%2001%20-%20')}"] = data
    text = videos.hls["list.m3u8"].decode().replace("list", f"/{folder}/Folge 01 - ")
    host.files[f"/{there}/index%20720p.m3u8"] = text.encode()
    host.files["/master.m3u8"] = f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{folder}/index 720p.m3u8\n".encode()

    def sent_on(request: Request) -> bool:
        request.answer(302, b"", Location=b"/to/../old list.m3u8".decode("latin-1"))
        return True

    def and_on(request: Request) -> bool:
        request.answer(301, b"", Location=" \\master.m3u8")
        return True

    host.faults["/a%20b.m3u8"], host.faults["/old%20list.m3u8"] = sent_on, and_on
    assert frames(ask("/a b.m3u8", StreamKind.HLS).run().path) == clip


def test_a_location_in_raw_utf_8_is_followed(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/%C3%9Cber%20uns.mp4"] = videos.mp4

    def sent_on(request: Request) -> bool:
        request.answer(302, b"", Location="/Über uns.mp4".encode().decode("latin-1"))
        return True

    host.faults["/v.mp4"] = sent_on
    assert ask("/v.mp4").run().path.read_bytes() == videos.mp4


def test_what_is_encoded_already_is_not_encoded_again(host: MediaHost, videos: Videos, ask: Ask) -> None:
    serve(host, "a%20b%2Fc", videos.hls)
    assert ask("/a%20b%2Fc/list.m3u8", StreamKind.HLS).run().duration == pytest.approx(12, abs=0.2)


@pytest.mark.parametrize(
    "address",
    [
        "data:text/plain;base64,AAECAwQFBgcICQoLDA0ODw==",
        "data:application/octet-stream;base64,AAECAwQFBgcICQoLDA0ODw",
        "DATA:;charset=utf-8;base64,AAECAwQFBgcICQoLDA0ODw%3D%3D",
        "data:,%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F",
    ],
)
def test_a_key_in_the_playlist_itself_is_taken(
    host: MediaHost, videos: Videos, ask: Ask, clip: str, address: str
) -> None:
    text = videos.aes["list.m3u8"].decode()
    key = re.sub(r'URI="[^"]*"', f'URI="{address}"', text)
    serve(host, "aes", videos.aes | {"list.m3u8": key.encode()})
    assert frames(ask("/aes/list.m3u8", StreamKind.HLS).run().path) == clip
    assert not host.count["/aes/enc.key"]


def test_a_map_in_the_playlist_itself_is_taken(host: MediaHost, videos: Videos, ask: Ask, clip: str) -> None:
    text = videos.fmp4["list.m3u8"].decode()
    first = re.search(r'URI="([^"]*)"', text)
    assert first
    written = f"data:video/mp4;base64,{base64.b64encode(videos.fmp4[first[1]]).decode()}"
    serve(host, "f", videos.fmp4 | {"list.m3u8": text.replace(first[1], written).encode()})
    assert frames(ask("/f/list.m3u8", StreamKind.HLS).run().path) == clip


@pytest.mark.parametrize("address", ["data:text/plain;base64,###", "data:text/plain", "data:;base64,AAAA"])
def test_a_key_that_is_none_is_said_to_be_so(host: MediaHost, videos: Videos, ask: Ask, address: str) -> None:
    text = re.sub(r'URI="[^"]*"', f'URI="{address}"', videos.aes["list.m3u8"].decode())
    serve(host, "aes", videos.aes | {"list.m3u8": text.encode()})
    with pytest.raises(WrongMedia, match="key|data:"):
        ask("/aes/list.m3u8", StreamKind.HLS).run()


def _event(videos: Videos, count: int = 12) -> bytes:
    lines = videos.hls["list.m3u8"].decode().replace("TYPE:VOD", "TYPE:EVENT").replace("#EXT-X-ENDLIST\n", "")
    head, *parts = lines.split("#EXTINF")
    return "#EXTINF".join([head, *parts[:count]]).encode()


def test_an_event_playlist_that_has_stopped_growing_is_whole(
    host: MediaHost, videos: Videos, ask: Ask, clip: str
) -> None:
    serve(host, "hls", videos.hls | {"list.m3u8": _event(videos)})
    assert frames(ask("/hls/list.m3u8", StreamKind.HLS).run().path) == clip
    assert host.count["/hls/list.m3u8"] == 2


def test_an_event_playlist_that_ends_while_it_is_looked_at_is_taken_to_its_end(
    host: MediaHost, videos: Videos, ask: Ask, clip: str
) -> None:
    serve(host, "hls", videos.hls)

    def ends(request: Request) -> bool:
        if request.number > 1:
            return False
        request.answer(200, _event(videos, 8))
        return True

    host.faults["/hls/list.m3u8"] = ends
    assert frames(ask("/hls/list.m3u8", StreamKind.HLS).run().path) == clip


def test_an_event_playlist_that_grows_is_still_a_broadcast(host: MediaHost, videos: Videos, ask: Ask) -> None:
    def grows(request: Request) -> bool:
        request.answer(200, _event(videos, 4 + request.number))
        return True

    host.faults["/hls/list.m3u8"] = grows
    with pytest.raises(HosterUnsupported, match="still being broadcast"):
        ask("/hls/list.m3u8", StreamKind.HLS).run()


def _rounded(videos: Videos, written: str) -> bytes:
    return re.sub(r"#EXTINF:[\d.]+", f"#EXTINF:{written}", videos.hls["list.m3u8"].decode()).encode()


@pytest.mark.parametrize("written", ["1.4", "2", "1.3", "1.9", "2.0", "0.5", "0.9", "0.2"])
def test_rounded_times_are_no_missing_end(host: MediaHost, videos: Videos, ask: Ask, clip: str, written: str) -> None:
    """12 parts of a second each: whole numbers may be off by one each, tenths by a tenth; longer is never cut off."""
    serve(host, "hls", videos.hls | {"list.m3u8": _rounded(videos, written)})
    asked = ask("/hls/list.m3u8", StreamKind.HLS)
    if written in ("1.4", "1.3", "1.9"):
        with pytest.raises(WrongMedia, match=r"lasts 12 seconds, but (17|16|23) seconds were announced"):
            asked.run()
    else:
        assert frames(asked.run().path) == clip


@pytest.mark.parametrize(
    ("written", "rounding"),
    [
        (["2"] * 9 + ["1.37"], 9.01),
        (["2"] * 10, 10.0),
        (["2.0", "1.4", "2.002002"], 1.100001),
        (["1.001"] * 3, 0.003),
        ([], 0.0),
    ],
)
def test_each_part_is_rounded_by_its_own_last_digit(written: list[str], rounding: float) -> None:
    text = "#EXTM3U\n" + "".join(f"#EXTINF:{one},\n{place}.ts\n" for place, one in enumerate(written))
    found = hls_playlist.parse(text + "#EXT-X-ENDLIST\n", "https://cdn.example/list.m3u8")
    assert hls_playlist.rounding(found) == pytest.approx(rounding)


@pytest.mark.parametrize("last", ["0.94", "0.04"])
def test_one_exact_part_among_whole_numbers_is_no_missing_end(
    host: MediaHost, videos: Videos, ask: Ask, clip: str, last: str
) -> None:
    before, _, after = _rounded(videos, "2").decode().rpartition("#EXTINF:2")
    serve(host, "hls", videos.hls | {"list.m3u8": f"{before}#EXTINF:{last}{after}".encode()})
    assert frames(ask("/hls/list.m3u8", StreamKind.HLS).run().path) == clip


def test_parts_that_are_missing_are_not_put_down_to_rounding(host: MediaHost, videos: Videos, ask: Ask) -> None:
    serve(host, "hls", videos.hls | {f"list{place}.ts": videos.hls["list0.ts"] for place in range(12)})
    host.files["/hls/list.m3u8"] = _rounded(videos, "4")
    with pytest.raises(WrongMedia, match="announced"):
        ask("/hls/list.m3u8", StreamKind.HLS).run()


def test_a_file_longer_than_its_page_says_is_not_cut_off(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    assert ask("/v.mp4", stream={"duration": 5.0}).run().path.read_bytes() == videos.mp4


@pytest.mark.parametrize("kind", ["file", "hls"])
def test_bytes_that_failed_their_check_twice_are_not_fetched_a_third_time(
    host: MediaHost, videos: Videos, ask: Ask, kind: str
) -> None:
    host.files["/v.mp4"] = videos.mp4
    serve(host, "hls", videos.hls | {"list.m3u8": _rounded(videos, "9.5")})
    wish = ("/v.mp4", StreamKind.FILE) if kind == "file" else ("/hls/list.m3u8", StreamKind.HLS)
    for _ in range(2):
        with pytest.raises(WrongMedia, match="seconds were announced"):
            ask(*wish, stream={"duration": 100.0}).run()
        shutil.rmtree(ask(*wish).job.folder)  # the link was given up
    before = len(host.requests)
    with pytest.raises(WrongMedia, match=r"twice and failed its check both times: The video lasts 12 .*another hoster"):
        ask(*wish, stream={"duration": 100.0}).run()
    assert len(host.requests) == before
    fetched = ask(*wish, quality="720p", stream={"duration": 100.0})
    with pytest.raises(WrongMedia, match="^The video lasts"):
        fetched.run()


def test_other_bytes_from_the_same_place_are_fetched(host: MediaHost, videos: Videos, ask: Ask) -> None:
    for data in (videos.mp4[: len(videos.mp4) // 2], videos.webm[: len(videos.webm) // 2]):
        host.files["/v.mp4"] = data
        with pytest.raises(WrongMedia):
            ask("/v.mp4").run()
    host.files["/v.mp4"] = videos.mp4
    asked = ask("/v.mp4")
    assert asked.run().path.read_bytes() == videos.mp4
    assert not list(asked.job.folder.parent.glob("*.refused.*"))


@pytest.mark.parametrize("path", ["/v.mp4", "/list.m3u8"])
def test_an_address_that_leads_to_a_video_in_a_gone_ones_place_is_gone(
    host: MediaHost, videos: Videos, ask: Ask, path: str
) -> None:
    host.files["/static/video_error.mp4"] = videos.mp4

    def sent_on(request: Request) -> bool:
        request.answer(302, b"", Location="/static/video_error.mp4")
        return True

    host.faults[path] = sent_on
    with pytest.raises(LinkDead, match="no longer has this file; another hoster"):
        ask(path, StreamKind.HLS if "m3u8" in path else StreamKind.FILE).run()
