"""Which series changed since a moment, for clients whose events were missed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select

from aniworld.core.events import SeriesUpdated
from aniworld.models import AnimeSeries, Database, Episode


def changed_series(database: Database, since: datetime, limit: int) -> list[SeriesUpdated]:
    """At most ``limit`` of them, those that left the library among them."""
    episodes = select(Episode.series_id).where(Episode.updated_at >= since)
    wanted = or_(AnimeSeries.updated_at >= since, AnimeSeries.id.in_(episodes))
    in_library = or_(AnimeSeries.deleted_at.is_(None), AnimeSeries.deleted_at >= since)
    columns = AnimeSeries.key, AnimeSeries.folder, AnimeSeries.deleted_at
    with database.reading() as session:
        rows = session.execute(select(*columns).where(wanted, in_library).limit(limit))
        return [SeriesUpdated(key, folder, removed=deleted is not None) for key, folder, deleted in rows]
