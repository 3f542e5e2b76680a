"""Wordings of postponements: which day is the old one, several episodes in a notice, notices without a day."""

from __future__ import annotations

from datetime import date

import pytest

from aniworld.providers.catalogues.aniworld.postponements import PostponedRow, parse_postponed
from aniworld.providers.catalogues.list_pages import Listed

OLD, NEW = date(2026, 10, 1), date(2026, 10, 8)
URL = "https://aniworld.to/support/frage/anime-verschiebungen"


def read(*lines: str) -> Listed[PostponedRow]:
    return parse_postponed(
        f"<div class='supportFAQArticle'><h1>Verschiebungen</h1><p>{'<br>'.join(lines)}</p></div>", URL
    )


@pytest.mark.parametrize(
    "said",
    [
        "08.10.2026 (vorher: 01.10.2026)",
        "08.10.2026 statt 01.10.2026",
        "statt 01.10.2026 am 08.10.2026",
        "statt am Donnerstag, 01.10.2026 nun am Donnerstag, 08.10.2026",
        "jetzt am 08.10.2026, ursprünglich 01.10.2026",
        "ursprünglich geplant für den 01.10.2026, neuer Termin: 08.10.2026",
        "08.10.2026, bisher 01.10.2026",
        "08.10.2026 anstatt 01.10.2026",
        "08.10.2026 anstatt wie bisher 01.10.2026",
        "alt: 01.10.2026 neu: 08.10.2026",
        "neu: 08.10.2026 alt: 01.10.2026",
        "Neuer Termin: 08.10.2026 (alter Termin: 01.10.2026)",
        "01.10.2026 (alt) 08.10.2026 (neu)",
        "08.10.2026 (neu) 01.10.2026 (alt)",
        "vom 01.10.2026 auf den 08.10.2026 verschoben",
        "verschoben auf 08.10.2026 von 01.10.2026",
        "01.10.2026 → 08.10.2026",
        "01.10.2026 -> 08.10.2026",
        "01.10.26 → 08.10.26",
        "01.10.2026 08.10.2026",
    ],
)
@pytest.mark.parametrize("code", ["S01E05", "Staffel 1 Episode 5", "Staffel 1, Folge 5"])
def test_the_old_day_is_never_the_new_one(said: str, code: str) -> None:
    (row,) = read(f"Foo {code}: {said}")
    assert (row.name, row.season, row.episode, row.day, row.was) == ("Foo", 1, 5, NEW, OLD)


@pytest.mark.parametrize(
    ("said", "was"),
    [
        ("wurde auf unbestimmte Zeit verschoben", None),
        ("entfällt", None),
        ("fällt aus", None),
        ("verschiebt sich", None),
        (": 01.10.2026 → TBA", OLD),
        (": 01.10.2026 → Herbst", OLD),
        (": statt 01.10.2026", OLD),
        (": ursprünglich 01.10.2026, neuer Termin unbekannt", OLD),
        ("(01.10.2026) entfällt", OLD),
    ],
)
def test_a_notice_without_a_new_day_says_that_none_is_known(said: str, was: date | None) -> None:
    found = read(f"Foo S01E05 {said}")
    assert [(row.name, row.episode, row.day, row.was) for row in found] == [("Foo", 5, None, was)]
    assert found.notes == ()


@pytest.mark.parametrize(
    ("codes", "numbers"),
    [
        ("S01E05, S01E06", [5, 6]),
        ("S01E05-E08", [5, 6, 7, 8]),
        ("S01E05 – S01E07", [5, 6, 7]),
        ("S01E05-07", [5, 6, 7]),
        ("S01E05 bis E07", [5, 6, 7]),
        ("S01E05/E06", [5, 6]),
        ("S01E05 und E07", [5, 7]),
        ("S01E05 (Sub), S01E06 (Sub)", [5, 6]),
        ("Staffel 1 Episode 5 und Episode 6", [5, 6]),
    ],
)
def test_every_episode_of_a_notice_is_read(codes: str, numbers: list[int]) -> None:
    found = read(f"Foo {codes}: 01.10.2026 → 08.10.2026")
    assert [(row.season, row.episode, row.day, row.was) for row in found] == [(1, n, NEW, OLD) for n in numbers]


def test_several_notices_in_a_line_keep_their_own_days() -> None:
    found = read("Foo S01E05: 01.10.2026 → 08.10.2026; S01E06: 08.10.2026 → 15.10.2026")
    assert [(row.name, row.episode, row.day, row.was) for row in found] == [
        ("Foo", 5, NEW, OLD),
        ("Foo", 6, date(2026, 10, 15), NEW),
    ]


def test_a_day_behind_a_dash_is_no_number() -> None:
    (row,) = read("Foo S01E05 - 08.10.2026")
    assert (row.episode, row.day) == (5, NEW)


def test_a_notice_that_says_no_day_is_reported() -> None:
    found = read("Foo S01E05: siehe unten", "Bar S01E01: 08.10.2026")
    assert [row.name for row in found] == ["Bar"]
    assert found.notes == (
        "Entries of /support/frage/anime-verschiebungen that could not be read and were left out: 1.",
    )
