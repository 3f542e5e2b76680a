"""Who handles an address: plug-ins first, guarded, then what comes with the program."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint

import pytest

from aniworld.core.errors import CatalogueBlocked, HosterUnsupported, InvalidInput, NotFound, PageChanged
from aniworld.core.media import EpisodeNumber, EpisodePage, HosterLink, SeriesHit, SeriesPage, Stream, StreamKind
from aniworld.core.validators import validate_anime_url
from aniworld.providers.cooldown import RestingSources
from aniworld.providers.hosters.ytdlp import YtDlp, ask_extractors
from aniworld.providers.plugin_api.base import Catalogue, CatalogueSettings, Hoster
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite, open_gate
from aniworld.providers.registry import CATALOGUES, HOSTERS, Registry, settings_for
from tests.providers.contract import ROOT1, ROOT2, engine1, engine2


class Foreign(Catalogue):
    """A small true catalogue, with a slip in one place."""

    site, name = "foreign.example", "Foreign"
    base_urls = ("https://foreign.example",)

    def claims(self, link: str) -> bool:
        if link == "slip":
            raise RuntimeError("a slip")
        return link.startswith("https://foreign.example/")

    def key_of(self, link: str) -> str:
        return link.rsplit("/", 1)[-1]

    def search(self, query: str) -> list[SeriesHit]:
        return [SeriesHit(query, query.title(), self.site, f"https://foreign.example/{query}")]

    def series(self, link: str, *, previous: SeriesPage | None = None) -> SeriesPage:
        raise KeyError("nothing prepared")

    def episode(self, link: str) -> EpisodePage:
        return EpisodePage("", "", ())

    def episode_link(self, link: str, number: EpisodeNumber) -> str:
        raise IndexError("no such place")

    def resolve(self, link: HosterLink) -> str:
        return link.url


class Careful(Hoster):
    name, priority = "careful", 10

    def claims(self, url: str) -> bool:
        return "careful" in url

    def stream(self, url: str, *, referer: str, quality: str = "best") -> Stream:
        return Stream(StreamKind.FILE, url)


class Careless(Careful):
    name, priority = "careless", 20

    def claims(self, url: str) -> bool:
        return "careless" in url

    def stream(self, url: str, *, referer: str, quality: str = "best") -> Stream:
        return Stream(StreamKind.FILE, [][0])


HERE = "tests.providers.test_registry"
PLUGINS = {
    CATALOGUES: [
        EntryPoint("foreign", f"{HERE}:Foreign", CATALOGUES),
        EntryPoint("lost", "no.such.module:X", CATALOGUES),
    ],
    HOSTERS: [EntryPoint("careful", f"{HERE}:Careful", HOSTERS), EntryPoint("careless", f"{HERE}:Careless", HOSTERS)],
}


@pytest.fixture
def registry() -> Registry:
    return Registry(open_gate(), plugins=lambda group: PLUGINS[group])


def test_links_find_their_catalogue(registry: Registry) -> None:
    found = {
        link: registry.catalogue_for(link).site
        for link in (
            "https://aniworld.to/anime/stream/x",
            "x",
            "https://s.to/serie/x",
            "/serie/x",
            "https://foreign.example/a",
        )
    }
    assert list(found.values()) == ["aniworld.to", "aniworld.to", "s.to", "s.to", "foreign.example"]
    with pytest.raises(InvalidInput):
        registry.catalogue_for("https://evil.example/anime/stream/x")
    with pytest.raises(NotFound):
        registry.catalogue("evil.example")
    assert registry.catalogue("s.to").name == "SerienStream"


@pytest.mark.parametrize(
    "host", ["https://s.to", "https://serienstream.cx", "http://186.2.175.5", "186.2.175.5", "www.serien.cam"]
)
def test_a_link_of_any_known_host_is_asked_at_the_configured_address(host: str) -> None:
    with LoopbackSite(engine2()) as site:
        registry = Registry(open_gate(), settings=settings_for(site.url, [], "2"), plugins=lambda group: [])
        catalogue = registry.catalogue_for(f"{host}{ROOT2}/staffel-1/episode-1")
        assert (catalogue.site, catalogue.series(f"{host}{ROOT2}").link) == ("s.to", site.url + ROOT2)
        assert catalogue.episode(f"{host}{ROOT2}/staffel-1/episode-1").links[0].url.startswith(site.url)
        away = host if "//" in host else f"https://{host}"
        link = HosterLink("VOE", "ger-dub", f"{away}/r?t=abc", f"{away}{ROOT2}/staffel-1/episode-1")
        assert catalogue.resolve(link) == "https://hoster.example/e/abc"
        site.pages["/media/a.png"] = Answer(b"\x89PNG\r\n\x1a\n", headers={"Content-Type": "image/png"})
        assert catalogue.cover(f"{away}/media/a.png").content_type == "image/png"


def test_the_second_engines_default_address_is_alive_and_its_name_stays(registry: Registry) -> None:
    catalogue = registry.catalogue("s.to")
    assert (catalogue.site, catalogue.base_urls) == ("s.to", ("https://serienstream.to",))
    for name in ("s.to", "S.TO", "serienstream.to", "serienstream.cx", "SerienStream", "186.2.175.5"):
        assert registry.named(name).site == "s.to"
    assert registry.named("aniworld.cc").site == registry.named("aniworld").site == "aniworld.to"


@pytest.mark.parametrize(
    ("base", "site"),
    [
        ("https://serienstream.cx", "s.to"),
        ("http://186.2.175.5", "s.to"),
        ("https://serien.cam", "s.to"),
        ("http://186.2.175.111", "aniworld.to"),
    ],
)
def test_a_mirror_as_configured_address_says_how_it_is_built(base: str, site: str) -> None:
    assert list(settings_for(base, [])) == [site]


def test_a_plugin_that_cannot_be_loaded_is_named_and_left_out(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert [c.site for c in registry.catalogues()] == ["foreign.example", "playlists", "aniworld.to", "s.to"]
    assert "lost" in caplog.text


def test_a_plugins_slip_becomes_an_error_with_its_name(registry: Registry) -> None:
    with pytest.raises(PageChanged, match="Foreign"):
        registry.catalogue("foreign.example").series("https://foreign.example/a")
    with pytest.raises(PageChanged, match="Foreign"):
        registry.catalogue("foreign.example").episode_link("https://foreign.example/a", EpisodeNumber(1, 1))
    assert registry.catalogue_for("slip").site == "aniworld.to"
    with pytest.raises(HosterUnsupported, match="careless"):
        registry.hoster_for("https://careless.example/").stream("https://careless.example/", referer="")


def test_plugins_go_before_the_open_players(registry: Registry) -> None:
    assert registry.hoster_for("https://careful.example/e/1").name == "careful"
    assert registry.hoster_for("https://any.example/e/1").name == "open"


def test_what_is_searched_is_what_has_an_address(registry: Registry) -> None:
    assert [c.site for c in registry.searched()] == ["foreign.example", "aniworld.to"]
    registry.configure(settings_for("https://aniworld.to", ["https://my.example/kat", "https://serienstream.to"]))
    assert [c.site for c in registry.searched()] == ["foreign.example", "aniworld.to", "s.to"]
    assert registry.catalogue("aniworld.to").base_urls == ("https://aniworld.to", "https://my.example/kat")
    assert registry.catalogue("s.to").base_urls == ("https://serienstream.to",)
    assert registry.catalogue_for("https://my.example/kat/anime/stream/x").site == "aniworld.to"


def test_the_owner_tells_how_an_unknown_site_is_built(registry: Registry) -> None:
    mine, mirror = "https://my.example", "https://other.example"
    assert settings_for(mine, [mirror], "2") == {"s.to": CatalogueSettings(mine, (mirror,))}
    assert settings_for(mine, [mirror], "auto") == {"aniworld.to": CatalogueSettings(mine, (mirror,))}
    assert settings_for("https://serienstream.to", [mine]).keys() == {"s.to", "aniworld.to"}
    assert settings_for("https://s.to", ["https://aniworld.cc"], "1") == {
        "aniworld.to": CatalogueSettings("https://s.to", ("https://aniworld.cc",))
    }
    assert settings_for(mine, ["https://aniworld.to"], "2").keys() == {"s.to", "aniworld.to"}
    registry.configure(settings_for(mine, [], "2"))
    assert registry.catalogue_for(f"{mine}/serie/nebel").site == "s.to"


def test_a_link_that_fits_no_engine_at_the_configured_site_points_to_the_setting(registry: Registry) -> None:
    registry.configure(settings_for("http://my.example:8080/kat", []))
    with pytest.raises(InvalidInput, match=r"my\.example:8080.*catalogue\.engine"):
        registry.catalogue_for("http://my.example:8080/kat/serie/hafenlichter")
    for foreign in ("https://other.example/serie/hafenlichter", "http://[/serie/x", "/support/x"):
        with pytest.raises(InvalidInput, match="known catalogue"):
            registry.catalogue_for(foreign)


def test_a_source_rests_longer_each_time_and_short_again_after_it_worked() -> None:
    now = [0.0]
    rest = RestingSources(lambda: now[0])
    blocked = CatalogueBlocked("A check.")
    rests = []
    for _ in range(5):
        rests.append(rest.block("a", blocked))
        assert rest.block("a", blocked) == pytest.approx(rests[-1])
        with pytest.raises(CatalogueBlocked, match="A check"):
            rest.check("a")
        now[0] += rests[-1] + 1
        rest.check("a")
    assert rests == [60, 300, 900, 3600, 3600]
    rest.worked("a")
    assert rest.block("a", blocked) == 60
    rest.check("b")
    assert [one.site for one in rest.resting()] == ["a"]
    rest.wake("a")
    rest.check("a")


def test_the_registry_lets_a_blocked_source_rest(registry: Registry) -> None:
    with LoopbackSite(engine1()) as site:
        registry.configure({"aniworld.to": CatalogueSettings(site.url)})
        site.pages[ROOT1] = Answer("<div class='cf-turnstile'>", 403)
        catalogue = registry.catalogue("aniworld.to")
        for _ in range(3):
            with pytest.raises(CatalogueBlocked) as raised:
                catalogue.series(ROOT1)
            assert 59 <= raised.value.retry_after <= 60
        assert site.paths() == [ROOT1]
        assert catalogue.key_of(ROOT1) == "nebelgarten"
        registry.rest.wake("aniworld.to")
        site.pages[ROOT1] = engine1()[ROOT1]
        assert catalogue.series(ROOT1).key == "nebelgarten"
        assert registry.rest.resting() == []


def test_an_unsupported_page_goes_to_yt_dlp_only_where_it_has_an_extractor(registry: Registry) -> None:
    with LoopbackSite({"/e/1": "<p>nothing</p>"}) as site, pytest.raises(HosterUnsupported):
        registry.hoster_for(f"{site.url}/e/1").stream(f"{site.url}/e/1", referer="")


@pytest.mark.slow
def test_yt_dlp_is_asked_in_a_child_and_knows_its_sites() -> None:
    url = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert ask_extractors(url) == "Youtube"
    assert ask_extractors("https://no-such-hoster.example/e/1") is None
    known = YtDlp(open_gate()).stream(url, referer="https://aniworld.to/")
    assert (known.kind, known.url) == (StreamKind.PAGE, url)


def test_nothing_heavy_is_loaded_before_the_first_question() -> None:
    code = (
        "import sys; from aniworld.core.addresses import AddressRule; "
        "from aniworld.providers.fetch.client import Gate\n"
        "from aniworld.providers.registry import Registry\n"
        "Registry(Gate(rule=AddressRule(), user_agent='x'))\n"
        "print([m for m in ('bs4', 'lxml', 'yt_dlp', 'requests', 'urllib3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_gate_and_the_parsers_work_under_gevent() -> None:
    code = (
        "from gevent import monkey; monkey.patch_all()\n"
        "import gevent, time\n"
        "from aniworld.providers.plugin_api.base import CatalogueSettings\n"
        "from aniworld.providers.catalogues.aniworld.catalogue import Aniworld\n"
        "from aniworld.providers.plugin_api.testkit import LoopbackSite, open_gate\n"
        "from tests.providers.contract import engine1, ROOT1\n"
        "with LoopbackSite(engine1()) as site:\n"
        "    catalogue = Aniworld(open_gate(requests_per_second=20), CatalogueSettings(site.url))\n"
        "    jobs = [gevent.spawn(catalogue.series, ROOT1) for _ in range(3)]\n"
        "    gevent.joinall(jobs, raise_error=True, timeout=20)\n"
        "    print(len({len(job.value.episodes) for job in jobs}), len(jobs[0].value.episodes))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "1 5", done.stderr


LINKS = (
    "https://aniworld.to/anime/stream/x",
    "aniworld.to/anime/stream/x",
    "https://aniworld.to/anime/stream/x/staffel-1/episode-2",
    "https://www.aniworld.to/anime/stream/x/?a=b#c",
    "https://s.to/serie/x",
    "s.to/serie/stream/x",
    "https://serienstream.to/serie/x",
    "https://evil.example/anime/stream/x",
    "https://aniworld.to.evil.example/anime/stream/x",
    "https://serienstream.to/anime/stream/x",
    "https://aniworld.to/serie/x",
    "https://aniworld.to/serie/stream/x",
    "//aniworld.to/anime/stream/x",
    "//s.to/serie/x",
    "//evil.example/serie/x",
    "http://aniworld.to/anime/stream/x",
    "https://aniworld.to:8443/anime/stream/x",
    "https://aniworld.cc/anime/stream/x",
    "https://186.2.175.5/serie/x",
    "HTTPS://ANIWORLD.TO/anime/stream/x",
    "https://aniworld.to/anime/stream/X_y",
    "https://aniworld.to/",
    "https://aniworld.to/support/fragen",
    "https://aniworld.to/anime/stream/",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://aniworld.to@evil.example/anime/stream/x",
)


@pytest.mark.parametrize("link", LINKS)
def test_a_link_is_valid_exactly_where_a_catalogue_claims_it(link: str) -> None:
    registry = Registry(open_gate(), plugins=lambda group: [])

    def taken(check: Callable[[str], object]) -> bool:
        try:
            check(link)
        except InvalidInput:
            return False
        return True

    assert taken(validate_anime_url) == taken(registry.catalogue_for)
