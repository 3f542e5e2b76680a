"""How a command gets at the instance: the services on it, and someone who downloads."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from aniworld.services.container import Services
    from aniworld.services.series_app import SeriesApp


@contextmanager
def opened(*, restoring: bool = False) -> Iterator[Services]:
    """The services on this instance, closed at the end of the block. Only what matters is logged, on stderr.

    A change of the database raises Conflict while a backup is being restored, except by ``restoring`` itself.
    """
    from sqlalchemy import event

    from aniworld.app import build_services  # half a second that help and wrong usage need not wait for
    from aniworld.config.environment import Environment
    from aniworld.models.restore_lock import RestoreLock

    logging.basicConfig(level=os.environ.get("ANIWORLD_LOG", "ERROR"), format="%(levelname)s: %(message)s")
    services = build_services(Environment.read())
    lock = RestoreLock(services.environment.instance)

    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get("aniworld_write"):
            lock.check()

    if not restoring:
        event.listen(services.database.engine, "begin", begun)
    try:
        yield services
    finally:
        services.close()


@contextmanager
def recorded(services: Services, kind: str) -> Iterator[None]:
    """The settings that change in this block are an entry of the audit log, by name.

    Raises Conflict while a backup is being restored.
    """
    from aniworld.models.restore_lock import RestoreLock
    from aniworld.services.access.audit_log import changed  # see opened

    RestoreLock(services.environment.instance).check()
    before = services.config.current
    yield
    names = changed(before, services.config.current)
    if names:
        services.audit.record(kind, ", ".join(names))


@contextmanager
def series_app() -> Iterator[SeriesApp]:
    from aniworld.services.series_app import SeriesApp

    with opened() as services:
        yield SeriesApp(services, lambda: driving(services))


@contextmanager
def driving(services: Services) -> Iterator[bool]:
    """While the block lasts, the queue is worked on: by a server that runs on this instance, or by the workers of a
    cluster, else by this process.

    What you get is whether it is this process. At the end its running downloads are put back, their bytes kept.
    """
    from aniworld.workers.instance_lock import InstanceLock  # most commands download nothing
    from aniworld.workers.runtime import Runtime

    if services.cluster or InstanceLock.is_held(services.environment.instance):
        yield False
        return
    runtime = Runtime(services, services.environment.instance)
    runtime.start()
    try:
        yield True
    finally:
        runtime.stop()


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """A block in which Ctrl-C and SIGTERM only ask: what you get tells whether they did. A second Ctrl-C breaks off."""
    asked: list[int] = []

    def ask(number: int, frame: object) -> None:
        asked.append(number)
        if len(asked) > 1:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
