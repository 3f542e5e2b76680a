"""A catalogue of engine 1 by another hand than the demo's: written from the description of the sites alone.

Its pages have other white space, attribute order and optional parts, its hosters other players.
"""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

FLAGS = {
    "ger-dub": ("1", "german"),
    "ger-sub": ("3", "japanese-german"),
    "eng-sub": ("2", "japanese-english"),
    "eng-dub": ("4", "english"),
}


class ForeignSite:
    """``series``: {slug: {"title", "seasons": {season: [{"de", "en", "copies": [(language, label, player page)]}]}}}.

    ``pages``: {path: (status, headers, body)} for hoster pages and media, on a second port.
    """

    def __init__(self, series: Mapping[str, dict], hosters: Callable[[str, str], tuple[int, dict, bytes]]) -> None:
        self.series = series
        self.links: list[str] = []
        self.seen: list[tuple[str, Mapping[str, str]]] = []
        self._hosters = hosters
        self._servers = [self._server(self._catalogue), self._server(self._hoster)]
        self.url, self.hoster_url = (f"http://127.0.0.1:{server.server_address[1]}" for server in self._servers)

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def private_hosts(self) -> str:
        return ",".join(url.removeprefix("http://") for url in (self.url, self.hoster_url))

    # ── the catalogue ───────────────────────────────────────────────────────

    def _catalogue(self, path: str, query: dict, form: dict, headers: Mapping[str, str]) -> tuple[int, dict, bytes]:
        if path == "/ajax/seriesSearch":
            return _json(self._hits(query.get("keyword", [""])[0]))
        if path == "/ajax/search":
            word = form.get("keyword", [""])[0]
            return _json(
                [
                    {"title": f"<em>{one['name']}</em>", "description": "", "link": f"/anime/stream/{one['link']}"}
                    for one in self._hits(word)
                ]
            )
        if found := re.fullmatch(r"/redirect/(\d+)", path):
            if not headers.get("referer", "").startswith(self.url):
                return 403, {}, b"no referer"
            return 301, {"Location": self.links[int(found[1])]}, b""
        found = re.fullmatch(r"/anime/stream/([\w-]+)(?:/(staffel-\d+|filme))?(?:/(?:episode|film)-(\d+))?/?", path)
        if not found or found[1] not in self.series:
            return (
                404,
                {},
                b'<div class="messageAlert danger">Serie nicht gefunden oder ist im Moment deaktiviert.</div>',
            )
        series, part, number = self.series[found[1]], found[2], found[3]
        season = 0 if part == "filme" else int((part or "staffel-1").rsplit("-", 1)[1])
        if number:
            return _html(self._episode(found[1], season, int(number)))
        return _html(
            self._season(found[1], series, season if part or 1 in series["seasons"] else min(series["seasons"]))
        )

    def _hits(self, word: str) -> list[dict]:
        return [
            {
                "name": html.escape(one["title"]),
                "link": slug,
                "description": one.get("about", "")[:100],
                "cover": f"/public/img/cover/{slug}_150x225.jpg",
                "productionYear": "(2018 - Heute)",
            }
            for slug, one in self.series.items()
            if word.lower() in one["title"].lower()
        ]

    def _season(self, slug: str, series: dict, season: int) -> str:
        navigation = "".join(
            f"<li>\n<a title='{'Alle Filme' if number == 0 else f'Staffel {number}'}' class=x "
            f"href='/anime/stream/{slug}/{'filme' if number == 0 else f'staffel-{number}'}'>{number or 'Filme'}</a></li>"
            for number in series["seasons"]
        )
        rows = "".join(self._row(slug, season, index + 1, one) for index, one in enumerate(series["seasons"][season]))
        return f"""<!DOCTYPE html><HTML lang=de><head><title>x</title>
<script src="https://cdnjs.cloudflare.com/ajax/libs/jquery.min.js"></script></head><body>
<div class="series-meta"><div class='seriesCoverBox'><img alt="" src="data:image/gif;base64,R0lGODlhAQABAAAAACw="
 data-src="/public/img/cover/{slug}.jpg"><noscript><img src="/public/img/cover/{slug}.jpg"></noscript></div>
<div class='series-title'><h1 data-alternativeTitles="Alpha, Beta &amp; Co" itemprop='name'>  <span>{html.escape(series["title"])}</span></h1>
<small>( <span itemprop=startDate><a href=x>2018</a></span> - <span itemprop="endDate"><a>Heute</a></span> )</small>
<div data-fsk=16 class="fsk fsk16"></div><a class='imdb-link' data-imdb="tt7654321" href="#">IMDB</a></div>
<p data-full-description="{html.escape(series.get("about", ""))}" class="seri_des">cut …</p>
<div class=genres><ul><li><a class='genreButton clearbutton' itemprop="genre">Drama</a></li></ul></div></div>
<div class="hosterSiteDirectNav" id='stream'><ul><li><span>Staffeln:</span></li>{navigation}</ul><hr>
<ul><li><a href="/anime/stream/{slug}/staffel-{season}/episode-1">1</a></li></ul></div>
<table class='seasonEpisodesList'><thead><tr><th>F</th></tr></thead><tbody id='season{season}'>{rows}</tbody></table>
</body></HTML>"""

    def _row(self, slug: str, season: int, number: int, one: dict) -> str:
        part = f"filme/film-{number}" if season == 0 else f"staffel-{season}/episode-{number}"
        flags = "".join(
            f"<img class='flag' data-src='/public/img/{FLAGS[language][1]}.svg' src='data:,' alt=''>"
            for language in dict.fromkeys(language for language, _, _ in one["copies"])
        )
        icons = "".join(f"<i title={label} class='icon {label}'></i>" for _, label, _ in one["copies"])
        meta = "" if season == 0 else f"<meta content='{number}' itemprop='episodeNumber'>"
        return f"""<tr class="" data-episode-season-id='{number}' data-episode-id="{season * 1000 + number}"><td>{meta}
<a href="/anime/stream/{slug}/{part}"> Folge {number} </a></td>
<td class='seasonEpisodeTitle'><a href="/anime/stream/{slug}/{part}"><strong>{html.escape(one["de"])}</strong>
 <span>{html.escape(one["en"])}</span></a></td><td>{icons}</td><td class=editFunctions>{flags}</td></tr>"""

    def _episode(self, slug: str, season: int, number: int) -> str:
        one = self.series[slug]["seasons"][season][number - 1]
        languages, rows = "", ""
        for language in dict.fromkeys(language for language, _, _ in one["copies"]):
            key, flag = FLAGS[language]
            languages += f"<img title='x' src='/public/img/{flag}.svg' data-lang-key='{key}'>"
        for language, label, page in one["copies"]:
            self.links.append(page if page.startswith("http") else self.hoster_url + page)
            link = len(self.links) - 1
            rows += f"""<li data-link-target="/redirect/{link}" data-link-id='{link}' data-external-embed=false
 data-lang-key='{FLAGS[language][0]}' class="col-md-3"><div><a href="/redirect/{link}"><i class="icon {label}"></i>
 <h4> {label} </h4></a></div></li>"""
        return f"""<html><body><h2><span class='episodeGermanTitle'>{html.escape(one["de"])}</span>
<small class=episodeEnglishTitle>{html.escape(one["en"])}</small></h2>
<div class='changeLanguageBox'>{languages}</div><div class="hosterSiteVideo"><ul class=row>{rows}</ul></div></body></html>"""

    # ── the hosters ─────────────────────────────────────────────────────────

    def _hoster(self, path: str, query: dict, form: dict, headers: Mapping[str, str]) -> tuple[int, dict, bytes]:
        return self._hosters(path, headers.get("range", ""))

    def _server(self, answer: Callable) -> ThreadingHTTPServer:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                form = parse_qs(self.rfile.read(length).decode()) if length else {}
                headers = {name.lower(): value for name, value in self.headers.items()}
                site.seen.append((self.path, headers))
                status, more, body = answer(unquote(parts.path), parse_qs(parts.query), form, headers)
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *args: object) -> None:
                """Nothing."""

        return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def ranged(body: bytes, wanted: str, kind: str) -> tuple[int, dict, bytes]:
    """A media answer that honours a single range."""
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
    if not found:
        return 200, {"Content-Type": kind, "Accept-Ranges": "bytes"}, body
    start, end = int(found[1]), min(int(found[2] or len(body) - 1), len(body) - 1)
    if start >= len(body):
        return 416, {"Content-Range": f"bytes */{len(body)}"}, b""
    headers = {"Content-Type": kind, "Content-Range": f"bytes {start}-{end}/{len(body)}"}
    return 206, headers, body[start : end + 1]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _html(text: str) -> tuple[int, dict, bytes]:
    return 200, {"Content-Type": "text/html; charset=utf-8"}, text.encode()


def _json(value: object) -> tuple[int, dict, bytes]:
    return 200, {"Content-Type": "text/html"}, json.dumps(value).encode()
