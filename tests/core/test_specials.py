"""Specials under numbers of one's own: none is lost, and no two ever share one."""

from __future__ import annotations

import pytest

from aniworld.core.errors import InvalidInput
from aniworld.core.media import EpisodeNumber
from aniworld.core.specials import check_specials, in_catalogue, in_library


def numbers(mapping: dict[str, int], *wanted: int) -> list[int]:
    return [in_library(EpisodeNumber(0, one), mapping).episode for one in wanted]


def test_a_film_takes_the_number_that_it_was_given() -> None:
    assert numbers({"2": 5}, 1, 2, 3) == [1, 5, 3]


def test_whose_number_was_given_away_takes_the_one_that_became_free() -> None:
    assert numbers({"2": 5}, 5) == [2]
    assert numbers({"1": 2, "2": 3}, 1, 2, 3) == [2, 3, 1]


@pytest.mark.parametrize("mapping", [{}, {"2": 5}, {"1": 2, "2": 1}, {"1": 2, "2": 3, "9": 4}, {"5": 1, "1": 7}])
def test_no_two_share_a_number_and_the_way_back_is_the_way_back(mapping: dict[str, int]) -> None:
    shown = numbers(mapping, *range(1, 13))
    assert sorted(shown) == list(range(1, 13))
    for number in range(1, 13):
        there = in_library(EpisodeNumber(0, number), mapping)
        assert in_catalogue(there, mapping) == EpisodeNumber(0, number)


def test_seasons_are_left_alone() -> None:
    assert (
        in_library(EpisodeNumber(1, 2), {"2": 5}) == in_catalogue(EpisodeNumber(1, 2), {"2": 5}) == EpisodeNumber(1, 2)
    )


def test_a_mapping_is_kept_in_order_without_what_changes_nothing() -> None:
    assert check_specials({"7": 1, "2": 5, "3": 3}) == {"2": 5, "7": 1}
    assert check_specials({}) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        "x",
        {"0": 1},
        {"1": 0},
        {"a": 1},
        {"1": "2"},
        {"1": True},
        {"1": 2, "3": 2},
        {"1": 2, "01": 3},
        {"1": 1001},
        {"-1": 1},
        {"²": 1},
        {"1" * 5000: 1},
        {"1": 1.5},
        {str(n): n + 1 for n in range(1, 600)},
    ],
)
def test_what_is_no_mapping_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidInput):
        check_specials(wrong)
