"""Entries of a catalogue under numbers that their owner gave them: where a catalogue states none, they are guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aniworld.core.errors import InvalidInput
from aniworld.core.media import EpisodeEntry, EpisodeNumber, SeriesPage

MOST = 5000


def check_numbering(value: Any) -> dict[str, str | None]:
    """Link → episode code, or None for an entry that is left out. Raises InvalidInput."""
    if not isinstance(value, Mapping) or len(value) > MOST:
        raise _wrong(f"It names entries by their links, at most {MOST}.")
    try:
        checked = {str(link): EpisodeNumber.parse(code).code if code else None for link, code in value.items()}
    except InvalidInput as error:
        raise _wrong(str(error)) from None
    double = next((code for code, times in Counter(checked.values()).items() if code and times > 1), None)
    if double:
        raise _wrong(f"Two entries cannot both be {double}; give one another number.")
    return checked


def renumbered(page: SeriesPage, numbering: Mapping[str, str | None] | None) -> SeriesPage:
    """The page with its entries where they were put. One whose number is taken by that comes behind its season."""
    if not numbering:
        return page
    put = [_put(entry, numbering[entry.link]) for entry in page.episodes if numbering.get(entry.link)]
    taken = {(entry.season, entry.number) for entry in put}
    last = _last(page.episodes, put)
    for entry in page.episodes:
        if entry.link in numbering:
            continue
        if (entry.season, entry.number) in taken:
            last[entry.season] += 1
            put.append(replace(entry, number=last[entry.season]))
        else:
            put.append(entry)
    entries = tuple(sorted(put, key=lambda entry: (entry.season, entry.number)))
    return replace(page, episodes=entries, seasons=tuple(sorted({entry.season for entry in entries})))


def _put(entry: EpisodeEntry, code: str | None) -> EpisodeEntry:
    number = EpisodeNumber.parse(code or "")
    return replace(entry, season=number.season, number=number.episode, absolute=None)


def _last(*groups: Any) -> dict[int, int]:
    """The highest number of each season."""
    last: dict[int, int] = {}
    for entry in (one for group in groups for one in group):
        last[entry.season] = max(last.get(entry.season, 0), entry.number)
    return last


def _wrong(message: str) -> InvalidInput:
    return InvalidInput(message, {"numbering": [message]})
