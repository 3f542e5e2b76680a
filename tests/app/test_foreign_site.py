"""The main job on a catalogue and on players that were not written for this program."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.foreign_site import ForeignSite, files, ranged
from tests.app.test_main_job import plays
from tests.running import Server, until

pytestmark = pytest.mark.slow

TITLE = "Über–Größe: “Krähe” & <Söhne>/II?"
PLAYERS = {
    "video": '<video id=v controls preload=none src="{media}.mp4?a=1&amp;b=2"></video>',
    "source": "<video><source type='video/mp4' size=360 src='/media/clip.mp4'></video>",
    "relative": "<base href='/media/'><video><source src=clip.mp4 type=video/mp4></video>",
    "jw": '<script>jwplayer("p").setup({{"file":"{escaped}.mp4","image":"\\/poster.jpg"}});</script>',
    "sources": (
        "<script>var player = new Plyr('#p'); player.source = {{sources: [{{src: '{media}.mp4', type:"
        " 'video/mp4'}}]}};</script>"
    ),
    "hls": "<script>videojs('p').src({{src: \"/media/master.m3u8\", type: 'application/x-mpegURL'}})</script>",
    "protocol": '<script>const u = "//{host}/media/clip.mp4";</script>',
    "og": '<head><meta content="{media}.mp4" property="og:video:url"></head>',
    "ld": (
        "<script"
        ' type="application/ld+json">{{"@graph":[{{"@type":"VideoObject","contentUrl":"{media}.mp4"}}]}}</script>'
    ),
    "frame": '<iframe allowfullscreen src="/e/video"></iframe>',
    "packed": "<script>eval(function(p,a,c,k,e,d){{return p}}('0 1',2,2,'x|y'.split('|')))</script>",
    "check": "<title>Just a moment...</title><div class=cf-turnstile></div>",
    "gone": "<h1>File not found</h1>",
}
GOOD = ("video", "source", "relative", "jw", "sources", "hls", "protocol", "og", "ld", "frame")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A small film as a file, and as HLS with two qualities."""
    folder = tmp_path_factory.mktemp("clips")
    source = ["-f", "lavfi", "-i", "testsrc2=s=320x180:d=6", "-f", "lavfi", "-i", "sine=d=6"]
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac", "-shortest"]
    command = ["ffmpeg", "-v", "error", *source, *codec, str(folder / "clip.mp4")]
    subprocess.run(command, check=True, timeout=60)
    split = ["-c", "copy", "-hls_time", "1", "-hls_list_size", "0", str(folder / "low.m3u8")]
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(folder / "clip.mp4"), *split], check=True, timeout=60)
    master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=320x180\nlow.m3u8?token=a%20b\n"
    (folder / "master.m3u8").write_text(master)
    return files(folder)


@pytest.fixture
def site(clips: dict[str, bytes]) -> Iterator[ForeignSite]:
    def hoster(path: str, wanted: str) -> tuple[int, dict, bytes]:
        name = path.rsplit("/", 1)[-1]
        if path.startswith("/media/") and name in clips:
            kind = "application/vnd.apple.mpegurl" if name.endswith("m3u8") else "video/mp4"
            return ranged(clips[name], wanted, kind)
        if path.startswith("/e/") and name in PLAYERS:
            return 200, {"Content-Type": "text/html"}, filled(PLAYERS[name], made.hoster_url).encode()
        return 404, {}, b"nothing"

    copies = {name: [("ger-dub", "VOE", f"/e/{name}")] for name in PLAYERS}
    series = {
        "UEber_Groesse-2": {
            "title": TITLE,
            "about": "Ein langer Text & mehr.",
            "seasons": {
                1: [{"de": f"Folge {name}", "en": name, "copies": copies[name]} for name in GOOD],
                3: [
                    {"de": "", "en": "Only English", "copies": [("eng-sub", "Filemoon", "/e/video")]},
                    {
                        "de": "Umweg",
                        "en": "Detour",
                        "copies": [
                            ("ger-dub", "Doodstream", "/e/gone"),
                            ("ger-dub", "Vidmoly", "/e/packed"),
                            ("ger-dub", "Luluvdo", "/e/check"),
                            ("ger-dub", "Vidoza", "/nowhere"),
                            ("ger-sub", "VOE", "/e/jw"),
                        ],
                    },
                ],
                0: [{"de": "Der Film", "en": "The Movie", "copies": copies["hls"]}],
            },
        }
    }
    made = ForeignSite(series, hoster)
    with made:
        yield made


