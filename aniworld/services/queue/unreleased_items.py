"""Queue items whose episode the catalogue announces only: they end with the reason, and wait again once it is out."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from aniworld.core.errors import NothingThere
from aniworld.core.queue import DownloadStatus
from aniworld.models import AnimeSeries, DownloadQueueItem, Episode
from aniworld.services.queue.episode_records import why_not_out
from aniworld.services.queue.statements import set_status

_REASONS = ("It is announced ", "Its video is part of ")  # how why_not_out() begins


def settle_items(session: Session, series: AnimeSeries) -> bool:
    """After a page was recorded: what waits for an episode that is not out fails and says so; what failed for that
    reason waits again when it is out. Whether an item changed."""
    session.flush()
    unreleased = or_(Episode.announced.is_(True), Episode.part_of.is_not(None))
    mine = select(Episode).where(Episode.series_id == series.id)
    not_out = {
        (row.season, row.number): why_not_out(row.air_date, row.part_of)
        for row in session.scalars(mine.where(unreleased, Episode.file.is_(None)))
    }
    out = {(row.season, row.number) for row in session.scalars(mine.where(Episode.available.is_(True)))}
    states = (DownloadStatus.PENDING, DownloadStatus.FAILED)
    items = select(DownloadQueueItem).where(
        DownloadQueueItem.serie_id == series.key, DownloadQueueItem.status.in_(states)
    )
    changed = False
    for item in session.scalars(items):
        place = (item.season, item.episode)
        failed_for_it = item.status == DownloadStatus.FAILED and (item.error or "").startswith(_REASONS)
        if place in not_out and (failed_for_it or item.status == DownloadStatus.PENDING):
            changed |= not failed_for_it or item.error != not_out[place]
            if not failed_for_it:
                set_status(item, DownloadStatus.FAILED)
            item.error, item.error_code, item.not_before = not_out[place], NothingThere.code, None
        elif place in out and failed_for_it:
            changed = True
            set_status(item, DownloadStatus.PENDING)
            item.error = item.error_code = None
    return changed
