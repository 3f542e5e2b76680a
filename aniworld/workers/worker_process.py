"""``python -m aniworld worker``: one Celery worker whose bootstep is the download pool. gevent has patched before."""

from __future__ import annotations

import logging
import os
import signal
import socket
from typing import Any

import gevent
from celery import bootsteps
from celery.worker import WorkController, state

from aniworld.core.errors import Unavailable
from aniworld.core.offload import pause
from aniworld.services.container import Services
from aniworld.workers.cluster import celery_application
from aniworld.workers.runtime import Runtime, worker_role

log = logging.getLogger(__name__)

QUIET = ("celery.worker.strategy", "celery.app.trace", "kombu")
LET_GO_WITHIN_S = 8.0
ANEW_AFTER_S = 1.0


def run_worker(services: Services, name: str, slots: int | None = None) -> int:
    """Works until SIGTERM or SIGINT, and gives the exit code. Running items are put back at the signal.

    Raises AlreadyRunning for a name that another worker has, Unavailable where the installed libraries read no pages:
    such a worker would only take items from others and fail them.
    """
    for logger in QUIET:
        logging.getLogger(logger).setLevel(logging.WARNING)
    pages = services.parsers.run()
    if pages.level == "error":
        raise Unavailable(f"This worker does not start. {pages.message} {pages.advice}")
    runtime = Runtime(services, services.environment.instance, worker_role(name, slots))
    runtime.prepare()
    application = celery_application(services.environment.redis_url, runtime.wake)
    application.set_default()  # Celery looks for a task's application there
    application.steps["worker"].add(_step_of(runtime))
    _hear_signals(runtime)
    while not _was_asked_to_stop():
        controller = WorkController(
            app=application,
            hostname=f"{name}@{socket.gethostname()}",
            pool="gevent",
            loglevel="INFO",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        controller.start()
        if not _was_asked_to_stop():
            log.error("Celery ended by itself, the lines above say why; downloads go on, and it begins anew")
            pause(ANEW_AFTER_S)
    runtime.stop()
    return 0


def _was_asked_to_stop() -> bool:
    return state.should_stop is not None


def _step_of(runtime: Runtime) -> type[bootsteps.StartStopStep]:
    class Downloads(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery states no types
        """The download pool begins before the first ticket is taken, and runs on while Redis is away, or while Celery
        begins anew because something on Redis was no ticket."""

        requires = ("celery.worker.components:Pool",)

        def start(self, worker: Any) -> None:
            if not runtime.is_working:
                runtime.start()

        def stop(self, worker: Any) -> None:
            if _was_asked_to_stop():
                runtime.stop()

        terminate = stop

    return Downloads


def _hear_signals(runtime: Runtime) -> None:
    """The first signal puts running items back at once and lets Celery end in its own time, the second ends at once."""

    def asked(number: int, frame: object) -> None:
        if _was_asked_to_stop():
            os._exit(1)  # children end with their parent
        state.should_stop = 0
        gevent.spawn(runtime.stop)
        gevent.spawn_later(LET_GO_WITHIN_S, os._exit, 0)  # a Redis that is frozen must not keep a worker from ending

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, asked)
