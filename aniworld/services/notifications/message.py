"""What happened, in a person's words: several events become one short message."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aniworld.core.counting import counted
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
from aniworld.core.notification_templates import worded

LINES = 20
LINE_LENGTH = 300


@dataclass(frozen=True)
class Announcement:
    title: str
    body: str


def event_name(event: Event) -> str | None:
    """The setting's word for an event; None for one that nobody wants to be told of: an attempt that is tried again."""
    if isinstance(event, DownloadFailed) and event.will_retry:
        return None
    return event.name


def announcement(events: Sequence[Event], own_words: Mapping[str, str] | None = None) -> Announcement:
    """One message for one or more events. Titles from outside are one plain line each and call nobody by ``@``.

    ``own_words``: event name → the wording for it, in place of ours (services/wording).
    """
    own = own_words or {}
    ours = [event for event in events if event.name not in own]
    lines = [*_completed(ours), *(line for event in ours for line in _line(event))]
    lines += [worded(event, own[event.name]) for event in events if event.name in own]
    shown = [_plain(line) for line in lines[:LINES]]
    if len(lines) > LINES:
        shown.append(f"… and {len(lines) - LINES} more.")
    return Announcement(_title(events), "\n".join(shown))


def _title(events: Sequence[Event]) -> str:
    kinds = {type(event) for event in events}
    many = len(events)
    if kinds == {DownloadComplete}:
        return "An episode is there" if many == 1 else f"{many} episodes are there"
    if kinds == {DownloadFailed}:
        return "A download failed" if many == 1 else f"{many} downloads failed"
    return _TITLES.get(next(iter(kinds)), "News of the library") if len(kinds) == 1 else "News of the library"


_TITLES: dict[type[Event], str] = {
    ScanComplete: "The scan is done",
    ScanFailed: "The scan failed",
    SeriesAdded: "New in the library",
    NewEpisodes: "New episodes",
    CatalogueResting: "A catalogue rests",
    HealthChanged: "The server's health",
}


def _completed(events: Iterable[Event]) -> list[str]:
    """A line for each series and language with the episodes that came."""
    came: dict[tuple[str, str | None], list[EpisodeNumber]] = defaultdict(list)
    for event in events:
        if isinstance(event, DownloadComplete):
            came[(event.folder or event.key, event.language)].append(EpisodeNumber(event.season, event.episode))
    return [
        f"{name}: {_codes(numbers)}" + (f" ({language})" if language else "")
        for (name, language), numbers in came.items()
    ]


def _line(event: Event) -> list[str]:
    match event:
        case DownloadFailed():
            code = EpisodeNumber(event.season, event.episode).code
            return [f"{event.folder or event.key} {code}: {event.error}"]
        case ScanComplete():
            return [
                f"{event.series_found} series, {counted(event.episodes_found, 'episode')}, {event.missing_total}"
                f" missing, {counted(len(event.warnings), 'warning')}."
            ]
        case ScanFailed():
            return [event.error]
        case SeriesAdded():
            return [event.folder or event.key]
        case NewEpisodes():
            queued = f", {event.queued} queued" if event.queued else ""
            numbers = [EpisodeNumber(one["season"], one["episode"]) for one in event.episodes]
            return [f"{event.folder or event.key}: {_codes(numbers)}{queued}"]
        case CatalogueResting():
            return [f"{event.site}: {event.reason}"]
        case HealthChanged():
            return [f"{event.level}: {event.message} {event.advice}"]
    return []


def _codes(numbers: Iterable[EpisodeNumber]) -> str:
    codes = [number.code for number in sorted(set(numbers))]
    return ", ".join(codes) if len(codes) <= 12 else f"{codes[0]} … {codes[-1]} ({len(codes)} episodes)"


def _plain(line: str) -> str:
    kept = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in line)
    short = " ".join(kept.split())
    short = short if len(short) <= LINE_LENGTH else short[: LINE_LENGTH - 1] + "…"
    return short.replace("@", "@\u200b")
