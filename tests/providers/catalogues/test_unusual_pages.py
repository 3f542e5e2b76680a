"""Pages as the sites' description allows them, but not as anybody would write them first: both engines read them
all.
"""

from __future__ import annotations

from datetime import date

import pytest

from aniworld.core.errors import PageChanged
from aniworld.core.media import SeriesPage
from aniworld.providers.catalogues.aniworld import lists as aniworld_lists
from aniworld.providers.catalogues.aniworld import pages as aniworld_pages
from aniworld.providers.catalogues.aniworld.catalogue import Aniworld
from aniworld.providers.catalogues.sto import pages as sto_pages
from aniworld.providers.catalogues.sto.catalogue import SerienStream
from aniworld.providers.plugin_api.base import CatalogueSettings
from aniworld.providers.plugin_api.testkit import LoopbackSite, open_gate

SHOUTED = """<HTML><BODY><DIV CLASS="row  series-title"><H1 ITEMPROP="name" DATA-ALTERNATIVETITLES='&quot;Steel, Sand&quot;,
 &quot;鋼と砂&quot; , SuS'>
   <SPAN>
     Stahl &amp; Sand&nbsp;II
   </SPAN></H1><SMALL>(<SPAN ITEMPROP="startDate"><A HREF="/jahr/2024"> 2024 </A></SPAN>)</SMALL></DIV>
<P CLASS="seri_des" DATA-FULL-DESCRIPTION="Erste Zeile.&lt;br&gt;Zweite &amp;amp; letzte.">Erste…</P>
<DIV CLASS="seriesCoverBox"><NOSCRIPT><IMG SRC="//cdn.example/cover.jpg"></NOSCRIPT><IMG DATA-SRC="//cdn.example/cover.jpg"></DIV>
<DIV ID="stream"><UL><LI><A TITLE="Staffel 1" HREF=" //aniworld.to/anime/stream/film-7/staffel-1/ ">1</A></LI>
<LI><A HREF="staffel-2">2</A></LI></UL></DIV>
<TABLE ID="x" CLASS="a seasonEpisodesList b"><TBODY ID="season1"><TR DATA-EPISODE-SEASON-ID="1" DATA-EPISODE-ID="1">
<TD><META CONTENT=" 01 " ITEMPROP="episodeNumber"></TD><TD CLASS="seasonEpisodeTitle">
<A HREF="https://aniworld.to/anime/stream/film-7/staffel-1/episode-1?ref=x#y"><STRONG></STRONG>  <SPAN>First&nbsp; Step [EPISODE 0013]</SPAN></A></TD>
<TD CLASS="editFunctions"><IMG CLASS="flag lazy" SRC="/public/img/1x1.gif" DATA-SRC="//cdn.example/German.SVG"><NOSCRIPT><IMG CLASS=flag SRC="/public/img/german.svg"></NOSCRIPT>
<IMG DATA-SRC="/public/img/english-german.svg" CLASS=flag><IMG DATA-SRC="/public/img/japanese.svg" CLASS=flag></TD></TR>
</TBODY><TBODY ID="season2"></TBODY></TABLE></BODY></HTML>"""

SHOUTED_SECOND = """<table class=seasonEpisodesList><tbody id=season2>
<tr data-episode-id=7 data-episode-season-id=3><td class=seasonEpisodeTitle><a href='./episode-3'><strong>Drei</strong></a></td></tr>
<tr data-episode-id=8 data-episode-season-id=4><td>Folge 4</td><td class=seasonEpisodeTitle><strong>Noch ohne Adresse</strong></td></tr>
<tr><td colspan=4>Weitere Folgen folgen.</td></tr></tbody></table>"""


def engine1(pages: dict[str, str], slug: str) -> SeriesPage:
    with LoopbackSite({f"/anime/stream/{slug}{rest}": text for rest, text in pages.items()}) as site:
        return Aniworld(open_gate(), CatalogueSettings(site.url)).series(slug)


def engine2(pages: dict[str, str], slug: str) -> SeriesPage:
    with LoopbackSite({f"/serie/{slug}{rest}": text for rest, text in pages.items()}) as site:
        return SerienStream(open_gate(), CatalogueSettings(site.url)).series(f"/serie/{slug}")


