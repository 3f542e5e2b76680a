"""A database that does not work at this moment: which errors say so. Running transfers continue; their reports wait.

``models/outages.py`` recognises outages by their codes and raises them as ``Unavailable``; what is left to the classes are
locks that others hold for too long.
"""

from __future__ import annotations

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from aniworld.core.errors import Unavailable

DATABASE_AWAY = (OperationalError, InterfaceError, NoConnectionFree, Unavailable)
