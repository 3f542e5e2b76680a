"""The rows of scans: which one runs, in whatever process, whether it still lives, and how the last one ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from aniworld.core.errors import AlreadyRunning
from aniworld.models import Database, ScanRun
from aniworld.models.clock import database_now
from aniworld.services.cluster.leases import is_alive
from aniworld.services.scan.views import ScanStatus

HEARTBEAT_S = 2.0
KEPT, AT_ONCE = 50, 500  # rows of scans that have ended; how many older ones go with each that begins
_STEP = ("phase", "current", "total")
_END = (*_STEP, "status", "completed_at", "series_found", "episodes_found", "missing_total", "error")


class ScanRunning(AlreadyRunning):
    """``status``: the scan that runs."""

    def __init__(self, status: ScanStatus) -> None:
        super().__init__("A scan runs already; wait for its end or cancel it.")
        self.status = status


class ScanRuns:
    """One scan runs at a time, over all processes that share the database. ``process``: the name of this one.

    The row is the running process' lease: renewed by each sign of life, over after a minute without one.
    """

    def __init__(self, database: Database, process: str = "") -> None:
        self._database = database
        self._process = process

    def latest(self) -> ScanStatus:
        """The newest scan, else idle. One that runs and gave no sign of life for a minute counts as failed."""
        with self._database.reading() as session:
            row = session.scalar(select(ScanRun).order_by(ScanRun.started_at.desc()).limit(1))
            if row is None:
                return ScanStatus()
            if row.status == "running" and not is_alive(row, database_now(session)):
                return replace(_status(row), status="failed", error="The scan was interrupted; start it again.")
            return _status(row)

    def begin(self, status: ScanStatus) -> None:
        """Makes ``status`` the scan that runs. Raises ScanRunning where another one does."""
        try:
            with self._database.writing() as session:
                now = database_now(session)
                for row in session.scalars(select(ScanRun).where(ScanRun.status == "running")):
                    if is_alive(row, now):
                        raise ScanRunning(_status(row))
                    row.status, row.turn, row.completed_at = "failed", None, now
                    row.error = "The scan was interrupted."
                session.flush()
                _forget_oldest(session)
                session.add(
                    ScanRun(
                        id=status.scan_id,
                        status=status.status,
                        phase=status.phase,
                        started_at=status.started_at,
                        seen_at=now,
                        turn=1,
                        process=self._process or None,
                    )
                )
        except IntegrityError as error:  # another process took the turn between the look and the insert
            raise ScanRunning(self.latest()) from error

    def beat(self, status: ScanStatus) -> bool:
        """Notes a sign of life and the step; whether the scan is to go on. False also where others took it for dead."""
        with self._database.writing() as session:
            values: dict[str, Any] = {"seen_at": database_now(session), **_values(status, _STEP)}
            mine = (ScanRun.id == status.scan_id) & (ScanRun.status == "running")
            session.execute(update(ScanRun).where(mine).values(**values))
            return session.scalar(select(ScanRun.cancelled).where(mine)) is False

    def end(self, status: ScanStatus) -> None:
        """Writes how the scan ended, unless others took it for dead and wrote that."""
        values = {"turn": None, "warnings": list(status.warnings), **_values(status, _END)}
        mine = (ScanRun.id == status.scan_id) & (ScanRun.status == "running")
        with self._database.writing() as session:
            values["seen_at"] = database_now(session)
            session.execute(update(ScanRun).where(mine).values(**values))

    def ask_to_stop(self) -> None:
        """Marks the scan that runs, in whatever process; it looks every two seconds."""
        with self._database.writing() as session:
            session.execute(update(ScanRun).where(ScanRun.status == "running").values(cancelled=True))


def _forget_oldest(session: Session) -> None:
    newest_first = select(ScanRun.id).order_by(ScanRun.started_at.desc())
    old = session.scalars(newest_first.offset(KEPT - 1).limit(AT_ONCE)).all()
    session.execute(delete(ScanRun).where(ScanRun.id.in_(old), ScanRun.status != "running"))


def _values(status: ScanStatus, names: tuple[str, ...]) -> Mapping[str, Any]:
    return {name: getattr(status, name) for name in names}


def _status(row: ScanRun) -> ScanStatus:
    share = row.current / row.total if row.total else float(row.status == "completed")
    percent = round(min(100.0, 100.0 * share), 1)
    return ScanStatus(
        row.id,
        row.status,
        row.phase,
        row.current,
        row.total,
        percent,
        row.started_at,
        row.completed_at,
        row.series_found,
        row.episodes_found,
        row.missing_total,
        tuple(row.warnings or ()),
        row.error,
    )
