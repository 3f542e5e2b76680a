"""CalendarService: what the catalogues announce for the series of the library."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import select

from aniworld.core.errors import AniworldError, NotFound, NothingThere, PageChanged, Unavailable
from aniworld.core.queue import DownloadStatus
from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode
from aniworld.providers.plugin_api.base import Airing
from aniworld.providers.registry import Registry
from aniworld.services.calendar.views import CalendarEntry
from aniworld.services.series.listing import cover_address
from aniworld.services.series.postponements import Postponements

log = logging.getLogger(__name__)

KEPT_S = 3600.0
TRIED_AGAIN_S = 300.0
PATIENCE_S = 5.0
_LIVE = (DownloadStatus.PENDING, DownloadStatus.DOWNLOADING)


@dataclass(frozen=True)
class Kept:
    """One catalogue's calendar and until when it holds. ``fault``: why it could not be read this time."""

    airings: tuple[Airing, ...]
    until: float
    fault: AniworldError | None = None


class CalendarService:
    """Each catalogue's calendar is read at most once an hour, in the background; one that cannot be read is tried again
    after 5 minutes. What a calendar said before holds until it is read anew. ``spawn`` begins work beside everything.
    ``languages()``: those that are wanted where a series has none of its own, best first."""

    def __init__(
        self,
        database: Database,
        registry: Registry,
        spawn: Callable[[Callable[[], None]], None],
        *,
        postponements: Postponements | None = None,
        languages: Callable[[], Sequence[str]] = tuple,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._registry = registry
        self._spawn = spawn
        self._postponements = postponements or Postponements(database)
        self._languages = languages
        self._patience_s = patience_s
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, Kept] = {}
        self._readings: dict[str, threading.Event] = {}

    def upcoming(self) -> list[CalendarEntry]:
        """Announced episodes of the library's series, soonest first. A slow site is waited for a few seconds only.

        Raises the first catalogue's SourceError when none could be read, Unavailable while they are read for the first
        time.
        """
        with self._database.reading() as session:
            rows = session.scalars(select(AnimeSeries).where(AnimeSeries.deleted_at.is_(None)))
            series = {(one.site, one.key): one for one in rows}
        sites = sorted({site for site, _ in series if site})
        kept = [self._calendar(site, self._patience_s) for site in sites]
        if kept and all(one.fault and not one.airings for one in kept):
            raise kept[0].fault  # type: ignore[misc]
        found = [
            (series[(site, airing.key)], airing)
            for site, one in zip(sites, kept, strict=True)
            for airing in one.airings
            if (site, airing.key) in series
        ]
        return sorted(self._entries(found), key=_when)

    def airings(self, site: str) -> tuple[Airing, ...]:
        """One catalogue's calendar, as fresh as an hour, however long that takes; empty where it has none.

        Raises SourceError.
        """
        self._begin(site).wait()
        kept = self._kept[site]
        if kept.fault and not kept.airings:
            raise kept.fault
        return kept.airings

    def _calendar(self, site: str, patience_s: float) -> Kept:
        """What is known by now; where that is nothing, what is known after ``patience_s`` at most."""
        before = self._kept.get(site)
        reading = self._begin(site)
        if before is not None and not before.fault:
            return before
        if not reading.wait(patience_s):
            raise Unavailable(f"The calendar of {site} is still being read; try again in a moment.")
        return self._kept[site]

    def _begin(self, site: str) -> threading.Event:
        """Set once the calendar is fresh; several who ask wait for the same reading."""
        with self._lock:
            reading, before = self._readings.get(site), self._kept.get(site)
            if reading is not None and (not reading.is_set() or (before and self._clock() < before.until)):
                return reading
            reading = self._readings[site] = threading.Event()
        self._spawn(lambda: self._read_beside(site, before, reading))
        return reading

    def _read_beside(self, site: str, before: Kept | None, done: threading.Event) -> None:
        try:
            self._kept[site] = self._read(site, before)
        except Exception:  # the end of a background task: who waits must hear of it
            log.exception("The calendar of %s could not be read", site)
            fault = PageChanged("The calendar could not be read; the log has the details.")
            self._kept[site] = Kept((), self._clock() + TRIED_AGAIN_S, fault)
        finally:
            done.set()

    def _read(self, site: str, before: Kept | None) -> Kept:
        try:
            airings = tuple(self._registry.catalogue(site).calendar())
            airings = self._postponed(site, airings)
        except (NothingThere, NotFound):
            airings = ()
        except AniworldError as error:
            log.warning("The calendar of %s could not be read: %s", site, error)
            return Kept(before.airings if before else (), self._clock() + TRIED_AGAIN_S, error)
        return Kept(airings, self._clock() + KEPT_S)

    def _postponed(self, site: str, airings: tuple[Airing, ...]) -> tuple[Airing, ...]:
        """The calendar with the days that the catalogue's list of postponed episodes names; without that list as it
        is.
        """
        try:
            found = self._registry.catalogue(site).postponements()
            self._postponements.learn(site, found, self._languages())
        except (NothingThere, NotFound):
            return airings
        except AniworldError as error:
            log.warning("The postponed episodes of %s could not be read: %s", site, error)
        return self._postponements.moved(site, airings)

    def _entries(self, found: Sequence[tuple[AnimeSeries, Airing]]) -> list[CalendarEntry]:
        states = self._states([series for series, _ in found])
        wanted = tuple(self._languages())
        return [
            _entry(series, airing, states, tuple(series.languages or ()) or wanted)
            for series, airing in dict.fromkeys(found)
        ]

    def _states(self, series: Sequence[AnimeSeries]) -> dict[tuple[str, int, int], str]:
        """(key, season, number) → state of every episode that is known of these series."""
        keys = {one.id: one.key for one in series}
        columns = (Episode.series_id, Episode.season, Episode.number, Episode.file, Episode.available)
        item = DownloadQueueItem
        with self._database.reading() as session:
            states = {
                (keys[series_id], season, number): "present" if file else "missing" if available else "announced"
                for series_id, season, number, file, available in session.execute(
                    select(*columns).where(Episode.series_id.in_(keys))
                )
            }
            query = select(item.serie_id, item.season, item.episode)
            live = query.where(item.serie_id.in_(keys.values()), item.status.in_(_LIVE))
            states.update({(row.serie_id, row.season, row.episode): "queued" for row in session.execute(live)})
        return states


def _entry(
    series: AnimeSeries, airing: Airing, states: dict[tuple[str, int, int], str], wanted: Sequence[str]
) -> CalendarEntry:
    """An episode on the day of the language that the series wants most, of those that are announced."""
    at = (series.key, airing.season if airing.season is not None else -1, airing.episode or -1)
    dates = {code: (day, moment) for code, day, moment in airing.dates}
    language = next((code for code in (*wanted, *dates) if code in dates), None)
    day, moment = dates[language] if language else (airing.day, airing.at)
    return CalendarEntry(
        key=series.key,
        name=series.name,
        folder=series.folder,
        site=series.site,
        season=airing.season,
        episode=airing.episode,
        day=day.isoformat(),
        at=moment.astimezone(UTC) if moment else None,
        state=states.get(at, "announced"),
        cover_url=cover_address(series),
        language=language,
        languages=airing.languages,
    )


def _when(entry: CalendarEntry) -> tuple[str, float, str, int, int]:
    moment = entry.at.timestamp() if entry.at else float("inf")
    return (entry.day, moment, entry.name, entry.season or 0, entry.episode or 0)
