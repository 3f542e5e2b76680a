"""Release days that a catalogue put off: kept in memory, and written to the episodes that they are about."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import select

from aniworld.core.media import EpisodeEntry, SeriesPage
from aniworld.models import AnimeSeries, Database, Episode
from aniworld.providers.plugin_api.base import Airing, Postponement
from aniworld.services.series.listing import folded

Place = tuple[str, int, int]  # key, season, number


class Postponements:
    """``learn`` takes a catalogue's list and writes its days; ``applied`` and ``moved`` hold them against what other
    pages, which are changed later, still say. A restart forgets them until the list is read again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._known: dict[str, dict[Place, Postponement]] = {}

    def learn(self, site: str, found: Sequence[Postponement], languages: Sequence[str] = ()) -> None:
        """``languages``: those that are wanted where a series has none of its own."""
        with self._database.reading() as session:
            series = list(
                session.scalars(select(AnimeSeries).where(AnimeSeries.site == site, AnimeSeries.deleted_at.is_(None)))
            )
        by_key = {one.key: one for one in series}
        by_name = _by_name(series)
        known: dict[Place, Postponement] = {}
        for one in found:
            owner = by_key.get(one.key) if one.key else by_name.get(folded(one.name))
            if owner is None or not _concerns(one, owner.languages or languages):
                continue
            place = (owner.key, one.season, one.episode)
            known[place] = replace(one, key=owner.key)
        with self._lock:
            self._known[site] = known
        self._write({one.key: one.id for one in series}, known)

    def _write(self, ids: Mapping[str, int], known: Mapping[Place, Postponement]) -> None:
        if not known:
            return
        wanted = {(ids[key], season, number): one for (key, season, number), one in known.items()}
        with self._database.writing() as session:
            rows = session.scalars(
                select(Episode).where(Episode.series_id.in_({series_id for series_id, _, _ in wanted}))
            )
            for row in rows:
                one = wanted.get((row.series_id, row.season, row.number))
                if one is not None and not row.available:
                    row.air_date = _day(one, row.air_date)

    def applied(self, page: SeriesPage) -> SeriesPage:
        """The page with the days of postponed episodes that are not out."""
        known = self._known.get(page.site)
        if not known:
            return page

        def entry(one: EpisodeEntry) -> EpisodeEntry:
            moved = known.get((page.key, one.season, one.number))
            if moved is None or one.languages or one.hosters:
                return one
            return replace(one, air_date=_day(moved, one.air_date))

        return replace(page, episodes=tuple(map(entry, page.episodes)))

    def moved(self, site: str, airings: Sequence[Airing]) -> tuple[Airing, ...]:
        """The calendar with the new days of postponed episodes."""
        known = self._known.get(site, {})
        return tuple(_moved(one, known.get((one.key, one.season or 0, one.episode or 0))) for one in airings)


def _by_name(series: Sequence[AnimeSeries]) -> dict[str, AnimeSeries]:
    """Each name that only one series has."""
    found: dict[str, AnimeSeries | None] = {}
    for one in series:
        for name in {folded(name) for name in (one.name, *(one.alternative_titles or ()))}:
            found[name] = None if name in found else one
    return {name: one for name, one in found.items() if one is not None}


def _concerns(one: Postponement, wanted: Sequence[str]) -> bool:
    return not one.languages or not wanted or not set(one.languages).isdisjoint(wanted)


def _day(one: Postponement, before: date | None) -> date | None:
    """The new day; where none is known yet, the old one counts no more."""
    if one.day is not None:
        return one.day
    return None if one.was is None or before == one.was else before


def _moved(airing: Airing, one: Postponement | None) -> Airing:
    if one is None or one.day is None or airing.season is None or airing.episode is None:
        return airing
    new = one.day
    dates = tuple(
        (code, new, None) if (not one.languages or code in one.languages) and day < new else (code, day, at)
        for code, day, at in airing.dates
    )
    days = [day for _, day, _ in dates]
    if days:
        day = min(days)
        return replace(airing, day=day, at=airing.at if day == airing.day else None, dates=dates)
    return replace(airing, day=new, at=None) if airing.day < new else airing
