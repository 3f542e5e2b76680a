"""Checks of the machine: programs, clock, folders that are the application's own."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from aniworld.core.health import HealthCheck
from aniworld.core.sentences import Sentence
from aniworld.services.health.context import Check, Circumstances, error, notice, ok, warning

YT_DLP_OLD_DAYS, YT_DLP_STALE_DAYS = 60, 180
CLOCK_OFF_S, CLOCK_WRONG_S = 60.0, 300.0
INSTANCE_FREE_MB = 500
OPEN_FILES = 1024
PYTHON_ENDS = {
    (3, 11): date(2027, 10, 31),
    (3, 12): date(2028, 10, 31),
    (3, 13): date(2029, 10, 31),
}  # PEP 664, 693, 719
OLDEST_FFMPEG = (5, 1)  # tools/promised_versions.py
SECRET_FILES = ("secret_key", "config.json", "aniworld.db")


def python(here: Circumstances) -> Iterable[HealthCheck]:
    running = sys.version_info[:2]
    ends = PYTHON_ENDS.get(running)
    number = ".".join(map(str, running))
    if ends and here.clock().date() > ends:
        yield notice(
            "python",
            Sentence("Python {version} gets no security fixes any more.", version=number),
            Sentence("Install a newer Python and set the application up again on it."),
        )
    else:
        yield ok("python", "Python {version} is supported.", version=number)


def clock(here: Circumstances) -> Iterable[HealthCheck]:
    advice = Sentence("Set the time of this machine; sign-ins and secure connections fail otherwise.")
    released = _release_day(installed("yt-dlp") or "")
    ahead = here.clock_offset()
    if released and here.clock().date() < released:
        yield error("clock", Sentence("The clock of this machine is wrong."), advice)
    elif ahead is not None and abs(ahead) > CLOCK_OFF_S:
        message = Sentence("The clock of this machine is {seconds:.0f} s off the sites' clocks.", seconds=abs(ahead))
        yield (error if abs(ahead) > CLOCK_WRONG_S else warning)("clock", message, advice)
    else:
        yield ok("clock", "The clock is plausible.")


def ffmpeg(here: Circumstances) -> Iterable[HealthCheck]:
    found = here.ffmpeg_version()
    advice = Sentence("Install ffmpeg with the system's package manager; downloads cannot be checked without it.")
    if not found:
        yield error("ffmpeg", Sentence("ffmpeg is missing or does not answer."), advice)
    elif _is_older(found, OLDEST_FFMPEG):
        old = Sentence("ffmpeg {version} is older than the versions that Aniworld is tested with.", version=found)
        yield warning("ffmpeg", old, Sentence("Install ffmpeg 5.1 or newer."))
    else:
        yield ok("ffmpeg", "ffmpeg {version} is installed.", version=found)


def yt_dlp(here: Circumstances) -> Iterable[HealthCheck]:
    found = installed("yt-dlp")
    if found is None:
        advice = Sentence("Install it with pip install yt-dlp.")
        yield error("yt_dlp", Sentence("yt-dlp is not installed."), advice)
        return
    released = _release_day(found)
    age = max(0, (here.clock().date() - released).days) if released else 0
    message = Sentence.counting(
        "yt-dlp {version} is {count} day old.", "yt-dlp {version} is {count} days old.", count=age, version=found
    )
    if age < YT_DLP_OLD_DAYS:
        yield HealthCheck("yt_dlp", "ok", message)
    else:
        advice = Sentence("Update it with pip install -U yt-dlp; players change often.")
        yield (notice if age < YT_DLP_STALE_DAYS else warning)("yt_dlp", message, advice)


def secrets(here: Circumstances) -> Iterable[HealthCheck]:
    open_to_others = [name for name in SECRET_FILES if _is_open(here.instance / name)]
    if not open_to_others:
        yield ok("secrets", "Secrets are readable by their owner only.")
        return
    files = " ".join(str(here.instance / name) for name in open_to_others)
    message = Sentence("Others on this machine may read {files}.", files=", ".join(open_to_others))
    yield warning("secrets", message, Sentence("Run chmod 600 {files}.", files=files))


def instance(here: Circumstances) -> Iterable[HealthCheck]:
    folder = here.instance
    if not os.access(folder, os.W_OK | os.X_OK):
        message = Sentence("The instance folder {folder} cannot be written.", folder=folder)
        advice = Sentence("Give it to the user that runs this server; nothing can be kept until then.")
        yield error("instance", message, advice)
    elif os.name != "nt" and folder.stat().st_mode & 0o077:
        message = Sentence("Others on this machine may look into the instance folder.")
        yield warning("instance", message, Sentence("Run chmod 700 {folder}.", folder=folder))
    else:
        yield ok("instance", "The instance folder belongs to this server alone.")


def instance_disk(here: Circumstances) -> Iterable[HealthCheck]:
    free_mb = shutil.disk_usage(here.instance).free // 1_000_000
    if free_mb < INSTANCE_FREE_MB:
        message = Sentence("Only {free:,} MB are free for the database, covers and logs.", free=free_mb)
        advice = Sentence("Free some space on the disk of {folder}.", folder=here.instance)
        yield warning("instance_disk", message, advice)
    else:
        yield ok("instance_disk", "There is room for the database, covers and logs.")


def open_files(here: Circumstances) -> Iterable[HealthCheck]:
    if os.name != "posix":
        return
    import resource  # POSIX only

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if 0 <= limit < OPEN_FILES:
        message = Sentence("This server may open only {limit} files and connections.", limit=limit)
        yield warning("open_files", message, Sentence("Raise the limit (ulimit -n, LimitNOFILE) to 1024 or more."))
    else:
        yield ok("open_files", "Enough files and connections may be open.")


CHECKS: tuple[Check, ...] = (python, clock, yt_dlp, secrets, instance, instance_disk, open_files)
PROGRAMS: tuple[Check, ...] = (ffmpeg,)


def installed(package: str) -> str | None:
    """The version of an installed package; None without it."""
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


def _is_older(found: str, oldest: tuple[int, int]) -> bool:
    """Whether a version such as ``5.1.6-0+deb12u1`` is older; a build without a number (``N-1234-g…``) is not."""
    numbers = re.match(r"n?(\d+)(?:\.(\d+))?", found)
    return numbers is not None and (int(numbers[1]), int(numbers[2] or 0)) < oldest


def _is_open(path: Path) -> bool:
    return os.name != "nt" and path.exists() and bool(path.stat().st_mode & 0o077)
