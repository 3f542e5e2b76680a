"""Which download workers there are, and which of them are silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aniworld.core.errors import AlreadyRunning, InvalidInput
from aniworld.core.queue import DownloadStatus
from aniworld.models import Database, DownloadQueueItem
from aniworld.services.cluster.worker_registry import WorkersSeen, WorkerView, worker_name

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def seen(database: Database, clock: Clock) -> WorkersSeen:
    return WorkersSeen(database, clock=clock)


def worker(name: str, host: str = "box", active: int = 0) -> WorkerView:
    return WorkerView(name, host, 7, "1.0", 3, active, NOON, NOON)


def held(database: Database, name: str) -> None:
    with database.writing() as session:
        session.add(
            DownloadQueueItem(serie_id="s", season=1, episode=1, status=DownloadStatus.DOWNLOADING, worker=name)
        )


def test_workers_are_listed_with_what_they_last_said(seen: WorkersSeen, clock: Clock) -> None:
    seen.begin(worker("two"))
    seen.begin(worker("one"))
    clock.later(seconds=61)
    seen.seen(worker("two", active=2))
    assert [(one.name, one.active, one.seen_at == clock.now, one.silent) for one in seen.all()] == [
        ("one", 0, False, True),
        ("two", 2, True, False),
    ]
    seen.left("two")
    assert [one.name for one in seen.all()] == ["one"]


def test_a_name_is_one_workers_at_a_time(seen: WorkersSeen, clock: Clock) -> None:
    seen.begin(worker("one", host="box"))
    with pytest.raises(AlreadyRunning, match="runs on box already; give this one another name"):
        seen.begin(worker("one", host="other"))
    seen.begin(worker("one", host="box"))  # it was started anew
    clock.later(seconds=26)
    seen.begin(worker("one", host="other"))
    assert [one.host for one in seen.all()] == ["other"]


def test_health_says_that_nobody_downloads(seen: WorkersSeen, clock: Clock) -> None:
    [check] = seen.checks()
    assert (check.level, "worker" in check.advice) == ("error", True)
    seen.begin(worker("one"))
    assert [check.level for check in seen.checks()] == ["ok"]
    clock.later(seconds=61)
    assert [check.level for check in seen.checks()] == ["error"]


def test_health_names_a_worker_that_holds_items_and_is_silent(
    seen: WorkersSeen, clock: Clock, database: Database
) -> None:
    seen.begin(worker("dead"))
    held(database, "dead")
    assert seen.running() == 1
    clock.later(seconds=61)
    seen.begin(worker("alive"))
    [check] = seen.checks()
    assert check.level == "warning"
    assert "The worker dead holds 1 download and" in check.message


def test_rows_of_the_long_gone_go(seen: WorkersSeen, clock: Clock) -> None:
    seen.begin(worker("gone"))
    clock.later(hours=25)
    seen.begin(worker("here"))
    assert seen.purge() == 1
    assert [one.name for one in seen.all()] == ["here"]


@pytest.mark.parametrize("name", ["one", "NAS-2", "a" * 64, "box.lan"])
def test_names_that_are_names(name: str) -> None:
    assert worker_name(name) == name


@pytest.mark.parametrize("name", ["", " ", "a b", "../x", "a/b", "-x", "a" * 65, "ä", "a\n", "%", "\x1b[31m"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(InvalidInput, match="no name for a worker"):
        worker_name(name)
