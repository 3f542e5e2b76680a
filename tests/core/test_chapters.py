"""Chapters are made sound: what cannot be is dropped, names become the usual ones, gaps are filled."""

from __future__ import annotations

import math

import pytest

from aniworld.core.chapters import sound, stated
from aniworld.core.media import Chapter


def told(*chapters: tuple[float, float, str], duration: float | None = 1400.0) -> list[tuple[float, float, str]]:
    found = sound([Chapter(*one) for one in chapters], duration)
    return [(one.start, one.end, one.title) for one in found]


def test_opening_and_ending_get_their_usual_names_and_end_where_they_end() -> None:
    assert told((60, 150, "Opening"), (1300, 1390, "Ending Theme")) == [
        (0, 60, "Episode"),
        (60, 150, "Intro"),
        (150, 1300, "Episode"),
        (1300, 1390, "Outro"),
        (1390, 1400, "Episode"),
    ]
    assert told((0, 700, "Teil A"), (700, 1400, "Teil B")) == [(0, 700, "Teil A"), (700, 1400, "Teil B")]


@pytest.mark.parametrize("name", ["OP", "op 2", "Intro", "INTRO", "Vorspann", "Opening Credits", "  Opening\n1 "])
def test_names_of_an_intro(name: str) -> None:
    assert told((0, 1400, name)) == [(0, 1400, "Intro")]


@pytest.mark.parametrize("name", ["ED", "Outro", "Abspann", "Credits", "End Credits", "closing credits", "ending #3"])
def test_names_of_an_outro(name: str) -> None:
    assert told((0, 1400, name)) == [(0, 1400, "Outro")]


@pytest.mark.parametrize("name", ["Operation", "Edo", "The Opening of the Gate", "Endings and beginnings", "Opera"])
def test_other_names_stay(name: str) -> None:
    assert told((0, 1400, name)) == [(0, 1400, name)]


@pytest.mark.parametrize(
    "broken",
    [
        (-5, 60, "x"),
        (60, 50, "x"),
        (60, 60, "x"),
        (60, 60.4, "x"),
        (1390, 1500, "x"),
        (2000, 2100, "x"),
        (math.nan, 60, "x"),
        (0, math.inf, "x"),
        (-math.inf, 5, "x"),
        (1e308, 1e309, "x"),
    ],
)
def test_a_chapter_that_cannot_be_is_dropped_and_the_others_stay(broken: tuple[float, float, str]) -> None:
    assert told(broken, (100, 200, "Intro"))[1] == (100, 200, "Intro")
    assert not told(broken)


def test_of_two_that_overlap_the_first_stays_and_a_second_beyond_the_end_is_cut() -> None:
    assert told((0, 700, "A"), (300, 900, "B"), (700, 1400.8, "C")) == [(0, 700, "A"), (700, 1400, "C")]


def test_nothing_without_a_duration_or_a_chapter() -> None:
    assert told((0, 60, "Intro"), duration=None) == told() == told((0, 60, "Intro"), duration=math.nan) == []


def test_what_a_source_says_is_read_with_care() -> None:
    rows = [
        {"start_time": 0, "end_time": 60.5, "title": "Intro"},
        {"start_time": "0", "end_time": 5},
        None,
        7,
        {},
        {"start_time": True, "end_time": 9},
        {"start_time": 60.5, "end_time": 90, "title": None},
    ]
    assert stated(rows) == (Chapter(0.0, 60.5, "Intro"), Chapter(60.5, 90.0, ""))
    assert stated(None) == stated("abc") == stated({"a": 1}) == ()
    assert len(stated([{"start_time": 0, "end_time": 1}] * 100_000)) == 300


def test_hostile_titles_are_one_short_line() -> None:
    ((_, _, title),) = told((0, 1400, "a\x00b\r\n[CHAPTER]\n‮" + "x" * 500))
    assert "\n" not in title and "\x00" not in title and len(title) <= 100
    assert told((0, 1400, ""))[0][2] == "Chapter 1"
