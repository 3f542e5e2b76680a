"""Rows that are no plain episode: announced ones, parts of others, absolute numbers, kinds, parts, unknown
languages.
"""

from __future__ import annotations

from datetime import date

import pytest

from aniworld.core.errors import NothingThere, PageChanged
from aniworld.core.media import EpisodeEntry, SeriesPage
from aniworld.providers.catalogues.aniworld import pages as aniworld_pages
from aniworld.providers.catalogues.aniworld.catalogue import Aniworld
from aniworld.providers.catalogues.sto import pages as sto_pages
from aniworld.providers.catalogues.sto.catalogue import SerienStream
from aniworld.providers.plugin_api.base import CatalogueSettings
from aniworld.providers.plugin_api.testkit import LoopbackSite, open_gate
from tests.providers.contract import page

ROOT2, ROOT1 = "/serie/leuchtfeuer", "/anime/stream/nebelgarten"
PLAIN2 = (
    "<html><body><h1>A</h1>{years}<nav id='season-nav'><a data-season-pill='{season}'"
    " href='/serie/a/staffel-{season}'>1</a></nav><table>{rows}</table></body></html>"
)


def season2(rows: str, season: int = 1, years: str = "") -> SeriesPage:
    with LoopbackSite({"/serie/a": PLAIN2.format(rows=rows, season=season, years=years)}) as site:
        return SerienStream(open_gate(), CatalogueSettings(site.url)).series("/serie/a")


def row2(number: int, german: str = "", english: str = "", more: str = "", classes: str = "") -> str:
    return (
        f"<tr class='episode-row {classes}' onclick=\"window.location='/serie/a/staffel-1/episode-{number}'\">"
        f"<th class='episode-number-cell'>{number}</th><td class='episode-title-cell'>"
        f"<strong class='episode-title-ger'>{german}</strong><span class='episode-title-eng'>{english}</span></td>"
        f"<td class='episode-language-cell'>{more}</td></tr>"
    )


GERMAN = "<svg class='watch-language svg-flag-german'></svg>"


def by_number(found: SeriesPage) -> dict[int, EpisodeEntry]:
    return {entry.number: entry for entry in found.episodes}


def test_a_saved_page_of_engine_2_with_every_kind_of_row() -> None:
    pages = {ROOT2: page("engine2/upcoming.html")}
    with LoopbackSite(pages) as site:
        found = SerienStream(open_gate(), CatalogueSettings(site.url)).series(ROOT2)
    rows = by_number(found)
    assert (found.year_start, found.year_end, found.states_languages, found.notes) == (2024, None, True, ())
    assert (rows[1].title, rows[1].title_en, rows[1].absolute) == ("Erste Fahrt", "", 13)
    assert rows[1].languages == ("ger-dub", "ger-sub") and not rows[1].announced
    assert (rows[2].announced, rows[2].air_date, rows[2].languages) == (True, date(2099, 8, 12), ())
    assert (rows[2].title, rows[2].title_en) == ("Zweite Fahrt", "")
    assert (rows[3].announced, rows[3].air_date, rows[3].title) == (True, None, "")
    assert (rows[4].part_of, rows[4].title, rows[4].announced) == ("S02E01", "Rückweg", False)


@pytest.mark.parametrize(
    "row",
    [
        row2(1, classes="upcoming"),
        row2(1, more="<span class='badge badge-upcoming'>DEMNÄCHST</span>"),
        row2(1, more="<span class='badge'>DEM\u039dÄCHST</span>" + GERMAN),
        row2(1, more="<span class='badge'>DEMNA\u0308CHST</span>"),
        row2(1, more="<span class='badge badge-release'>Mittwoch, 12.08.2099 ~00:00&nbsp;Uhr</span>"),
        row2(1, "<span class='badge badge-upcoming'>Demnächst</span> - TBA -", classes="upcoming", more=GERMAN),
    ],
)
def test_an_upcoming_row_is_announced_and_has_nothing_to_fetch(row: str) -> None:
    (entry,) = season2(row).episodes
    assert entry.announced and entry.languages == entry.hosters == () and entry.title == ""


