"""The download queue, as the API, events and pages show it. Fields are those of the public contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
