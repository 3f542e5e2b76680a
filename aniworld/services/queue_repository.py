"""QueueRepository: the queue's rows. Which item comes next, what state each is in, how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Result, Select, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from aniworld.core.errors import NotFound
from aniworld.core.queue import Status, check_move
from aniworld.models import DownloadQueueItem, QueueState, utcnow

POSITION_GAP = 1 << 16
NEXT_FIRST = (DownloadQueueItem.priority.desc(), DownloadQueueItem.position, DownloadQueueItem.added_at)
NEWEST_FIRST = (DownloadQueueItem.completed_at.desc(), DownloadQueueItem.added_at.desc())
_ORDER_BY = {
    Status.PENDING: NEXT_FIRST,
    Status.DOWNLOADING: (DownloadQueueItem.started_at, DownloadQueueItem.added_at),
    Status.COMPLETED: NEWEST_FIRST,
    Status.FAILED: NEWEST_FIRST,
}
_ENDED = (Status.COMPLETED, Status.FAILED)


class QueueRepository:
    """Each method is one transaction. ``session_factory()`` gives a SQLAlchemy session to write with.

    ``readers``: gives sessions that never write, where reading shall not wait for writers; else the same.
    """

    def __init__(self, session_factory: Callable[[], Session], readers: Callable[[], Session] | None = None) -> None:
        self._sessions = session_factory
        self._readers = readers or session_factory

    # ── one item ────────────────────────────────────────────────────────────

    def save_item(self, item: DownloadQueueItem) -> DownloadQueueItem:
        """The stored item; new ones are added, known ones (same id) are written over."""
        with self._sessions() as session, session.begin():
            merged = session.merge(item)
            session.flush()
            session.refresh(merged)
            session.expunge(merged)
        return merged

    def get_item(self, item_id: str) -> DownloadQueueItem:
        """Raises NotFound."""
        with self._readers() as session:
            return _item(session, item_id)

    def update_status(self, item_id: str, status: Status | str, **changes: Any) -> DownloadQueueItem:
        """The item in its new state, with ``changes`` written beside. Raises NotFound, Conflict for an unlawful move."""
        with self._sessions() as session, session.begin():
            item = _item(session, item_id)
            _move(item, Status(status))
            for name, value in changes.items():
                setattr(item, name, value)
        return item

    def update_progress(
        self, item_id: str, progress: float, downloaded: int, total: int | None, speed: int, **changes: Any
    ) -> None:
        """Writes how far an item is: percent, bytes, bytes, bytes a second. An item that is gone is passed over."""
        values = dict(progress=progress, downloaded_bytes=downloaded, total_bytes=total, speed_bytes=speed, **changes)
        with self._sessions() as session, session.begin():
            session.execute(
                update(DownloadQueueItem)
                .where(DownloadQueueItem.id == item_id, DownloadQueueItem.status == Status.DOWNLOADING)
                .values(values)
            )

    def delete_item(self, item_id: str) -> bool:
        """Whether there was such an item."""
        with self._sessions() as session, session.begin():
            gone = session.execute(delete(DownloadQueueItem).where(DownloadQueueItem.id == item_id))
        return _rows(gone) > 0

    # ── lists ───────────────────────────────────────────────────────────────

    def get_pending_items(self, limit: int | None = None) -> list[DownloadQueueItem]:
        """Items that wait, next one first: highest priority, then position, then age."""
        return self.get_items([Status.PENDING], limit=limit)

    def get_items(
        self, statuses: Sequence[Status], *, q: str = "", limit: int | None = None, offset: int = 0
    ) -> list[DownloadQueueItem]:
        """Items in one of ``statuses`` (empty: any), in that status' own order; ``q`` is looked for in the series' name."""
        query = _filtered(select(DownloadQueueItem), statuses, q)
        order = _ORDER_BY[statuses[0]] if len(statuses) == 1 else (_status_rank(), *NEXT_FIRST)
        with self._readers() as session:
            return list(session.scalars(query.order_by(*order).limit(limit).offset(offset)))

    def count(self, statuses: Sequence[Status] = (), q: str = "") -> int:
        with self._readers() as session:
            return session.scalar(_filtered(select(func.count(DownloadQueueItem.id)), statuses, q)) or 0

    def counts(self) -> dict[Status, int]:
        """How many items are in each status."""
        query = select(DownloadQueueItem.status, func.count()).group_by(DownloadQueueItem.status)
        with self._readers() as session:
            found = {Status(status): number for status, number in session.execute(query)}
        return {status: found.get(status, 0) for status in Status}

    def held_by(self, worker: str) -> dict[str, bool]:
        """The items that ``worker`` holds: {item id: whether it was cancelled}."""
        query = select(DownloadQueueItem.id, DownloadQueueItem.cancelled).where(
            DownloadQueueItem.status == Status.DOWNLOADING, DownloadQueueItem.worker == worker
        )
        with self._readers() as session:
            return dict(session.execute(query).tuples().all())

    def ids(self) -> set[str]:
        """The ids of all items that are not completed."""
        query = select(DownloadQueueItem.id).where(DownloadQueueItem.status != Status.COMPLETED)
        with self._readers() as session:
            return set(session.scalars(query))

    # ── claims ──────────────────────────────────────────────────────────────

    def claim(
        self, worker: str, lease_s: float, *, without_sources: Iterable[str] = (), now: datetime | None = None
    ) -> DownloadQueueItem | None:
        """The best waiting item, now held by ``worker`` until the lease ends; None when nothing may begin."""
        now = now or utcnow()
        best = (
            select(DownloadQueueItem.id)
            .where(DownloadQueueItem.status == Status.PENDING, _is_due(now), _not_from(without_sources))
            .order_by(*NEXT_FIRST)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self._sessions() as session, session.begin():
            item_id = session.scalar(best)
            if item_id is None:
                return None
            item = _item(session, item_id)
            _move(item, Status.DOWNLOADING)
            item.worker, item.lease_until = worker, now + timedelta(seconds=lease_s)
            item.started_at = item.started_at or now
            item.error = item.error_code = item.not_before = None
            item.cancelled = False
        return item

    def renew(self, worker: str, item_ids: Sequence[str], lease_s: float) -> int:
        """Moves the end of the leases that ``worker`` has on these items. On how many of them it still has one."""
        with self._sessions() as session, session.begin():
            until = utcnow() + timedelta(seconds=lease_s)
            held = session.execute(update(DownloadQueueItem).where(*_held(item_ids, worker)).values(lease_until=until))
        return _rows(held)

    def put_back(self, item_ids: Sequence[str], worker: str) -> int:
        """How many of these items, as far as ``worker`` holds them, went back to pending."""
        with self._sessions() as session, session.begin():
            moved = session.execute(update(DownloadQueueItem).where(*_held(item_ids, worker)).values(_WAITING))
        return _rows(moved)

    def bytes_to_come(self, but_for: str) -> int:
        """What the items that other workers hold still need, as far as their sizes are known."""
        left = DownloadQueueItem.total_bytes - DownloadQueueItem.downloaded_bytes
        query = select(func.sum(left)).where(
            DownloadQueueItem.status == Status.DOWNLOADING, DownloadQueueItem.worker != but_for, left > 0
        )
        with self._readers() as session:
            return int(session.scalar(query) or 0)

    def known(self, item_ids: Iterable[str]) -> set[str]:
        """Those of these items that are in the queue, in whatever state."""
        with self._readers() as session:
            return set(session.scalars(select(DownloadQueueItem.id).where(DownloadQueueItem.id.in_(list(item_ids)))))

    def drop_series(self, key: str) -> int:
        """How many items of a series went: those that run are marked cancelled for their workers, others are deleted."""
        mine = (DownloadQueueItem.serie_id == key, DownloadQueueItem.status != Status.COMPLETED)
        running = (*mine, DownloadQueueItem.status == Status.DOWNLOADING)
        with self._sessions() as session, session.begin():
            marked = session.execute(update(DownloadQueueItem).where(*running).values(cancelled=True))
            gone = session.execute(delete(DownloadQueueItem).where(*mine, DownloadQueueItem.cancelled.is_(False)))
        return _rows(marked) + _rows(gone)

    def mark_cancelled(self, item_id: str) -> None:
        """The worker that holds the item shall stop it."""
        with self._sessions() as session, session.begin():
            session.execute(update(DownloadQueueItem).where(DownloadQueueItem.id == item_id).values(cancelled=True))

    def put_back_abandoned(self, *, everything: bool, now: datetime | None = None) -> int:
        """How many held items went back to pending: all of them, or those whose lease has ended."""
        abandoned = [DownloadQueueItem.status == Status.DOWNLOADING]
        if not everything:
            abandoned.append(DownloadQueueItem.lease_until < (now or utcnow()))
        with self._sessions() as session, session.begin():
            session.execute(delete(DownloadQueueItem).where(*abandoned, DownloadQueueItem.cancelled))
            moved = session.execute(update(DownloadQueueItem).where(*abandoned).values(_WAITING))
        return _rows(moved)

    # ── many items ──────────────────────────────────────────────────────────

    def add_all(self, items: Sequence[DownloadQueueItem]) -> None:
        """Adds new items behind everything that waits at their priority."""
        with self._sessions() as session, session.begin():
            last = _last_positions(session)
            for item in items:
                last[item.priority] = item.position = last.get(item.priority, 0) + POSITION_GAP
            session.add_all(items)

    def unfinished(self, key: str) -> dict[tuple[int, int], DownloadQueueItem]:
        """A series' items that are not completed, by (season, episode)."""
        query = select(DownloadQueueItem).where(
            DownloadQueueItem.serie_id == key, DownloadQueueItem.status != Status.COMPLETED
        )
        with self._readers() as session:
            return {(item.season, item.episode): item for item in session.scalars(query)}

    def retry(self, item_ids: Sequence[str] | None, *, limit: int | None = None) -> int:
        """How many failed items (these, or all; with ``limit``: only below that retry count) went back to pending."""
        which = [DownloadQueueItem.status == Status.FAILED]
        if item_ids is not None:
            which.append(DownloadQueueItem.id.in_(item_ids))
        values = dict(_WAITING, error=None, error_code=None, completed_at=None, failed_links=[])
        if limit is None:
            values["retry_count"] = 0
        else:
            which.append(DownloadQueueItem.retry_count < limit)
        with self._sessions() as session, session.begin():
            moved = session.execute(update(DownloadQueueItem).where(*which).values(values))
        return _rows(moved)

    def clear(self, status: Status) -> int:
        """How many items of an ended status were removed."""
        with self._sessions() as session, session.begin():
            return _rows(session.execute(delete(DownloadQueueItem).where(DownloadQueueItem.status == status)))

    def trim(self, keep: int) -> int:
        """Removes the oldest ended items beyond ``keep``; how many went."""
        old = (
            select(DownloadQueueItem.id)
            .where(DownloadQueueItem.status.in_(_ENDED))
            .order_by(*NEWEST_FIRST)
            .limit(-1 if self._is_sqlite() else None)
            .offset(keep)
        )
        with self._sessions() as session, session.begin():
            ids = list(session.scalars(old))
            for start in range(0, len(ids), 500):
                batch = ids[start : start + 500]
                session.execute(delete(DownloadQueueItem).where(DownloadQueueItem.id.in_(batch)))
        return len(ids)

    def place_of(self, item: DownloadQueueItem) -> int:
        """How many waiting items come before a waiting one."""
        before = or_(
            DownloadQueueItem.priority > item.priority,
            (DownloadQueueItem.priority == item.priority) & (DownloadQueueItem.position < item.position),
        )
        with self._readers() as session:
            query = select(func.count(DownloadQueueItem.id)).where(DownloadQueueItem.status == Status.PENDING, before)
            return session.scalar(query) or 0

    def places_of(self, items: Sequence[DownloadQueueItem]) -> dict[str, int]:
        """The places of several waiting items, by id; items that do not wait are left out."""
        if len(items) <= 1:
            return {item.id: self.place_of(item) for item in items}
        query = select(DownloadQueueItem.id).where(DownloadQueueItem.status == Status.PENDING).order_by(*NEXT_FIRST)
        wanted = {item.id for item in items}
        with self._readers() as session:
            return {item_id: place for place, item_id in enumerate(session.scalars(query)) if item_id in wanted}

    def move(self, item_id: str, *, priority: int | None, place: int | None) -> DownloadQueueItem:
        """A waiting item at ``place`` (0 is next) in the queue, as far as its priority lets it. Raises NotFound."""
        with self._sessions() as session, session.begin():
            item = _item(session, item_id)
            if priority is not None and priority != item.priority:
                item.priority = priority
                item.position = _last_positions(session).get(priority, 0) + POSITION_GAP
                session.flush()
            if place is not None and item.status == Status.PENDING:
                item.position = _position_at(session, item, place)
        return item

    # ── the queue as a whole ────────────────────────────────────────────────

    def state(self) -> QueueState:
        """The one row that says whether the queue runs; made when it is not there yet."""
        with self._readers() as session:
            state = session.get(QueueState, 1)
        return state or self.set_state()

    def set_state(self, **changes: Any) -> QueueState:
        with self._sessions() as session, session.begin():
            state = session.get(QueueState, 1)
            if state is None:
                state = QueueState(id=1, is_running=False, is_paused=False)
                session.add(state)
            for name, value in changes.items():
                setattr(state, name, value)
        return state

    def _is_sqlite(self) -> bool:
        with self._readers() as session:
            return session.get_bind().dialect.name == "sqlite"


