"""The one clock that all processes of a cluster share: the database's."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from aniworld.models.base import utcnow

_QUESTIONS = {
    # the moment of the statement; now() is that of the transaction's beginning, which may have waited for a lock since
    "postgresql": text("SELECT clock_timestamp() AT TIME ZONE 'UTC'"),
    "mysql": text("SELECT UTC_TIMESTAMP(6)"),
}


def database_now(asked: Session | Connection) -> datetime:
    """What time it is for everyone who uses this database. A SQLite file is on this machine, and so is its clock."""
    dialect = asked.get_bind().dialect if isinstance(asked, Session) else asked.dialect
    question = _QUESTIONS.get(dialect.name)
    if question is None:
        return utcnow()
    told: datetime = asked.execute(question).scalar_one()
    return told.replace(tzinfo=UTC)
