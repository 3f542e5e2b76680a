"""How a person wants to be told: one line for each kind of event, with named fields and nothing that runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter

from aniworld.core.errors import InvalidInput
from aniworld.core.events import (
    CatalogueResting,
    DownloadComplete,
    DownloadFailed,
    Event,
    HealthChanged,
    NewEpisodes,
    ScanComplete,
    ScanFailed,
    SeriesAdded,
)
from aniworld.core.media import EpisodeNumber

FIELDS: Mapping[str, tuple[str, ...]] = {
    "download_complete": ("series", "key", "code", "season", "episode", "language", "file", "size_mb"),
    "download_failed": ("series", "key", "code", "season", "episode", "error"),
    "scan_complete": ("series_found", "episodes_found", "missing_total", "warnings"),
    "scan_failed": ("error",),
    "series_added": ("series", "key"),
    "new_episodes": ("series", "key", "codes", "count", "queued"),
    "catalogue_blocked": ("site", "reason"),
    "health": ("check", "level", "message", "advice"),
}


def wordings(lines: Sequence[str]) -> dict[str, str]:
    """The event's name → its wording, of lines such as ``download_complete: {series} {code} is there``.

    Raises InvalidInput for a line without an event, an unknown event, or a field that the event does not have.
    """
    found: dict[str, str] = {}
    for line in lines:
        name, colon, wording = line.partition(":")
        name, wording = name.strip(), wording.strip()
        if not colon or name not in FIELDS or not wording:
            raise _wrong(
                f"{line[:80]!r} is no wording; write an event and its words, e.g. download_complete: {{series}}"
                " {code}."
            )
        _check(name, wording)
        found[name] = wording
    return found


def worded(event: Event, wording: str) -> str:
    """The line for an event."""
    return wording.format(**_facts(event))


def _check(name: str, wording: str) -> None:
    try:
        parts = list(Formatter().parse(wording))
    except ValueError:
        raise _wrong(f"The braces in {wording[:80]!r} do not fit together.") from None
    for _, field, form, conversion in parts:
        if field is not None and (field not in FIELDS[name] or form or conversion):
            known = " ".join(f"{{{one}}}" for one in FIELDS[name])
            raise _wrong(f"{{{field[:40]}}} is no field of {name}; these are: {known}.")


def _wrong(message: str) -> InvalidInput:
    return InvalidInput(message, {"notifications.wordings": [message]})


def _facts(event: Event) -> dict[str, object]:
    match event:
        case DownloadComplete() | DownloadFailed():
            return _download(event)
        case ScanComplete():
            return {
                "series_found": event.series_found,
                "episodes_found": event.episodes_found,
                "missing_total": event.missing_total,
                "warnings": len(event.warnings),
            }
        case ScanFailed():
            return {"error": event.error}
        case SeriesAdded():
            return {"series": event.folder or event.key, "key": event.key}
        case NewEpisodes():
            codes = ", ".join(EpisodeNumber(one["season"], one["episode"]).code for one in event.episodes[:20])
            return {
                "series": event.folder or event.key,
                "key": event.key,
                "codes": codes,
                "count": len(event.episodes),
                "queued": event.queued,
            }
        case CatalogueResting():
            return {"site": event.site, "reason": event.reason}
        case HealthChanged():
            return {"check": event.check, "level": event.level, "message": event.message, "advice": event.advice}
    return {}


def _download(event: DownloadComplete | DownloadFailed) -> dict[str, object]:
    facts: dict[str, object] = {
        "series": event.folder or event.key,
        "key": event.key,
        "code": EpisodeNumber(event.season, event.episode).code,
        "season": event.season,
        "episode": event.episode,
    }
    if isinstance(event, DownloadFailed):
        return {**facts, "error": event.error}
    return {**facts, "language": event.language or "", "file": event.file, "size_mb": event.size_bytes // 1_000_000}
