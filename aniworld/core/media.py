"""What the program speaks about: series, seasons, episodes, languages, links and streams.

All of it frozen facts. A season is a number; season 0 holds specials and films. A language is a
code such as ``ger-dub``; the order in a tuple of languages is preference, best first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from aniworld.core.errors import InvalidInput
from aniworld.core.subtitles import SubtitleTrack

SPECIALS = 0
EPISODES_IN_A_SEASON = 1000
ABSOLUTE_EPISODES = 10_000
SEASONS = 1000

GER_DUB, GER_SUB, ENG_DUB, ENG_SUB, JPN = "ger-dub", "ger-sub", "eng-dub", "eng-sub", "jpn"
KNOWN_LANGUAGES = (GER_DUB, GER_SUB, ENG_DUB, ENG_SUB, JPN)
UNKNOWN_LANGUAGE = "und"  # ISO 639-2: offered, under a label that is not known
LANGUAGE_FORM = re.compile(r"[a-z]{3}(-(dub|sub))?")

_CODE = re.compile(r"[sS](\d{1,4})[eE](\d{1,5})")


@dataclass(frozen=True, order=True)
class EpisodeNumber:
    """Where an episode stands in its series: season (0 = specials and films) and number, from 1."""

    season: int
    episode: int

    @property
    def code(self) -> str:
        """``S01E02``; wider numbers keep all of their digits."""
        return f"S{self.season:02d}E{self.episode:02d}"

    @classmethod
    def parse(cls, text: str) -> EpisodeNumber:
        """The number that a code such as ``S01E02`` names.

        Raises InvalidInput for any other text and for numbers out of range.
        """
        found = _CODE.fullmatch(text.strip()) if isinstance(text, str) else None
        if not found:
            raise InvalidInput(f"{text!r} is no episode code; write it like S01E02.")
        number = cls(int(found[1]), int(found[2]))
        if number.season > SEASONS or not 1 <= number.episode <= ABSOLUTE_EPISODES:
            raise InvalidInput(f"{text!r} is out of range.")
        return number


@dataclass(frozen=True)
class SeriesHit:
    """One result of a catalogue's search. ``years`` as the catalogue words them, e.g. ``2020 - 2024``."""

    key: str
    name: str
    site: str
    link: str
    description: str = ""
    cover_url: str | None = None
    year: int | None = None


class EpisodeKind(StrEnum):
    OVA = "ova"
    MOVIE = "movie"
    SPECIAL = "special"


@dataclass(frozen=True)
class EpisodeEntry:
    """One episode as a catalogue lists it. ``link`` is the episode page's full address.

    ``languages`` is the catalogue's hint; the episode page is the authority.
    ``absolute`` counts through all seasons where the catalogue says so.
    ``announced``: it is listed, but not out; ``air_date``: the day of its release by the catalogue's clock.
    ``part_of``: the code of the episode whose video contains this one. ``part``: of an episode that is listed in parts.
    """

    season: int
    number: int
    link: str
    title: str = ""
    title_en: str = ""
    languages: tuple[str, ...] = ()
    hosters: tuple[str, ...] = ()
    absolute: int | None = None
    announced: bool = False
    air_date: date | None = None
    kind: EpisodeKind | None = None
    part: int | None = None
    part_of: str | None = None


@dataclass(frozen=True)
class SeriesPage:
    """Everything that a catalogue tells of one series, all seasons and films included.

    ``states_languages``: its list says of each episode what it is out in, so that one without any is not out.
    ``notes``: what of the pages could not be read, one sentence each.
    """

    key: str
    name: str
    site: str
    link: str
    description: str = ""
    alternative_titles: tuple[str, ...] = ()
    year_start: int | None = None
    year_end: int | None = None
    genres: tuple[str, ...] = ()
    age_rating: int | None = None
    imdb_id: str | None = None
    cover_url: str | None = None
    seasons: tuple[int, ...] = ()
    episodes: tuple[EpisodeEntry, ...] = ()
    states_languages: bool = False
    notes: tuple[str, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language that any episode offers, in the order of first appearance."""
        return tuple(dict.fromkeys(code for entry in self.episodes for code in entry.languages))


@dataclass(frozen=True)
class HosterLink:
    """A catalogue's pointer to one hoster's copy of an episode in one language.

    ``url`` is the catalogue's own address (often a redirect); ``referer`` is what it expects.
    ``hoster`` is a label and may lie.
    """

    hoster: str
    language: str
    url: str
    referer: str


@dataclass(frozen=True)
class EpisodePage:
    """An episode's page: its titles, and where it can be had in which language."""

    title: str
    title_en: str
    links: tuple[HosterLink, ...]

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(link.language for link in self.links))


class StreamKind(StrEnum):
    FILE = "file"  # one plain file over http
    HLS = "hls"  # an m3u8 playlist, master or media
    PAGE = "page"  # a page that yt-dlp knows; it finds the formats


@dataclass(frozen=True)
class Chapter:
    """A part of a film from ``start`` to ``end``, in seconds."""

    start: float
    end: float
    title: str = ""


@dataclass(frozen=True)
class Stream:
    """An address that can be fetched, with the headers that its host expects.

    Addresses expire: resolve just before the transfer. ``duration`` in seconds where the player states it; ``chapters``
    too, as it states them: what cannot be is dropped before they are written. ``subtitles``: those that the page states
    apart from the video.
    """

    kind: StreamKind
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    duration: float | None = None
    height: int | None = None
    chapters: tuple[Chapter, ...] = ()
    subtitles: tuple[SubtitleTrack, ...] = ()
