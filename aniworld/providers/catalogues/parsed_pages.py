"""What the pages of a catalogue say, whatever engine built them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from aniworld.core.errors import NothingThere
from aniworld.core.media import EpisodeKind


class SeasonAbsent(NothingThere):
    """A page with neither seasons nor episodes: the season is not there, unless this is no page of the site at all."""


@dataclass(frozen=True)
class Row:
    """A row of the season table. ``href`` as the page gives it; empty where the row has no link.

    ``apart``: a special of ``/staffel-0``, whose numbers are not those of ``/filme``.
    ``part_of``: season (None = the same) and number of the episode whose video contains this one.
    """

    season: int
    number: int
    href: str
    title: str
    title_en: str
    languages: tuple[str, ...]
    hosters: tuple[str, ...]
    absolute: int | None
    apart: bool = False
    announced: bool = False
    air_date: date | None = None
    kind: EpisodeKind | None = None
    part: int | None = None
    part_of: tuple[int | None, int] | None = None


@dataclass(frozen=True)
class SeasonFacts:
    """``seasons``: number and address of each season in the navigation, season 0 at one or two. ``table``: whether
    there was one at all. ``states_languages``: its rows have a cell for languages. ``notes``: what could not be read.
    """

    seasons: tuple[tuple[int, str], ...]
    rows: tuple[Row, ...]
    shown: frozenset[int]
    table: bool
    states_languages: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeriesFacts:
    title: str
    season: SeasonFacts
    description: str = ""
    alternative_titles: tuple[str, ...] = ()
    year_start: int | None = None
    year_end: int | None = None
    genres: tuple[str, ...] = ()
    age_rating: int | None = None
    imdb_id: str | None = None
    cover: str = ""


@dataclass(frozen=True)
class HosterRow:
    name: str
    language: str
    href: str


@dataclass(frozen=True)
class EpisodeFacts:
    title: str
    title_en: str
    hosters: tuple[HosterRow, ...]
