"""What the application tells its clients: typed facts, each with its wire name and its room, in one table.

An event's ``data()`` is the JSON object of docs/api.md, without the timestamp that the edge adds.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, ClassVar

log = logging.getLogger(__name__)


class Room(StrEnum):
    DOWNLOADS = "downloads"
    DOWNLOAD_PROGRESS = "download_progress"
    SCAN_PROGRESS = "scan_progress"
    LIBRARY = "library"


@dataclass(frozen=True)
class Event:
    name: ClassVar[str]
    room: ClassVar[Room]

    def data(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class DownloadProgress(Event):
    name, room = "download_progress", Room.DOWNLOAD_PROGRESS
    download_id: str
    key: str
    folder: str
    season: int
    episode: int
    percent: float
    downloaded_bytes: int
    total_bytes: int | None
    speed_mbps: float
    speed_bytes: int
    eta_seconds: int | None
    phase: str = "transferring"
    hoster: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class DownloadComplete(Event):
    name, room = "download_complete", Room.DOWNLOADS
    download_id: str
    key: str
    folder: str
    season: int
    episode: int
    file: str
    size_bytes: int
    language: str | None
    duration_seconds: float


@dataclass(frozen=True)
class DownloadFailed(Event):
    name, room = "download_failed", Room.DOWNLOADS
    download_id: str
    key: str
    folder: str
    season: int
    episode: int
    error: str
    error_code: str
    retry_count: int
    will_retry: bool


@dataclass(frozen=True)
class QueueStatusChanged(Event):
    """The queue as a whole changed; ``status`` is QueueStatus of docs/api.md."""

    name, room = "queue_status", Room.DOWNLOADS
    status: dict[str, Any]

    def data(self) -> dict[str, Any]:
        return dict(self.status)


@dataclass(frozen=True)
class ScanProgress(Event):
    name, room = "scan_progress", Room.SCAN_PROGRESS
    scan_id: str
    phase: str
    current: int
    total: int
    percent: float
    key: str | None = None
    folder: str | None = None
    message: str = ""


@dataclass(frozen=True)
class ScanComplete(Event):
    name, room = "scan_complete", Room.SCAN_PROGRESS
    scan_id: str
    phase: str
    current: int
    total: int
    percent: float
    series_found: int
    episodes_found: int
    missing_total: int
    duration_seconds: float
    warnings: list[str] = field(default_factory=list)
    key: str | None = None
    folder: str | None = None
    message: str = ""


@dataclass(frozen=True)
class ScanFailed(Event):
    """A scan that failed, or was cancelled (``error_code`` "cancelled")."""

    name, room = "scan_failed", Room.SCAN_PROGRESS
    scan_id: str
    error: str
    error_code: str
    message: str = ""


@dataclass(frozen=True)
class SeriesAdded(Event):
    name, room = "series_added", Room.LIBRARY
    key: str
    folder: str
    series: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SeriesUpdated(Event):
    """A series, or its episodes' states, changed. ``removed``: it left the library."""

    name, room = "series_updated", Room.LIBRARY
    key: str
    folder: str
    removed: bool = False
    series: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NewEpisodes(Event):
    """Episodes of a monitored series that can be had now and could not before: [{"season", "episode"}].

    ``queued``: how many of them were queued by themselves.
    """

    name, room = "new_episodes", Room.LIBRARY
    key: str
    folder: str
    episodes: list[dict[str, int]] = field(default_factory=list)
    queued: int = 0


@dataclass(frozen=True)
class RenameProgress(Event):
    """Files take other names in the background: ``current`` of ``total`` steps are done; ``key``: of which series."""

    name, room = "rename_progress", Room.LIBRARY
    run_id: str
    current: int
    total: int
    percent: float
    key: str = ""


@dataclass(frozen=True)
class RenameComplete(Event):
    """A renaming in the background ended: ``status`` completed, cancelled or failed, this with its ``error``."""

    name, room = "rename_complete", Room.LIBRARY
    run_id: str
    status: str
    done: int
    skipped: int
    error: str | None = None


@dataclass(frozen=True)
class CatalogueResting(Event):
    """A catalogue asked for a browser check and is left alone for ``seconds``."""

    name, room = "catalogue_blocked", Room.LIBRARY
    site: str
    seconds: int
    reason: str


@dataclass(frozen=True)
class HealthChanged(Event):
    """A check of the server's health turned bad, or is well again. ``level``: ok, notice, warning, error."""

    name, room = "health", Room.LIBRARY
    check: str
    level: str
    message: str
    advice: str = ""


EVENTS: tuple[type[Event], ...] = (
    DownloadProgress,
    DownloadComplete,
    DownloadFailed,
    QueueStatusChanged,
    ScanProgress,
    ScanComplete,
    ScanFailed,
    SeriesAdded,
    SeriesUpdated,
    NewEpisodes,
    CatalogueResting,
    RenameProgress,
    RenameComplete,
    HealthChanged,
)
_NAMED = {one.name: one for one in EVENTS}


def event_of(name: str, facts: Mapping[str, Any]) -> Event | None:
    """The event that ``facts_of`` took apart, perhaps by another version of this program; None if it is not known
    here.
    """
    kind = _NAMED.get(name)
    if kind is None:
        return None
    known = {one.name for one in fields(kind)}
    try:
        return kind(**{field: value for field, value in facts.items() if field in known})
    except TypeError:  # a field without a default is missing
        return None


def facts_of(event: Event) -> dict[str, Any]:
    """The event's fields, as JSON takes them."""
    return asdict(event)


class EventBus:
    """Hands each event to every subscriber, in order of subscription. Safe from any thread.

    Subscribers must not block; one that raises is logged and skipped.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: tuple[Callable[[Event], None], ...] = ()

    def subscribe(self, hear: Callable[[Event], None]) -> Callable[[], None]:
        """Registers ``hear``; what you get is the function that takes it off again."""
        with self._lock:
            self._subscribers = (*self._subscribers, hear)
        return lambda: self._drop(hear)

    def publish(self, event: Event) -> None:
        for hear in self._subscribers:
            try:
                hear(event)
            except Exception:  # the wall to foreign code: one deaf subscriber must not silence the rest
                log.exception("A subscriber failed on %s", event.name)

    def _drop(self, hear: Callable[[Event], None]) -> None:
        with self._lock:
            self._subscribers = tuple(known for known in self._subscribers if known is not hear)