def test_upper_case_spaces_and_a_slug_that_looks_like_a_film() -> None:
    series = engine1({"": SHOUTED, "/staffel-2": SHOUTED_SECOND}, "film-7")
    assert (series.name, series.year_start, series.year_end) == ("Stahl & Sand II", 2024, None)
    assert series.alternative_titles == ("Steel, Sand", "鋼と砂", "SuS")
    assert (series.age_rating, series.imdb_id, series.genres) == (None, None, ())
    assert series.description == "Erste Zeile. Zweite & letzte."
    assert (series.cover_url or "").endswith("://cdn.example/cover.jpg")
    assert [(e.season, e.number, e.title, e.title_en, e.absolute) for e in series.episodes] == [
        (1, 1, "", "First Step", 13),
        (2, 3, "Drei", "", None),
        (2, 4, "Noch ohne Adresse", "", None),
    ]
    assert series.episodes[0].languages == ("ger-dub", "ger-sub", "jpn")
    assert series.episodes[0].link.endswith("/anime/stream/film-7/staffel-1/episode-1")
    assert series.episodes[1].link.endswith("/anime/stream/film-7/staffel-2/episode-3")


def test_a_season_that_is_announced_has_no_episodes_and_the_others_keep_theirs() -> None:
    title = '<div class="series-title"><h1 itemprop="name"><span>Neu</span></h1></div>'
    empty = (
        '<div id="stream"><ul><li><a href="/anime/stream/neu/staffel-1">1</a></li></ul></div><table'
        ' class="seasonEpisodesList"><tbody id="season1"><tr><td colspan="4">Noch keine Folgen'
        " vorhanden.</td></tr></tbody></table>"
    )
    series = engine1({"": title + empty}, "neu")
    assert (series.seasons, series.episodes) == ((1,), ())


def test_films_only_with_films_in_any_order_and_links_from_elsewhere() -> None:
    page = """<h1 itemprop="name">Nur Filme</h1><div id="stream"><ul><li><strong>Staffeln:</strong></li>
    <li><a title="Alle Filme" href="https://mirror.example/anime/stream/nur-filme/filme">Filme</a></li></ul>
    <ul><li><a href="/anime/stream/andere/staffel-4">Ähnlich: Andere</a></li></ul></div>
    <table class="seasonEpisodesList"><tbody id="season0">
    <tr data-episode-season-id="2" data-episode-id="2"><td><a href="/anime/stream/nur-filme/filme/film-2">Film 2</a></td><td class="seasonEpisodeTitle"><a href="/anime/stream/nur-filme/filme/film-2"><strong>Zwei</strong></a></td></tr>
    <tr data-episode-season-id="1" data-episode-id="1"><td><a href="/anime/stream/nur-filme/filme/film-1">Film 1</a></td><td class="seasonEpisodeTitle"><a href="/anime/stream/nur-filme/filme/film-1"><strong>Eins</strong></a></td></tr>
    </tbody></table>"""
    series = engine1({"": page}, "nur-filme")
    assert series.seasons == (0,)
    assert [(e.number, e.title) for e in series.episodes] == [(1, "Eins"), (2, "Zwei")]


def test_an_episode_page_with_attributes_in_any_order_and_full_addresses() -> None:
    facts = aniworld_pages.parse_episode(
        """<H2><SPAN CLASS=episodeGermanTitle> Der &quot;Anfang&quot; [Folge 12]</SPAN></H2>
        <div class="changeLanguageBox"><span><img title="x" src="//cdn.example/img/japanese-english.svg?v=1#z" data-lang-key="3"></span>
        <noscript><img src="/public/img/german.svg" data-lang-key="1"></noscript></div>
        <DIV CLASS="row hosterSiteVideo"><ul><li data-link-target="https://aniworld.to/redirect/5" data-lang-key="3"><h4>
            VOE </h4></li><noscript><li data-lang-key="3" data-link-target="https://aniworld.to/redirect/5"><h4>VOE</h4></li></noscript>
        <li data-lang-key="2" data-link-target="//aniworld.to/redirect/6"><i class="icon Vidoza"></i></li><li>Werbung</li></ul></DIV>""",
        "https://aniworld.to/anime/stream/x/staffel-1/episode-1",
    )
    assert (facts.title, facts.title_en) == ('Der "Anfang"', "")
    assert [(row.name, row.language, row.href) for row in facts.hosters] == [
        ("VOE", "eng-sub", "https://aniworld.to/redirect/5"),
        ("Vidoza", "eng-sub", "//aniworld.to/redirect/6"),
    ]


