"""Titles of videos are read as places of episodes, or left open; every entry gets a place of its own."""

from __future__ import annotations

import pytest

from aniworld.providers.catalogues.playlists.titles import Guess, guess, places, season_of


@pytest.mark.parametrize(
    ("title", "season", "number"),
    [
        ("Nebel S02E05 Der Turm", 2, 5),
        ("Nebel | Staffel 2 Folge 5 | Der Turm", 2, 5),
        ("Nebel Season 1, Episode 12 [HD]", 1, 12),
        ("Nebel 2x05", 2, 5),
        ("Folge 7 (Staffel 3) - Nebel", 3, 7),
        ("Nebel - Folge 12: Die Rückkehr", None, 12),
        ("Nebel Ep. 3", None, 3),
        ("Nebel #14", None, 14),
        ("03. Der Turm", None, 3),
        ("12 - Der Turm", None, 12),
        ("Staffel 2: Der Turm", 2, None),
        ("2. Staffel, Teil 4", 2, 4),
        ("Nebel OVA 2", 0, None),
        ("Nebel Special Episode 2", 0, 2),
        ("Nebel Trailer", 0, None),
        ("Der Turm", None, None),
        ("2024 - Ein Rückblick", None, None),
        ("1080p Nebel 1920x1080", None, None),
        ("", None, None),
        ("Folge " + "9" * 300, None, None),
        ("x" * 100_000, None, None),
    ],
)
def test_what_a_title_says(title: str, season: int | None, number: int | None) -> None:
    assert guess(title) == Guess(season, number)


def test_entries_without_numbers_come_behind_their_season() -> None:
    guesses = [Guess(None, 2), Guess(), Guess(0), Guess(None, 2), Guess(2), Guess(2, 1)]
    assert places(guesses) == [(1, 2), (1, 3), (0, 1), (1, 4), (2, 2), (2, 1)]
    assert places([Guess(), Guess()], season=3) == [(3, 1), (3, 2)]
    assert places([]) == []


def test_the_season_of_a_whole_list() -> None:
    assert [season_of(title) for title in ("Nebel – Staffel 4", "Nebel Season 2", "Nebel")] == [4, 2, None]
