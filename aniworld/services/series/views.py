"""Series, episodes and search results, as the API and the pages show them. Fields are those of the public contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from aniworld.services.renumbering.views import RenumberingView


@dataclass(frozen=True)
class UnreadFile:
    """A video of the series that counts as no episode. ``file``: below the series folder; ``reason``: why not."""

    file: str
    reason: str


@dataclass(frozen=True)
class SeriesQuery:
    """What to list. ``sort_by``: name, added, updated, missing. ``order``: asc or desc. ``monitored``: None = both."""

    q: str = ""
    missing: bool = False
    monitored: bool | None = None
    language: str | None = None
    genre: str | None = None
    running: bool = False
    sort_by: str = "name"
    order: str = "asc"
    page: int = 1
    page_size: int = 100


@dataclass(frozen=True)
class AnimeSummary:
    """``missing_episodes``: season as text → episode numbers, e.g. ``{"1": [3, 4], "0": [1]}``. ``cover_url`` is ours,
    never the site's.
    """

    key: str
    name: str
    site: str
    folder: str
    link: str
    missing_episodes: Mapping[str, list[int]]
    missing_count: int
    episode_count: int
    monitored: bool
    cover_url: str | None
    year: int | None = None
    genres: tuple[str, ...] = ()
    refreshed_at: datetime | None = None
    refresh_error: str | None = None


@dataclass(frozen=True)
class SearchResult:
    """A catalogue's hit as an AnimeSummary with what a search adds. ``cover_url`` is the site's (never fetched by a
    browser).
    """

    key: str
    name: str
    site: str
    folder: str
    link: str
    description: str
    cover_url: str | None
    year: int | None
    in_library: bool
    missing_episodes: Mapping[str, list[int]] = field(default_factory=dict)
    missing_count: int = 0
    episode_count: int = 0
    monitored: bool = False


@dataclass(frozen=True)
class EpisodeView:
    """``state``: missing, queued, downloading, present, unavailable. ``subtitles``: languages of the subtitle files
    next to the video or inside it, None = not known. ``subtitles_missing``: they came apart and could not be had.

    ``announced``: the catalogue says that it is not out yet; ``air_date``: the day of its release, where it says it.
    ``kind``: ova, movie, special. ``part``: of an episode that the catalogue lists in parts. ``part_of``: the code
    of the episode whose video contains this one. ``monitored``: of this episode alone; season and series count, too.
    ``languages_on_disk``: of its file, ``language`` is the preferred one; ``file_height``: of its picture, in lines.
    """

    season: int
    episode: int
    title: str
    title_en: str
    languages: tuple[str, ...]
    state: str
    file: str | None
    language: str | None
    size_bytes: int | None
    link: str = ""
    subtitles: tuple[str, ...] | None = None
    subtitles_missing: bool = False
    announced: bool = False
    air_date: date | None = None
    kind: str | None = None
    part: int | None = None
    part_of: str | None = None
    monitored: bool = True
    languages_on_disk: tuple[str, ...] = ()
    file_height: int | None = None


@dataclass(frozen=True)
class FolderView:
    """A folder that holds files of a series. ``season``: the one that it holds, None = any."""

    folder: str
    season: int | None
    primary: bool


@dataclass(frozen=True)
class SeasonView:
    """A season of a series, and whether it is monitored."""

    season: int
    monitored: bool


@dataclass(frozen=True)
class AnimeDetail:
    """``specials``: the numbers in the library of specials and films by the catalogue's, ``{"2": 5}``. ``numbering``:
    entries that an owner put elsewhere, link → ``S01E02`` or None. ``page_notes``: what of the catalogue's page could
    not be read. ``renumbering``: where the catalogue counts otherwise than the library; None where they agree.
    ``unread_files``: the first videos in the folder that the last scan did not understand, of ``unread_count``.
    ``folders``: all folders of the series, the primary one first. ``seasons``: those that have episodes."""

    key: str
    title: str
    folder: str
    site: str
    link: str
    description: str
    alternative_titles: tuple[str, ...]
    year_start: int | None
    year_end: int | None
    genres: tuple[str, ...]
    age_rating: int | None
    imdb_id: str | None
    languages: tuple[str, ...]
    monitored: bool
    episodes: tuple[EpisodeView, ...]
    cover_url: str | None = None
    available_languages: tuple[str, ...] = ()
    missing_count: int = 0
    refreshed_at: datetime | None = None
    refresh_error: str | None = None
    auto_download: bool = False
    upgrade: bool = False
    specials: Mapping[str, int] = field(default_factory=dict)
    numbering: Mapping[str, str | None] = field(default_factory=dict)
    page_notes: tuple[str, ...] = ()
    renumbering: RenumberingView | None = None
    unread_files: tuple[UnreadFile, ...] = ()
    unread_count: int = 0
    folders: tuple[FolderView, ...] = ()
    seasons: tuple[SeasonView, ...] = ()


@dataclass(frozen=True)
class RemovedSeries:
    """A series that was removed. ``message``: what became of its files, where they were not moved as was asked."""

    key: str
    message: str
