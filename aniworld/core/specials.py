"""Specials and films under numbers of one's own: the catalogue counts them one way, a library often another.

A mapping ``{"2": 5}`` says that the catalogue's special or film 2 stands in the library as S00E05. It is kept with a
series and used wherever a file's name is made or read. No two ever share a number: one whose number was given away, and
that has none of its own in the mapping, takes the number that became free.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aniworld.core.errors import InvalidInput
from aniworld.core.media import EPISODES_IN_A_SEASON, SPECIALS, EpisodeNumber

MOST = 500


def check_specials(value: Any) -> dict[str, int]:
    """The mapping, in order of its numbers; one that changes nothing is left out. Raises InvalidInput."""
    if not isinstance(value, Mapping) or len(value) > MOST:
        raise _wrong(f'It is written {{"2": 5}}, with at most {MOST} numbers.')
    numbers: dict[int, int] = {}
    for one, other in value.items():
        text = str(one)
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
        if not _fits(number) or not _fits(other) or number in numbers:
            raise _wrong(f"Numbers are whole, from 1 to {EPISODES_IN_A_SEASON}, each once.")
        numbers[number] = other
    for other in numbers.values():
        same = [one for one in sorted(numbers) if numbers[one] == other]
        if len(same) > 1:
            raise _wrong(
                f"The specials {same[0]} and {same[1]} cannot both be S00E{other:02d}; give one another number."
            )
    return {str(one): numbers[one] for one in sorted(numbers) if one != numbers[one]}


def in_library(number: EpisodeNumber, specials: Mapping[str, int] | None) -> EpisodeNumber:
    """Where the catalogue's ``number`` stands in the library."""
    return _through(number, {int(one): other for one, other in (specials or {}).items()})


def in_catalogue(number: EpisodeNumber, specials: Mapping[str, int] | None) -> EpisodeNumber:
    """The catalogue's number of what stands in the library as ``number``."""
    return _through(number, {other: int(one) for one, other in (specials or {}).items()})


def _through(number: EpisodeNumber, there: Mapping[int, int]) -> EpisodeNumber:
    if number.season != SPECIALS or not there:
        return number
    if number.episode in there:
        return EpisodeNumber(SPECIALS, there[number.episode])
    back = {other: one for one, other in there.items()}
    free = number.episode
    while free in back:  # ends: the way back from a number without a mapping never comes round to it
        free = back[free]
    return EpisodeNumber(SPECIALS, free)


def _fits(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= EPISODES_IN_A_SEASON


def _wrong(message: str) -> InvalidInput:
    return InvalidInput(message, {"specials": [message]})
