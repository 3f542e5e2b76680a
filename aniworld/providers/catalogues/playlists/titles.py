"""Which episode a video's title means, where a list of videos states no numbers of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aniworld.core.media import EPISODES_IN_A_SEASON, SPECIALS

_SEASON = r"(?:staffel|season|saison|series)"
_EPISODE = r"(?:folge|episode|ep|teil|part|chapter|kapitel|e)"
_BOTH = (
    re.compile(r"(?<![a-z0-9])s(\d{1,3})[ ._-]{0,3}e(\d{1,4})(?!\d)", re.IGNORECASE),
    re.compile(rf"\b{_SEASON}[ .#]*(\d{{1,3}})\b\W*{_EPISODE}[ .#]*(\d{{1,4}})\b", re.IGNORECASE),
    re.compile(r"(?<![0-9a-z.])(\d{1,2})x(\d{2,3})(?![0-9a-z])", re.IGNORECASE),
)
_REVERSED = re.compile(rf"\b(?:folge|episode|ep)[ .#]*(\d{{1,4}})\b\W*{_SEASON}[ .#]*(\d{{1,3}})\b", re.IGNORECASE)
_ALONE = re.compile(
    r"\b(?:folge|episode|ep|teil|part|chapter|kapitel)[ .#]*(\d{1,4})\b|(?:^|\s)#(\d{1,4})\b", re.IGNORECASE
)
_LEADING = re.compile(r"^\W*(\d{1,4})(?:\.|:|\s+[-–|:])\s+\D")
_ONLY_SEASON = re.compile(rf"\b{_SEASON}[ .#]*(\d{{1,3}})\b|\b(\d{{1,2}})\.[ ]?staffel\b", re.IGNORECASE)
_SPECIAL = re.compile(r"\b(?:ova|oad|specials?|spezial|film|movie|trailer|teaser|making[ -]of)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Guess:
    """``season`` and ``number`` None where the title does not say."""

    season: int | None = None
    number: int | None = None


def guess(title: str) -> Guess:
    """What a title says of its place."""
    text = title[:300]
    for pattern in _BOTH:
        if found := pattern.search(text):
            return _sound(int(found[1]), int(found[2]))
    if found := _REVERSED.search(text):
        return _sound(int(found[2]), int(found[1]))
    season = season_of(text)
    if found := _ALONE.search(text) or _LEADING.search(text):
        number = int(next(group for group in found.groups() if group))
        return _sound(SPECIALS if season is None and _SPECIAL.search(text) else season, number)
    return Guess(SPECIALS if season is None and _SPECIAL.search(text) else season)


def season_of(title: str) -> int | None:
    """The season that a title names, of a list or of an entry."""
    found = _ONLY_SEASON.search(title[:300])
    return int(next(group for group in found.groups() if group)) if found else None


def places(guesses: Sequence[Guess], season: int = 1) -> list[tuple[int, int]]:
    """A place of its own for each entry, oldest first: what it states if that is free, else behind its season.

    ``season``: of entries that name none.
    """
    taken: set[tuple[int, int]] = set()
    found: dict[int, tuple[int, int]] = {}
    for at, one in enumerate(guesses):
        place = (season if one.season is None else one.season, one.number or 0)
        if one.number and place not in taken:
            found[at] = place
            taken.add(place)
    last = _last(taken)
    for at, one in enumerate(guesses):
        if at not in found:
            there = season if one.season is None else one.season
            last[there] = last.get(there, 0) + 1
            found[at] = (there, last[there])
    return [found[at] for at in range(len(guesses))]


def _last(taken: Iterable[tuple[int, int]]) -> dict[int, int]:
    last: dict[int, int] = {}
    for season, number in taken:
        last[season] = max(last.get(season, 0), number)
    return last


def _sound(season: int | None, number: int) -> Guess:
    """A year or a resolution is no number of an episode."""
    return Guess(season, number if 0 < number <= EPISODES_IN_A_SEASON else None)
