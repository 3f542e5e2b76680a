"""What the demo catalogue knows of a series: frozen facts, and the numbers of its links."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aniworld.core.media import EpisodeNumber

FIRST_LINK_ID = 410_001


@dataclass(frozen=True)
class Copy:
    """One hoster's copy of an episode. ``label`` is what the catalogue says, ``hoster`` who really keeps it."""

    label: str
    hoster: str
    language: str


@dataclass(frozen=True)
class DemoEpisode:
    season: int
    number: int
    title: str
    title_en: str
    copies: tuple[Copy, ...]
    absolute: int | None = None

    @property
    def code(self) -> str:
        return EpisodeNumber(self.season, self.number).code

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(copy.language for copy in self.copies))


@dataclass(frozen=True)
class DemoSeries:
    """``seasons`` may name one that has no episodes yet; 0 are films and specials. ``year_end`` None = still
    running.
    """

    slug: str
    title: str
    title_en: str
    description: str
    year: int
    year_end: int | None
    genres: tuple[str, ...]
    fsk: int
    seasons: tuple[int, ...]
    episodes: tuple[DemoEpisode, ...]
    more_titles: tuple[str, ...] = ()

    def of_season(self, season: int) -> tuple[DemoEpisode, ...]:
        return tuple(episode for episode in self.episodes if episode.season == season)

    def episode(self, season: int, number: int) -> DemoEpisode | None:
        return next((one for one in self.of_season(season) if one.number == number), None)

    @property
    def seed(self) -> int:
        """A number that stays the same for this series, for colours and clips."""
        return zlib.crc32(self.slug.encode())


@dataclass(frozen=True)
class Link:
    """A number under ``/redirect/`` and what stands behind it."""

    id: int
    series: DemoSeries
    episode: DemoEpisode
    copy: Copy


def copies(offer: str) -> tuple[Copy, ...]:
    """The copies that a line names: ``"ger-dub:Vulkan,Streamwerk ger-sub:Vulkan>Totholz"``; ``A>B`` is B under A's
    label.
    """
    found = []
    for part in offer.split():
        language, names = part.split(":")
        for name in names.split(","):
            label, _, hoster = name.partition(">")
            found.append(Copy(label, hoster or label, language))
    return tuple(found)


def episodes(
    titles: Mapping[int, Sequence[str]], offer: str, *, other: Mapping[str, str] | None = None, counted: bool = False
) -> tuple[DemoEpisode, ...]:
    """The episodes of ``{season: ["German|English", ...]}``.

    ``other``: another offer for single codes, ``""`` for announced only. ``counted``: number them through all seasons.
    """
    found: list[DemoEpisode] = []
    for season, names in titles.items():
        for number, name in enumerate(names, 1):
            title, _, title_en = name.partition("|")
            own = (other or {}).get(EpisodeNumber(season, number).code, offer)
            absolute = len(found) + 1 if counted and season else None
            found.append(DemoEpisode(season, number, title, title_en, copies(own), absolute))
    return tuple(found)


def links(catalogue: Sequence[DemoSeries]) -> dict[int, Link]:
    """Every link of the catalogue by its number, in a fixed order."""
    every = [(series, episode, copy) for series in catalogue for episode in series.episodes for copy in episode.copies]
    return {number: Link(number, *facts) for number, facts in enumerate(every, FIRST_LINK_ID)}
