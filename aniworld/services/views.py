"""What the services answer with: frozen facts whose fields are the names of the public contract (API.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class Paging:
    """One page of a list. ``page`` from 1; ``total`` over all pages."""

    page: int
    page_size: int
    total: int


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
    of the episode whose video contains this one.
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


@dataclass(frozen=True)
class RenumberedEpisode:
    """An episode with the library's number and the catalogue's; ``new_season`` None: it is not listed any more.

    ``file``: below the series folder, None where there is none.
    """

    season: int
    episode: int
    title: str
    file: str | None
    new_season: int | None
    new_episode: int | None
    new_title: str


@dataclass(frozen=True)
class AddedEpisode:
    """An entry of the catalogue that is none of the library's episodes, under the catalogue's number."""

    season: int
    episode: int
    title: str


@dataclass(frozen=True)
class RenumberingView:
    """``status``: ``undecided``, or ``kept`` where the library's numbers count. ``seasons``: those that are concerned.

    ``episodes``: those that the catalogue lists elsewhere now; ``added``: what it lists besides.
    """

    status: str
    seasons: tuple[int, ...]
    found_at: datetime | None
    episodes: tuple[RenumberedEpisode, ...]
    added: tuple[AddedEpisode, ...]


@dataclass(frozen=True)
class UnreadFile:
    """A video of the series that counts as no episode. ``file``: below the series folder; ``reason``: why not."""

    file: str
    reason: str


@dataclass(frozen=True)
class AnimeDetail:
    """``specials``: the numbers in the library of specials and films by the catalogue's, ``{"2": 5}``. ``numbering``:
    entries that an owner put elsewhere, link → ``S01E02`` or None. ``page_notes``: what of the catalogue's page could
    not be read. ``renumbering``: where the catalogue counts otherwise than the library; None where they agree.
    ``unread_files``: the first videos in the folder that the last scan did not understand, of ``unread_count``."""

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


@dataclass(frozen=True)
class DownloadRequest:
    """Wished episodes of one series. ``episodes``: (season, number) pairs. ``serie_folder``, ``serie_name`` and
    ``source`` are only used where the server has no record of the series. ``upgrade``: also episodes that are present
    in a worse language.
    """

    serie_id: str
    episodes: tuple[tuple[int, int], ...]
    priority: int = 1
    serie_folder: str | None = None
    serie_name: str | None = None
    languages: tuple[str, ...] = ()
    source: str | None = None
    upgrade: bool = False


@dataclass(frozen=True)
class DownloadItem:
    """One queue item. ``speed_mbps``: 10^6 bits a second; ``speed_bytes``: bytes a second; ``progress`` 0.0 to 100.0.

    ``languages``: as they were wished with the item; empty where the series' or the settings' count. ``notice``: what a
    completed item lacks, such as subtitles that could not be had.
    """

    id: str
    serie_id: str
    serie_folder: str
    serie_name: str
    season: int
    episode: int
    status: str
    priority: str
    position: int
    progress: float
    downloaded_bytes: int
    total_bytes: int | None
    speed_mbps: float
    speed_bytes: int
    eta_seconds: int | None
    error: str | None
    error_code: str | None
    retry_count: int
    language: str | None
    hoster: str | None
    file: str | None
    worker: str | None
    added_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    not_before: datetime | None = None
    phase: str | None = None
    languages: tuple[str, ...] = ()
    notice: str | None = None


@dataclass(frozen=True)
class Skipped:
    """``episode``: its code, e.g. ``S01E02``."""

    episode: str
    reason: str


@dataclass(frozen=True)
class QueueStatistics:
    total: int
    pending: int
    active: int
    completed: int
    failed: int
    downloaded_bytes: int
    speed_mbps: float
    eta_seconds: int | None
    disk_free_bytes: int | None


@dataclass(frozen=True)
class QueueStatus:
    is_running: bool
    is_paused: bool
    paused_until: datetime | None
    active_downloads: tuple[DownloadItem, ...]
    pending_queue: tuple[DownloadItem, ...]
    completed_downloads: tuple[DownloadItem, ...]
    failed_downloads: tuple[DownloadItem, ...]
    statistics: QueueStatistics
    message: str | None = None


@dataclass(frozen=True)
class ScanStatus:
    """``status``: idle, running, completed, failed, cancelled."""

    scan_id: str | None = None
    status: str = "idle"
    phase: str = ""
    current: int = 0
    total: int = 0
    percent: float = 0.0
    started_at: datetime | None = None
    completed_at: datetime | None = None
    series_found: int = 0
    episodes_found: int = 0
    missing_total: int = 0
    warnings: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class UnmatchedFolder:
    """A folder of no known series. ``candidates``: [{"key", "name", "score"}], best first."""

    folder: str
    files: int
    candidates: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class CalendarAccess:
    """How calendar programs read the calendar. ``password``: only in the answer that made it."""

    active: bool
    user: str
    created_at: datetime | None = None
    last_used: datetime | None = None
    password: str | None = None


@dataclass(frozen=True)
class FolderChoice:
    """What a person chose for a folder. ``key`` None: it is nobody's; ``name``: of the series, empty for none."""

    folder: str
    key: str | None
    name: str
    chosen_at: datetime


