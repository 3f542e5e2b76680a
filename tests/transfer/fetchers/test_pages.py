"""A page that yt-dlp knows: it finds the formats, and the rest goes the same way as with any other stream."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from aniworld.core.errors import AddressRefused, HosterUnsupported, LinkDead, SiteUnreachable, Stalled
from aniworld.core.media import StreamKind
from aniworld.transfer.protocol.job import Phase
from tests.transfer.fixtures import Ask, Videos, serve
from tests.transfer.media_server import MediaHost, Request

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.slow


def _page(host: MediaHost, body: str, status: int = 200) -> None:
    def answer(request: Request) -> bool:
        request.answer(status, body.encode(), Content_Type="text/html; charset=utf-8")
        return True

    host.faults["/e/1"] = answer


def test_a_page_with_a_plain_video_is_fetched_over_ranges(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    _page(host, '<html><title>E</title><video src="/v.mp4"></video></html>')
    asked = ask("/e/1", StreamKind.PAGE)
    assert asked.run().path.read_bytes() == videos.mp4
    assert asked.told[0].phase is Phase.RESOLVING
    assert any("Range" in headers for path, headers in host.requests if path == "/v.mp4")
    assert {headers["User-Agent"] for _, headers in host.requests} == {"Aniworld"}


def test_a_page_with_a_playlist_is_fetched_by_segments(host: MediaHost, videos: Videos, ask: Ask) -> None:
    serve(host, "apart", videos.apart)

    def playlist(request: Request) -> bool:
        request.answer(200, videos.apart["list.m3u8"], Content_Type="application/vnd.apple.mpegurl")
        return True

    host.faults["/apart/list.m3u8"] = playlist
    _page(host, '<html><video><source src="/apart/list.m3u8" type="application/x-mpegURL"></video></html>')
    result = ask("/e/1", StreamKind.PAGE, language="ger-dub").run()
    assert (result.height, result.audio_languages) == (180, ("ger",))


def test_dash_comes_by_the_librarys_own_downloader(host: MediaHost, videos: Videos, ask: Ask) -> None:
    serve(host, "dash", videos.dash)

    def manifest(request: Request) -> bool:
        request.answer(200, videos.dash["list.mpd"], Content_Type="application/dash+xml")
        return True

    host.faults["/dash/list.mpd"] = manifest
    asked = ask("/dash/list.mpd", StreamKind.PAGE)
    result = asked.run()
    assert result.duration == pytest.approx(12, abs=0.3)
    assert asked.left == {"media.mp4", "media.json"}


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("<html>nothing to see</html>", 200, HosterUnsupported),
        ("<html>gone</html>", 404, LinkDead),
        ("<html>gone</html>", 410, LinkDead),
        ("<html>no</html>", 403, HosterUnsupported),
        ("<html>busy</html>", 503, SiteUnreachable),
        ('<html><video src="http://10.1.2.3/v.mp4"></video></html>', 200, AddressRefused),
    ],
)
def test_a_page_without_a_video_is_told_apart(
    host: MediaHost, ask: Ask, body: str, status: int, kind: type[Exception]
) -> None:
    _page(host, body, status)
    with pytest.raises(kind):
        ask("/e/1", StreamKind.PAGE).run()


def test_a_page_that_never_comes_is_a_stall(host: MediaHost, ask: Ask) -> None:
    def drip(request: Request) -> bool:
        request.head(200, Content_Type="text/html", Content_Length="1000000")
        while not request.server.host.closed.wait(0.2):
            request.wfile.write(b" ")
        return True

    host.faults["/e/1"] = drip
    with pytest.raises(Stalled):
        ask("/e/1", StreamKind.PAGE, stall_timeout_s=1.0).run()


def test_a_private_page_is_never_opened(host: MediaHost, ask: Ask) -> None:
    with pytest.raises(AddressRefused):
        ask("/e/1", StreamKind.PAGE, private_hosts=()).run()
    assert not host.requests


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ", "Youtube"),
        ("https://vimeo.com/76979871", "Vimeo"),
        ("https://www.dailymotion.com/video/x5kesuj", "Dailymotion"),
        ("https://www.bbc.co.uk/programmes/b039g8p7", "BBCCoUk"),
        ("https://cdn.example.org/v/manifest.mpd?token=1", "Generic"),
        ("https://hoster.example/e/1", None),
        ("http://127.0.0.1:80/e/1", None),
        ("http://[2001:db8::1]/e/1", None),
        ("http://localhost/e/1", None),
    ],
)
def test_the_extractor_of_a_known_page_is_found_by_its_hosts_name(url: str, key: str | None) -> None:
    """In a process of its own: yt-dlp is large, and what the child does to it should not be done to the tests."""
    code = f"from aniworld.transfer.fetchers.ytdlp import extractor_for; print(extractor_for({url!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str(key), done.stderr
