"""Tells the workers that there is work: a Celery ticket after what a person changed, without anybody waiting for
Redis.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from aniworld.services.cluster.channel import connect
from aniworld.services.queue.change_signal import Changes
from aniworld.workers.cluster import PREFIX, QUEUE, TICKET, celery_application

log = logging.getLogger(__name__)

GAP_S = 0.2  # many wishes in a short time are one ticket
LONGEST_PAUSE_S = 5.0
ENOUGH = 100  # that nobody took yet: more would only fill Redis while no worker runs


class Tickets:
    """Listens to the bell of this process. ``start`` and ``stop`` once each."""

    def __init__(self, redis_url: str, changes: Changes) -> None:
        self._application: Celery = celery_application(redis_url)
        self._redis = connect(redis_url)
        self._changes = changes
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._unlisten: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._unlisten = self._changes.listen_near(self._wanted.set)
        threading.Thread(target=self._send_on, name="tickets", daemon=True).start()

    def stop(self) -> None:
        self._unlisten()
        self._stopping.set()
        self._wanted.set()

    def _send_on(self) -> None:
        pause_s = GAP_S
        while not self._stopping.is_set():
            self._wanted.wait()
            self._wanted.clear()
            if self._sent():
                pause_s = GAP_S
            else:  # the newest wish is told as soon as Redis is back
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                self._wanted.set()
            self._stopping.wait(pause_s)

    def _sent(self) -> bool:
        try:
            if self._redis.llen(PREFIX + QUEUE) < ENOUGH:  # the client is no asynchronous one
                self._application.send_task(TICKET, retry=False, ignore_result=True)
        except (OperationalError, RedisError, OSError) as error:
            log.debug("A ticket could not be sent: %s", error)
            return False
        return True
