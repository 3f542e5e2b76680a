"""Playlists as real hosters write them: odd addresses, disguised segments, rounded times, keys in the list itself."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from aniworld.core.media import StreamKind

from .fixtures import Ask, Videos, frames, serve
from .media_server import MediaHost, Request


@pytest.fixture
def clip(videos: Videos, tmp_path: Path) -> str:
    """The fingerprint of what every playlist here has to become."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(videos.mp4)
    return frames(path)


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
