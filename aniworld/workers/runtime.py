"""The start and stop of everything that works by itself, on one page."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import gevent
from gevent.event import Event

from aniworld import __version__
from aniworld.config.settings import Settings
from aniworld.core.counting import counted
from aniworld.core.errors import AlreadyRunning
from aniworld.core.offload import offload
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.library.files.space_reservation import Room
from aniworld.models import utcnow
from aniworld.models.outage import DATABASE_AWAY, log_failure
from aniworld.services.background import EXTRA
from aniworld.services.cluster.worker_registry import SEEN_EVERY_S, WorkersSeen, WorkerView, worker_name
from aniworld.services.container import Services
from aniworld.workers.attempt import INCOMING, Workshop
from aniworld.workers.instance_lock import SERVER, InstanceLock
from aniworld.workers.leases import LeaseWatch
from aniworld.workers.pool import DownloadPool, library_trouble
from aniworld.workers.scheduler import Scheduler

log = logging.getLogger(__name__)

HOUSEKEEPING_EVERY_S = 3600.0
PARSERS_AFTER_S = 1.0  # the first pages are served first
SCAN_ENDS_WITHIN_S = 60.0
SCAN_AFTER_S = 2.0  # the setup page and clients start the scan themselves


@dataclass(frozen=True)
class Role:
    """What a process does by itself. ``worker``: its name as one of several workers; ``slots`` goes over the settings.

    ``downloads``: it works on the queue; ``keeps_house``: it looks for new episodes on schedule and cleans up.
    """

    lock: str
    downloads: bool
    keeps_house: bool
    worker: str = ""
    slots: int | None = None


ALONE = Role(SERVER, downloads=True, keeps_house=True)
WEB = Role(SERVER, downloads=False, keeps_house=True)


def worker_role(name: str, slots: int | None = None) -> Role:
    """Raises InvalidInput for a name that cannot be a worker's."""
    return Role(f"worker-{worker_name(name)}", downloads=True, keeps_house=False, worker=name, slots=slots)


