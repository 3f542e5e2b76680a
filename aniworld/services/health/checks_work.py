"""Checks of the work: database, queue, catalogues, settings, log, and how far the door stands open."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, make_url, select

from aniworld.core.health import HealthCheck
from aniworld.core.offload import offload
from aniworld.core.queue import DownloadStatus
from aniworld.core.sentences import Sentence
from aniworld.models import DownloadQueueItem, QueueState
from aniworld.services.health.context import Check, Circumstances, error, notice, ok, warning
from aniworld.services.health.instance_age import is_empty
from aniworld.services.health.log_files import tail
from aniworld.services.settings.service import WHOLE_FILE

DATABASE_LARGE_MB, WAL_LARGE_MB = 1000, 256
WAITS_LONG = timedelta(hours=12)
SILENT = timedelta(minutes=10)
FAILED_MANY = 20
LOG_SPAN = timedelta(hours=1)


def database(here: Circumstances) -> Iterable[HealthCheck]:
    trouble = here.database.trouble() or here.database.outages.current
    if trouble is None:
        yield ok("database", "The database answers.")
    else:
        yield error("database", Sentence(_plain(trouble)), Sentence("Check the disk and the server's log."))


def database_new(here: Circumstances) -> Iterable[HealthCheck]:
    """Says so until something is in it again."""
    if here.database.doubt is not None and is_empty(here.database):
        advice = Sentence(
            "If you moved to another database, copy the old one with python -m aniworld db copy. If you mean to begin "
            "with an empty one, add a series and this goes away."
        )
        yield error("database_new", here.database.doubt, advice)


def database_size(here: Circumstances) -> Iterable[HealthCheck]:
    path = _sqlite_file(here)
    if path is None:
        return
    size_mb, wal_mb = _size_mb(path), _size_mb(path.with_name(path.name + "-wal"))
    if size_mb > DATABASE_LARGE_MB:
        message = Sentence("The database has grown to {size:,} MB.", size=size_mb)
        advice = Sentence("Lower the length of the history and the days of the audit log in the settings.")
        yield notice("database_size", message, advice)
    elif wal_mb > WAL_LARGE_MB:
        message = Sentence("{size:,} MB wait to be written into the database.", size=wal_mb)
        advice = Sentence("Another program may hold the database open; close it, or restart this server.")
        yield warning("database_size", message, advice)
    else:
        yield ok("database_size", "The database has {size:,} MB.", size=size_mb)


def database_whole(here: Circumstances) -> Iterable[HealthCheck]:
    """SQLite's own look for damage. It reads the whole file: the service asks once a day."""
    path = _sqlite_file(here)
    if path is None or not path.exists():
        return
    found = offload(_quick_check, path)
    if found == "ok":
        yield ok("database_whole", "The database is undamaged.")
    else:
        message = Sentence("The database is damaged: {found}", found=found)
        yield error("database_whole", message, Sentence("Stop the server and restore the last backup."))


def catalogue(here: Circumstances) -> Iterable[HealthCheck]:
    resting = list(here.rest.resting())
    for one in resting:
        minutes = max(1, round(one.seconds / 60))
        message = Sentence("{site} rests for {minutes} min: {why}", site=one.site, minutes=minutes, why=one.why)
        advice = Sentence("Open the site in a browser, wait, or use another network; it is asked again by itself.")
        yield warning("catalogue", message, advice)
    if not resting:
        yield ok("catalogue", "No source rests.")


def queue(here: Circumstances) -> Iterable[HealthCheck]:
    with here.database.reading() as session:
        state = session.get(QueueState, 1)
        pending = DownloadQueueItem.status == DownloadStatus.PENDING
        waiting, oldest = session.execute(
            select(func.count(DownloadQueueItem.id), func.min(DownloadQueueItem.added_at)).where(pending)
        ).one()
    running = state is not None and state.is_running
    if running and state is not None and state.reason:
        message = Sentence("The queue waits: {reason}", reason=state.reason)
        yield warning("queue", message, Sentence("It goes on by itself once that is mended."))
    elif waiting and not running and here.clock() - oldest > WAITS_LONG:
        message = Sentence.counting(
            "{count} episode waits, and the queue is stopped.",
            "{count} episodes wait, and the queue is stopped.",
            count=waiting,
        )
        yield notice("queue", message, Sentence("Start the queue, or let it start by itself in the settings."))
    elif waiting and state is not None and state.is_paused and state.paused_until is None:
        message = Sentence.counting(
            "{count} episode waits, and the queue is paused.",
            "{count} episodes wait, and the queue is paused.",
            count=waiting,
        )
        yield notice("queue", message, Sentence("Let it go on on the queue page."))
    else:
        yield ok("queue", "The queue is as it should be.")