_WAITING: dict[str, Any] = {
    "status": Status.PENDING, "worker": None, "lease_until": None, "speed_bytes": 0, "eta_seconds": None,
    "not_before": None, "cancelled": False,
}  # fmt: skip


def _held(item_ids: Sequence[str], worker: str) -> tuple[ColumnElement[bool], ...]:
    row = DownloadQueueItem
    return row.id.in_(item_ids), row.worker == worker, row.status == Status.DOWNLOADING


def _rows(result: Result[Any]) -> int:
    """How many rows a statement changed."""
    return cast(CursorResult[Any], result).rowcount


def _item(session: Session, item_id: str) -> DownloadQueueItem:
    item = session.get(DownloadQueueItem, item_id)
    if item is None:
        raise NotFound("This item is not in the queue any more.")
    return item


def _move(item: DownloadQueueItem, status: Status) -> None:
    check_move(Status(item.status), status)
    item.status = status
    if status != Status.DOWNLOADING:
        item.worker = item.lease_until = item.eta_seconds = None
        item.speed_bytes = 0


def _filtered(query: Select[Any], statuses: Sequence[Status], q: str) -> Select[Any]:
    if statuses:
        query = query.where(DownloadQueueItem.status.in_(statuses))
    if q:
        like = f"%{q.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        query = query.where(DownloadQueueItem.serie_name.ilike(like, escape="!"))
    return query


