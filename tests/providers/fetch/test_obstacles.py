"""Browser checks, told apart from honest pages that carry the same words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from aniworld.core.errors import CatalogueBlocked, HosterUnsupported, LinkDead, NothingThere
from aniworld.core.media import HosterLink
from aniworld.providers.catalogues.aniworld.catalogue import Aniworld
from aniworld.providers.catalogues.sto.catalogue import SerienStream
from aniworld.providers.hosters.open_player import Embed
from aniworld.providers.plugin_api.base import CatalogueSettings
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite, open_gate

ROOT = "/anime/stream/just-a-moment"
NAV = "".join(f"<nav><a href='/{place}'>{place}</a></nav>" for place in ("animes", "neu", "login", *"abcdefg"))
TITLE = '<div class="series-title"><h1 itemprop="name"><span>Just a Moment</span></h1></div>'
SERIES = f"""<html><head><title>Just a Moment | Verifizierung | AniWorld</title></head><body>{NAV}{TITLE}
<div id="stream"><ul><li><a href="{ROOT}/staffel-1">1</a></li><li><a href="{ROOT}/staffel-2">2</a></li></ul></div>
<table class="seasonEpisodesList"><tbody id="season1"><tr data-episode-id="1" data-episode-season-id="1">
<td><a href="{ROOT}/staffel-1/episode-1">1</a></td></tr></tbody></table></body></html>"""
EPISODE = """<html><head><title>Folge 3: Checking your browser</title></head><body><div class="hosterSiteVideo"><ul>
<li data-lang-key="1" data-link-target="/redirect/1"><h4>VOE</h4></li></ul></div></body></html>"""
CHECKS = {
    "title": "<title>Just a moment...</title><p>aniworld.to</p>",
    "widget": "<title>aniworld.to</title><div class='cf-turnstile'></div>",
    "script": "<script src='https://js.hcaptcha.com/1/api.js'></script>",
    "heading in the site's own frame": (
        f"<title>AniWorld</title>{NAV}<h1>Verifizierung</h1><form><button>Weiter</button></form>"
    ),
    "form in the site's own frame": (
        f"<title>AniWorld</title>{NAV}<form method='post'><div class='g-recaptcha'></div></form>"
    ),
}


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite({ROOT: SERIES, f"{ROOT}/staffel-1/episode-3": EPISODE}) as made:
        yield made


@pytest.fixture
def catalogue(site: LoopbackSite) -> Aniworld:
    return Aniworld(open_gate(), CatalogueSettings(site.url))


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("status", [200, 403])
def test_a_browser_check_is_told_wherever_it_comes(
    catalogue: Aniworld, site: LoopbackSite, check: str, status: int
) -> None:
    answer = Answer(f"<html><body>{check}</body></html>", status)
    asks: dict[str, Callable[[], object]] = {
        f"{ROOT}/staffel-2": lambda: catalogue.series(ROOT),
        f"{ROOT}/staffel-1/episode-3": lambda: catalogue.episode(f"{ROOT}/staffel-1/episode-3"),
        "/ajax/seriesSearch": lambda: catalogue.search("moment"),
        "/animes": catalogue.all_titles,
        "/neue-episoden": catalogue.new_episodes,
        "/animekalender": catalogue.calendar,
    }
    for path, ask in asks.items():
        site.pages[path] = answer
        with pytest.raises(CatalogueBlocked, match="browser"):
            ask()


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_a_check_on_the_way_to_a_hoster_is_no_player_though_it_holds_frames(
    catalogue: Aniworld, site: LoopbackSite, check: str
) -> None:
    site.pages["/redirect/1"] = Answer(status=302, headers={"Location": "/check?back=1"})
    link = HosterLink("VOE", "ger-dub", f"{site.url}/redirect/1", f"{site.url}/")
    for frame in ("https://challenges.example/x", "https://ads.example/ads/1"):
        site.pages["/check"] = f"{check}<iframe src='{frame}'></iframe>"
        with pytest.raises(CatalogueBlocked):
            catalogue.resolve(link)
    site.pages["/check"] = "<h1>Gleich geht es weiter</h1><iframe src='https://ads.example/ads/1'></iframe>"
    with pytest.raises(CatalogueBlocked):
        catalogue.resolve(link)
    site.pages["/check"] = "<h1>Player</h1><iframe src='https://player.example/e/1'></iframe>"
    assert catalogue.resolve(link) == f"{site.url}/check?back=1"


def test_a_series_and_an_episode_may_be_called_like_a_check(catalogue: Aniworld, site: LoopbackSite) -> None:
    site.pages[f"{ROOT}/staffel-2"] = Answer(status=404)
    assert catalogue.series(ROOT).name == "Just a Moment"
    assert [link.hoster for link in catalogue.episode(f"{ROOT}/staffel-1/episode-3").links] == ["VOE"]


def test_a_missing_season_of_a_series_with_a_captcha_for_comments_is_only_missing(
    catalogue: Aniworld, site: LoopbackSite
) -> None:
    site.pages[f"{ROOT}/staffel-2"] = f"{TITLE}<form><textarea></textarea><div class='g-recaptcha'></div></form>"
    assert len(catalogue.series(ROOT).episodes) == 1
    site.pages[ROOT] = (
        "<div class='messageAlert danger'>Die Serie wurde nicht gefunden.</div><i class='g-recaptcha'></i>"
    )
    with pytest.raises(NothingThere):
        catalogue.series(ROOT)


def test_engine_2_never_takes_a_check_for_a_missing_season() -> None:
    pills = (
        '<nav id="season-nav"><a data-season-pill="1" href="/serie/a/staffel-1">1</a><a data-season-pill="2"'
        ' href="/serie/a/staffel-2">2</a></nav>'
    )
    rows = '<table><tr class="episode-row"><td class="episode-number-cell">1</td></tr></table>'
    pages = {"/serie/a": f"<h1>A</h1>{pills}{rows}", "/serie/a/staffel-2": CHECKS["widget"]}
    with LoopbackSite(pages) as site, pytest.raises(CatalogueBlocked):
        SerienStream(open_gate(), CatalogueSettings(site.url)).series("/serie/a")


def test_a_hosters_page_may_be_called_like_a_check_and_a_check_with_frames_is_told() -> None:
    pages = {
        "/named": "<title>Just a moment</title><video src='/v.mp4'></video>",
        "/check": "<title>Just a moment...</title><iframe src='https://127.0.0.1/turnstile'></iframe>",
        "/gone": "<p>Video not found</p><div class='g-recaptcha'></div>",
    }
    with LoopbackSite(pages) as site:
        hoster = Embed(open_gate())
        assert hoster.stream(f"{site.url}/named", referer="").url == f"{site.url}/v.mp4"
        with pytest.raises(HosterUnsupported, match="browser check"):
            hoster.stream(f"{site.url}/check", referer="")
        with pytest.raises(LinkDead):
            hoster.stream(f"{site.url}/gone", referer="")