def failed(here: Circumstances) -> Iterable[HealthCheck]:
    with here.database.reading() as session:
        count = (
            session.scalar(
                select(func.count(DownloadQueueItem.id)).where(DownloadQueueItem.status == DownloadStatus.FAILED)
            )
            or 0
        )
    if count:
        message = Sentence.counting(
            "{count} download failed for good.", "{count} downloads failed for good.", count=count
        )
        advice = Sentence("The queue page says why for each; retry them or clear the list.")
        yield (warning if count >= FAILED_MANY else notice)("failed", message, advice)
    else:
        yield ok("failed", "No download failed for good.")


def slots(here: Circumstances) -> Iterable[HealthCheck]:
    """A download that is held, and of which nothing was written for long: its worker is gone or stuck."""
    since = here.clock() - SILENT
    with here.database.reading() as session:
        paused = session.scalar(select(QueueState.is_paused).where(QueueState.id == 1))
        silent = session.scalars(
            select(DownloadQueueItem.serie_name).where(
                DownloadQueueItem.status == DownloadStatus.DOWNLOADING, DownloadQueueItem.updated_at < since
            )
        ).all()
    if silent and not paused:
        message = Sentence("Nothing was heard of a download for ten minutes: {names}", names=", ".join(silent[:3]))
        yield warning(
            "slots", message, Sentence("Stop and start the queue; if that does not help, restart the server.")
        )
    else:
        yield ok("slots", "Every running download moves.")


def settings(here: Circumstances) -> Iterable[HealthCheck]:
    wrong = here.misunderstood()
    if wrong == (WHOLE_FILE,):
        message = Sentence("config.json was not readable; it was put aside, and the default settings are in force.")
        advice = Sentence(
            "Restore a backup of the settings on the settings page, or mend the file config.json.broken-… in the"
            " instance folder and put it back. Saving the settings keeps what is in force."
        )
        yield error("settings", message, advice)
    elif wrong:
        message = Sentence(
            "These settings are not understood, and their defaults count: {names}", names=", ".join(wrong)
        )
        yield warning("settings", message, Sentence("Set them anew on the settings page, or restore a backup of them."))
    else:
        yield ok("settings", "All settings are understood.")


def log(here: Circumstances) -> Iterable[HealthCheck]:
    since = (datetime.now() - LOG_SPAN).strftime("%Y-%m-%d %H:%M:%S")  # the log keeps local time
    count = sum(line.at >= since for line in offload(tail, here.instance / "logs", "ERROR"))
    if count:
        message = Sentence.counting(
            "{count} error stands in the log of the last hour.",
            "{count} errors stand in the log of the last hour.",
            count=count,
        )
        yield notice("log", message, Sentence("Read them below, or in logs/aniworld.log of the instance folder."))
    else:
        yield ok("log", "No errors in the log of the last hour.")


def exposure(here: Circumstances) -> Iterable[HealthCheck]:
    environment = here.environment
    if environment.hosts and not environment.secure_cookies:
        message = Sentence("This server answers to {names} without https.", names=", ".join(environment.hosts))
        advice = Sentence(
            "Put it behind a proxy with https and set ANIWORLD_SECURE_COOKIES=true; see docs/deployment.md."
        )
        yield notice("exposure", message, advice)
    else:
        yield ok("exposure", "Sign-ins travel as they should.")


CHECKS: tuple[Check, ...] = (
    database,
    database_new,
    database_size,
    catalogue,
    queue,
    failed,
    slots,
    settings,
    log,
    exposure,
)
DAILY: tuple[Check, ...] = (database_whole,)


def _plain(trouble: Exception) -> str:
    """Its text as a form without values."""
    return str(trouble).replace("{", "{{").replace("}", "}}")


def _quick_check(path: Path) -> str:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])


def _sqlite_file(here: Circumstances) -> Path | None:
    url = make_url(here.environment.sqlalchemy_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _size_mb(path: Path) -> int:
    """In whole MB, rounded up."""
    return -(-path.stat().st_size // 1_000_000) if path.exists() else 0
