"""SystemService: what this server is made of, and whether all is well with it."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from aniworld import __version__
from aniworld.config.environment import Environment
from aniworld.core.errors import AniworldError, Unavailable
from aniworld.core.health import HealthCheck
from aniworld.core.offload import offload
from aniworld.models import Database, utcnow
from aniworld.services.cluster.worker_registry import WorkersSeen, WorkerView
from aniworld.services.health import HealthService
from aniworld.services.health.checks_machine import installed
from aniworld.services.health.context import Check, Circumstances, RestingSources
from aniworld.services.health.log_files import LogLine, tail
from aniworld.services.settings.service import ConfigService

FFMPEG_ANSWERS_WITHIN_S = 5.0


@dataclass(frozen=True)
class Disk:
    path: str
    total_bytes: int
    free_bytes: int


@dataclass(frozen=True)
class SystemFacts:
    """``versions``: of the parts that age; None where one is not installed. ``paths``: where things are kept.
    ``workers``: who downloads; a server that is alone is the only one.
    """

    version: str
    python: str
    platform: str
    versions: dict[str, str | None]
    paths: dict[str, str]
    workers: tuple[WorkerView, ...]
    started_at: datetime
    disk: tuple[Disk, ...]


class SystemService:
    def __init__(
        self,
        database: Database,
        config: ConfigService,
        environment: Environment,
        rest: RestingSources,
        *,
        clock: Callable[[], datetime] = utcnow,
        clock_offset: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._database = database
        self._config = config
        self._environment = environment
        self._clock = clock
        self._started_at = clock()
        self._seen = WorkersSeen(database, clock=None if clock is utcnow else clock)
        self.health = HealthService(
            Circumstances(
                database,
                lambda: config.current,
                lambda: config.misunderstood,
                environment,
                rest,
                clock,
                self._ffmpeg_version,
                clock_offset,
            )
        )
        if environment.redis_url:
            self.health.add(self._workers())
            self.health.add(self._worker_clocks())
        self._found: str | None = None
        self._version: str | None = None

    def _worker_clocks(self) -> Check:
        def worker_clocks(here: Circumstances) -> Iterable[HealthCheck]:
            return self._seen.clock_checks()

        return worker_clocks

    def _workers(self) -> Check:
        def workers(here: Circumstances) -> Iterable[HealthCheck]:  # a check is told by its name
            return self._seen.checks()

        return workers

    def _alone(self) -> WorkerView:
        slots, active = self._config.current.download.concurrency, self._seen.running()
        host = socket.gethostname()
        return WorkerView(host, host, os.getpid(), __version__, slots, active, self._started_at, self._clock())

    @property
    def ffmpeg(self) -> str | None:
        """The path of ffmpeg: the system's, else the one that imageio-ffmpeg brings; None as long as there is
        neither.
        """
        self._found = self._found or _ffmpeg()
        return self._found

    def trouble(self) -> AniworldError | None:
        """Why the server can do nothing at all: the database does not answer. None where it does."""
        return self._database.trouble()

    def facts(self) -> SystemFacts:
        settings = self._config.current
        instance = self._environment.instance
        return SystemFacts(
            version=__version__,
            python=platform.python_version(),
            platform=f"{platform.system()} {platform.machine()}",
            versions={"yt-dlp": installed("yt-dlp"), "ffmpeg": self._ffmpeg_version(), "sqlite": _sqlite_version()},
            paths={"instance": str(instance), "library": settings.library.root, "ffmpeg": self.ffmpeg or ""},
            workers=tuple(self._seen.all()) if self._environment.redis_url else (self._alone(),),
            started_at=self._started_at,
            disk=tuple(disk for path in (settings.library.root, str(instance)) if (disk := _disk(path))),
        )

    def log(self, level: str = "INFO", q: str = "", limit: int = 200) -> list[LogLine]:
        """The newest lines of the log that fit, newest first. Raises Unavailable."""
        try:
            return offload(tail, self._environment.instance / "logs", level, q, limit)
        except OSError as error:
            raise Unavailable(f"The log cannot be read: {error.strerror or error}.") from None

    def checks(self) -> list[HealthCheck]:
        """Each check with what to do about it."""
        return self.health.checks()

    def _ffmpeg_version(self) -> str | None:
        if self._version is None and self.ffmpeg is not None:
            self._version = _version_of(self.ffmpeg)
        return self._version


def _ffmpeg() -> str | None:
    found = shutil.which("ffmpeg")
    if found:
        return found
    try:
        import imageio_ffmpeg  # only where the system has none

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None


def _version_of(ffmpeg: str) -> str | None:
    try:
        told = subprocess.run(
            [ffmpeg, "-version"], capture_output=True, text=True, timeout=FFMPEG_ANSWERS_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = told.stdout.split()
    return words[2] if len(words) > 2 else None


def _disk(path: str) -> Disk | None:
    try:
        usage = shutil.disk_usage(path) if path else None
    except OSError:
        return None
    return usage and Disk(path, usage.total, usage.free)


def _sqlite_version() -> str:
    module = sys.modules.get("sqlite3")
    return module.sqlite_version if module else ""