def _status_rank() -> ColumnElement[int]:
    ranks = {Status.DOWNLOADING: 0, Status.PENDING: 1, Status.FAILED: 2, Status.COMPLETED: 3}
    return case({str(status): rank for status, rank in ranks.items()}, value=DownloadQueueItem.status, else_=4)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(DownloadQueueItem.not_before.is_(None), DownloadQueueItem.not_before <= now)


def _not_from(sources: Iterable[str]) -> ColumnElement[bool]:
    return or_(DownloadQueueItem.source.is_(None), DownloadQueueItem.source.not_in(list(sources)))


def _last_positions(session: Session) -> dict[int, int]:
    query = (
        select(DownloadQueueItem.priority, func.max(DownloadQueueItem.position))
        .where(DownloadQueueItem.status == Status.PENDING)
        .group_by(DownloadQueueItem.priority)
    )
    return {priority: position or 0 for priority, position in session.execute(query)}


def _position_at(session: Session, item: DownloadQueueItem, place: int) -> int:
    """A position between the two items that shall stand before and behind; spreads all anew where there is no gap."""
    pending = DownloadQueueItem.status == Status.PENDING
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
        return _last_positions(session).get(item.priority, 0) + POSITION_GAP
    if index == 0:
        return around[0].position - POSITION_GAP
    if len(around) == 1:
        return around[0].position + POSITION_GAP
    if around[1].position - around[0].position > 1:
        return (around[0].position + around[1].position) // 2
    for rank, other in enumerate(session.scalars(others)):
        other.position = (rank + 1) * POSITION_GAP
    return index * POSITION_GAP + POSITION_GAP // 2
