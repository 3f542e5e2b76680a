"""What happens on schedule. APScheduler is loaded only while something is scheduled; see docs/decisions/0072."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event

from aniworld.config.settings import Settings
from aniworld.core.errors import AlreadyRunning
from aniworld.models.outage import DATABASE_AWAY
from aniworld.services.cluster.leases import Lease
from aniworld.services.settings.service import ConfigService
from aniworld.services.tracking.service import TrackingService

if TYPE_CHECKING:
    from apscheduler.schedulers.gevent import GeventScheduler

log = logging.getLogger(__name__)

FIRST_AFTER_S = 60.0
GIVE_BACK_WITHIN_S = 2.0
_LOOK = "tracking"


class Scheduler:
    """``start`` sets up what the settings want, and follows their changes; ``stop`` ends it. Each may be called twice.

    The first look comes ``first_after_s`` after the start: it reads only what is due, so a restart costs little.
    ``lease``: of several processes only the one that holds it schedules; when it falls silent, another one does.
    """

    def __init__(
        self,
        tracking: TrackingService,
        config: ConfigService,
        *,
        first_after_s: float = FIRST_AFTER_S,
        lease: Lease | None = None,
    ) -> None:
        self._tracking = tracking
        self._config = config
        self._first_after_s = first_after_s
        self._lock = threading.RLock()
        self._scheduler: GeventScheduler | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._stopping = Event()
        self._looked_at: datetime | None = None
        self._lease = lease
        self._leads = lease is None
        self._follower: gevent.Greenlet | None = None

    def start(self) -> None:
        if self._unsubscribe is not None:
            return
        self._unsubscribe = self._config.subscribe(self._changed)
        self._apply(self._config.current)
        if self._lease is not None:
            self._follower = gevent.spawn(self._follow, self._lease)

    def stop(self) -> None:
        self._stopping.set()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        with self._lock:
            self._end()
        if self._follower is not None:
            self._follower.join(GIVE_BACK_WITHIN_S)

    @property
    def next_look(self) -> datetime | None:
        """When the next look begins; None when none is scheduled."""
        with self._lock:
            job = self._scheduler.get_job(_LOOK) if self._scheduler is not None else None
        return job.next_run_time if job is not None else None

    def _follow(self, lease: Lease) -> None:
        """Whether this process schedules: asked again before the lease could end."""
        held_until = time.monotonic()
        while not self._stopping.is_set():
            held = self._held(lease)
            now = time.monotonic()
            if held:
                held_until = now + lease.seconds
            self._lead(held if held is not None else now < held_until)
            self._stopping.wait(lease.seconds / 3)
        if self._leads:
            self._held(lease, lease.release)

    def _held(self, lease: Lease, act: Callable[[], object] | None = None) -> bool | None:
        """None while the database cannot be asked."""
        try:
            return bool((act or lease.take)())
        except DATABASE_AWAY as error:
            log.info("Whose schedule it is cannot be asked: %s", error)
            return None

    def _lead(self, leads: bool) -> None:
        if leads == self._leads:
            return
        self._leads = leads
        log.info("This process looks for new episodes on schedule" if leads else "Another process has the schedule")
        self._apply(self._config.current)

    def _changed(self, old: Settings, new: Settings) -> None:
        if old.tracking != new.tracking:
            self._apply(new)

    def _apply(self, settings: Settings) -> None:
        with self._lock:
            if not settings.tracking.enabled or not self._leads or self._stopping.is_set():
                self._end()
                return
            if self._scheduler is None:
                self._scheduler = _made()
                self._scheduler.start()
            self._schedule(self._scheduler, settings.tracking.interval_hours)

    def _schedule(self, scheduler: GeventScheduler, hours: float) -> None:
        """The next look is one interval after the last one, or soon when there was none or that is over."""
        soon = datetime.now(UTC) + timedelta(seconds=self._first_after_s)
        self._looked_at = self._looked_at or self._looked_elsewhere()
        due = soon if self._looked_at is None else max(soon, self._looked_at + timedelta(hours=hours))
        scheduler.add_job(
            self._look,
            "interval",
            id=_LOOK,
            hours=hours,
            next_run_time=due,
            replace_existing=True,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def _looked_elsewhere(self) -> datetime | None:
        """When the process that had the schedule before looked last."""
        return self._tracking.status().started_at if self._lease is not None else None

    def _look(self) -> None:
        self._looked_at = datetime.now(UTC)
        try:
            found = self._tracking.look(self._stopping.is_set)
        except AlreadyRunning:
            log.info("A look for new episodes that a person began runs already; this one is left out")
            return
        log.info("Looked at %d series; new episodes: %d, queued: %d", found.looked, found.new_episodes, found.queued)

    def _end(self) -> None:
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            scheduler.shutdown(wait=False)


def _made() -> Any:
    from apscheduler.schedulers.gevent import GeventScheduler  # a quarter of a second that most servers do not need

    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    return GeventScheduler(timezone=UTC)
