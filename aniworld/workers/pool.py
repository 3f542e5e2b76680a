"""The download pool: so many slots, each with one attempt, woken by changes and deadlines."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import gevent
from gevent.event import Event

from aniworld.config.settings import Settings, Window
from aniworld.core.errors import AniworldError
from aniworld.core.offload import offload
from aniworld.core.queue import DownloadStatus
from aniworld.core.schedule import open_span
from aniworld.models import Database
from aniworld.models.outage import DATABASE_AWAY
from aniworld.workers.attempt import Attempt, Why, Workshop
from aniworld.workers.hosters import Hosters
from aniworld.workers.leases import LeaseWatch

log = logging.getLogger(__name__)

TICK_S = 0.5  # how long another process' wish (CLI beside the server) may go unnoticed
RENEWALS = 3  # for each length of a lease
LOOK_EVERY_S = 2.0  # for what no write tells: the end of a back-off, of a pause, of a window
ROOM_EVERY_S = 5.0


class DownloadPool:
    """Claims items while the queue runs, up to the configured number at a time. ``start`` and ``stop`` once each.

    In a cluster: ``worker`` names it, ``slots`` goes over the configured number, and ``is_told()`` says whether changes
    that others make are told here, so that it need not look for them all the time.
    """

    def __init__(
        self,
        shop: Workshop,
        database: Database,
        library_trouble: Callable[[Settings], str | None],
        *,
        worker: str = "",
        slots: int | None = None,
        is_told: Callable[[], bool] = lambda: False,
    ) -> None:
        self._name = worker
        self.worker = worker or f"{socket.gethostname()}:{os.getpid()}"
        self._slots = slots
        self._is_told = is_told
        self._shop = shop
        self._database = database
        self._library_trouble = library_trouble
        self._attempts: dict[str, Attempt] = {}
        self._leases = LeaseWatch(shop.downloads)
        self._wake = Event()
        self._stopping = self._away = False
        self._woken = True
        self._everywhere = 0
        self._greenlet: gevent.Greenlet | None = None
        self._unlisten: Callable[[], None] = lambda: None
        self._mark: int | None = None
        self._renewed = self._looked = self._looked_for_room = 0.0
        self._trouble: str | None = None
        self._hosters = Hosters(shop.resolver.rest)
        self._shares: tuple[object, ...] = ()

    def start(self) -> None:
        self._shop.unpaused.set()
        self._unlisten = self._shop.downloads.changes.listen(self._wake.set)
        self._greenlet = gevent.spawn(self._run)

    def stop(self, timeout_s: float = 4.0) -> None:
        """Puts back what runs, with its bytes kept, and ends."""
        self._stopping = True
        self._unlisten()
        self._wake.set()
        deadline = time.monotonic() + timeout_s
        self._stop_attempts(Why.STOPPED)
        if self._greenlet is not None:
            self._greenlet.join(timeout_s / 2)
        self._stop_attempts(Why.STOPPED)  # one may have begun meanwhile
        for attempt in list(self._attempts.values()):
            attempt.join(max(deadline - time.monotonic(), 0.1))

    def wake(self) -> None:
        self._wake.set()

    @property
    def active(self) -> int:
        return len(self._attempts)

    @property
    def slots(self) -> int:
        return self._slots or self._shop.settings().download.concurrency

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._turn()
                self._away = False
            except DATABASE_AWAY as error:
                self._without_database(error)
            except Exception:  # the wall: a fault of one turn (disk gone) must not end the pool
                log.exception("The download pool stumbled; it goes on")
                gevent.sleep(1)
            self._woken = self._wake.wait(TICK_S) or self._woken
            self._wake.clear()

    def _without_database(self, error: Exception) -> None:
        """What runs goes on. Nobody may be thought dead for a renewal that could not be written."""
        if not self._away:
            log.warning("The database does not answer; what runs goes on, nothing begins until it is back: %s", error)
        self._away = self._woken = True
        self._leases.interrupted()
        gevent.sleep(1)

    def _turn(self) -> None:
        self._renew()
        mark, now = self._database.change_mark(), time.monotonic()
        look_every_s = LOOK_EVERY_S if mark is not None or self._is_told() else 0.0
        if self._woken or mark != self._mark or now - self._looked >= look_every_s:
            self._woken, self._looked, self._mark = False, now, mark
            self._hear_wishes()
            self._fill_slots()
        self._share_speed()

    def _hear_wishes(self) -> None:
        repository = self._shop.downloads.repository
        state = repository.state()
        if not state.is_running:
            self._stop_attempts(Why.STOPPED)
        self._pause_or_go(state.is_paused)
        held = repository.held_by(self.worker)
        gone = {item_id for item_id, attempt in self._attempts.items() if attempt.holds and item_id not in held}
        known = repository.known(gone) if gone else set()
        for item_id, attempt in list(self._attempts.items()):
            if held.get(item_id) or item_id in gone - known:
                attempt.stop(Why.REMOVED)
            elif item_id in gone:
                attempt.stop(Why.LOST)
        self._everywhere = repository.count([DownloadStatus.DOWNLOADING])

    def _pause_or_go(self, paused: bool) -> None:
        if paused == (not self._shop.unpaused.is_set()):
            return
        if paused:
            self._shop.unpaused.clear()
        else:
            self._shop.unpaused.set()
        for attempt in list(self._attempts.values()):
            (attempt.pause if paused else attempt.resume)()

    def _fill_slots(self) -> None:
        downloads, settings = self._shop.downloads, self._shop.settings()
        downloads.paused_over()
        state = downloads.repository.state()
        if self._stopping or not state.is_running or state.is_paused or not self._open(settings):
            return
        while len(self._attempts) < self.slots and self._has_room(settings):
            item = downloads.claim(
                self.worker,
                without_sources=self._shop.resting(),
                without_items=self._hosters.turned_away(settings.download.per_hoster),
                fair=settings.download.fair,
            )
            if item is None:
                return
            if item.id in self._attempts:  # it was lost to a lease that ended, and its last attempt is still ending
                downloads.put_back(item, wait_s=LOOK_EVERY_S)
                return
            attempt = Attempt(item, self._shop, self._hosters, self._attempt_ended)
            self._attempts[item.id] = attempt
            attempt.limit(self._speed_share(settings, len(self._attempts)))
            attempt.start()

    def _attempt_ended(self, attempt: Attempt) -> None:
        self._attempts.pop(attempt.item.id, None)
        self._wake.set()

    def _open(self, settings: Settings) -> bool:
        windows = settings.schedule.windows
        if not windows or self._window(settings):
            return True
        self._stop_attempts(Why.STOPPED)
        return False

    def _window(self, settings: Settings) -> Window | None:
        return open_span(settings.schedule.windows, datetime.now())

    def _has_room(self, settings: Settings) -> bool:
        """Whether the library can take a download now; if not, the queue says why and looks again by itself."""
        now = time.monotonic()
        if self._trouble is None or now - self._looked_for_room >= ROOM_EVERY_S:
            self._looked_for_room = now
            self._trouble = offload(self._library_trouble, settings)
            self._shop.downloads.wait_with(self._trouble, self._name)
        return self._trouble is None

    def _share_speed(self) -> None:
        settings = self._shop.settings()
        share, download = self._speed_share(settings, len(self._attempts)), settings.download
        shares = (share, download.connections, download.connections_per_hoster, self._hosters.used())
        if shares == self._shares:
            return
        self._shares = shares
        for attempt in list(self._attempts.values()):
            attempt.limit(share)
            attempt.share_connections()

    def _speed_share(self, settings: Settings, slots: int) -> int | None:
        window = self._window(settings)
        limits = [settings.download.speed_limit_mbps, window.speed_limit_mbps if window else 0.0]
        limit = min((each for each in limits if each > 0), default=0.0)
        return int(limit * 1e6 / 8 / max(slots, self._everywhere, 1)) if limit else None

    def _renew(self) -> None:
        """Says that this worker lives, stops what it lost all the same, and looks for what other workers left."""
        now = time.monotonic()
        if now - self._renewed < self._shop.downloads.lease_s / RENEWALS:
            return
        held = [item_id for item_id, attempt in self._attempts.items() if attempt.holds]
        self._woken |= bool(self._shop.downloads.renew(self.worker, held))
        self._leases.look()
        self._renewed = now

    def _stop_attempts(self, why: Why) -> None:
        for attempt in list(self._attempts.values()):
            attempt.stop(why)


def library_trouble(settings: Settings, free: Callable[[Path], int]) -> str | None:
    """Why nothing can be downloaded into the library now, in a sentence; None when it can."""
    root = settings.library.root
    if not root:
        return "No library folder is set; choose one in the settings."
    path = Path(root)
    if not path.is_dir():
        return f"The library folder {path} is not there; is its disk connected?"
    if not os.access(path, os.W_OK | os.X_OK):
        return f"The library folder {path} cannot be written to; check its rights."
    try:
        left = free(path)
    except (OSError, AniworldError) as error:
        return f"The library folder {path} does not answer ({error})."
    if left < settings.download.min_free_space_mb * 1_000_000:
        return (
            f"Only {left // 1_000_000} MB are free; {settings.download.min_free_space_mb} MB shall stay free. Make room"
            " and it goes on."
        )
    return None