class Runtime:
    """``start`` takes the instance for this process and begins to work; ``stop`` puts back what runs. Each may be
    called once; stops run in the reverse order of starts. Raises AlreadyRunning when another process has the role.

    Without a ``role`` a process does everything, or in a cluster what a web process does.
    """

    def __init__(self, services: Services, instance: Path, role: Role | None = None) -> None:
        self._services = services
        self._role = role or (WEB if services.cluster else ALONE)
        self._lock = InstanceLock(instance, self._role.lock)
        self._stopping = threading.Lock()
        self._stops: list[Callable[[], None]] = []
        self._prepared = False
        self.is_working = False
        self._started_at = utcnow()
        self._seen = WorkersSeen(services.database)
        self._leases = LeaseWatch(services.downloads)
        self._pool = self._made_pool()

    def prepare(self) -> None:
        """The role is this process'; nothing works yet. ``start`` does it where it was not done before."""
        if self._prepared:
            return
        self._lock.take()
        self._stops.append(self._lock.release)
        if self._role.worker:
            self._seen.begin(self._as_worker())
            self._stops.append(lambda: self._seen.left(self._role.worker))
        self._prepared = True

    def start(self) -> None:
        self.prepare()
        self.is_working = True
        if self._services.cluster:
            self._services.cluster.start()
            self._stops.append(self._services.cluster.stop)
        self._begin_queue()
        automation = self._services.extras[EXTRA]
        automation.start()
        self._stops.append(automation.stop)
        parsers = gevent.spawn_later(PARSERS_AFTER_S, _guarded, self._services.parsers.run)
        self._stops.append(lambda: parsers.kill(block=False))
        if self._role.keeps_house:
            self._stops.append(self._services.config.subscribe(self._library_changed))
            cluster = self._services.cluster
            lease = cluster.lease("schedule") if cluster else None
            scheduler = Scheduler(automation.tracking, self._services.config, lease=lease)
            scheduler.start()
            self._stops.append(scheduler.stop)
            self._stops.append(self._services.backups.stop)
            housekeeping = gevent.spawn(self._keep_house)
            self._stops.append(lambda: housekeeping.kill(block=False))

    def stop(self) -> None:
        """May be called twice, also while it stops: it returns when all has stopped."""
        with self._stopping:
            while self._stops:
                try:
                    self._stops.pop()()
                except Exception as error:  # the wall: one stop that fails must not keep the others from running
                    log_failure(log, error, "A stop failed; the others go on")

    def wake(self) -> None:
        """Somebody says that there is work."""
        self._pool.wake()

    # ── the queue ───────────────────────────────────────────────────────────

    def _begin_queue(self) -> None:
        downloads = self._services.downloads
        if self._role.downloads:
            put_back = downloads.take_back(self._role.worker) if self._role.worker else downloads.recover()
            if put_back:
                log.info("%s interrupted and wait again", counted(put_back, "download was", "downloads were"))
            self._pool.start()
            self._stops.append(self._pool.stop)
            self._stops.append(self._services.config.subscribe(lambda old, new: self._pool.wake()))
            if self._role.worker:
                self._repeat(SEEN_EVERY_S, lambda: self._seen.seen(self._as_worker()))
        else:
            downloads.begin_anew()
            self._begin_tickets()
            self._repeat(downloads.lease_s / 3, self._leases.look)

    def _begin_tickets(self) -> None:
        from aniworld.workers.tickets import Tickets  # Celery: only for a web process of a cluster

        tickets = Tickets(self._services.environment.redis_url, self._services.downloads.changes)
        tickets.start()
        self._stops.append(tickets.stop)

    def _repeat(self, every_s: float, beat: Callable[[], object]) -> None:
        """``beat()`` now and again until the stop."""
        ended = Event()

        def run() -> None:
            while not ended.wait(every_s):
                try:
                    beat()
                except DATABASE_AWAY as error:
                    log.debug("The database is away: %s", error)
                    self._leases.interrupted()
                except Exception:  # the wall: a beat that fails must not be the last
                    log.exception("What is done again and again stumbled; it goes on")

        gevent.spawn(run)
        self._stops.append(ended.set)

    def _as_worker(self) -> WorkerView:
        return WorkerView(
            self._role.worker,
            socket.gethostname(),
            os.getpid(),
            __version__,
            self._pool.slots,
            self._pool.active,
            self._started_at,
            utcnow(),
        )

    def _made_pool(self) -> DownloadPool:
        services, worker = self._services, self._role.worker
        elsewhere = (lambda: services.downloads.needed_elsewhere(worker)) if worker else (lambda: 0)
        cluster = services.cluster
        return DownloadPool(
            _workshop(services, Room(elsewhere=elsewhere)),
            services.database,
            _trouble(services),
            worker=worker,
            slots=self._role.slots,
            is_told=lambda: cluster is not None and cluster.messages.connected,
        )

    # ── another library ──

    def _library_changed(self, old: Settings, new: Settings) -> None:
        """The files of another folder are others: it is scanned, and what was being fetched into the old one goes."""
        if old.library.root != new.library.root:
            gevent.spawn(_guarded, lambda: self._move_house(old.library.root, new.library.root))

    def _move_house(self, old: str, new: str) -> None:
        if old and Path(old).is_dir():
            sweep_incoming(Path(old), self._services.downloads.repository.held)
        if new and Path(new).is_dir():
            self._scan_new_root()

    def _scan_new_root(self) -> None:
        """A scan that runs reads the old folder, so it is cancelled. Whoever changed the setting may start one: that
        counts.
        """
        scan = self._services.scan
        if scan.status().status == "running":
            scan.cancel()
            scan.wait(SCAN_ENDS_WITHIN_S)
        before = scan.status().scan_id
        gevent.sleep(SCAN_AFTER_S)
        if scan.status().scan_id == before:
            with suppress(AlreadyRunning):
                scan.start()

    # ── the house ───────────────────────────────────────────────────────────

    def _keep_house(self) -> None:
        first = True
        while True:
            if first:
                _guarded(self._import_legacy)
            for chore in (self._sweep, self._services.auth.purge, self._services.audit.purge, self._seen.purge):
                _guarded(chore)
            if not first:  # a server that just started has better things to do
                _guarded(self._services.backups.make_if_due)
            first = False
            gevent.sleep(HOUSEKEEPING_EVERY_S)

    def _import_legacy(self) -> None:
        root = self._services.config.current.library.root
        if root and Path(root).is_dir():
            self._services.legacy.migrate_all(Path(root))

    def _sweep(self) -> None:
        """Working folders of items that are gone, and recycled files past their days, go."""
        library = self._services.config.current.library
        if library.root and Path(library.root).is_dir():
            sweep_incoming(Path(library.root), self._services.downloads.repository.ids)
            offload(RecycleBin(Path(library.root), library.recycle_days).purge)


def sweep_incoming(root: Path, kept: Callable[[], set[str]]) -> int:
    """How many working folders were removed: those of items that are not among ``kept()``, which is asked after the
    look into the folder, so that an item that has just begun is among them.
    """
    gone = {folder.name: folder for folder in offload(_incoming_folders, root)}
    for name in kept():
        gone.pop(name, None)
    for folder in gone.values():
        offload(shutil.rmtree, folder, ignore_errors=True)
    return len(gone)


def _incoming_folders(root: Path) -> Iterable[Path]:
    incoming = root / INCOMING
    if not incoming.is_dir() or incoming.is_symlink():
        return []
    return [folder for folder in incoming.iterdir() if folder.is_dir()]


def _guarded(chore: Callable[[], object]) -> None:
    try:
        chore()
    except Exception as error:  # the wall: a chore that fails is told and tried again in an hour
        log_failure(log, error, "Housekeeping stumbled")


def _workshop(services: Services, room: Room) -> Workshop:
    return Workshop(
        downloads=services.downloads,
        resolver=services.resolver,
        settings=lambda: services.config.current,
        resting=lambda: [rest.site for rest in services.rest.resting()],
        room=room,
        unpaused=Event(),
        ffmpeg=lambda: services.system.ffmpeg,
        private_hosts=services.environment.private_hosts,
        user_agent=f"Aniworld/{__version__}",
        placed=lambda item, path: _guarded(
            lambda: services.beside.after_placing(item.serie_id, item.season, item.episode, path)
        ),
    )


def _trouble(services: Services) -> Callable:  # type: ignore[type-arg]
    return lambda settings: library_trouble(settings, lambda path: shutil.disk_usage(path).free)