@dataclass(frozen=True)
class Rename:
    """A file and the name that it should have; paths below the series folder. ``reason``: why it is left alone."""

    key: str
    season: int
    episode: int
    old: str
    new: str
    reason: str | None = None


@dataclass(frozen=True)
class RenameOutcome:
    """What a renaming did. ``id``: by which it is undone; ``done``: how many files have their new name."""

    id: str
    done: int
    skipped: tuple[Rename, ...] = ()
    cancelled: bool = False


@dataclass(frozen=True)
class RenameStatus:
    """The renaming in the background that runs, or the last one. ``status``: idle, running, completed, cancelled,
    failed.
    """

    id: str | None = None
    status: str = "idle"
    current: int = 0
    total: int = 0
    percent: float = 0.0
    key: str = ""
    done: int = 0
    skipped: tuple[Rename, ...] = ()
    error: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True)
class EarlierRename:
    """A renaming of the past. ``files``: how many have their new name by it; ``undoes``: the one that it took back.

    ``status``: running, completed, undone. ``can_undo``: whether there is something to take back.
    """

    id: str
    status: str
    started_at: datetime
    keys: tuple[str, ...]
    files: int
    failed: int
    undoes: str | None
    can_undo: bool


@dataclass(frozen=True)
class NameExamples:
    """What a template makes of invented episodes: an ordinary one, one without a title, a film, several in one file."""

    example: str
    untitled: str
    special: str
    several: str


@dataclass(frozen=True)
class RecycledItem:
    """Something in the recycle bin. ``path``: where it stood, below the library; ``expires_at``: None = kept.

    ``damaged``: its note is not understood, so that it can be deleted, and not restored.
    """

    id: str
    path: str
    name: str
    removed_at: datetime
    expires_at: datetime | None
    size_bytes: int
    reason: str
    is_folder: bool
    damaged: bool = False


@dataclass(frozen=True)
class Restored:
    """``path``: where it stands now, below the library. ``episodes``: the codes of those that have their file again.
    ``series_restored``: the series had been removed, and is back in the library with its history."""

    path: str
    key: str | None
    episodes: tuple[str, ...]
    series_restored: bool = False


@dataclass(frozen=True)
class RemovedSeries:
    """A series that was removed. ``message``: what became of its files, where they were not moved as was asked."""

    key: str
    message: str


@dataclass(frozen=True)
class SessionView:
    id: str
    created_at: datetime
    last_seen: datetime
    expires_at: datetime
    user_agent: str
    address: str
    current: bool


@dataclass(frozen=True)
class AuditView:
    """``kind``: what was done; ``who``: a hint of the session or key; ``detail``: names, never values."""

    at: datetime
    kind: str
    address: str
    who: str
    detail: str


@dataclass(frozen=True)
class ApiKeyView:
    """``key`` is there only in the answer that makes it."""

    id: str
    name: str
    scope: str
    hint: str
    created_at: datetime
    last_used: datetime | None
    key: str | None = None


@dataclass(frozen=True)
class BackupView:
    """``kind``: auto, manual, before-restore."""

    name: str
    created_at: datetime
    size_bytes: int
    kind: str


@dataclass(frozen=True)
class Trial:
    """What came of a test. ``target``: what was tried, without secrets; ``message``: a sentence."""

    target: str
    ok: bool
    message: str


@dataclass(frozen=True)
class TrackingStatus:
    """The look for new episodes that runs, or the last one. ``looked`` of ``total`` series were read again.

    ``reason``: why none was; None where some were.
    """

    running: bool = False
    started_at: datetime | None = None
    completed_at: datetime | None = None
    looked: int = 0
    total: int = 0
    new_episodes: int = 0
    queued: int = 0
    upgrades: int = 0
    warnings: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class CalendarEntry:
    """An episode that a catalogue announces. ``day``: ``2026-08-03``; ``at``: the moment, where the catalogue says so.

    ``state``: announced, missing, queued, present. ``language``: the one whose day this is, of ``languages``, those
    that are announced; None where the calendar names none.
    """

    key: str
    name: str
    folder: str
    site: str
    season: int | None
    episode: int | None
    day: str
    at: datetime | None
    state: str
    cover_url: str | None
    language: str | None = None
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class HealthCheck:
    """``level``: ok, notice, warning, error. ``advice``: what to do about it."""

    name: str
    level: str
    message: str
    advice: str = ""