def test_a_release_date_of_what_is_out_is_only_a_date() -> None:
    (entry,) = season2(row2(1, "A", more=f"{GERMAN}<span class='badge badge-release'>12.08.2025</span>")).episodes
    assert (entry.announced, entry.air_date, entry.languages) == (False, date(2025, 8, 12), ("ger-dub",))


@pytest.mark.parametrize(
    ("season", "number", "english", "absolute", "title_en"),
    [
        (2, 1, "Episode 062", 62, ""),
        (1, 2, "Episode 002", 2, ""),
        (2, 2, "Episode 2", None, ""),
        (0, 1, "Episode 5", None, ""),
        (2, 1, "Episode 5: Start", None, "Episode 5: Start"),
        (2, 1, "Title [Episode 062]", 62, "Title"),
    ],
)
def test_episode_062_is_a_number_and_no_title(
    season: int, number: int, english: str, absolute: int | None, title_en: str
) -> None:
    rows = row2(number, "A", english, GERMAN).replace("staffel-1", f"staffel-{season}")
    (entry,) = season2(rows, season).episodes
    assert (entry.absolute, entry.title_en) == (absolute, title_en)


@pytest.mark.parametrize(
    "said", ["[In E18 enthalten]", "[in Episode 18 enthalten]", "[In S01E18 enthalten]", "[In Folge 018 enthalten]"]
)
def test_a_row_that_is_part_of_another_says_so(said: str) -> None:
    (entry,) = season2(row2(17, said)).episodes
    assert (entry.part_of, entry.title, entry.languages) == ("S01E18", "", ())
    (entry,) = season2(row2(17, f"Titel {said}", more=GERMAN)).episodes
    assert (entry.part_of, entry.title) == (None, "Titel")


@pytest.mark.parametrize(
    ("title", "left", "kind", "part", "day"),
    [
        ("Neu [Start: 12.10.2026]", "Neu", None, None, date(2026, 10, 12)),
        ("[Start: 12.10.2026]", "", None, None, date(2026, 10, 12)),
        ("Der Kern [OVA]", "Der Kern", "ova", None, None),
        ("Der Kern [Movie]", "Der Kern", "movie", None, None),
        ("Der Kern [Special]", "Der Kern", "special", None, None),
        ("Der Kern [Part 3]", "Der Kern", None, 3, None),
        ("Der Kern [OVA] [Part 3] [Start: 1.2.2027]", "Der Kern", "ova", 3, date(2027, 2, 1)),
        ("[REC]", "[REC]", None, None, None),
        ("Der Kern [Movie 2]", "Der Kern", "movie", None, None),
        ("Der Kern [Start: 31.02.2026]", "Der Kern", None, None, None),
        ("Teil [eins]", "Teil [eins]", None, None, None),
    ],
)
def test_tags_of_a_title_on_both_engines(
    title: str, left: str, kind: str | None, part: int | None, day: date | None
) -> None:
    one = aniworld_pages.parse_season(
        "<table class='seasonEpisodesList'><tbody id='season1'><tr data-episode-id='1'"
        " data-episode-season-id='1'><td><a href='/anime/stream/a/staffel-1/episode-1'>1</a></td><td"
        f" class='seasonEpisodeTitle'><a><strong>{title}</strong></a></td><td"
        " class='editFunctions'></td></tr></tbody></table>",
        "https://aniworld.to/anime/stream/a/staffel-1",
    ).rows[0]
    (two,) = season2(row2(1, title)).episodes
    assert (one.title, one.kind, one.part, one.air_date) == (left, kind, part, day)
    assert (two.title, two.kind, two.part, two.air_date) == (left, kind, part, day)
    assert one.announced is two.announced is ("[Start" in title)