def filled(page: str, hoster: str) -> str:
    media = f"{hoster}/media/clip"
    text = page.format(
        media=media, host=hoster.removeprefix("http://"), escaped=json.dumps(media)[1:-1].replace("/", "\\/")
    )
    return f"<html><head><title>Player</title></head><body>{text}</body></html>"


@pytest.fixture
def foreign_server(tmp_path: Path, library: Path, site: ForeignSite) -> Iterator[Server]:
    server = Server(
        tmp_path / "instance",
        ANIWORLD_CATALOGUE_URL=site.url,
        ANIWORLD_PRIVATE_HOSTS=site.private_hosts,
        ANIWORLD_LIBRARY=str(library),
    )
    server.start()
    server.configure(
        catalogue={"requests_per_second": 50}, download={"min_free_space_mb": 10, "niceness": 0, "concurrency": 4}
    )
    yield server
    server.stop()


def test_every_open_player_ends_in_the_library_and_every_obstacle_in_the_next_hoster(
    foreign_server: Server, site: ForeignSite, library: Path
) -> None:
    server, key = foreign_server, "ueber-groesse-2"
    (hit,) = server.post("/api/anime/search", {"query": "größe"})
    assert (hit["key"], hit["name"], hit["year"]) == (key, TITLE, 2018)
    server.post("/api/anime/add", {"link": site.url + "/anime/stream/UEber_Groesse-2/staffel-3/episode-1?x=1#y"}, 201)
    detail = until(lambda: detail_when_read(server, key))
    assert (detail["title"], detail["year_start"], detail["year_end"], detail["age_rating"]) == (TITLE, 2018, None, 16)
    assert detail["alternative_titles"] == ["Alpha", "Beta & Co"]
    assert detail["description"] == "Ein langer Text & mehr."
    assert detail["imdb_id"] == "tt7654321"
    assert [(one["season"], one["episode"]) for one in detail["episodes"]] == [
        (0, 1),
        *((1, number) for number in range(1, len(GOOD) + 1)),
        (3, 1),
        (3, 2),
    ]

    codes = ["S00E01", *(f"S01E{number:02d}" for number in range(1, len(GOOD) + 1)), "S03E01", "S03E02"]
    server.post("/api/queue/add", {"serie_id": key, "episodes": codes}, 201)
    server.post("/api/queue/start")
    status = until(lambda: all_done(server, len(codes)), 90)
    troubles = [(item["episode"], item["error"]) for item in status["failed_downloads"] + status["pending_queue"]]
    assert troubles == []
    done = {(item["season"], item["episode"]): item for item in status["completed_downloads"]}
    for item in done.values():
        path = library / item["file"]
        assert path.resolve().is_relative_to(library)
        assert plays(path), item
    assert done[3, 1]["language"] == "eng-sub"
    assert (done[3, 2]["language"], done[3, 2]["hoster"]) == ("ger-sub", "VOE")
    assert len(list(library.iterdir())) == 2, "the series folder and the working folder"


def detail_when_read(server: Server, key: str) -> dict | None:
    detail = server.get(f"/api/anime/{key}")
    return detail if detail["episodes"] else None


def all_done(server: Server, number: int) -> dict | None:
    status = server.get("/api/queue/status")
    waiting = [item for item in status["pending_queue"] if not item["error"]]
    return status if not waiting and not status["active_downloads"] else None
