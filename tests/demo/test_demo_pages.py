"""The demo's pages are read by the same parsers as the real sites' are."""

from __future__ import annotations

from datetime import date

import pytest

from aniworld.core.errors import CatalogueBlocked, HosterUnsupported, LinkDead, NothingThere
from aniworld.core.media import StreamKind
from aniworld.demo.catalogue import CATALOGUE, CATS, CLOUDS, COPPER, FOG, GLASS, NAUTILUS, NEON, REEL
from aniworld.demo.facts import DemoSeries, links
from aniworld.demo.site import DemoSite
from aniworld.providers.plugin_api.base import Catalogue
from aniworld.providers.registry import Registry


def link_of(site: DemoSite, series: DemoSeries, place: str = "") -> str:
    return f"{site.url}/anime/stream/{series.slug}{place}"


@pytest.mark.parametrize("series", CATALOGUE, ids=lambda series: series.slug)
def test_each_series_is_read_as_it_was_told(catalogue: Catalogue, site: DemoSite, series: DemoSeries) -> None:
    page = catalogue.series(link_of(site, series))
    told = [(each.season, each.number, each.title, each.title_en, each.absolute) for each in series.episodes]
    read = [(each.season, each.number, each.title, each.title_en, each.absolute) for each in page.episodes]
    assert page.name == series.title
    assert page.description == series.description
    assert (page.year_start, page.year_end, page.genres) == (series.year, series.year_end, series.genres)
    assert set(page.alternative_titles) == {series.title_en, *series.more_titles} - {series.title}
    assert sorted(read) == sorted(told)
    assert {(each.season, each.number): set(each.languages) for each in page.episodes} == {
        (each.season, each.number): set(each.languages) for each in series.episodes
    }


def test_every_key_is_its_own(catalogue: Catalogue, site: DemoSite) -> None:
    keys = [catalogue.key_of(link_of(site, series)) for series in CATALOGUE]
    assert len(set(keys)) == len(CATALOGUE) >= 8
    assert "neon-yokai-streife" in keys


@pytest.mark.parametrize(
    ("words", "wanted"), [("Nautilus", NAUTILUS), ("bäckerei", CATALOGUE[1]), ("Tsuki Neko", CATS), ("copper", COPPER)]
)
def test_the_search_finds_german_english_and_other_titles(catalogue: Catalogue, words: str, wanted: DemoSeries) -> None:
    assert [hit.name for hit in catalogue.search(words)] == [wanted.title]


def test_the_other_search_folds_doubles_episodes_and_help_pages(catalogue: Catalogue, site: DemoSite) -> None:
    site.fault("/ajax/seriesSearch", body=b"<html>no json</html>")
    assert [hit.name for hit in catalogue.search("katzen")] == [CATS.title]


def test_nothing_found_is_an_empty_answer(catalogue: Catalogue) -> None:
    assert catalogue.search("gibt es nicht") == []


def test_an_unknown_series_is_not_there(catalogue: Catalogue, site: DemoSite) -> None:
    with pytest.raises(NothingThere):
        catalogue.series(f"{site.url}/anime/stream/gibt-es-nicht")


def test_an_episode_names_its_hosters_in_every_language(catalogue: Catalogue, site: DemoSite) -> None:
    page = catalogue.episode(link_of(site, NAUTILUS, "/staffel-1/episode-1"))
    assert page.title == "Abfahrt, Gleis Unendlich"
    assert set(page.languages) == {"ger-dub", "ger-sub", "eng-sub"}
    assert [(link.hoster, link.language) for link in page.links][:2] == [
        ("Vulkan", "ger-dub"),
        ("Streamwerk", "ger-dub"),
    ]


def test_one_episode_is_there_in_english_subtitles_only(catalogue: Catalogue, site: DemoSite) -> None:
    assert set(catalogue.episode(link_of(site, NEON, "/staffel-1/episode-3")).languages) == {"eng-sub"}


def test_an_announced_episode_has_no_links(catalogue: Catalogue, site: DemoSite) -> None:
    assert catalogue.episode(link_of(site, CLOUDS, "/staffel-1/episode-5")).links == ()


@pytest.mark.parametrize("hoster", ["Vulkan", "Streamwerk", "Lichtspiel", "Vidpol", "Halbmond"])
def test_open_players_state_a_file(site: DemoSite, registry: Registry, hoster: str) -> None:
    stream = registry.hoster_for(page_of(site, hoster)).stream(page_of(site, hoster), referer=site.url)
    assert stream.kind is StreamKind.FILE
    assert f"/media/{hoster}/" in stream.url


def test_a_playlist_is_told_as_such(site: DemoSite, registry: Registry) -> None:
    stream = registry.hoster_for(page_of(site, "Wellenbad")).stream(page_of(site, "Wellenbad"), referer=site.url)
    assert stream.kind is StreamKind.HLS


def test_a_dead_hoster_is_dead_and_a_browser_check_is_not_supported(site: DemoSite, registry: Registry) -> None:
    with pytest.raises(LinkDead):
        registry.hoster_for(page_of(site, "Totholz")).stream(page_of(site, "Totholz"), referer=site.url)
    with pytest.raises(HosterUnsupported):
        registry.hoster_for(page_of(site, "Tresor")).stream(page_of(site, "Tresor"), referer=site.url)


def test_a_redirect_leads_to_the_hosters_host(catalogue: Catalogue, site: DemoSite) -> None:
    link = catalogue.episode(link_of(site, GLASS, "/staffel-1/episode-2")).links[0]
    assert catalogue.resolve(link).startswith(f"{site.hoster_url}/e/")


def test_a_cover_comes_as_picture(catalogue: Catalogue, site: DemoSite) -> None:
    page = catalogue.series(link_of(site, REEL))
    assert page.cover_url is not None
    assert catalogue.cover(page.cover_url).body.startswith(b"\x89PNG")


def test_new_episodes_calendar_and_all_titles_are_read(catalogue: Catalogue) -> None:
    assert len(catalogue.all_titles()) == len(CATALOGUE)
    newest = catalogue.new_episodes()
    assert newest[0].day == date.today()
    assert {airing.name for airing in catalogue.calendar()} == {one.title for one in CATALOGUE if one.year_end is None}


def test_a_protection_page_is_told_and_goes_when_healed(catalogue: Catalogue, site: DemoSite) -> None:
    fault = site.fault("/anime/stream/", protection=True)
    with pytest.raises(CatalogueBlocked):
        catalogue.episode(link_of(site, FOG, "/staffel-1/episode-1"))
    site.heal(fault)


def page_of(site: DemoSite, hoster: str) -> str:
    number = next(number for number, link in links(CATALOGUE).items() if link.copy.hoster == hoster)
    return f"{site.hoster_url}/e/{number}"
