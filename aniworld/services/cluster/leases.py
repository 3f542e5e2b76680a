"""Work that one process of a cluster does at a time: whoever holds the lease does it, and if it falls silent
another.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from aniworld.models import Database, ImportRun, ScanRun
from aniworld.models import Lease as LeaseRow
from aniworld.models.clock import database_now
from aniworld.models.outage import DATABASE_AWAY

T = TypeVar("T")
log = logging.getLogger(__name__)

DEAD_AFTER = timedelta(seconds=60)


def process_name(worker: str = "") -> str:
    """A name for this process that no other has, and that tells a person where to look."""
    return f"{(worker or socket.gethostname())[:90]}/{os.getpid()}-{secrets.token_hex(3)}"


def has_ended(process: str | None) -> bool:
    """Whether the process of that name is known to be gone; False for those of other machines, whose silence must
    tell.
    """
    host, _, rest = (process or "").rpartition("/")
    pid = rest.split("-")[0]
    if host != socket.gethostname() or not pid.isdecimal() or os.name == "nt":
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass
    return False


def is_alive(run: ScanRun | ImportRun, now: datetime) -> bool:
    """Whether the process of a running run has reported within ``DEAD_AFTER``. ``now``: by the database's clock."""
    return now - (run.seen_at or run.started_at) < DEAD_AFTER and not has_ended(run.process)


class Lease:
    """The work ``name``, for ``holder``. It ends by the database's clock, whatever the machines' say."""

    def __init__(self, database: Database, name: str, holder: str, seconds: float) -> None:
        self.seconds = seconds
        self._database = database
        self._name = name
        self._holder = holder

    def take(self, facts: Mapping[str, Any] | None = None) -> bool:
        """Whether this process has it from now on, for ``seconds`` more. ``facts``: what it says of the work."""
        values: dict[str, Any] = {"holder": self._holder}
        if facts is not None:
            values["facts"] = dict(facts)
        try:
            with self._database.writing() as session:
                now = database_now(session)
                values["until"] = now + timedelta(seconds=self.seconds)
                free = or_(LeaseRow.holder == self._holder, LeaseRow.until < now)
                mine = update(LeaseRow).where(LeaseRow.name == self._name, free).values(**values)
                if session.execute(mine).rowcount:  # type: ignore[attr-defined]
                    return True
                if session.get(LeaseRow, self._name) is not None:
                    return False
                session.add(LeaseRow(name=self._name, **values))
        except IntegrityError:  # another process was quicker
            return False
        return True

    def release(self, facts: Mapping[str, Any] | None = None) -> None:
        """Others may take it at once; ``facts`` stay. Nothing happens where it is not held."""
        values: dict[str, Any] = {} if facts is None else {"facts": dict(facts)}
        with self._database.writing() as session:
            values["until"] = database_now(session) - timedelta(seconds=1)
            mine = LeaseRow.name == self._name, LeaseRow.holder == self._holder
            session.execute(update(LeaseRow).where(*mine).values(**values))

    @contextmanager
    def renewed(self, say: Callable[[], Mapping[str, Any]], lost: threading.Event) -> Iterator[None]:
        """A block in which the lease, taken before, holds on, with the newest facts. ``lost`` is set where it does
        not.
        """
        ended = threading.Event()
        renewer = threading.Thread(target=self._renew, args=(say, lost, ended), name="lease", daemon=True)
        renewer.start()
        try:
            yield
        finally:
            ended.set()
            renewer.join()  # or it would take again what is given back here
            _unless_away(lambda: self.release(say()))

    def _renew(self, say: Callable[[], Mapping[str, Any]], lost: threading.Event, ended: threading.Event) -> None:
        over_at = time.monotonic() + self.seconds
        while not lost.is_set() and not ended.wait(self.seconds / 4):
            held = _unless_away(lambda: self.take(say()))
            if held:
                over_at = time.monotonic() + self.seconds
            elif held is False or time.monotonic() > over_at:
                log.warning("Another process does the work %r by now; this one leaves it", self._name)
                lost.set()

    def facts(self) -> tuple[dict[str, Any], bool]:
        """What was last said of the work, and whether somebody is at it."""
        with self._database.reading() as session:
            row = session.scalar(select(LeaseRow).where(LeaseRow.name == self._name))
            return ({}, False) if row is None else (dict(row.facts or {}), row.until > database_now(session))


def _unless_away(act: Callable[[], T]) -> T | None:
    """None while the database is away: a lease holds a while without it."""
    try:
        return act()
    except DATABASE_AWAY as error:
        log.info("A lease could not be written: %s", error)
        return None
