"""Of several processes one keeps the schedule, and another one when it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import gevent
import pytest

from aniworld.models import Database, utcnow
from aniworld.services.cluster.leases import Lease
from aniworld.services.tracking.status import TrackingStatus
from aniworld.workers.scheduler import Scheduler
from tests.workers.test_scheduler import House

LEASE_S = 4.0


class Process(House):
    """A house among others: it shares their database and settings, and knows when any of them looked."""

    def __init__(self, folder: Path, database: Database, name: str) -> None:
        super().__init__(folder)
        self.set(enabled=True, interval_hours=6)
        self.looked_elsewhere = TrackingStatus()
        self.looks.status = lambda: self.looked_elsewhere  # type: ignore[attr-defined]
        lease = Lease(database, "schedule", name, LEASE_S)
        self.scheduler = Scheduler(self.looks, self.config, first_after_s=0.1, lease=lease)  # type: ignore[arg-type]

    @property
    def leads(self) -> bool:
        return self.scheduler.next_look is not None


@pytest.fixture
def processes(tmp_path: Path, database: Database) -> Iterator[list[Process]]:
    made = [Process(tmp_path / name, database, name) for name in ("one", "other")]
    yield made
    for process in made:
        process.scheduler.stop()


def test_one_schedules_and_the_other_takes_over_when_it_stops(processes: list[Process]) -> None:
    one, other = processes
    one.scheduler.start()
    one.until(lambda: one.looks.count == 1)
    other.looked_elsewhere = TrackingStatus(started_at=utcnow())
    other.scheduler.start()
    gevent.sleep(LEASE_S / 2)
    assert (one.leads, other.leads, other.looks.count) == (True, False, 0)

    one.scheduler.stop()
    other.until(lambda: other.leads)
    next_look = other.scheduler.next_look
    assert next_look is not None
    assert next_look - utcnow() > timedelta(hours=5.9), "the one before has just looked"


def test_a_process_that_falls_silent_loses_the_schedule_and_leaves_it(
    processes: list[Process], database: Database
) -> None:
    one, other = processes
    one.scheduler.start()
    one.until(lambda: one.leads)
    assert Lease(database, "schedule", "one", -1).take(), "as if it had been frozen for longer than its lease"
    assert Lease(database, "schedule", "a third", LEASE_S).take()
    one.until(lambda: not one.leads)
    other.scheduler.start()
    other.until(lambda: one.leads != other.leads)
