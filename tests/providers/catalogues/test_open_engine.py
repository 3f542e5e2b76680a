"""An address that nobody said how it is built: engine 1 until a link or a search shows that it is engine 2."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aniworld.core.errors import InvalidInput, NothingThere
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite, open_gate
from aniworld.providers.registry import Registry, is_open, settings_for
from tests.providers.contract import ROOT1, ROOT2, engine1, engine2


@pytest.fixture
def second() -> Iterator[LoopbackSite]:
    with LoopbackSite(engine2()) as made:
        yield made


def registry_of(url: str) -> Registry:
    assert is_open(url, "auto")
    return Registry(
        open_gate(), settings=settings_for(url, []), otherwise=settings_for(url, [], "2"), plugins=lambda group: []
    )


@pytest.mark.parametrize(
    ("url", "engine", "unsaid"),
    [
        ("http://nas.lan:8080/kat", "auto", True),
        ("http://nas.lan", "1", False),
        ("http://nas.lan", "2", False),
        ("https://aniworld.to", "auto", False),
        ("https://www.s.to/", "auto", False),
        ("", "auto", True),
    ],
)
def test_a_known_host_and_the_setting_say_it(url: str, engine: str, unsaid: bool) -> None:
    assert is_open(url, engine) is unsaid


def test_a_link_of_the_second_form_shows_it(second: LoopbackSite) -> None:
    registry = registry_of(second.url)
    assert registry.catalogue_for(second.url + ROOT1).site == "aniworld.to"
    found = registry.catalogue_for(second.url + ROOT2)
    assert (found.site, found.base_urls) == ("s.to", (second.url,))
    assert [one.site for one in registry.searched()] == ["s.to"]
    assert found.series(second.url + ROOT2).name == "Hafenlichter"


def test_a_search_shows_it(second: LoopbackSite) -> None:
    registry = registry_of(second.url)
    (first,) = registry.searched()
    assert [(hit.key, hit.site) for hit in registry.search(first, "hafen")] == [("hafenlichter", "s.to")]
    (now,) = registry.searched()
    assert (now.site, now.base_urls) == ("s.to", (second.url,))


def test_a_stored_link_shows_it_to_a_process_that_began_later(second: LoopbackSite) -> None:
    registry = registry_of(second.url)
    assert registry.catalogue("s.to").base_urls == ("https://serienstream.to",)
    assert registry.catalogue("s.to", f"{second.url}{ROOT2}/staffel-1/episode-1").base_urls == (second.url,)


def test_links_of_the_real_site_do_not_show_it(second: LoopbackSite) -> None:
    registry = registry_of(second.url)
    for link in ("https://s.to/serie/hafenlichter", "/serie/hafenlichter"):
        assert registry.catalogue_for(link).base_urls == ("https://serienstream.to",)
    with pytest.raises(InvalidInput):
        registry.catalogue_for("http://other.example/serie/hafenlichter")
    assert [one.site for one in registry.searched()] == ["aniworld.to"]


@pytest.mark.parametrize("suggest", [Answer("weg", 404), Answer("[]"), Answer('{"shows": []}'), Answer("<html>")])
def test_what_cannot_be_read_either_way_stays_what_it_was(suggest: Answer) -> None:
    with LoopbackSite({"/api/search/suggest": suggest}) as site:
        registry = registry_of(site.url)
        (first,) = registry.searched()
        with pytest.raises(NothingThere):
            registry.search(first, "hafen")
        assert [one.site for one in registry.searched()] == ["aniworld.to"]


def test_a_site_of_the_first_engine_is_asked_once(second: LoopbackSite) -> None:
    with LoopbackSite(engine1()) as site:
        registry = registry_of(site.url)
        (first,) = registry.searched()
        assert registry.search(first, "nebel")
        assert not [path for path in site.paths() if path.startswith(("/api/", "/suche"))]


def test_who_said_how_it_is_built_is_believed(second: LoopbackSite) -> None:
    registry = Registry(open_gate(), settings=settings_for(second.url, [], "1"), plugins=lambda group: [])
    with pytest.raises(InvalidInput, match="catalogue.engine"):
        registry.catalogue_for(second.url + ROOT2)
    with pytest.raises(NothingThere):
        registry.search(registry.searched()[0], "hafen")
