"""The demo's two hosts: ranges, validators, faults, throttle, and clips that are made once."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from aniworld.core.errors import NotFound, Unavailable
from aniworld.demo.catalogue import CATALOGUE, COPPER, REEL
from aniworld.demo.clips import Clips, ffmpeg
from aniworld.demo.covers import cover, initials
from aniworld.demo.site import DemoSite

CLIP = "/media/Vulkan/bild1-folge-deu.mp4"


def ask(
    base: str, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers with lower-case names, body. The path goes out as it is written."""
    connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=30)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def streams_of(path: Path) -> str:
    return subprocess.run([ffmpeg(), "-i", str(path)], capture_output=True, text=True, check=False).stderr


def test_a_clip_is_made_once_for_all_who_ask_at_once(tmp_path: Path) -> None:
    counted = tmp_path / "ffmpeg"
    counted.write_text(f'#!/bin/sh\necho run >> "{tmp_path}/runs"\nexec {ffmpeg()} "$@"\n')
    counted.chmod(0o755)
    clips = Clips(tmp_path / "clips", str(counted))
    threads = [threading.Thread(target=clips.get, args=("bild1-folge-deu.mp4",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "runs").read_text().split() == ["run", "run"]  # the picture, and the tone on it
    assert sorted(path.name for path in clips.folder.iterdir()) == ["bild1-folge-deu.mp4", "bild1-folge-stumm.mp4"]


def test_a_clip_plays_and_states_its_language(media: Path) -> None:
    told = streams_of(Clips(media).get("bild1-folge-jpn.mp4"))
    assert "Video: h264" in told or "Video: mpeg4" in told
    assert re.search(r"Audio: aac.*", told)
    assert "(jpn)" in told
    assert re.search(r"Duration: 00:00:0[789]", told)


def test_the_playlist_has_two_qualities_and_two_languages(media: Path) -> None:
    clips = Clips(media)
    master = clips.get(clips.name_for(COPPER, COPPER.episodes[0], COPPER.episodes[0].copies[0])).read_text("utf-8")
    assert len(re.findall("EXT-X-STREAM-INF", master)) == 2
    assert {"de", "ja"} == set(re.findall('LANGUAGE="(..)"', master))
    assert "360p0.ts" in clips.get(f"{clips_folder(clips)}/360p.m3u8").read_text("utf-8")


def clips_folder(clips: Clips) -> str:
    return clips.name_for(COPPER, COPPER.episodes[0], COPPER.episodes[0].copies[0]).split("/")[0]


def test_half_a_file_is_shorter_than_it_says(media: Path) -> None:
    clips = Clips(media)
    episode = REEL.episodes[1]
    half = clips.get(clips.name_for(REEL, episode, episode.copies[0]))
    whole = clips.get(half.name.replace("halb", "deu"))
    assert half.stat().st_size < 0.7 * whole.stat().st_size


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "bild9-folge-deu.mp4", "bild1-folge-deu.mp4/x", "", "x" * 10_000, "bild1-folge/a\0.ts"]
)
def test_no_other_name_leads_anywhere(media: Path, name: str) -> None:
    with pytest.raises(NotFound):
        Clips(media).get(name)


def test_without_a_working_ffmpeg_the_host_says_why(tmp_path: Path) -> None:
    with DemoSite(tmp_path, ffmpeg=sys.executable) as site:
        with pytest.raises(Unavailable, match="ffmpeg could not draw"):
            site.clips.get("bild2-folge-deu.mp4")
        status, _, body = ask(site.hoster_url, "/media/Vulkan/bild2-folge-deu.mp4")
    assert status == 503
    assert b"ffmpeg" in body


def test_ranges_put_together_are_the_file(site: DemoSite) -> None:
    whole = ask(site.hoster_url, CLIP)[2]
    first = ask(site.hoster_url, CLIP, Range="bytes=0-99")
    rest = ask(site.hoster_url, CLIP, Range="bytes=100-")
    assert (first[0], rest[0]) == (206, 206)
    assert first[1]["content-range"] == f"bytes 0-99/{len(whole)}"
    assert first[2] + rest[2] == whole
    assert ask(site.hoster_url, CLIP, Range="bytes=-50")[2] == whole[-50:]
    assert ask(site.hoster_url, CLIP, Range=f"bytes={len(whole)}-")[0] == 416
    assert ask(site.hoster_url, CLIP, Range="bytes=0-9", If_Range='"other"')[0] == 200


def test_one_hoster_wants_its_own_page_as_referer(site: DemoSite) -> None:
    path = CLIP.replace("Vulkan", "Lichtspiel")
    assert ask(site.hoster_url, path)[0] == 403
    assert ask(site.hoster_url, path, Referer=f"{site.hoster_url}/e/410001")[0] == 200


