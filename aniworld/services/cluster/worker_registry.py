"""WorkersSeen: which download workers there are in the cluster, and which of them are silent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from aniworld.core.errors import AlreadyRunning, InvalidInput
from aniworld.core.health import HealthCheck
from aniworld.core.queue import DownloadStatus
from aniworld.core.sentences import Sentence
from aniworld.models import Database, DownloadQueueItem, WorkerSeen, utcnow
from aniworld.models.clock import database_now

SEEN_EVERY_S = 10.0
ALIVE = timedelta(seconds=25)  # two signs of life were left out, and a little
SILENT = timedelta(seconds=60)
GONE = timedelta(days=1)
CLOCK_OFF_S = 10.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class WorkerView:
    """One download worker. ``slots``: downloads at a time; ``active``: those it runs; ``silent``: not seen for a
    minute.

    ``clock_ahead_s``: how far its clock is ahead of the database's.
    """

    name: str
    host: str
    pid: int
    version: str
    slots: int
    active: int
    started_at: datetime
    seen_at: datetime
    silent: bool = False
    clock_ahead_s: float = 0.0


def worker_name(text: str) -> str:
    """``text``, if it can be a worker's name. Raises InvalidInput."""
    if not _NAME.fullmatch(text):
        raise InvalidInput(
            f"{text[:80]!r} is no name for a worker; take letters, digits, dots and hyphens, at most 64 of them"
            " (--name)."
        )
    return text


class WorkersSeen:
    """``clock``: over the database's own, by which everyone measures; ``own_clock``: this machine's."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime] | None = None,
        own_clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._database = database
        self._clock = clock
        self._own_clock = own_clock

    def _now(self, session: Session) -> datetime:
        return self._clock() if self._clock else database_now(session)

    def begin(self, worker: WorkerView) -> None:
        """The worker is one of the cluster. Raises AlreadyRunning while another machine has a worker of this name."""
        with self._database.reading() as session:
            row, now = session.get(WorkerSeen, worker.name), self._now(session)
        if row is not None and row.host != worker.host and now - row.seen_at < ALIVE:
            raise AlreadyRunning(
                f"A worker named {worker.name} runs on {row.host} already; give this one another name with --name or "
                "ANIWORLD_WORKER. If it was killed there, its name is free within half a minute."
            )
        self.seen(worker)

    def seen(self, worker: WorkerView) -> None:
        """The worker's word about itself, from now."""
        facts = {name: value for name, value in asdict(worker).items() if name != "silent"}
        with self._database.writing() as session:
            session.merge(
                WorkerSeen(**facts | {"seen_at": self._now(session), "clock_ahead_s": self._ahead_s(session)})
            )

    def _ahead_s(self, session: Session) -> float:
        """How far this machine's clock is ahead of the database's, to half of the time that one question takes."""
        asked = self._own_clock()
        there = database_now(session)
        answered = self._own_clock()
        return round((asked + (answered - asked) / 2 - there).total_seconds(), 3)

    def left(self, name: str) -> None:
        """The worker has ended."""
        with self._database.writing() as session:
            session.execute(delete(WorkerSeen).where(WorkerSeen.name == name))

    def all(self) -> list[WorkerView]:
        """Every worker by name, also those that have been silent for less than a day."""
        with self._database.reading() as session:
            rows = list(session.scalars(select(WorkerSeen).order_by(WorkerSeen.name)))
            now = self._now(session)
        return [_view(row, now) for row in rows]

    def purge(self) -> int:
        """How many rows of workers went that have not been seen for a day."""
        with self._database.writing() as session:
            old = list(session.scalars(select(WorkerSeen).where(WorkerSeen.seen_at < self._now(session) - GONE)))
            for row in old:
                session.delete(row)
        return len(old)

    def checks(self) -> Iterable[HealthCheck]:
        """Whether somebody downloads, and whether those that hold items speak."""
        workers = self.all()
        if all(worker.silent for worker in workers):
            message = Sentence("No download worker has been seen for a minute; nothing is downloaded.")
            advice = Sentence("Start one with python -m aniworld worker; look at its log if it runs.")
            yield HealthCheck("workers", "error", message, advice)
            return
        held, spoken = self._held(), {worker.name for worker in workers if not worker.silent}
        silent = sorted(name for name in held if name not in spoken)
        for name in silent:
            message = Sentence.counting(
                "The worker {name} holds {count} download and is silent.",
                "The worker {name} holds {count} downloads and is silent.",
                count=held[name],
                name=name,
            )
            advice = Sentence("Its downloads go to other workers by themselves; look at its machine.")
            yield HealthCheck("workers", "warning", message, advice)
        if not silent:
            yield HealthCheck("workers", "ok", Sentence("Download workers: {count}.", count=len(spoken)))

    def clock_checks(self) -> Iterable[HealthCheck]:
        """Whether the clocks of this process and of all workers agree with the database's."""
        workers = self.all()
        with self._database.reading() as session:
            here = self._ahead_s(session)
        advice = Sentence(
            "Let all machines take their time from one source (NTP). Downloads are held by the database's clock and are"
            " not affected; dates and plans are."
        )
        known = [(worker.name, worker.clock_ahead_s) for worker in workers if not worker.silent]
        off = [(name, seconds) for name, seconds in known if abs(seconds) > CLOCK_OFF_S]
        if abs(here) > CLOCK_OFF_S:
            form = "The clock of this machine is {seconds} s off the database's clock."
            yield HealthCheck("worker_clocks", "warning", Sentence(form, seconds=round(abs(here))), advice)
        for name, seconds in off:
            form = "The clock of the worker {name} is {seconds} s off the database's clock."
            yield HealthCheck(
                "worker_clocks", "warning", Sentence(form, name=name, seconds=round(abs(seconds))), advice
            )
        if not off and abs(here) <= CLOCK_OFF_S:
            yield HealthCheck("worker_clocks", "ok", Sentence("The clocks of all processes agree."))

    def running(self) -> int:
        """How many downloads run, wherever that is."""
        return sum(self._held().values())

    def _held(self) -> Mapping[str, int]:
        row = DownloadQueueItem
        query = (
            select(row.worker, func.count(row.id)).where(row.status == DownloadStatus.DOWNLOADING).group_by(row.worker)
        )
        with self._database.reading() as session:
            return {name: count for name, count in session.execute(query).tuples() if name}


def _view(row: WorkerSeen, now: datetime) -> WorkerView:
    return WorkerView(
        row.name,
        row.host,
        row.pid,
        row.version,
        row.slots,
        row.active,
        row.started_at,
        row.seen_at,
        silent=now - row.seen_at > SILENT,
        clock_ahead_s=row.clock_ahead_s or 0.0,
    )
