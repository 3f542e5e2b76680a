"""Leases are measured by the database's clock, whatever the machines of a cluster think what time it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from aniworld.core.queue import DownloadStatus
from aniworld.models import Database, DownloadQueueItem, ScanRun, upgrade
from aniworld.models.clock import database_now
from aniworld.services.cluster import leases
from aniworld.services.cluster import worker_registry as workers_seen
from aniworld.services.cluster.leases import Lease
from aniworld.services.cluster.worker_registry import WorkersSeen, WorkerView
from aniworld.services.queue import repository as queue_repository
from aniworld.services.queue.repository import QueueRepository
from aniworld.services.scan import runs as scan_runs
from aniworld.services.scan.runs import ScanRuns

pytestmark = pytest.mark.cluster
AHEAD = timedelta(seconds=120)


def ahead() -> datetime:
    return datetime.now(UTC) + AHEAD


@pytest.fixture(params=["postgresql_url", "mariadb_url"])
def database(request: pytest.FixtureRequest, tmp_path) -> Iterator[Database]:  # type: ignore[no-untyped-def]
    made = Database.at(request.getfixturevalue(request.param))
    upgrade.bring_up_to_date(made, tmp_path)
    yield made
    made.close()


@pytest.fixture
def clock_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (leases, queue_repository, scan_runs, workers_seen):
        monkeypatch.setattr(module, "utcnow", ahead, raising=False)


def test_the_database_tells_the_time_in_utc(database: Database) -> None:
    with database.reading() as session:
        assert abs(database_now(session) - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.usefixtures("clock_ahead")
def test_a_worker_whose_clock_is_ahead_steals_nothing(database: Database) -> None:
    queue = QueueRepository(database.concurrent_writing, database.reading)
    queue.add_all([DownloadQueueItem(serie_id="a", season=1, episode=1, status=DownloadStatus.PENDING)])
    item = queue.claim("right", 30.0)
    assert item is not None
    assert item.lease_until is not None
    with database.reading() as session:
        assert item.lease_until - database_now(session) < timedelta(seconds=31)
    assert queue.renew("right", [item.id], 30.0) == 1
    assert queue.put_back_abandoned(everything=False) == 0
    assert queue.report(item.id, "right", DownloadStatus.PENDING, wait_s=30)
    assert queue.claim("ahead", 30.0) is None, "the wait before another try is not over"


@pytest.mark.usefixtures("clock_ahead")
def test_shared_work_and_scans_are_not_stolen(database: Database) -> None:
    assert Lease(database, "look", "right", 30).take()
    assert not Lease(database, "look", "ahead", 30).take()
    assert Lease(database, "look", "ahead", 30).facts()[1]
    with database.writing() as session:
        now = database_now(session)
        session.add(ScanRun(id="1", status="running", phase="walk", started_at=now, seen_at=now, turn=1))
    assert ScanRuns(database).latest().status == "running"


def test_health_names_the_worker_whose_clock_is_off(database: Database) -> None:
    now = datetime.now(UTC)
    right, wrong = WorkersSeen(database), WorkersSeen(database, own_clock=ahead)
    right.begin(WorkerView("right", "a", 1, "1", 1, 0, now, now))
    wrong.begin(WorkerView("ahead", "b", 1, "1", 1, 0, now, now))
    assert [worker.silent for worker in right.all()] == [False, False]
    (check,) = right.clock_checks()
    assert check.level == "warning"
    assert "The clock of the worker ahead is 120 s off" in check.message
    here, _ = wrong.clock_checks()
    assert "The clock of this machine is 120 s off" in here.message
    wrong.left("ahead")
    (check,) = right.clock_checks()
    assert check.level == "ok"
