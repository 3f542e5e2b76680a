"""Cells, badges and times that stand side by side without a space are words of their own."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from aniworld.core.errors import PageChanged
from aniworld.providers.catalogues.aniworld import lists as aniworld_lists
from aniworld.providers.catalogues.dates import ZONE, day_in, day_near
from aniworld.providers.catalogues.sto import lists as sto_lists
from aniworld.providers.catalogues.sto import pages as sto_pages

URL = "https://serienstream.to/neue-episoden"
BERLIN = ZoneInfo("Europe/Berlin")


def table(cells: str) -> str:
    return f"<table class='new-episodes-table'><tbody><tr>{cells}</tr></tbody></table>"


@pytest.mark.parametrize(
    "cells",
    [
        "<td><a href='/serie/y'>Y</a></td><td>S2</td><td>E7</td><td>12.09.2026</td>",
        (
            "<td><a href='/serie/y'>Y</a></td><td><span class='badge'>S2</span><span class='badge'>E7</span>"
            "<span class='badge'>12.09.2026</span></td>"
        ),
        (
            "<td><a href='/serie/y'>Y</a></td><td><span class='badge'>2</span><span"
            " class='badge'>7</span></td><td>12.09.2026</td>"
        ),
        "<td><a href='/serie/y'>Y<span>S02E07</span><span>12.09.2026</span></a></td><td></td>",
        "<td><a href='/serie/y'>Y</a></td><td>Staffel 2</td><td>Folge 7</td><td>12.09.2026</td>",
    ],
)
def test_a_new_episode_of_engine_2_keeps_its_number(cells: str) -> None:
    (row,) = sto_lists.parse_new_episodes(table(cells), URL)
    assert (row.name, row.season, row.episode, row.day) == ("Y", 2, 7, date(2026, 9, 12))


def test_a_new_episode_of_engine_1_keeps_its_number() -> None:
    text = (
        "<div class='newEpisodeList'><div class='rows'><div><a"
        " href='/anime/stream/y'>Y<span>S2</span><span>E7</span></a><span"
        " class='elementFloatRight'>12.09.2026</span></div></div></div>"
    )
    (row,) = aniworld_lists.parse_new_episodes(text, URL)
    assert (row.name, row.season, row.episode, row.day) == ("Y", 2, 7, date(2026, 9, 12))


def test_a_card_of_the_calendar_keeps_its_name_number_and_time() -> None:
    text = (
        "<section><h3>Montag, 03.08.2026</h3><div><a href='/serie/x'>X<span>S01E05</span><span>14:40"
        " Uhr</span></a></div></section>"
    )
    (row,) = sto_lists.parse_calendar(text, URL)
    assert (row.name, row.season, row.episode) == ("X", 1, 5)
    assert row.at == datetime(2026, 8, 3, 14, 40, tzinfo=BERLIN)


@pytest.mark.parametrize(
    "badge",
    [
        "<span class='badge badge-release'>12.08.2099</span>",
        "<span class='badge-release'><span>12.08.2099</span><span>00:00 Uhr</span></span>",
        "<span class='badge badge-release' title='12.08.2099'>Bald</span>",
        "<span class='badge badge-release'><time datetime='2099-08-12T00:00'>Bald</time></span>",
        "<time datetime='2099-08-12'>Mittwoch</time>",
    ],
)
@pytest.mark.parametrize("number", ["5", "<span class='badge'>5</span>"])
def test_a_release_badge_beside_the_number_is_not_part_of_it(badge: str, number: str) -> None:
    text = (
        f"<table><tr class='episode-row'><th class='episode-number-cell'>{badge}{number}</th><td><strong"
        " class='episode-title-ger'>A</strong></td></tr></table>"
    )
    (row,) = sto_pages.parse_season(text, "https://serienstream.to/serie/a/staffel-1").rows
    assert (row.number, row.air_date, row.announced, row.title) == (5, date(2099, 8, 12), True, "A")


@pytest.mark.parametrize(
    ("heading", "day"),
    [
        ("Heute", date(2026, 8, 3)),
        ("Morgen", date(2026, 8, 4)),
        ("U\u0308bermorgen", date(2026, 8, 5)),
        ("Montag, 3. August", date(2026, 8, 3)),
        ("Freitag, 1. Januar", date(2027, 1, 1)),
        ("Montag, 03.08.", date(2026, 8, 3)),
        ("03.08.26", date(2026, 8, 3)),
        ("Montag", None),
    ],
)
def test_days_without_a_year_and_relative_ones(heading: str, day: date | None) -> None:
    today = date(2026, 12, 1) if "Januar" in heading else date(2026, 8, 3)
    assert day_near(heading, today) == day


def test_a_time_behind_a_day_is_no_year() -> None:
    assert day_in("12.10. 20:15") is None
    assert day_in("12.10.20:15") is None
    assert day_in("3. August 14:40") is None
    assert day_in("Stand 12.10.26.") == date(2026, 10, 12)


CARD = "<div><{tag}{kind}><a href='/anime/stream/y'>Y</a></{tag}><small>S01E05</small></div>"


@pytest.mark.parametrize("tag", ["h3", "h4", "strong"])
def test_the_calendar_of_engine_1_reads_today_and_any_kind_of_title(tag: str) -> None:
    card = CARD.format(tag=tag, kind=" class='seriesTitle'")
    (row,) = aniworld_lists.parse_calendar(f"<section class='calendarList'><h3>Heute</h3>{card}</section>", URL)
    assert (row.name, row.episode, row.day) == ("Y", 5, datetime.now(ZONE).date())


@pytest.mark.parametrize(
    ("heading", "card"),
    [
        ("Irgendwann", CARD.format(tag="h3", kind=" class='seriesTitle'")),
        ("03.08.2026", CARD.format(tag="strong", kind="")),
    ],
)
def test_a_calendar_with_series_and_without_any_that_can_be_read_is_a_changed_page(heading: str, card: str) -> None:
    with pytest.raises(PageChanged):
        aniworld_lists.parse_calendar(f"<section class='calendarList'><h3>{heading}</h3>{card}</section>", URL)
    assert list(aniworld_lists.parse_calendar("<section class='calendarList'><h3>03.08.2026</h3></section>", URL)) == []


@pytest.mark.parametrize("heading", ["kaputt", "Dienstag, 31.02.2026", ""])
@pytest.mark.parametrize("sections", [1, 2])
def test_cards_below_a_heading_without_a_day_are_counted_as_left_out(heading: str, sections: int) -> None:
    card = CARD.format(tag="h3", kind=" class='seriesTitle'")
    between = "</section><section class='calendarList'>" if sections == 2 else ""
    text = f"<section class='calendarList'><h3>03.08.2026</h3>{card}{between}<h3>{heading}</h3>{card}{card}</section>"
    found = aniworld_lists.parse_calendar(text, URL)
    assert [(row.name, row.day) for row in found] == [("Y", date(2026, 8, 3))]
    (note,) = found.notes
    assert note.endswith("that could not be read and were left out: 2.")


def test_new_episodes_without_links_are_a_changed_page_and_no_empty_list() -> None:
    with pytest.raises(PageChanged):
        sto_lists.parse_new_episodes(table("<td>Y</td><td>S2</td><td>E7</td>"), URL)
    with pytest.raises(PageChanged):
        aniworld_lists.parse_new_episodes(
            "<div class='newEpisodeList'><div class='rows'><div>Y S02E07</div></div></div>", URL
        )
    with pytest.raises(PageChanged):
        aniworld_lists.parse_new_episodes(
            "<div class='newEpisodeList'><p><a href='/anime/stream/y'>Y</a></p></div>", URL
        )


def test_a_list_that_says_that_it_is_empty_is_empty() -> None:
    assert list(sto_lists.parse_new_episodes(table("<td colspan='6'>Keine neuen Episoden</td>"), URL)) == []
    text = "<div class='newEpisodeList'><div class='rows'><div>Keine neuen Episoden.</div></div></div>"
    assert list(aniworld_lists.parse_new_episodes(text, URL)) == []
    assert list(aniworld_lists.parse_new_episodes("<div class='newEpisodeList'></div>", URL)) == []


def test_one_row_without_a_link_is_noted_beside_those_that_are_read() -> None:
    good = "<td><a href='/serie/y'>Y</a></td><td>S2</td><td>E7</td></tr><tr><td>Z</td><td>S1</td><td>E1</td>"
    rows = sto_lists.parse_new_episodes(table(good), URL)
    assert [row.name for row in rows] == ["Y"]
    assert rows.notes == ("Entries of /neue-episoden that could not be read and were left out: 1.",)
