"""SystemService: what this server is made of, and whether all is well with it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from aniworld import __version__
from aniworld.config.environment import Environment
from aniworld.core.errors import Unavailable
from aniworld.core.offload import offload
from aniworld.models import Database, utcnow

from .configuration import ConfigService
from .logs import LogLine, tail
from .views import HealthCheck

YT_DLP_OLD_DAYS, YT_DLP_STALE_DAYS = 60, 180
FFMPEG_ANSWERS_WITHIN_S = 5.0


@dataclass(frozen=True)
class Disk:
    path: str
    total_bytes: int
    free_bytes: int


@dataclass(frozen=True)
class SystemFacts:
    """``versions``: of the parts that age; None where one is not installed. ``paths``: where things are kept."""

    version: str
    python: str
    platform: str
    versions: dict[str, str | None]
    paths: dict[str, str]
    workers: int
    started_at: datetime
    disk: tuple[Disk, ...]


class RestingSources(Protocol):
    """Whoever knows which sources rest: each with ``site``, ``seconds`` that are left, and ``why``."""

    def resting(self) -> Iterable[Any]: ...


class SystemService:
    def __init__(
        self,
        database: Database,
        config: ConfigService,
        environment: Environment,
        rest: RestingSources,
        *,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._database = database
        self._config = config
        self._environment = environment
        self._rest = rest
        self._clock = clock
        self._started_at = clock()

    @cached_property
    def ffmpeg(self) -> str | None:
        """The path of ffmpeg: the system's, else the one that imageio-ffmpeg brings; None without either."""
        found = shutil.which("ffmpeg")
        if found:
            return found
        try:
            import imageio_ffmpeg  # only where the system has none

            return str(imageio_ffmpeg.get_ffmpeg_exe())
        except (ImportError, RuntimeError):
            return None

    def answers(self) -> bool:
        """Whether the server can do anything at all: the database answers."""
        return self._database.answers()

    def facts(self) -> SystemFacts:
        settings = self._config.current
        instance = self._environment.instance
        return SystemFacts(
            version=__version__,
            python=platform.python_version(),
            platform=f"{platform.system()} {platform.machine()}",
            versions={"yt-dlp": _installed("yt-dlp"), "ffmpeg": self._ffmpeg_version, "sqlite": _sqlite_version()},
            paths={"instance": str(instance), "library": settings.library.root, "ffmpeg": self.ffmpeg or ""},
            workers=settings.download.concurrency,
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
        return [
            self._database_check(),
            *self._library_checks(),
            self._ffmpeg_check(),
            self._yt_dlp_check(),
            *self._source_checks(),
            self._clock_check(),
            self._secrets_check(),
        ]

    @cached_property
    def _ffmpeg_version(self) -> str | None:
        if self.ffmpeg is None:
            return None
        try:
            told = subprocess.run(
                [self.ffmpeg, "-version"], capture_output=True, text=True, timeout=FFMPEG_ANSWERS_WITHIN_S
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        words = told.stdout.split()
        return words[2] if len(words) > 2 else None

    def _database_check(self) -> HealthCheck:
        if self.answers():
            return HealthCheck("database", "ok", "The database answers.")
        return HealthCheck("database", "error", "The database does not answer.", "Check the disk and the server's log.")

    def _library_checks(self) -> list[HealthCheck]:
        settings = self._config.current
        root = settings.library.root
        if not root:
            advice = "Choose the folder that holds your series in the settings."
            return [HealthCheck("library", "warning", "No library folder is set.", advice)]
        trouble = offload(_trouble_with_library, root)
        if trouble:
            advice = "Mount the disk, or choose another folder in the settings. Nothing is marked as missing meanwhile."
            return [HealthCheck("library", "error", trouble, advice)]
        return [
            HealthCheck("library", "ok", "The library can be read and written."),
            _room_check(root, settings.download.min_free_space_mb),
        ]

    def _ffmpeg_check(self) -> HealthCheck:
        found = self._ffmpeg_version
        if found:
            return HealthCheck("ffmpeg", "ok", f"ffmpeg {found} is installed.")
        advice = "Install ffmpeg with the system's package manager; downloads cannot be checked without it."
        return HealthCheck("ffmpeg", "error", "ffmpeg is missing or does not answer.", advice)

    def _yt_dlp_check(self) -> HealthCheck:
        found = _installed("yt-dlp")
        if found is None:
            advice = "Install it with pip install yt-dlp."
            return HealthCheck("yt_dlp", "error", "yt-dlp is not installed.", advice)
        age = _age_days(found, self._clock().date())
        level = "ok" if age < YT_DLP_OLD_DAYS else "notice" if age < YT_DLP_STALE_DAYS else "warning"
        advice = "" if level == "ok" else "Update it with pip install -U yt-dlp; players change often."
        return HealthCheck("yt_dlp", level, f"yt-dlp {found} is {max(age, 0)} days old.", advice)

    def _source_checks(self) -> list[HealthCheck]:
        resting = list(self._rest.resting())
        if not resting:
            return [HealthCheck("catalogue", "ok", "No source rests.")]
        advice = "Open the site in a browser, wait, or use another network; it is asked again by itself."
        return [
            HealthCheck("catalogue", "warning", f"{one.site} rests for {max(1, round(one.seconds / 60))} min: {one.why}", advice)
            for one in resting
        ]  # fmt: skip

    def _clock_check(self) -> HealthCheck:
        released = _release_day(_installed("yt-dlp") or "")
        if released and self._clock().date() < released:
            advice = "Set the time of this machine; sign-ins and secure connections fail otherwise."
            return HealthCheck("clock", "error", "The clock of this machine is wrong.", advice)
        return HealthCheck("clock", "ok", "The clock is plausible.")

    def _secrets_check(self) -> HealthCheck:
        path = self._environment.instance / "secret_key"
        if os.name == "nt" or not path.exists() or not path.stat().st_mode & 0o077:
            return HealthCheck("secrets", "ok", "Secrets are readable by their owner only.")
        advice = f"Run chmod 600 {path}."
        return HealthCheck("secrets", "warning", "Others on this machine may read the secret key.", advice)


def _room_check(root: str, floor_mb: int) -> HealthCheck:
    disk = _disk(root)
    free_mb = (disk.free_bytes if disk else 0) // 1_000_000
    if free_mb < floor_mb:
        advice = "Free some space, or lower the floor in the settings; downloads wait until then."
        return HealthCheck(
            "disk", "error", f"Only {free_mb} MB are free, less than the floor of {floor_mb} MB.", advice
        )
    return HealthCheck("disk", "ok", f"{free_mb:,} MB are free.")


def _trouble_with_library(root: str) -> str | None:
    path = Path(root)
    if not path.is_dir():
        return "The library folder is not there."
    if not os.access(path, os.R_OK | os.X_OK):
        return "The library folder cannot be read."
    return None if os.access(path, os.W_OK) else "The library folder cannot be written."


def _disk(path: str) -> Disk | None:
    try:
        usage = shutil.disk_usage(path) if path else None
    except OSError:
        return None
    return usage and Disk(path, usage.total, usage.free)


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _release_day(text: str) -> date | None:
    """The day that a version such as ``2026.10.26`` names."""
    try:
        year, month, day = (int(part) for part in text.split(".")[:3])
        return datetime(year, month, day, tzinfo=UTC).date()
    except ValueError:
        return None


def _age_days(found: str, today: date) -> int:
    released = _release_day(found)
    return (today - released).days if released else 0


def _sqlite_version() -> str:
    module = sys.modules.get("sqlite3")
    return module.sqlite_version if module else ""
