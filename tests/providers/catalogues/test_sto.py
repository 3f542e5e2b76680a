"""Engine 2, on pages built like the site's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aniworld.core.errors import CatalogueBlocked, NothingThere, PageChanged
from aniworld.providers.catalogues.sto.catalogue import SerienStream
from aniworld.providers.plugin_api.base import CatalogueSettings
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite, open_gate
from tests.providers.contract import ROOT2, Engine2Contract, engine2, page


class TestContract(Engine2Contract):
    pass


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite(engine2()) as made:
        yield made


@pytest.fixture
def catalogue(site: LoopbackSite) -> SerienStream:
    return SerienStream(open_gate(), CatalogueSettings(site.url))


def test_a_series_with_seasons_films_and_languages(catalogue: SerienStream, site: LoopbackSite) -> None:
    series = catalogue.series("https://s.to/serie/stream/hafenlichter")
    assert (series.key, series.name, series.site) == ("hafenlichter", "Hafenlichter", "s.to")
    assert series.description == "Ein Hafen & seine Lichter."
    assert series.cover_url == f"{site.url}/media/images/channel/desktop/hafenlichter.jpg"
    assert [(e.season, e.number, e.title, e.title_en) for e in series.episodes] == [
        (0, 1, "Der Film", ""),
        (1, 1, "Ebbe", "Low Tide"),
        (1, 2, "", "Flood"),
        (3, 1, "Neubeginn", ""),
    ]
    assert [e.languages for e in series.episodes] == [(), ("ger-dub", "ger-sub"), ("eng-dub",), ("ger-dub",)]
    assert series.episodes[3].link == f"{site.url}{ROOT2}/staffel-3/episode-1"


def test_an_episode_skips_the_placeholder_provider(catalogue: SerienStream, site: LoopbackSite) -> None:
    found = catalogue.episode(f"{ROOT2}/staffel-1/episode-1")
    assert (found.title, found.title_en) == ("Ebbe", "Low Tide")
    assert [(link.hoster, link.language) for link in found.links] == [
        ("VOE", "ger-dub"),
        ("Vidoza", "ger-sub"),
        ("Doodstream", "eng-dub"),
    ]
    assert found.links[0].url == f"{site.url}/r?t=abc&u=1"
    assert catalogue.resolve(found.links[0]) == "https://hoster.example/e/abc"


def test_the_results_page_answers_where_suggestions_fail(catalogue: SerienStream, site: LoopbackSite) -> None:
    site.pages["/api/search/suggest"] = Answer("<html>")
    hits = catalogue.search("hafen")
    assert [(hit.key, hit.name) for hit in hits] == [("hafenlichter", "Hafenlichter"), ("hafen-2", "Hafen 2")]
    site.pages["/suche"] = Answer("weg", 404)
    with pytest.raises(PageChanged):
        catalogue.search("hafen")


def test_what_is_not_there_and_what_has_changed_differ(catalogue: SerienStream, site: LoopbackSite) -> None:
    site.pages[ROOT2] = "<html><h1>Serie nicht gefunden</h1></html>"
    with pytest.raises(NothingThere):
        catalogue.series(ROOT2)
    site.pages[ROOT2] = "<html><h1>Neues Kleid</h1></html>"
    with pytest.raises(PageChanged, match="season-nav"):
        catalogue.series(ROOT2)
    site.pages[ROOT2] = "<html><div class='cf-turnstile'></div></html>"
    with pytest.raises(CatalogueBlocked):
        catalogue.series(ROOT2)
    assert page("engine2/series.html")
