"""Entries that a catalogue does not number stand where their owner put them."""

from __future__ import annotations

import pytest

from aniworld.core.errors import InvalidInput
from aniworld.core.media import EpisodeEntry, SeriesPage
from aniworld.services.series.custom_numbering import check_numbering, renumbered


def page(*codes: str) -> SeriesPage:
    entries = tuple(EpisodeEntry(int(code[1:3]), int(code[4:]), f"x/{code}") for code in codes)
    return SeriesPage("key", "Name", "site", "x", episodes=entries)


def codes(made: SeriesPage) -> dict[str, str]:
    return {entry.link: f"S{entry.season:02d}E{entry.number:02d}" for entry in made.episodes}


def test_entries_are_put_elsewhere_or_left_out() -> None:
    made = renumbered(page("S01E01", "S01E02", "S01E03"), {"x/S01E01": "S02E01", "x/S01E02": None})
    assert codes(made) == {"x/S01E03": "S01E03", "x/S01E01": "S02E01"}
    assert made.seasons == (1, 2)


def test_one_whose_number_is_taken_comes_behind_its_season() -> None:
    made = renumbered(page("S01E01", "S01E02", "S01E03"), {"x/S01E03": "S01E01"})
    assert codes(made) == {"x/S01E03": "S01E01", "x/S01E02": "S01E02", "x/S01E01": "S01E04"}


def test_without_a_mapping_the_page_is_as_it_was() -> None:
    made = page("S01E01")
    assert renumbered(made, {}) is made and renumbered(made, None) is made
    assert codes(renumbered(made, {"gone": "S01E01"})) == {"x/S01E01": "S01E01"}


def test_what_is_kept() -> None:
    assert check_numbering({"a": "s1e2", "b": None, "c": ""}) == {"a": "S01E02", "b": None, "c": None}


@pytest.mark.parametrize(
    "wrong",
    [None, [], {"a": "1"}, {"a": "S01E02", "b": "S1E2"}, {"a": "S99999E1"}, {str(n): None for n in range(5001)}],
)
def test_what_is_no_numbering_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidInput):
        check_numbering(wrong)
