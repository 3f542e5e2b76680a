"""Every setting, once: its type, default, limits, explanation, and whether it is a secret.

The tree is frozen; a change makes a new one. The schema for validation and OpenAPI, the settings page and
docs/configuration.md are derived from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

from aniworld.core.media import ENG_SUB, GER_DUB, GER_SUB
from aniworld.core.naming import DEFAULT_TEMPLATE
from aniworld.core.validators import QUALITIES

MASK = "********"  # what is shown of a secret, and sent back where it stays
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
NOTIFICATION_SCHEMES = (
    "discord",
    "form",
    "forms",
    "gotify",
    "gotifys",
    "json",
    "jsons",
    "mailto",
    "mailtos",
    "matrix",
    "matrixs",
    "ntfy",
    "ntfys",
    "pbul",
    "pover",
    "rocket",
    "rockets",
    "schan",
    "signal",
    "signals",
    "slack",
    "tgram",
    "xml",
    "xmls",
)
EVENT_NAMES = (
    "download_complete",
    "download_failed",
    "scan_complete",
    "scan_failed",
    "series_added",
    "new_episodes",
    "catalogue_blocked",
    "health",
)


def setting(default: Any, doc: str, *, secret: bool = False, **limits: Any) -> Any:
    """A setting. ``limits``: ``low``, ``high`` (numbers), ``choices``, ``kind`` (path, paths, url, urls, languages,
    template, words, windows).
    """
    metadata = {"doc": doc, "secret": secret, **limits}
    if isinstance(default, tuple | int | float | str | bool):
        return field(default=default, metadata=metadata)
    return field(default_factory=default, metadata=metadata)


@dataclass(frozen=True)
class Window:
    """A span of the week in which downloads may run. ``days``: 0 = Monday; times ``HH:MM`` in local time; an end before
    the start runs over midnight.
    """

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    start: str = "00:00"
    end: str = "24:00"
    speed_limit_mbps: float = 0.0


@dataclass(frozen=True)
class LibrarySettings:
    root: str = setting("", "The folder that holds your series, one folder each.", kind="path")
    link_roots: tuple[str, ...] = setting(
        (),
        "Folders outside of the library that links in it may lead to, such as a second disk. A series or season folder"
        " that is a link to elsewhere is scanned, but nothing is downloaded into it.",
        kind="paths",
    )
    season_folders: bool = setting(
        True, "Put episodes into a folder for each season (Season 01); otherwise straight into the series folder."
    )
    episode_template: str = setting(
        DEFAULT_TEMPLATE,
        "How a new file is named. Tokens: {series} {year} {season} {episode} {absolute} {title} {title_en} {language}"
        " {quality} {hoster}; {episode:02} pads with zeros.",
        kind="template",
    )
    recycle_days: int = setting(
        14,
        "How many days removed and replaced files can be brought back. 0 = keep them until you empty the bin.",
        low=0,
        high=3650,
    )
    write_nfo: bool = setting(
        False, "Write NFO files for Kodi and Jellyfin beside new episodes; yours are never changed."
    )
    write_chapters: bool = setting(
        True, "Write chapters such as Intro and Outro into new files where the source states them."
    )
    write_artwork: bool = setting(True, "Save the cover as poster in the series folder when there is none.")


@dataclass(frozen=True)
class CatalogueSettings:
    base_url: str = setting("https://aniworld.to", "Address of the catalogue site.", kind="url")
    engine: str = setting(
        "auto",
        "How the site at this address is built. auto: by its host, an unknown one as aniworld.to until its links or its"
        " search show that it is as s.to; 1: as aniworld.to; 2: as s.to.",
        choices=("auto", "1", "2"),
    )
    mirrors: tuple[str, ...] = setting(
        (), "Other addresses of the same site, tried in this order when the first does not answer.", kind="urls"
    )
    requests_per_second: float = setting(
        2.0, "At most this many requests a second to the catalogue.", low=0.1, high=50.0
    )
    timeout_s: float = setting(20.0, "Seconds to wait for an answer of the catalogue.", low=1.0, high=300.0)
    refresh_hours: float = setting(
        12.0, "Hours after which a series' catalogue page is read again by a scan.", low=0.0, high=8760.0
    )


@dataclass(frozen=True)
class DownloadSettings:
    concurrency: int = setting(3, "Episodes downloaded at the same time.", low=1, high=16)
    connections: int = setting(8, "Ranges or fragments fetched at a time for one episode.", low=1, high=32)
    per_hoster: int = setting(
        0, "Episodes downloaded from one hoster at the same time. 0 = any number.", low=0, high=16
    )
    connections_per_hoster: int = setting(
        0, "Connections to one hoster over all of its downloads together. 0 = any number.", low=0, high=512
    )
    fair: bool = setting(
        False, "Among episodes of equal priority, the series comes first from which nothing began for the longest time."
    )
    languages: tuple[str, ...] = setting(
        (GER_DUB, GER_SUB, ENG_SUB),
        "Wanted languages, best first; the next one is taken where the better is not there.",
        kind="languages",
    )
    hosters: tuple[str, ...] = setting(
        (), "Preferred hosters, best first; the others follow in the catalogue's order.", kind="words"
    )
    quality: str = setting("best", "The picture height to fetch, at most.", choices=QUALITIES)
    subtitles: str = setting(
        "files",
        "Where subtitles that come apart from the video are saved: next to it, as media servers read them"
        " (Name.de.vtt), or inside it (MKV). They can also be left out.",
        choices=("files", "mkv", "off"),
    )
    speed_limit_mbps: float = setting(
        0.0, "Speed limit over all downloads in Mbit/s. 0 = none.", low=0.0, high=100_000.0
    )
    retry_limit: int = setting(3, "How many times a failed download is tried again by itself.", low=0, high=20)
    stall_timeout_s: float = setting(
        60.0, "Seconds without a byte after which a download counts as stalled.", low=5.0, high=3600.0
    )
    history_limit: int = setting(500, "How many completed and failed downloads are remembered.", low=0, high=100_000)
    min_free_space_mb: int = setting(
        1024, "Free space in MB that is left on the disk; downloads wait below it.", low=0, high=10_000_000
    )
    full_check: bool = setting(
        False,
        "Decode each finished video from its first to its last frame before it is placed: finds every damage, takes"
        " processor time.",
    )
    niceness: int = setting(
        10,
        "How far downloads step aside where other programs want the processor. 0 = not at all, 19 = as far as"
        " possible.",
        low=0,
        high=19,
    )
    auto_start: bool = setting(False, "Begin to download as soon as something is queued and when the server starts.")


@dataclass(frozen=True)
class TrackingSettings:
    enabled: bool = setting(False, "Look for new episodes of monitored series by itself.")
    interval_hours: float = setting(6.0, "Hours between two looks.", low=0.5, high=720.0)


@dataclass(frozen=True)
class ScheduleSettings:
    windows: tuple[Window, ...] = setting((), "When downloads may run. None = always.", kind="windows")


@dataclass(frozen=True)
class NotificationSettings:
    urls: tuple[str, ...] = setting((), "Where to send notifications (Apprise addresses).", secret=True, kind="words")
    events: tuple[str, ...] = setting(
        ("download_complete", "download_failed"), "What to notify about.", kind="words", choices=EVENT_NAMES
    )
    wordings: tuple[str, ...] = setting(
        (),
        "Your own words for an event, one line each: the event, a colon, and the text with fields, e.g."
        " download_complete: {series} {code} is there. docs/monitoring.md lists the fields.",
        kind="words",
    )


@dataclass(frozen=True)
class MediaServerSettings:
    kind: str = setting(
        "none", "The media server that is told of new episodes.", choices=("none", "jellyfin", "plex", "kodi")
    )
    url: str = setting("", "Its address.", kind="url")
    token: str = setting("", "Its API key or token; for Kodi user:password.", secret=True)
    library_path: str = setting(
        "", "The library folder as the media server sees it, where that differs (in a container, on another machine)."
    )


@dataclass(frozen=True)
class BackupSettings:
    enabled: bool = setting(True, "Make a backup of everything but the videos by itself.")
    interval_hours: int = setting(168, "Hours between two backups that are made by themselves.", low=1, high=8760)
    keep: int = setting(
        5, "How many backups that were made by themselves are kept; those made by hand stay.", low=1, high=100
    )


@dataclass(frozen=True)
class LoggingSettings:
    level: str = setting("INFO", "How much is logged.", choices=LOG_LEVELS)
    format: str = setting(
        "text",
        "How a line of the log looks: text for people, json for programs that collect logs.",
        choices=("text", "json"),
    )
    file_mb: int = setting(5, "Size in MB after which a new log file is begun.", low=1, high=1000)
    files: int = setting(5, "How many older log files are kept.", low=0, high=100)
    audit_days: int = setting(
        90, "How many days sign-ins, deletions and changes of settings are remembered.", low=1, high=3650
    )


@dataclass(frozen=True)
class UiSettings:
    language: str = setting("auto", "Language of the pages; auto follows the browser.", choices=("auto", "de", "en"))
    theme: str = setting("auto", "Colours of the pages; auto follows the system.", choices=("auto", "light", "dark"))


@dataclass(frozen=True)
class Settings:
    library: LibrarySettings = field(default_factory=LibrarySettings)
    catalogue: CatalogueSettings = field(default_factory=CatalogueSettings)
    download: DownloadSettings = field(default_factory=DownloadSettings)
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    notifications: NotificationSettings = field(default_factory=NotificationSettings)
    media_server: MediaServerSettings = field(default_factory=MediaServerSettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    ui: UiSettings = field(default_factory=UiSettings)


T = TypeVar("T")


def walk() -> Iterator[tuple[str, str, Field[Any]]]:
    """Each setting as (section, name, dataclass field), in the order of the page."""
    for section in fields(Settings):
        for one in fields(section.default_factory):  # type: ignore[arg-type]
            yield section.name, one.name, one


def from_mapping(kind: type[T], values: Mapping[str, Any]) -> T:
    """A settings tree of ``kind`` from checked JSON; what is absent keeps its default, what is unknown is passed
    over.
    """
    known = {}
    for one in fields(kind):  # type: ignore[arg-type]
        if one.name not in values:
            continue
        value, default = values[one.name], _default(one)
        if is_dataclass(default):
            value = from_mapping(type(default), value)
        elif isinstance(default, tuple):
            value = tuple(from_mapping(Window, item) if isinstance(item, Mapping) else item for item in value)
        known[one.name] = tuple(value) if isinstance(value, list) else value
    return kind(**known)


def to_mapping(value: Any) -> Any:
    """The JSON form of a settings tree or of a part of it; ``from_mapping`` reads it back."""
    if is_dataclass(value):
        return {one.name: to_mapping(getattr(value, one.name)) for one in fields(value)}
    return [to_mapping(item) for item in value] if isinstance(value, tuple | list) else value


def secrets() -> tuple[tuple[str, str], ...]:
    """The settings that never leave the process, as (section, name)."""
    return tuple((section, name) for section, name, one in walk() if one.metadata["secret"])


def _default(one: Field[Any]) -> Any:
    return one.default if not callable(one.default_factory) else one.default_factory()
