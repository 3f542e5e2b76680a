"""The pages of both engines, and the contract that every catalogue passes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from aniworld.providers.catalogues.aniworld.catalogue import Aniworld
from aniworld.providers.catalogues.sto.catalogue import SerienStream
from aniworld.providers.plugin_api.testkit import Answer, Asked, CatalogueContract, Served

PAGES = Path(__file__).parent / "pages"
ROOT1, ROOT2 = "/anime/stream/nebelgarten", "/serie/hafenlichter"


def page(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")


def as_json(value: object) -> Answer:
    return Answer(json.dumps(value), headers={"Content-Type": "application/json"})


def engine1(base: str = "") -> dict[str, Served]:
    """A site as engine 1 builds it, with one series and one episode page; ``base`` may carry a path prefix."""
    found = [
        {
            "name": "Nebelgarten &amp;ndash; Wächter",
            "link": "nebelgarten",
            "description": "Ein <em>Garten</em>.",
            "cover": "/public/img/cover/nebelgarten_150x225.png",
            "productionYear": "(2019 - 2024)",
        },
    ]
    return {
        "/ajax/seriesSearch": lambda asked: as_json(found if "nebel" in asked.query.get("keyword", "").lower() else []),
        "POST /ajax/search": as_json([]),
        ROOT1: page("engine1/series.html"),
        f"{ROOT1}/staffel-2": page("engine1/staffel-2.html"),
        f"{ROOT1}/staffel-4": page("engine1/staffel-4.html"),
        f"{ROOT1}/staffel-5": page("engine1/missing.html"),
        f"{ROOT1}/filme": page("engine1/filme.html"),
        f"{ROOT1}/filme/film-1": page("engine1/episode.html"),
        f"{ROOT1}/staffel-1/episode-1": page("engine1/episode.html"),
        "/redirect/11": Answer(status=302, headers={"Location": "https://hoster.example/e/11"}),
        "/neue-episoden": page("engine1/neue-episoden.html"),
        "/animekalender": page("engine1/animekalender.html"),
        "/animes": page("engine1/animes.html"),
    }


def redirect2(asked: Asked) -> Answer:
    """302 only for those who come from the episode's page."""
    if not asked.headers.get("referer", "").endswith(("/episode-1", "/film-1")):
        return Answer("<p>Bitte warten</p>")
    return Answer(status=302, headers={"Location": "https://hoster.example/e/abc"})


def engine2(base: str = "") -> dict[str, Served]:
    shows = {"shows": [{"name": "Hafenlichter", "url": ROOT2}], "people": [], "genres": []}
    return {
        "/api/search/suggest": as_json(shows),
        "/suche": page("engine2/suche.html"),
        ROOT2: page("engine2/series.html"),
        f"{ROOT2}/staffel-0": page("engine2/staffel-0.html"),
        f"{ROOT2}/staffel-3": page("engine2/staffel-3.html"),
        f"{ROOT2}/staffel-1/episode-1": page("engine2/episode.html"),
        f"{ROOT2}/filme/film-1": page("engine2/episode.html"),
        "/r": redirect2,
    }


class Engine1Contract(CatalogueContract):
    catalogue = Aniworld
    claimed = (
        "nebelgarten",
        "D_Cide-Traumerei",
        "/anime/stream/nebelgarten",
        "anime/stream/nebelgarten/",
        "https://aniworld.to/anime/stream/nebelgarten/staffel-1/episode-2?x=1#top",
        "aniworld.to/anime/stream/a-b",
        "http://www.aniworld.cc/anime/stream/x/filme/film-3",
        "{base}/anime/stream/x",
        "{base}/serie/stream/x/staffel-2",
        "http://186.2.175.111/anime/stream/x",
        "186.2.175.111/anime/stream/x/staffel-1",
        "https://aniworld.info./anime/stream/x",
    )
    unclaimed = (
        "",
        "https://evil.example/anime/stream/x",
        "https://aniworld.to/support/fragen",
        "https://aniworld.to/",
        "https://aniworld.to.evil.example/anime/stream/x",
        "https://aniworld.to@evil.example/anime/stream/x",
        "http://127.0.0.1:1/anime/stream/x",
        "javascript:alert(1)",
        "ein titel",
        "../../etc/passwd",
        "http://[::1",
        "https://s.to/serie/x",
        "ftp://aniworld.to:21/anime/stream/x",
        "https://aniworld.to/anime/stream/",
    )
    query = "nebel"
    link = ROOT1

    def pages(self, base: str) -> Mapping[str, Served]:
        return engine1(base)


class Engine2Contract(CatalogueContract):
    catalogue = SerienStream
    claimed = (
        "/serie/hafenlichter",
        "https://s.to/serie/hafenlichter/staffel-1",
        "serienstream.to/serie/x?y",
        "https://s.to/serie/stream/x/staffel-1/episode-1",
        "{base}/serie/x",
        "https://serienstream.cx/serie/x",
        "https://www.serien.cam/serie/x/staffel-2",
        "serienstream.sx/serie/x",
        "http://186.2.175.5/serie/x/staffel-1/episode-3",
        "186.2.175.5/serie/x",
    )
    unclaimed = (
        "https://aniworld.to/anime/stream/x",
        "https://evil.example/serie/x",
        "https://s.to/suche",
        "/serie/",
        "http://186.2.175.111/serie/x",
        "http://186.2.175.50/serie/x",
        "https://serienstream.cx.evil.example/serie/x",
        "https://serienstream.cx@evil.example/serie/x",
        "https://notserien.cam/serie/x",
        "https://serienstream.to:8080/serie/x",
    )
    query = "hafen"
    link = ROOT2

    def pages(self, base: str) -> Mapping[str, Served]:
        return engine2(base)
