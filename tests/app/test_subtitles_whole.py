"""Subtitles on their whole way: from a hoster's page to files next to a video, the API and the pages."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aniworld.demo.facts import FIRST_LINK_ID, DemoSeries, episodes
from tests.faults.house import FOLDER, KEY, House
from tests.running import until
from tests.transfer.conftest import host, videos
from tests.transfer.fetchers.test_subtitles import EXPECTED, GERMAN, PLAIN, cues, master, segmented
from tests.transfer.fixtures import Videos
from tests.transfer.media_server import MediaHost, Request

pytestmark = pytest.mark.slow

__all__ = ["host", "videos"]


def subbed(count: int) -> DemoSeries:
    return DemoSeries(
        slug=KEY,
        title="Prüfstand",
        title_en="Test Bench",
        description="",
        year=2026,
        year_end=2026,
        genres=(),
        fsk=0,
        seasons=(1,),
        episodes=episodes({1: [f"Akt {number}|Act {number}" for number in range(1, count + 1)]}, "ger-sub:Vulkan"),
    )


@pytest.fixture
def house(tmp_path: Path, host: MediaHost, videos: Videos, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Four episodes in ``ger-sub``: HLS with renditions, a page with tracks, JW Player, and one whose subtitles are
    gone.
    """
    monkeypatch.setattr("tests.faults.house.series", subbed)
    made = House(tmp_path, host, 4)
    master(host, videos, GERMAN.format("de.m3u8"))
    segmented(host, "de", [PLAIN])
    host.files |= {
        "/v.mp4": videos.mp4,
        "/s/de.vtt": PLAIN.encode(),
        "/s/en.srt": PLAIN.split("\n", 2)[2].replace(".", ",").encode(),
    }
    pages = {
        1: '<video><source src="/hls/master.m3u8"></video>',
        2: (
            '<video src="/v.mp4"><track kind="subtitles" src="/s/de.vtt" srclang="de"><track kind="metadata"'
            ' src="/thumbs.vtt"></video>'
        ),
        3: (
            '<script>jwplayer("p").setup({sources: [{file: "/v.mp4"}], tracks: [{file: "/s/de.vtt", label: "Deutsch"},'
            ' {file: "/s/en.srt", label: "English", kind: "captions"}]})</script>'
        ),
        4: '<video src="/v.mp4"><track src="/s/gone.vtt" srclang="de"></video>',
    }
    for number, markup in pages.items():
        show(made, number, markup)
    yield made
    made.close()


def show(house: House, number: int, markup: str) -> None:
    def page(request: Request) -> bool:
        request.answer(200, f"<!DOCTYPE html>{markup}".encode(), Content_Type="text/html")
        return True

    house.media.faults[f"/e/{FIRST_LINK_ID + number - 1}"] = page


def download(house: House, *numbers: int) -> dict[int, dict[str, Any]]:
    """The finished items by episode."""
    wanted = {"serie_id": KEY, "episodes": [f"S01E{number:02d}" for number in numbers], "languages": ["ger-sub"]}
    house.server.post("/api/queue/add", wanted)
    house.server.post("/api/queue/start")

    def ended() -> list[dict[str, Any]]:
        status = house.server.get("/api/queue/status")
        found = [*status["completed_downloads"], *status["failed_downloads"]]
        return found if {one["episode"] for one in found} >= set(numbers) and not status["active_downloads"] else []

    return {one["episode"]: one for one in until(ended, 120)}


def there(house: House) -> set[str]:
    return {path.name for path in (house.library / FOLDER / "Season 01").iterdir()}


def name(number: int) -> str:
    return f"Prüfstand - S01E{number:02d} - Akt {number}"


