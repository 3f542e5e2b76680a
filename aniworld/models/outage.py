"""A database that does not work at this moment: which errors say so. Running transfers continue; their reports wait.

``models/outages.py`` recognises outages by their codes and raises them as ``Unavailable``; what is left to the classes
are locks that others hold for too long.
"""

from __future__ import annotations

import logging

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from aniworld.core.errors import Unavailable

DATABASE_AWAY = (OperationalError, InterfaceError, NoConnectionFree, Unavailable)


def log_failure(log: logging.Logger, error: Exception, message: str, *args: object) -> None:
    """Logs that background work failed: a warning of one line for an outage of the database, which is no fault of the
    work and is logged with its cause where it is found; a traceback for anything else."""
    if isinstance(error, DATABASE_AWAY):
        log.warning("%s: %s", message % args, " ".join(str(error).split()))
    else:
        log.error(message, *args, exc_info=error)
