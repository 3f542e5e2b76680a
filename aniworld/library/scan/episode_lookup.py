"""Which episodes of the catalogue the numbers in a file's name mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aniworld.core.media import SPECIALS
from aniworld.library.names.answers import Found
from aniworld.library.scan.matching import KnownEpisode

Place = tuple[int, int]


class Numbering:
    """The catalogue's counts of one series. Absolute numbers run through the seasons from 1 on, specials apart.

    ``episodes``: each begins with season, number and absolute number, as a KnownEpisode does.
    """

    def __init__(self, episodes: Sequence[tuple[Any, ...]]) -> None:
        self.known: frozenset[Place] = frozenset((season, number) for season, number, *_ in episodes)
        self.seasons = {season for season, _ in self.known}
        self._absolute = _absolute(episodes)

    def places(self, found: Found, *, through: bool = False) -> tuple[Place, ...] | None:
        """The (season, number) pairs of ``found``; None where the catalogue's counts do not tell.

        ``through``: the numbers beside this one in its folder count through the series.
        """
        if found.season is not None and not (through and found.absolute):
            return self._of_season(found.season, found.episodes)
        if found.also is not None:
            return self._agreeing(found.absolute[0], found.also)
        places = tuple(self._absolute.get(number) for number in found.absolute)
        return None if None in places or not places else places  # type: ignore[return-value]

    def _of_season(self, season: int, numbers: Sequence[int]) -> tuple[Place, ...]:
        """``S20E1006`` is the season's episode with that absolute number, where the season itself has no such
        number.
        """
        stated = [(season, number) for number in numbers]
        if season not in self.seasons or any(place in self.known for place in stated):
            return tuple(stated)
        counted = [self._absolute.get(number, (None, 0)) for number in numbers]
        if any(place[0] != season for place in counted):
            return tuple(stated)
        return tuple((season, number) for _, number in counted)

    def _agreeing(self, one: int, other: int) -> tuple[Place, ...] | None:
        """The place of ``017 (115)``: the 115th through all seasons, if it is its season's 17th; else the 17th of the
        only season.
        """
        low, high = sorted((one, other))
        place = self._absolute.get(high)
        if place is None and len(self.seasons - {SPECIALS}) == 1:
            place = self._absolute.get(low)
        return (place,) if place and place[1] == low else None

    def counts_through(self, founds: Iterable[Found]) -> bool:
        """Whether bare numbers in one season's folder count through the series: ``Season 02/13.mkv`` after 12
        episodes.
        """
        bare = [found for found in founds if found.absolute and found.season]
        if not bare or all((one.season, number) in self.known for one in bare for number in one.episodes):
            return False
        return all(self._absolute.get(number, (None,))[0] == one.season for one in bare for number in one.absolute)

    def contradicts(self, found: Found) -> bool:
        """Whether a bare number in a season's folder is beyond what the catalogue lists for that season."""
        if not found.absolute or not found.season or found.season not in self.seasons:
            return False
        return any((found.season, number) not in self.known for number in found.episodes)


def _absolute(episodes: Sequence[tuple[Any, ...]]) -> dict[int, Place]:
    """Absolute number → place: the catalogue's own where it states them and they differ from plain counting."""
    regular = sorted(KnownEpisode(*one[:3]) for one in episodes if one[0] != SPECIALS)
    counted: dict[int, Place] = {}
    offset = 0
    for season in sorted({one.season for one in regular}):
        numbers = [one.number for one in regular if one.season == season]
        counted.update({offset + number: (season, number) for number in numbers})
        offset += max(numbers)
    stated = {one.absolute: (one.season, one.number) for one in regular if one.absolute}
    return counted if all(counted.get(number) == place for number, place in stated.items()) else stated