def test_an_unchanged_page_is_not_sent_again(site: DemoSite) -> None:
    _, headers, _ = ask(site.url, "/animes")
    assert ask(site.url, "/animes", If_None_Match=headers["etag"])[0] == 304


@pytest.mark.parametrize(
    "path",
    [
        "/redirect/9",
        "/redirect/x",
        "/redirect/" + "9" * 5000,
        "/anime/stream/",
        "/public/../../etc/passwd",
        "/%00",
        "/e/1",
    ],
)
def test_strange_addresses_are_not_there(site: DemoSite, path: str) -> None:
    assert ask(site.url, path)[0] == 404


def test_a_huge_form_is_not_read(site: DemoSite) -> None:
    body = b"keyword=" + b"a" * 100_000
    with contextlib.suppress(ConnectionError, http.client.HTTPException):  # closed before everything was sent
        assert ask(site.url, "/ajax/search", "POST", body, X_Requested_With="XMLHttpRequest")[2] == b"[]"
    assert ask(site.url, "/animes")[0] == 200


def test_faults_hit_their_path_only_and_so_often(site: DemoSite) -> None:
    site.fault("/animes", status=503, retry_after=7, times=2)
    assert [ask(site.url, "/animes")[0] for _ in range(3)] == [503, 503, 200]
    site.fault("/beliebte-animes", protection=True)
    assert b"cf-turnstile" in ask(site.url, "/beliebte-animes")[2]
    assert ask(site.url, "/")[0] == 200
    site.heal()
    assert ask(site.url, "/beliebte-animes")[0] == 200


def test_a_connection_can_break_in_the_middle(site: DemoSite) -> None:
    site.fault(CLIP, cut_after=1000)
    with pytest.raises(http.client.IncompleteRead) as broken:
        ask(site.hoster_url, CLIP)
    assert len(broken.value.partial) == 1000


def test_a_throttle_slows_each_connection(site: DemoSite) -> None:
    site.clips.get("bild1-folge-deu.mp4")
    site.throttle = 100_000
    began = time.monotonic()
    assert len(ask(site.hoster_url, CLIP, Range="bytes=0-49999")[2]) == 50_000
    assert 0.35 < time.monotonic() - began < 2.0


def test_it_remembers_who_asked_for_what(site: DemoSite) -> None:
    ask(site.url, "/ajax/seriesSearch?keyword=x", User_Agent="Somebody")
    seen = site.requests[-1]
    assert (seen.host, seen.path, seen.query) == ("catalogue", "/ajax/seriesSearch", "keyword=x")
    assert seen.headers["user-agent"] == "Somebody"


def test_stop_ends_slow_transfers_and_may_be_called_twice(media: Path) -> None:
    site = DemoSite(media, throttle=1000)
    site.start()
    threading.Thread(target=lambda: _quietly(site), daemon=True).start()
    began = time.monotonic()
    site.stop()
    site.stop()
    assert time.monotonic() - began < 2


def _quietly(site: DemoSite) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        ask(site.hoster_url, CLIP)


def test_covers_are_pictures_and_differ() -> None:
    drawn = {cover(series) for series in CATALOGUE}
    assert len(drawn) == len(CATALOGUE)
    assert all(picture.startswith(b"\x89PNG\r\n") and len(picture) < 50_000 for picture in drawn)
    assert [initials(title) for title in ("Öl & Äther", "Der letzte Leuchtturm", "ネオン", "")] == [
        "Ö&Ä",
        "LL",
        "A",
        "A",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_as_a_process_of_its_own(media: Path, number: int) -> None:
    command = [sys.executable, "-m", "aniworld.demo.site", "--media", str(media)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True, env={**os.environ}) as child:
        assert child.stdout is not None
        told = json.loads(child.stdout.readline())
        assert ask(told["url"], "/animes")[0] == 200
        assert told["private_hosts"] == [told["url"][7:], told["hosters"][7:]]
        child.send_signal(number)
        assert child.wait(5) == 0


def test_it_runs_in_greenlets(media: Path) -> None:
    code = (
        "from gevent import monkey; monkey.patch_all()\n"
        "import sys, urllib.request\nfrom pathlib import Path\nfrom aniworld.demo.site import DemoSite\n"
        "with DemoSite(Path(sys.argv[1])) as site:\n"
        "    page = urllib.request.urlopen(site.url + '/anime/stream/kupferherz').read()\n"
        "    clip = urllib.request.urlopen(site.hoster_url + '/media/Vulkan/bild1-folge-deu.mp4').read()\n"
        "    print(b'Kupferherz' in page, len(clip) > 300_000)\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, str(media)], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.split(), done.stderr) == (["True", "True"], "")