def test_the_calendar_with_today_tomorrow_every_month_and_one_section_for_all_days() -> None:
    rows = aniworld_lists.parse_calendar(
        """<section class="calendarList"><h3>Montag, 03.08.2026 (heute)</h3>
        <div><a href="/anime/stream/a"><h3 class="seriesTitle">A</h3><small> S01E05 </small><small>~ 14:40 Uhr</small></a></div>
        <h3> Dienstag, 4. August 2026 (morgen) </h3>
        <div><a href="/anime/stream/b"><h3 class="seriesTitle">B</h3><small>S2 E12</small><small>~ 00:05 Uhr</small></a></div></section>
        <section class="calendarList"><h3>Freitag, 1. März 2030</h3><div><h3 class="seriesTitle">C</h3><a href="/anime/stream/c"></a></div></section>
        <section class="calendarList"><h3>Sonntag, 27.12.2026</h3><div><a href="/anime/stream/d"><h3 class="seriesTitle">D</h3><small>~ 25:99 Uhr</small></a></div></section>""",
        "https://aniworld.to/animekalender",
    )
    assert [(r.name, r.season, r.episode, r.day) for r in rows] == [
        ("A", 1, 5, date(2026, 8, 3)),
        ("B", 2, 12, date(2026, 8, 4)),
        ("C", None, None, date(2030, 3, 1)),
        ("D", None, None, date(2026, 12, 27)),
    ]
    assert [r.at.isoformat() if r.at else None for r in rows] == [
        "2026-08-03T14:40:00+02:00",
        "2026-08-04T00:05:00+02:00",
        None,
        None,
    ]


def test_new_episodes_with_films_and_rows_that_say_little() -> None:
    rows = aniworld_lists.parse_new_episodes(
        """<div class="newEpisodeList"><div class="rows"><div class="col"><a href="https://aniworld.to/anime/stream/a/filme/film-2"><strong>A</strong></a>
        <span class="blue2">Film 2</span><noscript><img class="flag" src="/public/img/german.svg"></noscript><img class="flag" data-src="/public/img/german.svg"><span class="elementFloatRight">Do, 31.12.2026</span></div>
        <div><a href="/anime/stream/b/staffel-3/episode-4"> B </a><span class="elementFloatRight">Heute</span></div><div>Werbung</div></div></div>""",
        "https://aniworld.to/neue-episoden",
    )
    assert [(r.name, r.season, r.episode, r.day, r.languages) for r in rows] == [
        ("A", 0, 2, date(2026, 12, 31), ("ger-dub",)),
        ("B", 3, 4, None, ()),
    ]


def test_titles_with_quoted_names_that_hold_a_comma() -> None:
    (row,) = aniworld_lists.parse_titles(
        """<DIV ID=seriesContainer><DIV CLASS="x genre"><DIV CLASS=seriesGenreList><H3> Action </H3></DIV><UL><LI>
        <A DATA-ALTERNATIVE-TITLE='"Steel, Sand", "鋼", SuS' HREF=" /anime/stream/a ">A&nbsp;&amp;amp; B</A></UL></DIV></DIV>""",
        "https://aniworld.to/animes",
    )
    assert (row.name, row.href, row.alternatives) == ("A & B", "/anime/stream/a", ("Steel, Sand", "鋼", "SuS"))


PILLS2 = """<NAV ID="season-nav"><A HREF="https://s.to/serie/staffel-3/staffel-1" DATA-SEASON-PILL="1">1</A>
<A HREF="//s.to/serie/staffel-3/staffel-2" CLASS="active" DATA-SEASON-PILL="2">2</A><a data-season-pill="0">Filme</a></NAV>"""


