"""The lists of both engines: new episodes, calendars with a card for each language, postponements, titles; rate
limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from aniworld.core.errors import CatalogueBlocked, NothingThere, PageChanged
from aniworld.providers.catalogues.aniworld.catalogue import Aniworld
from aniworld.providers.catalogues.sto.catalogue import SerienStream
from aniworld.providers.plugin_api.base import CatalogueSettings
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite, open_gate
from aniworld.providers.registry import Registry, settings_for
from tests.providers.contract import as_json, engine1, engine2, page

BERLIN = ZoneInfo("Europe/Berlin")
SPAM = "Deine Anfrage wurde als Spam erkannt."


@pytest.fixture
def second() -> Iterator[LoopbackSite]:
    pages = {
        "/neue-episoden": page("engine2/neue-episoden.html"),
        "/serienkalender": page("engine2/serienkalender.html"),
        "/serien": page("engine2/serien.html"),
    }
    with LoopbackSite(engine2() | pages) as site:
        yield site


@pytest.fixture
def stream(second: LoopbackSite) -> SerienStream:
    return SerienStream(open_gate(), CatalogueSettings(second.url))


def test_new_episodes_of_engine_2_with_their_languages_joined(stream: SerienStream, second: LoopbackSite) -> None:
    found = [(one.key, one.name, one.season, one.episode, one.day, one.languages) for one in stream.new_episodes()]
    assert found == [
        ("hafenlichter", "Hafenlichter", 1, 2, date(2026, 9, 12), ("ger-dub", "eng-dub")),
        ("leuchtfeuer", "Leuchtfeuer", 2, 5, date(2026, 9, 11), ("ger-sub",)),
    ]
    assert stream.new_episodes()[0].link == f"{second.url}/serie/hafenlichter"


def test_the_calendar_of_engine_2(stream: SerienStream) -> None:
    first, other = stream.calendar()
    assert (first.key, first.season, first.episode, first.day) == ("hafenlichter", 1, 3, date(2026, 8, 3))
    assert first.at == datetime(2026, 8, 3, 20, 15, tzinfo=BERLIN)
    assert first.dates == (("eng-dub", date(2026, 8, 3), first.at), ("ger-dub", date(2026, 8, 5), None))
    assert (other.key, other.season, other.episode, other.at, other.languages) == ("leuchtfeuer", 2, 5, None, ())


def test_a_day_with_one_card_is_not_taken_for_its_title(stream: SerienStream, second: LoopbackSite) -> None:
    second.pages["/serienkalender"] = (
        '<section><h3>Mittwoch, 05.08.2026</h3><div class="card"><a href="/serie/hafenlichter/staffel-1/episode-3">'
        "<h5>Hafenlichter</h5></a><small>S01E03</small></div></section>"
    )
    assert [(one.name, one.day) for one in stream.calendar()] == [("Hafenlichter", date(2026, 8, 5))]


def test_a_calendar_that_a_script_fills_in_is_read_where_the_script_reads_it(
    stream: SerienStream, second: LoopbackSite
) -> None:
    second.pages["/serienkalender"] = "<html><h1>Serienkalender</h1><div id='calendar'></div></html>"
    second.pages["/api/calendar"] = as_json(
        {
            "2026-08-04": [
                {
                    "title": "Hafenlichter",
                    "url": "/serie/hafenlichter/staffel-1/episode-3",
                    "season": 1,
                    "episode": 3,
                    "time": "20:15",
                    "language_id": 1,
                },
                {
                    "title": "Hafenlichter",
                    "url": "/serie/hafenlichter/staffel-1/episode-3",
                    "time": "x",
                    "language_id": 3,
                },
                {"title": None, "url": 7},
                "?",
            ],
            "bald": [{"title": "Leuchtfeuer", "url": "/serie/leuchtfeuer"}],
        }
    )
    (one,) = stream.calendar()
    assert (one.key, one.season, one.episode, one.day) == ("hafenlichter", 1, 3, date(2026, 8, 4))
    assert one.languages == ("ger-dub", "ger-sub")
    second.pages["/api/calendar"] = Answer("weg", 404)
    assert stream.calendar() == []
    second.pages["/api/calendar"] = as_json(["?"])
    with pytest.raises(PageChanged):
        stream.calendar()


def test_all_titles_of_engine_2(stream: SerienStream) -> None:
    found = [(one.key, one.name, one.alternative_titles, one.genre) for one in stream.all_titles()]
    assert found == [
        ("hafenlichter", "Hafenlichter", ("harbour lights",), "Drama"),
        ("leuchtfeuer", "Leuchtfeuer", ("Beacon",), "Drama"),
    ]


@pytest.mark.parametrize(
    "cover",
    [
        {"cover": "/media/a.jpg"},
        {"cover_url": "/media/a.jpg"},
        {"image": {"url": "/media/a.jpg"}},
        {"poster": "/media/a.jpg"},
    ],
)
def test_suggestions_have_covers(stream: SerienStream, second: LoopbackSite, cover: dict[str, object]) -> None:
    second.pages["/api/search/suggest"] = as_json(
        {"shows": [{"name": "A", "url": "/serie/a"} | cover, {"name": 3, "url": None}]}
    )
    (hit,) = stream.search("a")
    assert hit.cover_url == f"{second.url}/media/a.jpg"


CARD = (
    '<div><a href="/anime/stream/nebelgarten/staffel-1/episode-{e}"><h3'
    ' class="seriesTitle">Nebelgarten</h3><small>S01E0{e}</small><small>~ {t} Uhr</small></a><img class="flag"'
    ' data-src="/public/img/{flag}.svg"></div>'
)


def test_a_card_for_each_language_is_one_episode_that_keeps_them() -> None:
    days = [
        (
            "Montag, 03.08.2026",
            CARD.format(e=5, t="14:40", flag="japanese-german") + CARD.format(e=5, t="16:00", flag="japanese-english"),
        ),
        (
            "Freitag, 07.08.2026",
            CARD.format(e=5, t="18:00", flag="german") + CARD.format(e=6, t="18:00", flag="klingon"),
        ),
    ]
    text = "".join(f'<section class="calendarList"><h3>{day}</h3>{cards}</section>' for day, cards in days)
    with LoopbackSite({"/animekalender": text}) as site:
        first, second = Aniworld(open_gate(), CatalogueSettings(site.url)).calendar()
    assert (first.episode, first.day, first.languages) == (5, date(2026, 8, 3), ("ger-sub", "eng-sub", "ger-dub"))
    assert [(code, day.day, at and at.hour) for code, day, at in first.dates] == [
        ("ger-sub", 3, 14),
        ("eng-sub", 3, 16),
        ("ger-dub", 7, 18),
    ]
    assert (second.episode, second.languages) == (6, ("und",))


def test_postponed_episodes_with_old_and_new_day() -> None:
    pages = engine1() | {"/support/frage/anime-verschiebungen": page("engine1/verschiebungen.html")}
    with LoopbackSite(pages) as site:
        found = Aniworld(open_gate(), CatalogueSettings(site.url)).postponements()
    assert [(one.key, one.name, one.season, one.episode, one.day, one.was, one.languages) for one in found] == [
        ("", "Nebelgarten", 1, 5, date(2026, 8, 10), date(2026, 8, 3), ("ger-sub",)),
        ("", "Nebelgarten", 1, 6, None, date(2026, 8, 10), ()),
        ("stahl-und-sand", "Stahl und Sand", 2, 1, date(2026, 8, 12), date(2026, 8, 5), ()),
    ]
    with LoopbackSite(engine1()) as site, pytest.raises(NothingThere):
        Aniworld(open_gate(), CatalogueSettings(site.url)).postponements()


@pytest.mark.parametrize(
    "answer", [Answer(SPAM), as_json(SPAM), Answer(SPAM, 429), Answer(f"<p>{SPAM}</p>", 403), as_json({"error": SPAM})]
)
@pytest.mark.parametrize("path", ["/ajax/seriesSearch", "/animekalender"])
def test_too_many_requests_cool_the_source_down(answer: Answer, path: str) -> None:
    with LoopbackSite(engine1() | {path: answer}) as site:
        registry = Registry(open_gate(), settings=settings_for(site.url, [], "1"), plugins=lambda group: [])
        catalogue = registry.catalogue("aniworld.to")
        with pytest.raises(CatalogueBlocked, match="spam"):
            catalogue.search("nebel") if "Search" in path else catalogue.calendar()
        asked = len(site.asked)
        assert registry.rest.rest_of("aniworld.to") is not None
        with pytest.raises(CatalogueBlocked):
            catalogue.search("nebel")
        assert len(site.asked) == asked


def test_an_honest_page_may_speak_of_spam() -> None:
    long = page("engine1/series.html").replace("</body>", f"<p>{SPAM}</p>{'<p>Text</p>' * 600}</body>")
    with LoopbackSite(engine1() | {"/anime/stream/nebelgarten": long}) as site:
        assert Aniworld(open_gate(), CatalogueSettings(site.url)).series("nebelgarten").name.startswith("Nebelgarten")
