"""The start and stop of everything that works by itself, on one page."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import gevent
from gevent.event import Event

from aniworld import __version__
from aniworld.core.offload import offload
from aniworld.library.recycle import RecycleBin
from aniworld.library.room import Room
from aniworld.services.automation import EXTRA
from aniworld.services.registry import Services

from .attempt import INCOMING, Workshop
from .instance_lock import InstanceLock
from .pool import DownloadPool, library_trouble
from .scheduler import Scheduler

log = logging.getLogger(__name__)

HOUSEKEEPING_EVERY_S = 3600.0


class Runtime:
    """``start`` takes the instance for this process and begins to work; ``stop`` puts back what runs. Each may be
    called once; stops run in the reverse order of starts. Raises AlreadyRunning when another server has the instance."""

    def __init__(self, services: Services, instance: Path) -> None:
        self._services = services
        self._lock = InstanceLock(instance)
        self._stops: list[Callable[[], None]] = []
        self._pool = DownloadPool(_workshop(services), services.database, _trouble(services))

    def start(self) -> None:
        self._lock.take()
        self._stops.append(self._lock.release)
        put_back = self._services.downloads.recover()
        if put_back:
            log.info("%d downloads were interrupted and wait again", put_back)
        self._pool.start()
        self._stops.append(self._pool.stop)
        self._stops.append(self._services.config.subscribe(lambda old, new: self._pool.wake()))
        automation = self._services.extras[EXTRA]
        automation.start()
        self._stops.append(automation.stop)
        scheduler = Scheduler(automation.tracking, self._services.config)
        scheduler.start()
        self._stops.append(scheduler.stop)
        housekeeping = gevent.spawn(self._keep_house)
        self._stops.append(lambda: housekeeping.kill(block=False))

    def stop(self) -> None:
        """May be called twice."""
        while self._stops:
            try:
                self._stops.pop()()
            except Exception:  # the wall: one stop that fails must not keep the others from running
                log.exception("A stop failed; the others go on")

    def _keep_house(self) -> None:
        first = True
        while True:
            for chore in (self._import_legacy,) if first else ():
                _guarded(chore)
            for chore in (self._sweep, self._services.auth.purge, self._services.audit.purge):
                _guarded(chore)
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
            keep = self._services.downloads.repository.ids()
            offload(sweep_incoming, Path(library.root), keep)
            offload(RecycleBin(Path(library.root), library.recycle_days).purge)


def sweep_incoming(root: Path, keep: set[str]) -> int:
    """How many working folders of items that are not in ``keep`` were removed."""
    incoming = root / INCOMING
    if not incoming.is_dir() or incoming.is_symlink():
        return 0
    gone = [folder for folder in incoming.iterdir() if folder.is_dir() and folder.name not in keep]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


def _guarded(chore: Callable[[], object]) -> None:
    try:
        chore()
    except Exception:  # the wall: a chore that fails is told and tried again in an hour
        log.exception("Housekeeping stumbled")


def _workshop(services: Services) -> Workshop:
    return Workshop(
        downloads=services.downloads,
        resolver=services.resolver,
        settings=lambda: services.config.current,
        resting=lambda: [rest.site for rest in services.rest.resting()],
        room=Room(),
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