def test_engine_2_in_upper_case_with_a_slug_that_looks_like_a_season() -> None:
    root = f"""<BODY><H1>
      Hafen &amp;amp; Meer</H1>{PILLS2}<DIV CLASS="x description-text">Ein <BR>Hafen.</DIV>
    <NOSCRIPT><IMG SRC="/media/images/channel/a.webp"></NOSCRIPT><IMG DATA-SRC="https://s.to/media/images/channel/a.webp">
    <TABLE><TR CLASS="row episode-row"><TD CLASS=episode-number-cell>Folge&nbsp;01</TD><TD><SPAN CLASS=episode-title-eng>Low Tide</SPAN></TD>
    <TD><A HREF="https://s.to/serie/staffel-3/staffel-2/episode-1/?x">▶</A><SVG CLASS="svg-flag-english-german x"></SVG></TD></TR>
    <tr class=episode-row><td class=episode-number-cell>2</td><td class=episode-title-ger>Flut</td><td><a href="staffel-2/episode-2"></a></td></tr></TABLE>"""
    first = """<table><tr class="episode-row" data-href="/serie/stream/staffel-3/staffel-1/episode-9"><td class="episode-title-ger">Alt</td></tr></table>"""
    films = """<table><tr class="episode-row"><td class="episode-number-cell">1</td><td><a href="/serie/staffel-3/filme/film-4"></a></td></tr></table>"""
    series = engine2({"": root, "/staffel-1": first, "/filme": films, "/staffel-0": films}, "staffel-3")
    assert (series.name, series.description, series.seasons) == ("Hafen & Meer", "Ein Hafen.", (0, 1, 2))
    assert [(e.season, e.number, e.title, e.title_en) for e in series.episodes] == [
        (0, 1, "", ""),
        (1, 9, "Alt", ""),
        (2, 1, "", "Low Tide"),
        (2, 2, "Flut", ""),
    ]
    assert [e.link.partition("/serie/")[2] for e in series.episodes] == [
        "staffel-3/filme/film-4",
        "staffel-3/staffel-1/episode-9",
        "staffel-3/staffel-2/episode-1",
        "staffel-3/staffel-2/episode-2",
    ]
    assert series.episodes[2].languages == ("ger-sub",)


def test_engine_2_an_announced_season_is_empty_and_other_rows_are_a_changed_page() -> None:
    pills = '<h1>Neu</h1><nav id="season-nav"><a data-season-pill="1" href="/serie/neu/staffel-1">1</a></nav>'
    series = engine2({"": f"{pills}<table><thead><tr><th>Nr.</th></tr></thead><tbody></tbody></table>"}, "neu")
    assert (series.seasons, series.episodes) == ((1,), ())
    with pytest.raises(PageChanged, match="episode-row"):
        engine2({"": f"{pills}<table><tr class='folge'><td>1</td></tr></table>"}, "neu")


def test_engine_2_hosters_in_any_order_and_titles_with_brackets_of_their_own() -> None:
    facts = sto_pages.parse_episode(
        """<h2>Kommentare</h2><H2> S01E01 : Der Tag (Teil 1) (The Day (Part 1)) </H2><DIV ID=episode-links>
        <BUTTON DATA-LANGUAGE-LABEL=" ger-sub " DATA-PLAY-URL=" https://s.to/r?t=a&amp;b=1 " DATA-PROVIDER-NAME=VOE CLASS="link-box" DATA-LINK-ID=1></BUTTON>
        <noscript><button class="link-box" data-link-id="1" data-play-url="https://s.to/r?t=a&amp;b=1" data-provider-name="VOE" data-language-label="Ger-Sub"></button></noscript>
        <button class="link-box" data-link-id="2" data-play-url="/r?t=c" data-provider-name="Filemoon" data-language-label="Klingonisch"></button></DIV>""",
        "https://s.to/serie/x/staffel-1/episode-1",
    )
    assert (facts.title, facts.title_en) == ("Der Tag (Teil 1)", "The Day (Part 1)")
    assert [(row.name, row.language, row.href) for row in facts.hosters] == [
        ("VOE", "ger-sub", "https://s.to/r?t=a&b=1"),
        ("Filemoon", "und", "/r?t=c"),
    ]


def test_engine_2_results_with_full_addresses_and_doubles() -> None:
    shows = sto_pages.parse_shows(
        """<A HREF="https://s.to/serie/a?x=1"><noscript><img src="/media/images/channel/a.jpg"></noscript><H6 CLASS="b show-title">
        A &amp; B</H6></A><div><h6 class="show-title"><a href="/serie/c">C</a></h6></div><h6 class="show-title">Ohne Adresse</h6>""",
        "https://s.to/suche",
    )
    assert [(show.name, show.href) for show in shows] == [("A & B", "https://s.to/serie/a?x=1"), ("C", "/serie/c")]


TITLED = '<div class="series-title"><h1 itemprop="name" data-alternativetitles="{names}"><span>A</span></h1></div>'
STREAM = '<div id="stream"><ul><li><a href="/anime/stream/a/staffel-1">1</a></li></ul></div>'


