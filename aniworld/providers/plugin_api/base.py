"""What a catalogue and a hoster are: the two classes that everything here, and every plug-in, extends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from aniworld.core.errors import NothingThere
from aniworld.core.media import EpisodeNumber, EpisodePage, HosterLink, SeriesHit, SeriesPage, Stream
from aniworld.providers.fetch.client import Gate
from aniworld.providers.fetch.images import Cover, fetch_cover


@dataclass(frozen=True)
class CatalogueSettings:
    """Where a catalogue is reached. ``base_url`` None: at its own address. ``mirrors`` are tried in order after it."""

    base_url: str | None = None
    mirrors: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewEpisode:
    """A row of a catalogue's list of new episodes. ``season``, ``episode`` None where the row does not say."""

    key: str
    name: str
    link: str
    season: int | None
    episode: int | None
    day: date | None
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Airing:
    """An episode in the calendar. ``at``: aware moment, or None with only ``day`` known.

    ``dates``: language, day and moment where a calendar says them for each language; ``day`` is the first of them.
    """

    key: str
    name: str
    link: str
    season: int | None
    episode: int | None
    day: date
    at: datetime | None = None
    dates: tuple[tuple[str, date, datetime | None], ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(code for code, _, _ in self.dates))


@dataclass(frozen=True)
class Postponement:
    """An episode whose release was put off. ``day``: the new one, None = not known yet; ``was``: the one before.

    ``key`` empty: only ``name`` says the series. ``languages``: those that it is about; empty for all.
    """

    key: str
    name: str
    season: int
    episode: int
    day: date | None
    was: date | None = None
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class CatalogueTitle:
    """One line of the list of all titles."""

    key: str
    name: str
    link: str
    alternative_titles: tuple[str, ...] = ()
    genre: str = ""


class Catalogue(ABC):
    """A site that lists series and points to hosters.

    MUST: ``site`` (the name that is stored with a series, e.g. ``aniworld.to``), ``name`` (for the eye), ``base_urls``,
    ``claims``, ``key_of``, ``search``, ``series``, ``episode``, ``resolve``. MAY: ``new_episodes``, ``calendar``,
    ``postponements``, ``all_titles``, ``cover``, ``episode_link``, ``takes``; what is not there raises NothingThere.

    Everything is fetched through ``self.gate`` and nothing else. Each method may block; it is called from a greenlet or
    a thread, several at once. It raises SourceError's children only: NothingThere (final), LinkDead, SiteUnreachable
    (try again), CatalogueBlocked (a browser check: the source rests), PageChanged (what was looked for is not there).
    """

    site: ClassVar[str]
    name: ClassVar[str]

    def __init__(self, gate: Gate, settings: CatalogueSettings | None = None) -> None:
        self.gate = gate
        self.settings = settings or CatalogueSettings()

    @property
    @abstractmethod
    def base_urls(self) -> Sequence[str]:
        """The addresses to fetch from, first to last, without a slash at the end."""

    @abstractmethod
    def claims(self, link: str) -> bool:
        """Whether ``link`` (an address, a path, a bare slug) is a series, season or episode of this catalogue."""

    def takes(self, link: str) -> bool:
        """Whether ``link`` may be a series of this catalogue where the user says that it is; wider than ``claims``."""
        return False

    @abstractmethod
    def key_of(self, link: str) -> str:
        """The key of the series that ``link`` belongs to. Raises InvalidInput."""

    @abstractmethod
    def search(self, query: str) -> list[SeriesHit]:
        """Series that fit, best first, each once. An empty list means that there are none."""

    @abstractmethod
    def series(self, link: str, *, previous: SeriesPage | None = None) -> SeriesPage:
        """Everything about one series: all seasons, films as season 0. ``previous`` itself, where nothing changed."""

    @abstractmethod
    def episode(self, link: str) -> EpisodePage:
        """An episode's titles and hosters. No links on an honest page means: nowhere to be had yet."""

    @abstractmethod
    def resolve(self, link: HosterLink) -> str:
        """The address of the hoster's page that ``link`` points to. Raises LinkDead, CatalogueBlocked."""

    def series_link(self, link: str) -> str:
        """The series' own full address, without season, episode, query: what is stored with it."""
        return link

    def episode_link(self, link: str, number: EpisodeNumber) -> str:
        """Where the page of an episode would be that the series' page does not list. Raises NothingThere."""
        raise NothingThere(f"{self.name} does not list {number.code} of this series.")

    def cover(self, url: str) -> Cover:
        """The image at ``url``, at most 5 MiB. Raises NothingThere for anything but JPEG, PNG, WebP or GIF."""
        return fetch_cover(self.gate, url)

    def new_episodes(self) -> list[NewEpisode]:
        raise NothingThere(f"{self.name} has no list of new episodes.")

    def calendar(self) -> list[Airing]:
        raise NothingThere(f"{self.name} has no calendar.")

    def postponements(self) -> list[Postponement]:
        raise NothingThere(f"{self.name} has no list of postponed episodes.")

    def notes(self) -> Mapping[str, tuple[str, ...]]:
        """What of its lists could not be read when they were read last, by the list's path."""
        return {}

    def all_titles(self) -> list[CatalogueTitle]:
        raise NothingThere(f"{self.name} has no list of all titles.")


class Hoster(ABC):
    """A site, or kind of site, that keeps videos.

    MUST: ``name``, ``claims``, ``stream``. MAY: ``priority``; of several that claim an address the highest is asked.
    """

    name: ClassVar[str]
    priority: ClassVar[int] = 0

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    @abstractmethod
    def claims(self, url: str) -> bool:
        """Whether this hoster can handle the page at ``url``; decided by the address alone."""

    @abstractmethod
    def stream(self, url: str, *, referer: str, quality: str = "best") -> Stream:
        """The media behind the page at ``url``; ``quality``: ``best``, ``worst``, or ``720p`` for at most 720 lines.

        Raises LinkDead (gone), HosterUnsupported (hidden, browser check, DRM), SiteUnreachable, AddressRefused.
        """
