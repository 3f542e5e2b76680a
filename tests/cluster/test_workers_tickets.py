"""Tickets: few, bounded, and never waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import redis as client_of

from aniworld.services.queue.change_signal import Changes
from aniworld.workers.cluster import PREFIX, QUEUE, celery_application
from aniworld.workers.tickets import ENOUGH, Tickets
from tests.cluster.machines import Redis, running
from tests.running import until

pytestmark = pytest.mark.cluster


@pytest.fixture
def broker() -> Iterator[Redis]:
    with running(Redis) as machine:
        yield machine


def waiting(broker: Redis) -> int:
    with closing(client_of.Redis.from_url(broker.url())) as client:
        return int(client.llen(PREFIX + QUEUE))


def test_many_wishes_are_few_tickets_and_only_ones_own_changes_count(broker: Redis) -> None:
    changes = Changes()
    tickets = Tickets(broker.url(), changes)
    tickets.start()
    for _ in range(200):
        changes.ring()
        changes.ring(afar=True)
    until(lambda: waiting(broker) >= 1)
    time.sleep(0.5)
    sent = waiting(broker)
    assert sent <= 3
    for _ in range(50):
        changes.ring(afar=True)
    time.sleep(0.5)
    assert waiting(broker) == sent
    tickets.stop()


def test_redis_is_not_filled_while_nobody_takes_tickets(broker: Redis) -> None:
    with closing(client_of.Redis.from_url(broker.url())) as client:
        client.rpush(PREFIX + QUEUE, *(["old"] * ENOUGH))
    changes = Changes()
    tickets = Tickets(broker.url(), changes)
    tickets.start()
    changes.ring()
    time.sleep(1)
    assert waiting(broker) == ENOUGH
    tickets.stop()


def test_nobody_waits_for_a_redis_that_is_away_and_the_wish_is_told_when_it_is_back(broker: Redis) -> None:
    changes = Changes()
    tickets = Tickets(broker.url(), changes)
    tickets.start()
    broker.stop()
    began = time.monotonic()
    for _ in range(1000):
        changes.ring()
    assert time.monotonic() - began < 1
    time.sleep(1)
    broker.start()
    until(lambda: waiting(broker) >= 1)
    tickets.stop()
    assert "tickets" not in {thread.name for thread in threading.enumerate() if not thread.daemon}


def test_a_worker_takes_json_only_and_no_orders(broker: Redis) -> None:
    settings = celery_application(broker.url()).conf
    assert settings.accept_content == ["json"]
    assert settings.task_serializer == "json"
    assert settings.result_backend is None
    assert not settings.worker_enable_remote_control
    assert not settings.task_create_missing_queues
