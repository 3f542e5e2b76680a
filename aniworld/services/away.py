"""A database that does not answer: which errors say so. Running work goes on then; what it has to say waits."""

from __future__ import annotations

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from aniworld.core.errors import Unavailable

DATABASE_AWAY = (OperationalError, InterfaceError, NoConnectionFree, Unavailable)
