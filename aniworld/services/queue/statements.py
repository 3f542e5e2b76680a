"""What the queue's questions to the database are made of: conditions, order, positions, lawful changes of a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Result, Select, case, func, or_, select
from sqlalchemy.orm import Session

from aniworld.core.errors import InvalidInput, NotFound
from aniworld.core.queue import DownloadStatus, check_move
from aniworld.models import DownloadQueueItem, QueueState, utcnow

POSITION_GAP = 1 << 16
LONGEST_WAIT = timedelta(days=1, hours=1)  # a source that asks for more than a day is not believed
NEXT_FIRST = (DownloadQueueItem.priority.desc(), DownloadQueueItem.position, DownloadQueueItem.added_at)
NEWEST_FIRST = (DownloadQueueItem.completed_at.desc(), DownloadQueueItem.added_at.desc())
ORDER_BY = {
    DownloadStatus.PENDING: NEXT_FIRST,
    DownloadStatus.DOWNLOADING: (DownloadQueueItem.started_at, DownloadQueueItem.added_at),
    DownloadStatus.COMPLETED: NEWEST_FIRST,
    DownloadStatus.FAILED: NEWEST_FIRST,
}
ENDED = (DownloadStatus.COMPLETED, DownloadStatus.FAILED)


WAITING: dict[str, Any] = {
    "status": DownloadStatus.PENDING,
    "worker": None,
    "lease_until": None,
    "speed_bytes": 0,
    "eta_seconds": None,
    "not_before": None,
    "cancelled": False,
}


def held_items(item_ids: Sequence[str], worker: str) -> tuple[ColumnElement[bool], ...]:
    """Those of these items that ``worker`` still holds."""
    row = DownloadQueueItem
    return row.id.in_(item_ids), row.worker == worker, row.status == DownloadStatus.DOWNLOADING


def rows_changed(result: Result[Any]) -> int:
    """How many rows a statement changed."""
    return cast("CursorResult[Any]", result).rowcount


def row_of(session: Session, item_id: str, *, locked: bool = False) -> DownloadQueueItem:
    """The item; ``locked``: nobody else writes it until this transaction ends. Raises NotFound."""
    item = session.get(DownloadQueueItem, item_id, with_for_update=locked)
    if item is None:
        raise NotFound("This item is not in the queue any more.")
    return item


def set_status(item: DownloadQueueItem, status: DownloadStatus) -> None:
    """Moves the item to ``status``, with the timestamps and the progress that it demands. Raises Conflict."""
    before = DownloadStatus(item.status)
    check_move(before, status)
    item.status = status
    if status in (DownloadStatus.DOWNLOADING, DownloadStatus.COMPLETED):
        item.started_at = item.started_at or utcnow()
    item.completed_at = (item.completed_at or utcnow()) if status in ENDED else None
    if status == DownloadStatus.COMPLETED:
        item.progress = 100.0
    if before == DownloadStatus.FAILED and status == DownloadStatus.PENDING:
        item.progress, item.downloaded_bytes, item.total_bytes, item.started_at = 0.0, 0, None, None
        item.error = item.error_code = None
    if status != DownloadStatus.DOWNLOADING:
        item.worker = item.lease_until = item.eta_seconds = None
        item.speed_bytes = 0


def set_columns(row: DownloadQueueItem | QueueState, changes: Mapping[str, Any]) -> None:
    """Raises InvalidInput for what is no column, and for those that have a method of their own."""
    unknown = sorted(set(changes) - set(row.__table__.columns.keys()) | set(changes) & {"id", "status"})
    if unknown:
        raise InvalidInput(
            f"{', '.join(unknown)} cannot be set.", {name: ["This field cannot be set."] for name in unknown}
        )
    for name, value in changes.items():
        setattr(row, name, value)


def filtered(query: Select[Any], statuses: Sequence[DownloadStatus], q: str) -> Select[Any]:
    if statuses:
        query = query.where(DownloadQueueItem.status.in_(statuses))
    if q:
        like = f"%{q.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        query = query.where(DownloadQueueItem.serie_name.ilike(like, escape="!"))
    return query


def status_rank() -> ColumnElement[int]:
    ranks = {
        DownloadStatus.DOWNLOADING: 0,
        DownloadStatus.PENDING: 1,
        DownloadStatus.FAILED: 2,
        DownloadStatus.COMPLETED: 3,
    }
    return case({str(status): rank for status, rank in ranks.items()}, value=DownloadQueueItem.status, else_=4)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Items that wait for no later time; one beyond the longest wait is a clock's that was set back since."""
    due = DownloadQueueItem.not_before
    return or_(due.is_(None), due <= now, due > now + LONGEST_WAIT)


def not_from(sources: Iterable[str]) -> ColumnElement[bool]:
    return or_(DownloadQueueItem.source.is_(None), DownloadQueueItem.source.not_in(list(sources)))


def last_positions(session: Session) -> dict[int, int]:
    query = (
        select(DownloadQueueItem.priority, func.max(DownloadQueueItem.position))
        .where(DownloadQueueItem.status == DownloadStatus.PENDING)
        .group_by(DownloadQueueItem.priority)
    )
    return {priority: position or 0 for priority, position in session.execute(query)}


def unfinished_episodes(session: Session, keys: Iterable[str]) -> set[tuple[str, int, int]]:
    """(series key, season, episode) of what is in the queue and not completed."""
    row = DownloadQueueItem
    wanted = row.serie_id.in_(list(keys)), row.status != DownloadStatus.COMPLETED
    return set(session.execute(select(row.serie_id, row.season, row.episode).where(*wanted)).tuples())


def position_at(session: Session, item: DownloadQueueItem, place: int) -> int:
    """A position between the two items that shall stand before and behind; spreads all anew where there is no gap."""
    pending = DownloadQueueItem.status == DownloadStatus.PENDING
    higher = session.scalar(
        select(func.count(DownloadQueueItem.id)).where(pending, DownloadQueueItem.priority > item.priority)
    )
    index = max(place - (higher or 0), 0)
    others = (
        select(DownloadQueueItem)
        .where(pending, DownloadQueueItem.priority == item.priority, DownloadQueueItem.id != item.id)
        .order_by(*NEXT_FIRST)
    )
    around = list(session.scalars(others.offset(max(index - 1, 0)).limit(2 if index else 1)))
    if not around:
        return last_positions(session).get(item.priority, 0) + POSITION_GAP
    if index == 0:
        return around[0].position - POSITION_GAP
    if len(around) == 1:
        return around[0].position + POSITION_GAP
    if around[1].position - around[0].position > 1:
        return (around[0].position + around[1].position) // 2
    for rank, other in enumerate(session.scalars(others)):
        other.position = (rank + 1) * POSITION_GAP
    return index * POSITION_GAP + POSITION_GAP // 2
