"""What the demo's two hosts answer: the catalogue's pages and searches, and the hosters' players and media. No sockets
here.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from pathlib import Path

from aniworld.demo import pages, players
from aniworld.demo.clips import Clips
from aniworld.demo.covers import cover
from aniworld.demo.facts import DemoSeries, Link, links

HTML, JSON = "text/html; charset=utf-8", "application/json; charset=utf-8"
_MEDIA_TYPES = {".mp4": "video/mp4", ".m3u8": "application/vnd.apple.mpegurl", ".ts": "video/mp2t"}
_STREAM = re.compile(
    r"/(?:anime|serie)/stream/([A-Za-z0-9_-]+)(?:/staffel-(\d+)(?:/episode-(\d+))?|/(filme)(?:/film-(\d+))?)?/?"
)
_STRIPES = {
    "german": ("#000", "#d00", "#fc0"),
    "japanese-german": ("#fff", "#b00", "#fc0"),
    "japanese-english": ("#fff", "#b00", "#006"),
    "english": ("#006", "#fff", "#b00"),
}


@dataclass(frozen=True)
class Asked:
    """A request. ``headers`` with lower-case names; ``fields`` of query and form together."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """``file`` is sent in place of ``body`` where it is given, in the ranges asked for."""

    status: int = 200
    body: bytes = b""
    kind: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None

    @classmethod
    def page(cls, text: str, status: int = 200) -> Answer:
        return cls(status, text.encode())

    @classmethod
    def json(cls, value: object) -> Answer:
        return cls(body=json.dumps(value, ensure_ascii=False).encode(), kind=JSON)


class Catalogue:
    """The catalogue's host. ``hosters``: base address of the hosters, where redirects lead."""

    def __init__(self, series: Sequence[DemoSeries], hosters: str) -> None:
        self._series = tuple(series)
        self._links = links(series)
        self._hosters = hosters

    def answer(self, asked: Asked) -> Answer:
        path = asked.path
        if path == "/ajax/seriesSearch":
            return Answer.json([self._hit(one) for one in self._find(asked.fields.get("keyword", ""))])
        if path == "/ajax/search" and asked.method == "POST":
            return self._mixed_search(asked)
        if path.startswith("/redirect/"):
            return self._redirect(path.removeprefix("/redirect/").strip("/"))
        if path.startswith("/public/"):
            return self._picture(path)
        found = _STREAM.fullmatch(path)
        return self._stream(found) if found else self._list(path.rstrip("/"))

    def _list(self, path: str) -> Answer:
        if path == "":
            return Answer.page(pages.start(self._series))
        if path == "/animes":
            return Answer.page(pages.all_titles(self._series))
        if path == "/beliebte-animes":
            return Answer.page(pages.popular(self._series))
        if path == "/neue-episoden":
            return Answer.page(pages.new_episodes(self._series, date.today()))
        if path == "/animekalender":
            return Answer.page(pages.calendar(self._series, date.today()))
        return Answer.page(pages.not_found(), 404)

    def _stream(self, found: re.Match[str]) -> Answer:
        slug, season, number, films, film = found.groups()
        one = next((each for each in self._series if each.slug == slug), None)
        if one is None:
            return Answer.page(pages.not_found())  # the sites say so with status 200
        shown = 0 if films else int(season) if season else min((each for each in one.seasons if each), default=0)
        if not (number or film):
            return Answer.page(pages.series(one, shown))
        episode = one.episode(shown, int(number or film))
        if episode is None:
            return Answer.page(pages.not_found(), 404)
        return Answer.page(
            pages.episode(one, episode, [each for each in self._links.values() if each.episode is episode])
        )

    def _redirect(self, number: str) -> Answer:
        if not number.isdecimal() or len(number) > 9 or int(number) not in self._links:
            return Answer.page(pages.not_found(), 404)
        return Answer(302, headers={"Location": f"{self._hosters}/e/{number}"})

    def _picture(self, path: str) -> Answer:
        flag = path.rpartition("/")[2].removesuffix(".svg")
        if flag in _STRIPES:
            return Answer(body=_flag(_STRIPES[flag]), kind="image/svg+xml")
        one = next((each for each in self._series if pages.cover_path(each) == path), None)
        if one is not None:
            return Answer(body=cover(one), kind="image/png")
        if path == "/public/css/demo.css":
            return Answer(body=_CSS, kind="text/css")
        return Answer.page(pages.not_found(), 404)

    def _find(self, wanted: str) -> list[DemoSeries]:
        needle = _plain(wanted)
        return [
            one
            for one in self._series
            if needle and any(needle in _plain(name) for name in (one.title, one.title_en, *one.more_titles))
        ]

    def _hit(self, one: DemoSeries) -> dict[str, str]:
        return {
            "name": escape(one.title),
            "link": one.slug,
            "description": escape(one.description),
            "cover": pages.cover_path(one),
            "productionYear": f"({one.year} - {one.year_end or 'Heute'})",
        }

    def _mixed_search(self, asked: Asked) -> Answer:
        """Marked words, doubly escaped text, a duplicate, an episode and a help page among the series."""
        if asked.headers.get("x-requested-with") != "XMLHttpRequest":
            return Answer.page(pages.start(self._series))
        wanted, hits = asked.fields.get("keyword", ""), []
        for one in self._find(wanted):
            title = re.sub(
                re.escape(escape(escape(wanted))), r"<em>\g<0></em>", escape(escape(one.title)), flags=re.IGNORECASE
            )
            hit = {"title": title, "description": escape(escape(one.description[:120])), "link": pages.series_path(one)}
            first = pages.episode_path(one, one.episodes[0])
            hits += [hit, {**hit, "title": f"{title} - {escape(one.episodes[0].title)}", "link": first}, hit]
        help_page = {"title": "Hilfe", "description": "Fragen und Antworten", "link": "/support/fragen"}
        return Answer.json([*hits, help_page] if hits else [])


