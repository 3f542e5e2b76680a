"""Tags in the titles of episode pages and rows, pages that say that nothing is there, hits that are no series."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest

from aniworld.core.errors import CatalogueBlocked, NothingThere
from aniworld.providers.catalogues.aniworld import pages as aniworld_pages
from aniworld.providers.catalogues.aniworld.catalogue import Aniworld
from aniworld.providers.catalogues.sto import pages as sto_pages
from aniworld.providers.catalogues.sto.catalogue import SerienStream
from aniworld.providers.catalogues.title_tags import read_title
from aniworld.providers.plugin_api.base import CatalogueSettings
from aniworld.providers.plugin_api.testkit import LoopbackSite, open_gate
from tests.providers.contract import as_json

STO, ANI = (
    "https://serienstream.to/serie/a/staffel-1/episode-2",
    "https://aniworld.to/anime/stream/a/staffel-1/episode-2",
)
BUTTON = (
    "<div id='episode-links'><button class='link-box' data-link-id='1' data-play-url='/r?t=a' data-provider-name='VOE' "
    "data-language-label='Deutsch'></button></div>"
)
LINE = (
    "<div class='hosterSiteVideo'><ul><li data-lang-key='1' data-link-id='1'"
    " data-link-target='/redirect/1'><h4>VOE</h4></li></ul></div>"
)


@pytest.mark.parametrize(
    ("heading", "titles"),
    [
        ("Foo [OVA] [Part 3] (Episode 062)", ("Foo", "")),
        ("TBA", ("", "")),
        ("[In E18 enthalten]", ("", "")),
        ("Foo [Start: 12.10.2026]", ("Foo", "")),
        ("Foo (Bar) [Movie]", ("Foo", "Bar")),
        ("Foo [OVA] (Bar [OVA])", ("Foo", "Bar")),
        ("Foo (Start: 12.10.2026)", ("Foo", "")),
        ("Episode 062", ("", "")),
        ("Foo (Bar)", ("Foo", "Bar")),
    ],
)
def test_an_episode_page_of_engine_2_has_no_tags_in_its_titles(heading: str, titles: tuple[str, str]) -> None:
    facts = sto_pages.parse_episode(f"<h2>S01E02: {heading}</h2>{BUTTON}", STO)
    assert (facts.title, facts.title_en) == titles


@pytest.mark.parametrize(
    ("german", "english", "titles"),
    [("Foo", "Episode 063", ("Foo", "")), ("Folge 063", "Bar [OVA]", ("", "Bar")), ("TBA", "- TBA -", ("", ""))],
)
def test_an_episode_page_of_engine_1_has_no_tags_in_its_titles(
    german: str, english: str, titles: tuple[str, str]
) -> None:
    head = f"<span class='episodeGermanTitle'>{german}</span><small class='episodeEnglishTitle'>{english}</small>"
    facts = aniworld_pages.parse_episode(head + LINE, ANI)
    assert (facts.title, facts.title_en) == titles


@pytest.mark.parametrize(
    ("title", "left", "kind", "day"),
    [
        ("Foo [Startdatum: 12.10.2026]", "Foo", None, date(2026, 10, 12)),
        ("Foo [Startet: 12.10.2026]", "Foo", None, date(2026, 10, 12)),
        ("Foo [Startet am 12.10.2026]", "Foo", None, date(2026, 10, 12)),
        ("Foo (Start: 12.10.2026)", "Foo", None, date(2026, 10, 12)),
        ("Foo [Start: 12.10.26]", "Foo", None, date(2026, 10, 12)),
        ("Foo [TV-Special]", "Foo", "special", None),
        ("Foo [OVAs]", "Foo", "ova", None),
        ("Foo [[OVA]]", "Foo", "ova", None),
        ("Foo ［OVA］", "Foo", "ova", None),
        ("Foo (Der Start)", "Foo (Der Start)", None, None),
        ("Foo (Start)", "Foo (Start)", None, None),
        ("Foo (OVA)", "Foo (OVA)", None, None),
        ("Foo [Starter]", "Foo [Starter]", None, None),
        ("Foo （Bar）", "Foo （Bar）", None, None),
    ],
)
def test_tags_in_other_spellings(title: str, left: str, kind: str | None, day: date | None) -> None:
    facts = read_title(title)
    assert (facts.title, facts.kind, facts.air_date) == (left, kind, day)


@pytest.mark.parametrize(
    "cells", [("Episode #62", ""), ("", "Episode #62"), ("Episode 062", "Bar"), ("Folge Nr. 62", "")]
)
def test_an_absolute_number_in_either_cell_of_engine_2(cells: tuple[str, str]) -> None:
    text = (
        "<table><tr class='episode-row'><th class='episode-number-cell'>2</th><td><strong"
        f" class='episode-title-ger'>{cells[0]}</strong><span"
        f" class='episode-title-eng'>{cells[1]}</span></td></tr></table>"
    )
    (row,) = sto_pages.parse_season(text, "https://serienstream.to/serie/a/staffel-1").rows
    assert (row.absolute, row.title, row.title_en) == (62, "", cells[1] if cells[1] == "Bar" else "")


@pytest.mark.parametrize(
    "said",
    [
        unicodedata.normalize("NFD", "Diese Episode wurde noch nicht veröffentlicht"),
        "Diese Episode wurde noch<br>nicht veröffentlicht",
        "<p>Diese Episode wurde <b>noch</b><b>nicht</b> veröffentlicht</p>",
        "Dieser Film wurde noch nicht veröffentlicht.",
        "Die Folge ist noch nicht erschienen",
        "Kein Videoplayer für diesen Film verfügbar",
        "Kein Videoplayer für diesen Film vorhanden",
        "Für diese Episode ist kein Videoplayer verfügbar",
        "Zu dieser Folge gibt es keine Streams",
    ],
)
def test_both_engines_know_pages_that_say_that_nothing_is_there(said: str) -> None:
    text = f"<html><body><h2>S01E02: A</h2><div>{said}</div></body></html>"
    with pytest.raises(NothingThere):
        sto_pages.parse_episode(text, STO)
    with pytest.raises(NothingThere):
        aniworld_pages.parse_episode(text, ANI)


def test_hits_whose_link_is_no_text_are_no_series() -> None:
    hits = [{"name": "A", "link": 5}, {"name": "B", "link": ["b"]}, {"name": "C", "link": "c", "cover": 7}]
    with LoopbackSite({"/ajax/seriesSearch": as_json(hits)}) as site:
        found = Aniworld(open_gate(), CatalogueSettings(site.url)).search("a")
    assert [(hit.name, hit.cover_url) for hit in found] == [("C", None)]
    shows = {"shows": [{"name": "A", "url": 5}, {"name": "B", "url": "/serie/b"}]}
    with LoopbackSite({"/api/search/suggest": as_json(shows)}) as site:
        assert [hit.name for hit in SerienStream(open_gate(), CatalogueSettings(site.url)).search("a")] == ["B"]


@pytest.mark.parametrize(
    "said", ["Deine Anfrage wurde als <b>Spam</b> erkannt.", "Deine Anfrage wurde als&nbsp;Spam<br>erkannt."]
)
def test_a_rate_limit_with_markup_is_one(said: str) -> None:
    with (
        LoopbackSite({"/ajax/seriesSearch": said, "/ajax/search": said}) as site,
        pytest.raises(CatalogueBlocked, match="too many"),
    ):
        Aniworld(open_gate(), CatalogueSettings(site.url)).search("a")
