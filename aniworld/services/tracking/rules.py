"""Which series are worth a look now, and in which order: pure rules for TrackingService."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from aniworld.providers.plugin_api.base import Airing, NewEpisode

ENDED_HOURS = 7 * 24.0
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Known = Mapping[tuple[int, int], frozenset[str]]


@dataclass(frozen=True)
class Followed:
    """A monitored series. ``held``: seasons that the catalogue renumbered, while nobody has decided."""

    id: int
    key: str
    name: str
    site: str
    languages: tuple[str, ...]
    auto_download: bool
    upgrade: bool
    refreshed_at: datetime | None
    year_end: int | None
    held: frozenset[int] = frozenset()


def is_due(series: Followed, now: datetime, refresh_hours: float) -> bool:
    """Whether the series' page is old enough to be read again. What has ended is read once a week."""
    if series.refreshed_at is None:
        return True
    ended = series.year_end is not None and series.year_end < now.year
    hours = max(refresh_hours, ENDED_HOURS) if ended else refresh_hours
    return now - series.refreshed_at >= timedelta(hours=hours)


def in_order(series: Iterable[Followed], likely: frozenset[str], now: datetime, refresh_hours: float) -> list[Followed]:
    """The series to look at: likely ones first, then those that are due; each kind the longest unread first."""
    chosen = [one for one in series if one.key in likely or is_due(one, now, refresh_hours)]
    return sorted(chosen, key=lambda one: (one.key not in likely, one.refreshed_at or _LONG_AGO, one.key))


def likely_keys(
    rows: Sequence[NewEpisode], airings: Sequence[Airing], known: Mapping[str, Known], today: date
) -> frozenset[str]:
    """Keys of series for which the catalogue's lists name something that is not known yet."""
    listed = {row.key for row in rows if not _is_known(row, known)}
    aired = {one.key for one in airings if _aired_lately(one, known, today)}
    return frozenset(listed | aired)


def _aired_lately(one: Airing, known: Mapping[str, Known], today: date) -> bool:
    """Whether it came out today or in the last two days, in a language that is not known yet."""
    lately = {code for code, day, _ in one.dates if _is_recent(day, today)}
    if (one.dates and not lately) or (not one.dates and not _is_recent(one.day, today)):
        return False
    return not _is_out(one.key, one.season, one.episode, lately, known)


def _is_recent(day: date, today: date) -> bool:
    return 0 <= (today - day).days <= 2


def _is_known(row: NewEpisode, known: Mapping[str, Known]) -> bool:
    return _is_out(row.key, row.season, row.episode, set(row.languages), known)


def _is_out(key: str, season: int | None, episode: int | None, languages: set[str], known: Mapping[str, Known]) -> bool:
    """A row that names no episode says only that something happened; the schedule finds out what."""
    if season is None or episode is None:
        return True
    have = known.get(key, {}).get((season, episode))
    return have is not None and languages <= have
