"""What a plug-in's author inherits to test a catalogue or a hoster: a site on this machine, made from a dict of pages.

class TestMyHoster(HosterContract):
    hoster = MyHoster
    claimed = ("https://my.example/e/abc",)
    unclaimed = ("https://other.example/",)
    page, media = "<video src='/v/a.mp4'></video>", "/v/a.mp4"
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

from aniworld.core.addresses import AddressRule
from aniworld.core.errors import SourceError
from aniworld.core.keys import KEY_FORM
from aniworld.providers.fetch.client import Gate
from aniworld.providers.plugin_api.base import Catalogue, CatalogueSettings, Hoster


@dataclass(frozen=True)
class Asked:
    """A request as it came. ``headers``: names in lower case; ``form``: the fields of a POST."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    form: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    body: str | bytes = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Served = str | bytes | Answer | Callable[[Asked], "str | bytes | Answer"]


class LoopbackSite:
    """Serves ``pages`` (path → text, bytes, Answer, or a function of the request) on this machine; else 404.

    A path may name the method, as in ``POST /ajax/search``. ``asked`` holds every request. Use it in a ``with`` block.
    """

    def __init__(self, pages: Mapping[str, Served]) -> None:
        self.pages: dict[str, Served] = dict(pages)
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        served = self.pages.get(f"{asked.method} {asked.path}", self.pages.get(asked.path, Answer("not found", 404)))
        made = served(asked) if callable(served) else served
        return made if isinstance(made, Answer) else Answer(made)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._serve({})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                self._serve(dict(parse_qsl(body, keep_blank_values=True)))

            def _serve(self, form: Mapping[str, str]) -> None:
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                answer = site.answer(Asked(self.command, parts.path, query, headers, form))
                body = answer.body.encode() if isinstance(answer.body, str) else answer.body
                self.send_response(answer.status)
                sent = {"Content-Type": "text/html; charset=utf-8", **answer.headers}
                for name, value in sent.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Nothing: a test's output is its own."""

        return Handler


def open_gate(**settings: Any) -> Gate:
    """A gate that may reach this machine, without a pace."""
    usual = {"user_agent": "Aniworld tests", "requests_per_second": 0.0, "timeout_s": 5.0}
    return Gate(rule=AddressRule.of(["127.0.0.1", "localhost"]), **{**usual, **settings})


class CatalogueContract:
    """What every catalogue passes. Fill in the names; ``pages(base)`` serves one series with at least one episode.

    ``claimed`` and ``unclaimed`` may hold ``{base}`` for the site's address.
    """

    catalogue: ClassVar[type[Catalogue]]
    claimed: ClassVar[tuple[str, ...]]
    unclaimed: ClassVar[tuple[str, ...]]
    query: ClassVar[str]
    link: ClassVar[str]

    def pages(self, base: str) -> Mapping[str, Served]:
        raise NotImplementedError

    def site(self) -> Iterator[tuple[LoopbackSite, Catalogue]]:
        with LoopbackSite({}) as site:
            site.pages.update(self.pages(site.url))
            gate = open_gate()
            yield site, self.catalogue(gate, CatalogueSettings(site.url))
            gate.close()

    def test_it_claims_its_own_links_and_no_others(self) -> None:
        for site, catalogue in self.site():
            assert [x for x in self.claimed if not catalogue.claims(x.format(base=site.url))] == []
            assert [x for x in self.unclaimed if catalogue.claims(x.format(base=site.url))] == []

    def test_a_search_finds_series_with_keys_of_the_right_form(self) -> None:
        for _, catalogue in self.site():
            hits = catalogue.search(self.query)
            assert hits
            assert all(KEY_FORM.fullmatch(hit.key) and hit.name and hit.site == catalogue.site for hit in hits)
            assert all(catalogue.claims(hit.link) and catalogue.key_of(hit.link) == hit.key for hit in hits)

    def test_from_series_to_hoster(self) -> None:
        for _, catalogue in self.site():
            series = catalogue.series(self.link)
            assert series.key == catalogue.key_of(self.link)
            assert series.name and series.episodes
            assert catalogue.series(self.link, previous=series) is series
            links = catalogue.episode(series.episodes[0].link).links
            assert links
            assert catalogue.resolve(links[0]).startswith("http")

    def test_an_empty_site_raises_only_what_it_may(self) -> None:
        for site, catalogue in self.site():
            site.pages.clear()
            for call in (catalogue.series, catalogue.episode):
                try:
                    call(self.link)
                except SourceError:
                    continue
                raise AssertionError("an empty site is no series")


class HosterContract:
    """What every hoster passes. ``page`` is served at ``/e/1``; ``media`` is the path or address that it states."""

    hoster: ClassVar[type[Hoster]]
    claimed: ClassVar[tuple[str, ...]]
    unclaimed: ClassVar[tuple[str, ...]] = ()
    page: ClassVar[str]
    media: ClassVar[str]

    def test_it_claims_its_own_addresses_and_no_others(self) -> None:
        hoster = self.hoster(open_gate())
        assert [url for url in self.claimed if not hoster.claims(url)] == []
        assert [url for url in self.unclaimed if hoster.claims(url)] == []

    def test_the_page_gives_its_stream(self) -> None:
        with LoopbackSite({"/e/1": self.page}) as site:
            stream = self.hoster(open_gate()).stream(f"{site.url}/e/1", referer="")
            assert stream.url == (self.media if "://" in self.media else site.url + self.media)

    def test_a_page_that_is_gone_is_told_as_such(self) -> None:
        with LoopbackSite({}) as site:
            try:
                self.hoster(open_gate()).stream(f"{site.url}/e/1", referer="")
            except SourceError as error:
                assert error.code == "link_dead"
            else:
                raise AssertionError("a page that is gone has no stream")