def row1(number: int, flags: str = "") -> str:
    return (
        f'<tr data-episode-id="{number}" data-episode-season-id="{number}"><td>{number}</td><td'
        f' class="editFunctions">{flags}</td></tr>'
    )


def season1(rows: str, names: str = "", before: str = "") -> str:
    table = f'<table class="seasonEpisodesList"><tbody id="season1">{rows}</tbody></table>'
    return before + TITLED.format(names=names) + STREAM + table


def test_flags_in_any_folder_with_any_query_and_in_capitals() -> None:
    flags = ("german.svg?v=2&amp;from=/a/b", "x/y/GERMAN.SVG", "german.png#a/b")
    rows = "".join(row1(n, f'<img class="flag" src="/img/{flag}">') for n, flag in enumerate(flags, 1))
    assert [entry.languages for entry in engine1({"": season1(rows)}, "a").episodes] == [("ger-dub",)] * 3


def test_a_quoted_name_behind_another_keeps_its_comma() -> None:
    series = engine1({"": season1(row1(1), "Steel, &quot;Sand, Wind&quot;, &quot;鋼&quot;")}, "a")
    assert series.alternative_titles == ("Steel", "Sand, Wind", "鋼")


@pytest.mark.parametrize("alert", ["JavaScript ist deaktiviert.", "Dein Browser wurde nicht gefunden."])
def test_an_alert_beside_what_was_looked_for_does_not_hide_it(alert: str) -> None:
    notice = f'<noscript><div class="messageAlert danger">{alert}</div></noscript>'
    assert len(engine1({"": season1(row1(1), before=notice)}, "a").episodes) == 1
    box = '<div class="hosterSiteVideo"><ul><li data-lang-key="1" data-link-id="7"><h4>VOE</h4></li></ul></div>'
    assert aniworld_pages.parse_episode(notice + box, "https://aniworld.to/x").hosters[0].href == "/redirect/7"


def test_a_long_season_with_much_around_each_episode_is_read() -> None:
    series = engine1({"": season1("".join(row1(n, " " * 4000) for n in range(1, 1201)))}, "a")
    assert len(series.episodes) == 1200


def test_a_table_that_does_not_say_its_season_is_read_at_the_seasons_own_address() -> None:
    title = "<td class='seasonEpisodeTitle'><a href='#'><strong>Der <span>x</span></strong><span>The X</span></a></td>"
    table = f"<table class='seasonEpisodesList'><tr data-episode-season-id='4'><td>Folge 4</td>{title}</tr></table>"
    page = TITLED.format(names="") + STREAM + table
    (entry,) = engine1({"": page, "/staffel-1": page}, "a").episodes
    assert (entry.season, entry.number, entry.title, entry.title_en) == (1, 4, "Der x", "The X")


def test_rows_and_hosters_that_cannot_be_read_are_a_changed_page() -> None:
    with pytest.raises(PageChanged, match="data-episode-id"):
        engine1({"": season1("<tr><td><button>Eins</button></td><td>Titel</td></tr>")}, "a")
    for box in (
        '<div class="hosterSiteVideo"><li data-lang-key="1" data-hoster="/go/1"><h4>VOE</h4></li></div>',
        '<div class="hosterSiteVideo"><li><a href="/redirect/1">VOE</a></li></div>',
        '<div class="players"><a href="/redirect/1">VOE</a></div>',
    ):
        flags = '<div class="changeLanguageBox"><img data-lang-key="1" src="/img/german.svg"></div>'
        with pytest.raises(PageChanged, match="hosterSiteVideo"):
            aniworld_pages.parse_episode(flags + box, "https://aniworld.to/x")
    pills = '<h1>A</h1><nav id="season-nav"><a data-season-pill="1" href="/serie/a/staffel-1">1</a></nav>'
    with pytest.raises(PageChanged, match="episode-number-cell"):
        engine2({"": f"{pills}<table><tr class='episode-row'><td>Eins</td></tr></table>"}, "a")
    with pytest.raises(PageChanged, match="data-play-url"):
        sto_pages.parse_episode("<div id='episode-links'><button class='link-box' data-url='/r'></button></div>", "x")


def test_a_flag_in_the_copy_without_scripts_decides_over_the_key_number() -> None:
    facts = aniworld_pages.parse_episode(
        """<div class="changeLanguageBox"><img data-lang-key="2" src="data:image/gif;base64,R0"><noscript>
        <img data-lang-key="2" src="/public/img/english.svg"></noscript></div>
        <div class="hosterSiteVideo"><ul><li data-lang-key="2" data-link-id="7"><h4>VOE</h4></li></ul></div>""",
        "https://aniworld.to/x",
    )
    assert [row.language for row in facts.hosters] == ["eng-dub"]