class Hosters:
    """All hosters' host: players under ``/e/<id>``, media under ``/media/<hoster>/``."""

    def __init__(self, series: Sequence[DemoSeries], clips: Clips) -> None:
        self._links = links(series)
        self._clips = clips

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/e/"):
            return self._player(asked.path.removeprefix("/e/"))
        if asked.path.startswith("/media/"):
            return self._media(asked)
        return Answer.page("<h1>404 Not Found</h1>", 404)

    def _player(self, number: str) -> Answer:
        link: Link | None = self._links.get(int(number)) if number.isdecimal() and len(number) < 10 else None
        if link is None:
            return Answer.page("<h1>Video not found</h1>", 404)
        name = self._clips.name_for(link.series, link.episode, link.copy)
        status, text = players.player(link, f"/media/{link.copy.hoster}/{name}", self._clips.seconds_for(link.episode))
        return Answer.page(text, status)

    def _media(self, asked: Asked) -> Answer:
        hoster, _, name = asked.path.removeprefix("/media/").partition("/")
        if hoster == players.NEEDS_REFERER and asked.headers.get("host", "-") not in asked.headers.get("referer", ""):
            return Answer.page("<h1>403 Forbidden</h1>", 403)
        path = self._clips.get(name)
        return Answer(file=path, kind=_MEDIA_TYPES[path.suffix])


def _plain(text: str) -> str:
    """Lower case without accents; umlauts as people type them are found too."""
    folded = (
        text.casefold().replace("ae", "a").replace("oe", "o").replace("ue", "u").replace("-", " ").replace("_", " ")
    )
    return "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char)).strip()


def _flag(colours: tuple[str, str, str]) -> bytes:
    stripes = "".join(
        f'<rect y="{index * 5}" width="24" height="5" fill="{colour}"/>' for index, colour in enumerate(colours)
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 15">{stripes}</svg>'.encode()


_CSS = b"""body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:auto;padding:1rem;background:#14161c;color:#e8e6e0}
a{color:#9cc7ff}header a{margin-right:1rem}img.flag,.changeLanguageBox img{width:24px}table{width:100%}
.coverList{display:grid;grid-template-columns:repeat(auto-fill,minmax(10rem,1fr));gap:1rem}.coverList img,.seriesCoverBox noscript img{width:100%}"""
