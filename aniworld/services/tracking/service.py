"""TrackingService: looks for new episodes of monitored series, queues those that are wished, and better languages."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update

from aniworld.config.settings import Settings
from aniworld.core.errors import (
    AlreadyRunning,
    AniworldError,
    CatalogueBlocked,
    NotFound,
    NothingThere,
    SiteUnreachable,
)
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import NewEpisodes
from aniworld.core.media import EpisodeNumber
from aniworld.models import AnimeSeries, Database, Episode, utcnow
from aniworld.models.outage import log_failure
from aniworld.providers.plugin_api.base import NewEpisode
from aniworld.providers.registry import Registry
from aniworld.services.calendar.service import CalendarService
from aniworld.services.cluster.leases import Lease
from aniworld.services.queue.language_upgrade import better_languages
from aniworld.services.queue.service import DownloadService
from aniworld.services.queue.views import DownloadRequest
from aniworld.services.renumbering.proposals import held_seasons, waits
from aniworld.services.series.service import AnimeService
from aniworld.services.tracking.reasons import why_nothing_can_be, why_nothing_is
from aniworld.services.tracking.rules import Followed, Known, in_order, likely_keys
from aniworld.services.tracking.status import TrackingStatus, facts_of, status_of

log = logging.getLogger(__name__)

FAULTS_IN_A_ROW = 3
AT_ONCE = 60  # more new episodes than this in one series is a site that was rebuilt, not a season that came out
WARNINGS = 50
_KEYS_AT_ONCE = 500


@dataclass
class Look:
    """One look while it runs. ``new``: (season, number) that came, by key; ``queued``: how many were queued, by key."""

    started_at: datetime
    total: int = 0
    looked: int = 0
    upgrades: int = 0
    completed_at: datetime | None = None
    new: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    queued: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    left_alone: set[str] = field(default_factory=set)
    reason: str | None = None
    lost: threading.Event = field(default_factory=threading.Event)

    def warn(self, sentence: str) -> None:
        log.warning("Looking for new episodes: %s", sentence)
        if len(self.warnings) < WARNINGS:
            self.warnings.append(sentence)

    def status(self) -> TrackingStatus:
        return TrackingStatus(
            running=self.completed_at is None,
            started_at=self.started_at,
            completed_at=self.completed_at,
            looked=self.looked,
            total=self.total,
            new_episodes=sum(map(len, self.new.values())),
            queued=sum(self.queued.values()),
            upgrades=self.upgrades,
            warnings=tuple(self.warnings),
            reason=self.reason,
        )

    def facts(self) -> dict[str, Any]:
        return facts_of(self.status())


class TrackingService:
    """``look`` works through everything once; ``begin`` does so beside everything else. One look at a time.

    ``lease``: where several processes share the work, the right to look, with how far the look is.
    """

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        anime: AnimeService,
        downloads: DownloadService,
        settings: Callable[[], Settings],
        progress: ProgressService,
        calendar: CalendarService,
        spawn: Callable[[Callable[[], None]], None],
        lease: Lease | None = None,
    ) -> None:
        self._database = database
        self._lease = lease
        self._registry = registry
        self._anime = anime
        self._downloads = downloads
        self._settings = settings
        self._progress = progress
        self._calendar = calendar
        self._spawn = spawn
        self._one = threading.Lock()
        self._stopping = threading.Event()
        self._last: Look | None = None

    def status(self) -> TrackingStatus:
        """The look that runs, or the last one; in a cluster also another process'."""
        last = self._last.status() if self._last else TrackingStatus()
        if self._lease is None or last.running:
            return last
        facts, running = self._lease.facts()
        return status_of(facts, running) if facts else last

    def begin(self) -> TrackingStatus:
        """A look has begun in the background. Raises AlreadyRunning."""
        look = self._open()
        look.reason = why_nothing_can_be(self._database)
        self._spawn(lambda: self._beside(look))
        return look.status()

    def look(self, should_stop: Callable[[], bool] = lambda: False) -> TrackingStatus:
        """What one look through all monitored series found. Faults of sites are warnings. Raises AlreadyRunning."""
        return self._work(self._open(), should_stop)

    def stop(self) -> None:
        """A look that runs ends after the page that it reads. May be called twice; nothing begins after it."""
        self._stopping.set()

    # ── one look ────────────────────────────────────────────────────────────

    def _open(self) -> Look:
        with self._downloads.hold.changing(AlreadyRunning):
            return self._opened()

    def _opened(self) -> Look:
        if not self._one.acquire(blocking=False):
            raise AlreadyRunning("A look for new episodes runs already; wait for it.")
        look = Look(utcnow())
        try:
            if self._lease is not None and not self._lease.take(look.facts()):
                raise AlreadyRunning("Another process looks for new episodes already; wait for it.")
        except BaseException:
            self._one.release()
            raise
        self._last = look
        return look

    def _beside(self, look: Look) -> None:
        try:
            self._work(look, lambda: False)
        except Exception as error:  # the end of a background task: nobody above could say it
            log_failure(log, error, "The look for new episodes stumbled")

    def _work(self, look: Look, should_stop: Callable[[], bool]) -> TrackingStatus:
        try:
            with self._lease.renewed(look.facts, look.lost) if self._lease else nullcontext():
                self._refresh_all(look, lambda: should_stop() or look.lost.is_set() or self._stopping.is_set())
                if not look.lost.is_set():
                    self._queue_all(look)
                    self._tell(look)
                look.completed_at = utcnow()
        finally:
            look.completed_at = look.completed_at or utcnow()
            self._one.release()
        return look.status()

    def _refresh_all(self, look: Look, should_stop: Callable[[], bool]) -> None:
        followed = self._followed()
        likely = self._likely(look, followed, should_stop)
        hours = self._settings().catalogue.refresh_hours
        chosen = in_order(followed, likely, utcnow(), hours)
        look.total = len(chosen)
        look.reason = why_nothing_is(self._database, followed, chosen, self._registry.rest, hours)
        for series in chosen:
            if should_stop():
                return
            if series.site not in look.left_alone and not self._rests(look, series.site):
                self._refresh(look, series)

    def _refresh(self, look: Look, series: Followed) -> None:
        try:
            recorded = self._anime.refresh_now(series.key)
        except CatalogueBlocked as error:
            look.left_alone.add(series.site)
            look.warn(str(error))
        except SiteUnreachable as error:
            look.faults[series.site] += 1
            look.warn(f"{series.name}: {error}")
            if look.faults[series.site] >= FAULTS_IN_A_ROW:
                look.left_alone.add(series.site)
                look.warn(f"{series.site} is left alone until the next look.")
        except AniworldError as error:
            look.warn(f"{series.name}: {error}")
        else:
            look.looked += 1
            look.faults[series.site] = 0
            if recorded.new and series.refreshed_at is not None:
                look.new[series.key] = recorded.new

    def _rests(self, look: Look, site: str) -> bool:
        """Whether ``site`` is left alone after a browser check; said once in a look."""
        rest = self._registry.rest.rest_of(site)
        if rest is not None and site not in look.left_alone:
            look.left_alone.add(site)
            look.warn(f"{rest.why} It rests for about {max(1, round(rest.seconds / 60))} more min; then look again.")
        return rest is not None

    # ── what is likely ──────────────────────────────────────────────────────

    def _likely(self, look: Look, followed: Sequence[Followed], should_stop: Callable[[], bool]) -> frozenset[str]:
        found: set[str] = set()
        for site in sorted({one.site for one in followed if one.site}):
            if should_stop() or self._rests(look, site):
                continue
            rows, airings = self._asked(look, site, self._new_episodes), self._asked(look, site, self._calendar.airings)
            for note in (note for said in self._registry.notes().get(site, {}).values() for note in said):
                look.warn(note)
            mine = {one.key: one.id for one in followed if one.site == site}
            named = {row.key: mine[row.key] for row in (*rows, *airings) if row.key in mine}
            found |= likely_keys(rows, airings, self._known(named), utcnow().date()) & named.keys()
        return frozenset(found)

    def _new_episodes(self, site: str) -> Sequence[NewEpisode]:
        return self._registry.catalogue(site).new_episodes()

    def _asked(self, look: Look, site: str, question: Callable[[str], Sequence]) -> Sequence:  # type: ignore[type-arg]
        """A list of the catalogue; empty where it has none or cannot give it: the schedule does without."""
        try:
            return question(site)
        except (NothingThere, NotFound):
            return ()
        except AniworldError as error:
            look.warn(str(error))
            return ()

    def _known(self, keys: dict[str, int]) -> dict[str, Known]:
        """Released episodes with their languages, by key."""
        by_id = {number: key for key, number in keys.items()}
        columns = (Episode.series_id, Episode.season, Episode.number, Episode.languages)
        found: dict[str, dict[tuple[int, int], frozenset[str]]] = defaultdict(dict)
        with self._database.reading() as session:
            for ids in _portions(list(by_id)):
                query = select(*columns).where(Episode.series_id.in_(ids), Episode.available.is_(True))
                for series_id, season, number, languages in session.execute(query):
                    found[by_id[series_id]][(season, number)] = frozenset(languages or ())
        return dict(found)

    def _followed(self) -> list[Followed]:
        where = (AnimeSeries.monitored.is_(True), AnimeSeries.deleted_at.is_(None), AnimeSeries.link != "")
        with self._database.reading() as session:
            return [_followed(row) for row in session.scalars(select(AnimeSeries).where(*where))]

    # ── what is queued ──────────────────────────────────────────────────────

    def _queue_all(self, look: Look) -> None:
        for series in self._followed():
            if series.held:
                look.warn(waits(series.name))
            try:
                if series.auto_download:
                    look.queued[series.key] = self._queue_new(look, series)
                if series.upgrade:
                    look.upgrades += self._queue_better(series)
            except AniworldError as error:
                look.warn(f"{series.name}: {error}")

    def _wanted(self, series: Followed) -> tuple[str, ...]:
        return series.languages or self._settings().download.languages

    def _queue_new(self, look: Look, series: Followed) -> int:
        """How many episodes that came out since automatic downloads were switched on are queued now, each once."""
        wanted = set(self._wanted(series))
        rows = self._episodes(series, Episode.settled.is_(False))
        fresh = [row for row in rows if _is_wished(row, wanted)]
        added = 0
        if len(fresh) > AT_ONCE:
            look.warn(
                f"{series.name}: {len(fresh)} episodes appeared at once, which looks like a rebuilt page and not like "
                "new episodes; queue them by hand if you want them."
            )
        elif fresh:
            added = self._add(DownloadRequest(series.key, tuple((row.season, row.number) for row in fresh)))
        self._settle([row.id for row in (*fresh, *(row for row in rows if row.file))])
        return added

    def _queue_better(self, series: Followed) -> int:
        """How many present episodes are queued in a better language. One that failed waits for a person."""
        wanted = self._wanted(series)
        tried = self._downloads.repository.unfinished(series.key)
        better = tuple(
            (row.season, row.number)
            for row in self._episodes(series, Episode.file.is_not(None), Episode.file_language.is_not(None))
            if row.languages
            and better_languages(wanted, row.file_language, row.languages)
            and (row.season, row.number) not in tried
        )
        return self._add(DownloadRequest(series.key, better, upgrade=True)) if better else 0

    def _add(self, request: DownloadRequest) -> int:
        return len(self._downloads.add(request)[0])

    def _episodes(self, series: Followed, *where: ColumnElement[bool]) -> list[Episode]:
        with self._database.reading() as session:
            query = select(Episode).where(Episode.series_id == series.id, *where)
            rows = session.scalars(query.order_by(Episode.season, Episode.number))
            return [row for row in rows if row.season not in series.held]

    def _settle(self, ids: Sequence[int]) -> None:
        for some in _portions(ids):
            with self._database.writing() as session:
                session.execute(update(Episode).where(Episode.id.in_(some)).values(settled=True))

    def _tell(self, look: Look) -> None:
        folders = {one.key: one.folder for one in self._rows(look.new)}
        for key, new in look.new.items():
            episodes = [{"season": season, "episode": number} for season, number in new]
            log.info("%s: new %s", key, ", ".join(EpisodeNumber(*at).code for at in new[:20]))
            self._progress.publish(NewEpisodes(key, folders.get(key, ""), episodes, look.queued.get(key, 0)))

    def _rows(self, keys: Iterable[str]) -> list[AnimeSeries]:
        with self._database.reading() as session:
            return list(session.scalars(select(AnimeSeries).where(AnimeSeries.key.in_(list(keys)))))


def _is_wished(row: Episode, wanted: set[str]) -> bool:
    """Whether a missing episode is out in a wanted language; a catalogue that states no languages is believed."""
    out = row.file is None and row.available and bool(row.link)
    return out and (not row.languages or not wanted.isdisjoint(row.languages))


def _followed(row: AnimeSeries) -> Followed:
    return Followed(
        id=row.id,
        key=row.key,
        name=row.name,
        site=row.site,
        languages=tuple(row.languages or ()),
        auto_download=row.auto_download,
        upgrade=row.upgrade,
        refreshed_at=row.refreshed_at,
        year_end=row.year_end,
        held=held_seasons(row),
    )


def _portions(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _KEYS_AT_ONCE] for start in range(0, len(ids), _KEYS_AT_ONCE))