def test_subtitles_of_each_kind_are_next_to_their_video_and_what_is_missing_is_said(house: House) -> None:
    house.start(languages=["ger-sub"])
    items = download(house, 1, 2, 3, 4)
    assert there(house) == {
        f"{name(1)}.mp4",
        f"{name(1)}.de.vtt",
        f"{name(2)}.mp4",
        f"{name(2)}.de.vtt",
        f"{name(3)}.mp4",
        f"{name(3)}.de.vtt",
        f"{name(3)}.en.srt",
        f"{name(4)}.mp4",
    }
    for number in (1, 2, 3):
        assert cues(house.library / FOLDER / "Season 01" / f"{name(number)}.de.vtt") == EXPECTED
        assert (items[number]["status"], items[number]["language"], items[number]["notice"]) == (
            "completed",
            "ger-sub",
            None,
        )
    assert (items[4]["status"], items[4]["language"]) == ("completed", "jpn")
    assert "does not count as complete in ger-sub" in items[4]["notice"] and "status 404" in items[4]["notice"]
    told = {one["episode"]: one for one in house.server.get(f"/api/anime/{KEY}")["episodes"]}
    assert [told[number]["subtitles"] for number in (1, 2, 3, 4)] == [["ger"], ["ger"], ["ger", "eng"], []]
    assert [told[number]["subtitles_missing"] for number in (1, 2, 3, 4)] == [False, False, False, True]
    assert told[4]["language"] == "jpn"
    page = house.server.call("GET", f"/series/{KEY}", headers={"Accept-Language": "de"}).text
    assert "Untertitel: Deutsch, Englisch" in page
    assert len(re.findall(r"data-subtitles-missing(?! hidden)\s*>", page)) == 1
    incomplete = {"serie_id": KEY, "episodes": ["S01E01", "S01E04"], "languages": ["ger-sub"], "upgrade": True}
    answer = house.server.post("/api/queue/add", incomplete)
    assert [one["episode"] for one in answer["added"]] == [4], "only what is not complete can be had again"


def test_a_better_copy_is_only_taken_with_its_subtitles(house: House) -> None:
    house.start(languages=["ger-sub"])
    download(house, 4)
    before = house.media.count["/v.mp4"]
    house.server.post(
        "/api/queue/add", {"serie_id": KEY, "episodes": ["S01E04"], "languages": ["ger-sub"], "upgrade": True}
    )
    (failed,) = until(lambda: house.server.get("/api/queue/status")["failed_downloads"], 60)
    assert "subtitles in German cannot be had" in failed["error"] and house.media.count["/v.mp4"] == before
    house.media.files["/s/gone.vtt"] = PLAIN.encode()
    house.server.post("/api/queue/retry", {})
    house.server.post("/api/queue/start")
    until(lambda: f"{name(4)}.de.vtt" in there(house), 60)

    def better() -> dict[str, Any] | None:  # the file is placed a moment before its item is completed
        done = house.server.get("/api/queue/status")["completed_downloads"]
        return next((one for one in done if one["language"] == "ger-sub"), None)

    assert until(better, 20)["notice"] is None


def test_inside_an_mkv_by_the_setting(house: House) -> None:
    house.start(languages=["ger-sub"], subtitles="mkv")
    download(house, 2)
    assert there(house) == {f"{name(2)}.mkv"}
    video = house.library / FOLDER / "Season 01" / f"{name(2)}.mkv"
    near = [(start[:7], end[:7], text) for start, end, text in EXPECTED]  # sound begins a little before the picture
    assert [(start[:7], end[:7], text) for start, end, text in cues(video)] == near
    said = subprocess.run(["ffmpeg", "-i", str(video)], capture_output=True, text=True).stderr
    assert re.search(r"\(ger\): Subtitle: subrip[^\n]*default", said)
    episode = house.server.get(f"/api/anime/{KEY}")["episodes"][1]
    assert (episode["subtitles"], episode["language"]) == (["ger"], "ger-sub")


def test_a_killed_server_places_subtitles_and_video_after_all(house: House) -> None:
    house.media.rate = 300_000
    house.start(languages=["ger-sub"], auto_start=True)
    house.server.post("/api/queue/add", {"serie_id": KEY, "episodes": ["S01E02"], "languages": ["ger-sub"]})
    until(lambda: house.media.count["/v.mp4"], 60)
    house.media.faults["/s/de.vtt"] = lambda request: request.answer(404, b"") is None  # their address is used up
    assert house.server.process is not None
    os.kill(house.server.process.pid, signal.SIGKILL)
    house.server.process.wait()
    house.media.rate = 0
    house.server.start()
    until(lambda: house.server.get("/api/queue/status")["completed_downloads"], 90)
    assert there(house) == {f"{name(2)}.mp4", f"{name(2)}.de.vtt"}
