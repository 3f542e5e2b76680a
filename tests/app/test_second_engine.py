"""A site of engine 2 at an address that the application does not know: from the search to the playable file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite
from tests.faults.house import plays
from tests.providers.contract import ROOT2, engine2
from tests.running import Server, until
from tests.transfer.fixtures import Videos, host, videos
from tests.transfer.media_server import MediaHost, Request

pytestmark = pytest.mark.slow

__all__ = ["host", "videos"]


@pytest.fixture
def site(host: MediaHost, videos: Videos) -> Iterator[LoopbackSite]:
    """Its first link leads to a player on ``host``, but only from the episode's page; the others are dead."""

    def player(request: Request) -> bool:
        request.answer(200, b"<video src='/v.mp4'></video>", Content_Type="text/html")
        return True

    host.files["/v.mp4"] = videos.mp4
    host.faults["/e/1"] = player
    with LoopbackSite(engine2()) as made:
        came = f"{made.url}{ROOT2}/staffel-1/episode-1"
        made.pages["/r"] = lambda asked: (
            Answer(status=302, headers={"Location": host.url("/e/1")})
            if (asked.query["t"], asked.headers.get("referer")) == ("abc", came)
            else Answer("weg", 404)
        )
        yield made


@pytest.fixture
def server(tmp_path: Path, library: Path, site: LoopbackSite, host: MediaHost) -> Iterator[Server]:
    running = Server(
        tmp_path / "instance",
        ANIWORLD_CATALOGUE_URL=site.url,
        ANIWORLD_LIBRARY=str(library),
        ANIWORLD_PRIVATE_HOSTS=f"{site.url.removeprefix('http://')},{host.address}",
    )
    running.start()
    running.configure(catalogue={"requests_per_second": 50}, download={"min_free_space_mb": 10, "niceness": 0})
    yield running
    running.stop()


def _with_episodes(server: Server) -> dict | None:
    detail = server.get("/api/anime/hafenlichter")
    return detail if detail["episodes"] else None


@pytest.mark.parametrize("search_first", [True, False])
def test_from_a_link_or_a_search_to_a_playable_file(
    server: Server, site: LoopbackSite, library: Path, search_first: bool
) -> None:
    if search_first:
        (hit,) = server.post("/api/anime/search", {"query": "hafen"})
        assert (hit["key"], hit["site"], hit["link"]) == ("hafenlichter", "s.to", site.url + ROOT2)
    added = server.post("/api/anime/add", {"link": site.url + ROOT2}, 201)
    assert (added["key"], added["site"]) == ("hafenlichter", "s.to")
    detail = until(lambda: _with_episodes(server))
    assert detail["title"] == "Hafenlichter"
    assert [(one["season"], one["episode"]) for one in detail["episodes"]] == [(0, 1), (1, 1), (1, 2), (3, 1)]

    server.stop()
    server.start()  # what a link or a search has shown is seen again at the stored link
    server.post("/api/queue/add", {"serie_id": "hafenlichter", "episodes": ["S01E01"]}, 201)
    server.post("/api/queue/start")
    done = until(lambda: server.get("/api/queue/status")["completed_downloads"], 30)
    assert (done[0]["language"], done[0]["hoster"]) == ("ger-dub", "VOE")
    assert plays(library / done[0]["file"])
