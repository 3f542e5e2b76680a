"""Many workers at one queue: each item is claimed once, none is forgotten, the best comes first for everybody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import pytest

from aniworld.core.queue import DownloadStatus
from aniworld.models import Database, DownloadQueueItem
from aniworld.models.database import transaction
from aniworld.models.upgrade import bring_up_to_date
from aniworld.services.queue.repository import QueueRepository
from tests.running import ROOT, until

pytestmark = pytest.mark.cluster

ITEMS, WORKERS = int(os.environ.get("ANIWORLD_TEST_CLAIMS", "10000")), 8
WORKER = """
import json, sys
from aniworld.core.queue import DownloadStatus
from aniworld.models import Database
from aniworld.services.queue.repository import QueueRepository

url, name = sys.argv[1:]
database = Database.at(url)
queue = QueueRepository(database.concurrent_writing, database.reading)
print("ready", flush=True)
sys.stdin.readline()
claimed = []
while True:
    item = queue.claim(name, 600)
    if item is not None:
        claimed.append((item.id, item.priority, item.position))
    elif not queue.counts()[DownloadStatus.PENDING]:
        break
print(json.dumps(claimed))
"""


@pytest.fixture(params=["postgresql", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path) -> Database:
    made = Database.at(request.getfixturevalue(f"{request.param}_url"))
    bring_up_to_date(made, tmp_path)
    yield made
    made.close()


@pytest.fixture
def queue(database: Database) -> QueueRepository:
    return QueueRepository(database.concurrent_writing, database.reading)


def item(number: int, **facts: object) -> DownloadQueueItem:
    return DownloadQueueItem(serie_id="steinwacht", season=1 + number // 1000, episode=number % 1000, **facts)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_thousand_claims_by_eight_processes(database: Database, queue: QueueRepository) -> None:
    for start in range(0, ITEMS, 500):
        queue.add_all([item(number, priority=number % 3) for number in range(start, start + 500)])
    url = database.engine.url.render_as_string(hide_password=False)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, url, f"worker {number}"],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(WORKERS)
    ]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    claims = [json.loads(worker.communicate(timeout=800)[0]) for worker in workers]
    ids = [item_id for mine in claims for item_id, _, _ in mine]
    assert len(ids) == len(set(ids)) == ITEMS
    assert queue.counts() == {status: ITEMS * (status == DownloadStatus.DOWNLOADING) for status in DownloadStatus}
    assert all(claims), "a worker got nothing"
    for mine in claims:  # each of them always got the best that was there
        order = [(-priority, position) for _, priority, position in mine]
        assert order == sorted(order)


def test_an_item_that_another_is_just_claiming_is_passed_over_without_waiting(
    database: Database, queue: QueueRepository
) -> None:
    queue.add_all([item(1), item(2)])
    best = queue.get_pending_items()[0].id
    with database.writing() as session:
        session.get(DownloadQueueItem, best, with_for_update=True)
        assert queue.claim("second", 30).episode == 2
        assert queue.claim("third", 30) is None
    assert queue.claim("third", 30).episode == 1


def test_two_transactions_in_each_others_way_both_succeed(database: Database, queue: QueueRepository) -> None:
    """The two take the same rows in opposite order; the database ends one of them, which is done again."""
    queue.add_all([item(1), item(2)])
    one, two = (each.id for each in queue.get_pending_items())
    meet = threading.Barrier(2, timeout=20)
    done, met = [], set()

    @transaction
    def touch(first: str, second: str) -> None:
        with database.concurrent_writing() as session:
            session.get(DownloadQueueItem, first, with_for_update=True).retry_count += 1
            session.flush()
            if first not in met:
                met.add(first)
                meet.wait()
            session.get(DownloadQueueItem, second, with_for_update=True).retry_count += 1
        done.append(first)

    threads = [threading.Thread(target=touch, args=order) for order in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    until(lambda: len(done) == 2, 40)
    for thread in threads:
        thread.join()
    assert [queue.get_item(each).retry_count for each in (one, two)] == [2, 2]
