"""Which episodes a person means."""

from __future__ import annotations

import pytest

from aniworld.cli.choice import choose, parse
from aniworld.core.errors import InvalidInput, NotFound
from aniworld.services.series.views import EpisodeView


def view(season: int, episode: int, state: str = "missing") -> EpisodeView:
    return EpisodeView(season, episode, "", "", (), state, None, None, None)


SERIES = [view(0, 1), *(view(1, number) for number in range(1, 6)), view(2, 1, "present"), view(2, 2, "unavailable")]


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (["S01E02"], "S01E02"),
        (["s1e2", "S01E02"], "S01E02"),
        (["S01E02-E04"], "S01E02 S01E03 S01E04"),
        (["S01E04-S01E05"], "S01E04 S01E05"),
        (["S00"], "S00E01"),
        (["S02"], "S02E01"),
        (["missing"], "S00E01 S01E01 S01E02 S01E03 S01E04 S01E05"),
        (["ALL"], "S00E01 S01E01 S01E02 S01E03 S01E04 S01E05 S02E01"),
        (["S01E05", "S01E01", "S01"], "S01E05 S01E01 S01E02 S01E03 S01E04"),
    ],
)
def test_words_name_episodes(words: list[str], codes: str) -> None:
    assert " ".join(each.code for each in choose(parse(words), SERIES)) == codes


@pytest.mark.parametrize(
    "word",
    [
        "",
        "E01",
        "S01E",
        "S01E03-E01",
        "S01E01-S02E01",
        "S01E00",
        "1x02",
        "S01E99999999",
        "S9999E01",
        "S01E01-E99999",
        "alles",
        "\x1b[31m",
        "S" * 100_000,
    ],
)
def test_other_words_are_told_to_be_none(word: str) -> None:
    with pytest.raises(InvalidInput):
        parse([word])


@pytest.mark.parametrize("word", ["S09E01", "S01E01-E900", "S07"])
def test_what_the_series_does_not_have_is_not_found(word: str) -> None:
    with pytest.raises(NotFound, match="knows no"):
        choose(parse([word]), SERIES)