@pytest.mark.parametrize(
    "card",
    [
        (
            '<a href="/anime/stream/{0}"><img><h3 class="seriesTitle">{0}</h3></a><small>S01E05</small><small>~ 14:40'
            " Uhr</small>"
        ),
        (
            '<a href="#merken">!</a><h3 class="seriesTitle"><a'
            ' href="/anime/stream/{0}">{0}</a></h3><p><small>S01E05</small><small>~ 14:40 Uhr</small></p>'
        ),
        (
            '<p><a href="/anime/stream/{0}"></a></p><p><h3 class="seriesTitle">{0}</h3></p><small>S01E05 ~ 14:40'
            " Uhr</small>"
        ),
    ],
)
def test_calendar_cards_of_every_build_and_headings_between_them(card: str) -> None:
    cards = [f'<div class="card">{card.format(name)}</div>' for name in "ab"]
    text = (
        '<section class="calendarList"><h3>Montag,'
        f" 03.08.2026</h3>{cards[0]}<div><h3>Werbung</h3></div>{cards[1]}</section>"
    )
    alone = f'<section class="calendarList"><h3>Montag, 03.08.2026</h3><div class="row">{cards[0]}</div></section>'
    rows = aniworld_lists.parse_calendar(text + alone, "https://aniworld.to/animekalender")
    assert [(r.name, r.href, r.season, r.episode, r.at and r.at.hour) for r in rows] == [
        (name, f"/anime/stream/{name}", 1, 5, 14) for name in "aba"
    ]


def test_lists_know_a_series_again_whatever_its_address_looks_like() -> None:
    new = "".join(
        f'<div><a href="{href}"><strong>A</strong></a><span class="blue2">S01 E02</span><img class="flag"'
        f' src="/{flag}.svg"></div>'
        for href, flag in (("/anime/stream/a", "german"), ("https://aniworld.to/anime/stream/A/?x", "japanese-german"))
    )
    (row,) = aniworld_lists.parse_new_episodes(f'<div class="newEpisodeList"><div class="rows">{new}</div></div>', "x")
    assert row.languages == ("ger-dub", "ger-sub")
    (title,) = aniworld_lists.parse_titles(
        """<div id="seriesContainer"><div class="wide\n\tgenre\n"><h3>Action</h3><li><a href="/anime/stream/a">A</a></li>
        <li><a href="//aniworld.to/anime/stream/a/">A</a></li></div></div>""",
        "https://aniworld.to/animes",
    )
    assert (title.name, title.genre) == ("A", "Action")


def test_engine_2_a_logo_is_no_title_and_a_wide_cell_no_episode() -> None:
    page = """<header><h1>SerienStream</h1></header><main><h1>A</h1><nav id="season-nav"><a data-season-pill="1"
    href="/serie/a/staffel-1">1</a></nav><table><tr><td colspan="4">Noch keine Episoden.</td></tr></table></main>"""
    series = engine2({"": page}, "a")
    assert (series.name, series.seasons, series.episodes) == ("A", (1,), ())


def test_engine_2_a_code_in_the_number_cell_is_the_episodes_not_the_seasons() -> None:
    pills = '<h1>A</h1><nav id="season-nav"><a data-season-pill="2" href="/serie/a/staffel-2">2</a></nav>'
    cells = "".join(
        f'<tr class="episode-row"><td class="episode-number-cell">{cell}</td></tr>'
        for cell in ("S02E05", "Folge 6", "7")
    )
    assert [entry.number for entry in engine2({"": f"{pills}<table>{cells}</table>"}, "a").episodes] == [5, 6, 7]


def test_a_search_that_answers_something_else_twice_is_no_empty_one() -> None:
    pages = {"/ajax/seriesSearch": '{"error": "x"}', "POST /ajax/search": "null"}
    with LoopbackSite(pages) as site:
        catalogue = Aniworld(open_gate(), CatalogueSettings(site.url))
        with pytest.raises(PageChanged, match="list"):
            catalogue.search("a")
        site.pages["/ajax/seriesSearch"] = '\ufeff[{"name": "A", "link": "A_b/"}]'
        assert [hit.key for hit in catalogue.search("a")] == ["a-b"]
