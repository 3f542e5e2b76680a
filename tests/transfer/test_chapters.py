"""Chapters that a source states are in the file; a file without any is the same bytes as ever."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from aniworld.core.media import Chapter, StreamKind
from aniworld.transfer.chapters import metadata
from tests.transfer.fixtures import Ask, Videos, frames, serve
from tests.transfer.media_server import MediaHost, Request

pytestmark = pytest.mark.slow

STATED = (Chapter(2, 4.5, "Opening"), Chapter(10, 12, "Ending"), Chapter(-3, 1, "x"), Chapter(5, 99, "x"))
WANTED = [(0.0, 2.0, "Episode"), (2.0, 4.5, "Intro"), (4.5, 10.0, "Episode"), (10.0, 12.0, "Outro")]


def chapters(path: Path) -> list[tuple[float, float, str]]:
    told = subprocess.run(["ffmpeg", "-i", str(path), "-f", "ffmetadata", "-"], capture_output=True, text=True).stdout
    base = [float(a) / float(b) for a, b in re.findall(r"TIMEBASE=(\d+)/(\d+)", told)]
    starts, ends = re.findall(r"START=(\d+)", told), re.findall(r"END=(\d+)", told)
    names = re.findall(r"^title=(.*)$", told, re.MULTILINE)[-len(starts) :]
    return [
        (round(int(start) * one, 2), round(int(end) * one, 2), name)
        for one, start, end, name in zip(base, starts, ends, names, strict=True)
    ]


@pytest.mark.parametrize("name", ["mp4", "webm"])
def test_a_whole_file_gets_them_by_a_pass_of_its_own(host: MediaHost, videos: Videos, ask: Ask, name: str) -> None:
    data = getattr(videos, name)
    host.files[f"/v.{name}"] = data
    asked = ask(f"/v.{name}", stream={"chapters": STATED})
    result = asked.run()
    assert chapters(result.path)[:4] == WANTED
    assert (result.container, asked.left) == (name, {f"media.{name}", "media.json"})
    plain = result.path.parent.parent / f"plain.{name}"
    plain.write_bytes(data)
    assert frames(result.path) == frames(plain)
    assert result.size_bytes == result.path.stat().st_size


@pytest.mark.parametrize("known", [12.0, None])
def test_a_playlist_gets_them_as_it_is_put_together(
    host: MediaHost, videos: Videos, ask: Ask, known: float | None
) -> None:
    serve(host, "hls", videos.hls)
    asked = ask("/hls/list.m3u8", StreamKind.HLS, stream={"chapters": STATED, "duration": known})
    assert chapters(asked.run().path)[:4] == WANTED


def test_none_that_are_sound_or_wanted_leave_the_bytes_alone(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    broken = (Chapter(50, 60, "Intro"), Chapter(5, 4, "Outro"))
    assert ask("/v.mp4", stream={"chapters": broken}).run().path.read_bytes() == videos.mp4
    unwanted = ask("/v.mp4", stream={"chapters": STATED}, write_chapters=False, language="jpn")  # another wish: anew
    assert unwanted.run().path.read_bytes() == videos.mp4


@pytest.mark.slow
def test_what_yt_dlp_finds_on_a_page_is_written(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    parts = [
        {"@type": "Clip", "name": "Opening", "startOffset": 0, "endOffset": 3},
        {"@type": "Clip", "name": "Folge", "startOffset": 3, "endOffset": 12},
    ]
    video = {"@context": "https://schema.org", "@type": "VideoObject", "name": "x", "contentUrl": host.url("/v.mp4")}
    page = json.dumps({**video, "hasPart": parts})
    body = f'<html><title>x</title><script type="application/ld+json">{page}</script></html>'.encode()

    def answer(request: Request) -> bool:
        request.answer(200, body, Content_Type="text/html; charset=utf-8")
        return True

    host.faults["/watch"] = answer
    result = ask("/watch", StreamKind.PAGE).run()
    assert [name for _, _, name in chapters(result.path)][:2] == ["Intro", "Folge"]


@pytest.mark.parametrize("title", ["a=b;c#d\\e", "[CHAPTER]", "title=x", "ü 日本 🎬", "'\"%s"])
def test_a_hostile_title_is_a_title_and_nothing_else(host: MediaHost, videos: Videos, ask: Ask, title: str) -> None:
    host.files["/v.mp4"] = videos.mp4
    result = ask("/v.mp4", stream={"chapters": (Chapter(0, 12, title),)}).run()
    (found,) = chapters(result.path)[:1]
    assert found[2].replace("\\", "") == title.replace("\\", "")
    assert metadata([Chapter(0, 1, title)]).count("\n[CHAPTER]\n") == 1
