"""One entry that cannot be read never ends its page: an exception is planted in each reader."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from aniworld.core.errors import Cancelled, PageChanged
from aniworld.providers.catalogues.aniworld import lists as aniworld_lists
from aniworld.providers.catalogues.aniworld import pages as aniworld_pages
from aniworld.providers.catalogues.aniworld import postponements
from aniworld.providers.catalogues.aniworld.catalogue import Aniworld
from aniworld.providers.catalogues.playlists import catalogue as playlists
from aniworld.providers.catalogues.reading import Reading
from aniworld.providers.catalogues.sto import catalogue as sto
from aniworld.providers.catalogues.sto import lists as sto_lists
from aniworld.providers.catalogues.sto import pages as sto_pages
from aniworld.providers.catalogues.sto.catalogue import SerienStream
from aniworld.providers.plugin_api.base import CatalogueSettings
from aniworld.providers.plugin_api.testkit import LoopbackSite, open_gate
from tests.providers.contract import ROOT1, ROOT2, as_json, engine1, engine2, page


class Planted:
    """Fails for the first entry and reads the others."""

    def __init__(self, read: Callable[..., Any]) -> None:
        self._read = read
        self.calls = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.calls == 1:
            raise TypeError("planted")
        return self._read(*args, **kwargs)


def with_lists() -> dict[str, Any]:
    return engine2() | {
        "/neue-episoden": page("engine2/neue-episoden.html"),
        "/serienkalender": page("engine2/serienkalender.html"),
        "/serien": page("engine2/serien.html"),
    }


HITS = as_json([{"name": "A", "link": "a"}, {"name": "B", "link": "b"}])
SHOWS = as_json({"shows": [{"name": "A", "url": "/serie/a"}, {"name": "B", "url": "/serie/b"}]})
EVERYWHERE = [
    (aniworld_pages, "_row", lambda one: one.series(ROOT1).episodes, Aniworld),
    (aniworld_pages, "_target", lambda one: one.episode(f"{ROOT1}/staffel-1/episode-1").links, Aniworld),
    (aniworld_pages, "_series_hit", lambda one: one.search("x"), Aniworld),
    (aniworld_pages, "_site_hit", lambda one: one.search("y"), Aniworld),
    (aniworld_lists, "_new_row", lambda one: one.new_episodes(), Aniworld),
    (aniworld_lists, "_calendar_row", lambda one: one.calendar(), Aniworld),
    (aniworld_lists, "_title_row", lambda one: one.all_titles(), Aniworld),
    (postponements, "_postponed", lambda one: one.postponements(), Aniworld),
    (sto_pages, "_row", lambda one: one.series(ROOT2).episodes, SerienStream),
    (sto_pages, "_pill", lambda one: one.series(ROOT2).episodes, SerienStream),
    (sto_pages, "_hoster", lambda one: one.episode(f"{ROOT2}/staffel-1/episode-1").links, SerienStream),
    (sto_pages, "_show", lambda one: one._listed("x"), SerienStream),
    (sto, "_show", lambda one: one.search("x"), SerienStream),
    (sto_lists, "_new_row", lambda one: one.new_episodes(), SerienStream),
    (sto_lists, "_calendar_row", lambda one: one.calendar(), SerienStream),
    (sto_lists, "_title_row", lambda one: one.all_titles(), SerienStream),
]


@pytest.mark.parametrize(
    ("module", "name", "ask", "kind"),
    EVERYWHERE,
    ids=[f"{one[0].__name__.rpartition('.')[2]}.{one[1]}" for one in EVERYWHERE],
)
def test_an_exception_in_a_reader_costs_its_entry_only(
    module: Any,
    name: str,
    ask: Callable[[Any], Any],
    kind: type,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pages = engine1() | {"/support/frage/anime-verschiebungen": page("engine1/verschiebungen.html")}
    if kind is SerienStream:
        pages = with_lists() | {"/api/search/suggest": SHOWS}
    elif name == "_series_hit":
        pages["/ajax/seriesSearch"] = HITS
    elif name == "_site_hit":
        pages["POST /ajax/search"] = as_json(
            [{"title": "A", "link": "/anime/stream/a"}, {"title": "B", "link": "/anime/stream/b"}]
        )
    with LoopbackSite(pages) as site:
        whole = len(ask(kind(open_gate(), CatalogueSettings(site.url))))
        planted = Planted(getattr(module, name))
        monkeypatch.setattr(module, name, planted)
        catalogue = kind(open_gate(), CatalogueSettings(site.url))
        with caplog.at_level(logging.WARNING):
            found = ask(catalogue)
    assert planted.calls > 1 and 0 < len(found) <= whole
    assert "TypeError: planted" in caplog.text


def test_what_was_left_out_of_a_series_page_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sto_pages, "_row", Planted(sto_pages._row))
    with LoopbackSite(engine2()) as site:
        found = SerienStream(open_gate(), CatalogueSettings(site.url)).series(ROOT2)
    assert found.notes == (f"Entries of {ROOT2} that could not be read and were left out: 1.",)
    assert [entry.number for entry in found.episodes if entry.season == 1] == [2]


def test_what_was_left_out_of_a_list_is_noted_until_it_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    with LoopbackSite(engine1()) as site:
        catalogue = Aniworld(open_gate(), CatalogueSettings(site.url))
        with monkeypatch.context() as broken:
            broken.setattr(aniworld_lists, "_calendar_row", Planted(aniworld_lists._calendar_row))
            catalogue.calendar()
        assert list(catalogue.notes()) == ["/animekalender"]
        catalogue.calendar()
        assert catalogue.notes() == {}


def test_one_season_that_cannot_be_read_hides_no_other() -> None:
    pages = engine2() | {
        f"{ROOT2}/staffel-3": "<html><h1>Neues Kleid</h1><nav id='season-nav'><a data-season-pill='3'>3</a></nav>"
        "<table><tr class='episode-row'><td>?</td></tr></table></html>"
    }
    with LoopbackSite(pages) as site:
        found = SerienStream(open_gate(), CatalogueSettings(site.url)).series(ROOT2)
    assert {entry.season for entry in found.episodes} == {0, 1} and 3 in found.seasons
    assert found.notes == ("The page of season 3 could not be read.",)


def test_entries_of_which_none_can_be_read_are_a_changed_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise ValueError("planted")

    monkeypatch.setattr(aniworld_lists, "_calendar_row", broken)
    monkeypatch.setattr(sto_lists, "_new_row", broken)
    with LoopbackSite(engine1()) as site, pytest.raises(PageChanged):
        Aniworld(open_gate(), CatalogueSettings(site.url)).calendar()
    with LoopbackSite(with_lists()) as site, pytest.raises(PageChanged):
        SerienStream(open_gate(), CatalogueSettings(site.url)).new_episodes()


def test_a_stop_is_no_bad_entry() -> None:
    def stopped(item: int) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        list(Reading("https://x.example/").each([1], stopped))


def test_a_playlists_odd_entry_costs_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    facts = {
        "title": "L",
        "newest_first": False,
        "entries": [
            {"url": "https://v.example/1", "title": "S01E01"},
            {"url": "https://v.example/2", "title": None},
            {"url": "https://v.example/3", "title": "S01E03"},
        ],
    }
    assert [entry.number for entry in playlists._entries(facts)] == [1, 3]
    assert "could not be read" in caplog.text