def test_flags_by_their_symbol_and_labels_of_every_wording() -> None:
    flags = (
        "<svg><use href='#icon-flag-german'></use></svg><svg><use"
        " xlink:href='/i.svg#icon-flag-english-german'></use></svg>"
    )
    (entry,) = season2(row2(1, "A", more=flags)).episodes
    assert entry.languages == ("ger-dub", "ger-sub")
    labels = {
        "Deutsch": "ger-dub",
        "German Sub": "ger-sub",
        "mit Untertitel Deutsch": "ger-sub",
        "Englisch": "eng-dub",
        "Englisch mit deutschen Untertiteln": "ger-sub",
        "Spanisch mit Untertitel": "und",
    }
    boxes = "".join(
        f"<button class='link-box' data-link-id='{n}' data-play-url='/r?t={n}' data-provider-name='V{n}' "
        f"data-language-label='{label}'></button>"
        for n, label in enumerate(labels)
    )
    facts = sto_pages.parse_episode(
        f"<div id='episode-links'>{boxes}</div>", "https://s.to/serie/a/staffel-1/episode-1"
    )
    assert [row.language for row in facts.hosters] == list(labels.values())


@pytest.mark.parametrize(
    ("identity", "label", "code"),
    [
        ("1", "Klingonisch", "ger-dub"),
        ("2", "", "eng-sub"),
        ("3", "?", "ger-sub"),
        ("9", "Klingonisch", "und"),
        ("1", "Englisch", "eng-dub"),
    ],
)
def test_a_languages_number_decides_where_its_label_is_unknown(identity: str, label: str, code: str) -> None:
    box = (
        "<div id='episode-links'><button class='link-box' data-link-id='1' data-play-url='/r?t=a'"
        f" data-provider-name='VOE' data-language-id='{identity}' data-language-label='{label}'></button></div>"
    )
    assert sto_pages.parse_episode(box, "https://s.to/x").hosters[0].language == code


def test_an_unknown_flag_is_kept_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    found = season2(row2(1, "A", more="<svg class='svg-flag-klingon' title='Klingonisch'></svg>"))
    assert found.episodes[0].languages == ("und",)
    assert found.notes == ("The catalogue names a language that is not known: Klingonisch.",)
    assert "Klingonisch" in caplog.text


@pytest.mark.parametrize(
    "said", ["Diese Episode wurde noch nicht veröffentlicht", "😰 Kein Videoplayer für diese Episode verfügbar"]
)
def test_a_page_that_says_that_nothing_is_there_is_no_changed_page(said: str) -> None:
    text = (
        f"<html><body><h2>S01E01: A</h2><div class='alert'>{said}</div><script"
        " src='/cf-turnstile.js'></script></body></html>"
    )
    with LoopbackSite(
        {"/serie/a/staffel-1/episode-1": text, "/serie/a/staffel-1/episode-2": "<h2>S01E02: B</h2>"}
    ) as site:
        catalogue = SerienStream(open_gate(), CatalogueSettings(site.url))
        with pytest.raises(NothingThere):
            catalogue.episode("/serie/a/staffel-1/episode-1")
        with pytest.raises(PageChanged):
            catalogue.episode("/serie/a/staffel-1/episode-2")


@pytest.mark.parametrize(
    ("years", "start", "end"),
    [
        ("<p>2019 - NA</p>", 2019, None),
        ("<p><a href='/serien/jahr/2019'>2019</a> - <a href='/serien/jahr/2022'>2022</a></p>", 2019, 2022),
        ("<p>2019 – 2022</p>", 2019, 2022),
        ("<p><a href='/serien/jahr/2019'>2019</a> - NA</p>", 2019, None),
        ("<p>Im Jahr 1999.</p>", None, None),
    ],
)
def test_years_of_engine_2(years: str, start: int | None, end: int | None) -> None:
    found = season2(row2(1, "A", more=GERMAN), years=years)
    assert (found.year_start, found.year_end) == (start, end)


def test_engine_1_states_no_language_of_an_announced_season() -> None:
    with LoopbackSite({ROOT1: page("engine1/announced.html")}) as site:
        found = Aniworld(open_gate(), CatalogueSettings(site.url)).series(ROOT1)
    assert found.states_languages
    assert [(e.title, e.announced, e.air_date) for e in found.episodes] == [
        ("Rückkehr", True, date(2026, 10, 12)),
        ("", True, date(2026, 10, 19)),
        ("Ohne Tag", False, None),
    ]
