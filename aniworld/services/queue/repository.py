"""QueueRepository: the queue's rows. Which item comes next, what state each is in, how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from aniworld.core.events import DownloadProgress
from aniworld.core.queue import DownloadStatus
from aniworld.models import DownloadQueueItem, QueueState
from aniworld.models.clock import database_now
from aniworld.models.database import transaction
from aniworld.services.queue.statements import (
    ENDED,
    NEWEST_FIRST,
    NEXT_FIRST,
    ORDER_BY,
    POSITION_GAP,
    WAITING,
    filtered,
    held_items,
    is_due,
    last_positions,
    not_from,
    position_at,
    row_of,
    rows_changed,
    set_columns,
    set_status,
    status_rank,
    unfinished_episodes,
)

BYTES_IN_A_MEGABYTE = 1_000_000


class QueueRepository:
    """Each method is one transaction. ``session_factory()`` gives a SQLAlchemy session to write with; one that is in a
    transaction already (``Database.concurrent_writing``) commits it itself.

    What a worker says about an item counts only while it holds it: one that lost its lease undoes nothing of its
    successor's work.

    ``readers``: gives sessions that never write, where reading shall not wait for writers; else the same.
    """

    def __init__(
        self,
        session_factory: Callable[[], AbstractContextManager[Session]],
        readers: Callable[[], AbstractContextManager[Session]] | None = None,
    ) -> None:
        self._sessions = session_factory
        self._readers = readers or session_factory

    def asked_by(self, session: Session) -> QueueRepository:
        """The same, with its questions asked in ``session``: what is read together is then of one moment."""
        return QueueRepository(self._sessions, lambda: nullcontext(session))

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with self._sessions() as session, nullcontext() if session.in_transaction() else session.begin():
            yield session

    def now(self) -> datetime:
        """The time by which leases and waits are measured, in whatever process."""
        with self._readers() as session:
            return database_now(session)

    # ── one item ────────────────────────────────────────────────────────────

    @transaction
    def save_item(self, item: DownloadQueueItem) -> DownloadQueueItem:
        """The stored item; new ones are added, known ones (same id) are written over."""
        with self._writing() as session:
            merged = session.merge(item)
            session.flush()
            session.refresh(merged)
            session.expunge(merged)
        return merged

    def get_item(self, item_id: str) -> DownloadQueueItem:
        """Raises NotFound."""
        with self._readers() as session:
            return row_of(session, item_id)

    @transaction
    def update_status(self, item_id: str, status: DownloadStatus | str, **changes: Any) -> DownloadQueueItem:
        """The item in its new state, with ``started_at``, ``completed_at`` and ``progress`` as it demands, and
        ``changes``.

        Raises NotFound, Conflict for an unlawful move, InvalidInput for a change of no column.
        """
        with self._writing() as session:
            item = row_of(session, item_id, locked=True)
            set_status(item, DownloadStatus(status))
            set_columns(item, changes)
        return item

    @transaction
    def report(
        self,
        item_id: str,
        worker: str | None,
        status: DownloadStatus | str,
        *,
        wait_s: float | None = None,
        **changes: Any,
    ) -> bool:
        """The same as a worker says it: whether it counted, because ``worker`` still holds the item.

        ``wait_s``: seconds from now, by the database's clock, before which the item is not claimed again.
        """
        with self._writing() as session:
            item = session.get(DownloadQueueItem, item_id, with_for_update=True)
            if item is None or item.status != DownloadStatus.DOWNLOADING or item.worker != worker:
                return False
            set_status(item, DownloadStatus(status))
            if wait_s is not None:
                changes["not_before"] = database_now(session) + timedelta(seconds=wait_s)
            set_columns(item, changes)
        return True

    def update_progress(
        self,
        item_id: str,
        progress: float,
        downloaded: int,
        total: int | None,
        speed: float,
        *,
        worker: str | None = None,
    ) -> None:
        """Writes how far an item is: percent, bytes, bytes, ``speed`` in megabytes (10^6 bytes) per second.

        2.5 is stored as ``speed_bytes`` 2,500,000. An item that is gone is passed over.
        ``worker``: it counts only while this one holds the item; None: whoever holds it.
        """
        speed_bytes = round(speed * BYTES_IN_A_MEGABYTE)
        values = {
            "progress": progress,
            "downloaded_bytes": downloaded,
            "total_bytes": total,
            "speed_bytes": speed_bytes,
        }
        self._write_values([(item_id, worker, values)])

    def write_progress(self, news: Iterable[tuple[DownloadProgress, str | None]]) -> None:
        """The same for several items at once, each with its worker, in one transaction."""
        self._write_values([(event.download_id, worker, _values_of(event)) for event, worker in news])

    @transaction
    def _write_values(self, news: Sequence[tuple[str, str | None, dict[str, Any]]]) -> None:
        with self._writing() as session:
            for item_id, worker, values in news:
                running = [DownloadQueueItem.id == item_id, DownloadQueueItem.status == DownloadStatus.DOWNLOADING]
                if worker is not None:
                    running.append(DownloadQueueItem.worker == worker)
                session.execute(update(DownloadQueueItem).where(*running).values(values))

    @transaction
    def delete_item(self, item_id: str) -> bool:
        """Whether there was such an item."""
        with self._writing() as session:
            gone = session.execute(delete(DownloadQueueItem).where(DownloadQueueItem.id == item_id))
        return rows_changed(gone) > 0

    @transaction
    def drop_item(self, item_id: str, worker: str | None) -> bool:
        """Whether the item went, because ``worker`` held it."""
        mine = (DownloadQueueItem.id == item_id, DownloadQueueItem.worker == worker)
        with self._writing() as session:
            return rows_changed(session.execute(delete(DownloadQueueItem).where(*mine))) > 0

    # ── lists ───────────────────────────────────────────────────────────────

    def get_pending_items(self, limit: int | None = None) -> list[DownloadQueueItem]:
        """Items that wait, next one first: highest priority, then position, then age."""
        return self.get_items([DownloadStatus.PENDING], limit=limit)

    def get_items(
        self, statuses: Sequence[DownloadStatus], *, q: str = "", limit: int | None = None, offset: int = 0
    ) -> list[DownloadQueueItem]:
        """Items in one of ``statuses`` (empty: any), in that status' own order; ``q`` is looked for in the series'
        name.
        """
        query = filtered(select(DownloadQueueItem), statuses, q)
        order = ORDER_BY[statuses[0]] if len(statuses) == 1 else (status_rank(), *NEXT_FIRST)
        with self._readers() as session:
            return list(session.scalars(query.order_by(*order).limit(limit).offset(offset)))

    def count(self, statuses: Sequence[DownloadStatus] = (), q: str = "") -> int:
        with self._readers() as session:
            return session.scalar(filtered(select(func.count(DownloadQueueItem.id)), statuses, q)) or 0

    def counts(self) -> dict[DownloadStatus, int]:
        """How many items are in each status."""
        query = select(DownloadQueueItem.status, func.count()).group_by(DownloadQueueItem.status)
        with self._readers() as session:
            found = {DownloadStatus(status): number for status, number in session.execute(query)}
        return {status: found.get(status, 0) for status in DownloadStatus}

    def downloaded_bytes(self) -> dict[DownloadStatus, int]:
        """The bytes on disk of the items in each status, as their rows have them."""
        total = func.sum(DownloadQueueItem.downloaded_bytes)
        with self._readers() as session:
            found = session.execute(select(DownloadQueueItem.status, total).group_by(DownloadQueueItem.status))
            return {DownloadStatus(status): int(number or 0) for status, number in found}

    def held_by(self, worker: str) -> dict[str, bool]:
        """The items that ``worker`` holds: {item id: whether it was cancelled}."""
        query = select(DownloadQueueItem.id, DownloadQueueItem.cancelled).where(
            DownloadQueueItem.status == DownloadStatus.DOWNLOADING, DownloadQueueItem.worker == worker
        )
        with self._readers() as session:
            return dict(session.execute(query).tuples().all())

    def ids(self) -> set[str]:
        """The ids of all items that are not completed."""
        query = select(DownloadQueueItem.id).where(DownloadQueueItem.status != DownloadStatus.COMPLETED)
        with self._readers() as session:
            return set(session.scalars(query))

    def held(self) -> set[str]:
        """The ids of all items that some worker holds."""
        with self._readers() as session:
            held = DownloadQueueItem.status == DownloadStatus.DOWNLOADING
            return set(session.scalars(select(DownloadQueueItem.id).where(held)))

    # ── claims ──────────────────────────────────────────────────────────────

    @transaction
    def claim(
        self,
        worker: str,
        lease_s: float,
        *,
        without_sources: Iterable[str] = (),
        without_items: Iterable[str] = (),
        fair: bool = False,
        now: datetime | None = None,
    ) -> DownloadQueueItem | None:
        """The best waiting item, now held by ``worker`` until the lease ends; None when nothing may begin.

        ``fair``: among equal priorities the series comes first from which nothing began for the longest time.
        """
        now = now or self.now()
        may = [DownloadQueueItem.status == DownloadStatus.PENDING, is_due(now), not_from(without_sources)]
        may += [DownloadQueueItem.id.not_in(ids)] if (ids := list(without_items)) else []
        key = self._longest_waiting(may) if fair else None
        best = (
            select(DownloadQueueItem.id)
            .where(*may, *([DownloadQueueItem.serie_id == key] if key else []))
            .order_by(*NEXT_FIRST)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self._writing() as session:
            item_id = session.scalar(best)
            if item_id is None:
                return None
            item = row_of(session, item_id)
            set_status(item, DownloadStatus.DOWNLOADING)
            item.worker, item.lease_until = worker, now + timedelta(seconds=lease_s)
            item.error = item.error_code = item.not_before = None
            item.cancelled = False
        return item

    def _longest_waiting(self, may: Sequence[ColumnElement[bool]]) -> str | None:
        """The series whose turn it is: of the highest priority, and the longest time without a beginning."""
        series = DownloadQueueItem.serie_id
        waiting = select(series, func.max(DownloadQueueItem.priority)).where(*may).group_by(series)
        began = select(series, func.max(DownloadQueueItem.started_at)).group_by(series)
        with self._readers() as session:
            last = dict(session.execute(began).tuples().all())
            candidates = session.execute(waiting).tuples().all()
        if not candidates:
            return None
        return min(candidates, key=lambda one: (-one[1], last.get(one[0]) or datetime.min.replace(tzinfo=UTC)))[0]

    @transaction
    def renew(self, worker: str, item_ids: Sequence[str], lease_s: float) -> int:
        """Moves the end of the leases that ``worker`` has on these items. On how many of them it still has one."""
        with self._writing() as session:
            until = database_now(session) + timedelta(seconds=lease_s)
            held = session.execute(
                update(DownloadQueueItem).where(*held_items(item_ids, worker)).values(lease_until=until)
            )
        return rows_changed(held)

    @transaction
    def put_back(self, item_ids: Sequence[str], worker: str) -> int:
        """How many of these items, as far as ``worker`` holds them, went back to pending."""
        with self._writing() as session:
            moved = session.execute(update(DownloadQueueItem).where(*held_items(item_ids, worker)).values(WAITING))
        return rows_changed(moved)

    def bytes_to_come(self, but_for: str) -> int:
        """What the items that other workers hold still need, as far as their sizes are known."""
        left = DownloadQueueItem.total_bytes - DownloadQueueItem.downloaded_bytes
        query = select(func.sum(left)).where(
            DownloadQueueItem.status == DownloadStatus.DOWNLOADING, DownloadQueueItem.worker != but_for, left > 0
        )
        with self._readers() as session:
            return int(session.scalar(query) or 0)

    def known(self, item_ids: Iterable[str]) -> set[str]:
        """Those of these items that are in the queue, in whatever state."""
        with self._readers() as session:
            return set(session.scalars(select(DownloadQueueItem.id).where(DownloadQueueItem.id.in_(list(item_ids)))))

    @transaction
    def drop_series(self, key: str) -> int:
        """How many items of a series went: those that run are marked cancelled for their workers, others are
        deleted.
        """
        mine = (DownloadQueueItem.serie_id == key, DownloadQueueItem.status != DownloadStatus.COMPLETED)
        running = (*mine, DownloadQueueItem.status == DownloadStatus.DOWNLOADING)
        with self._writing() as session:
            marked = session.execute(update(DownloadQueueItem).where(*running).values(cancelled=True))
            gone = session.execute(delete(DownloadQueueItem).where(*mine, DownloadQueueItem.cancelled.is_(False)))
        return rows_changed(marked) + rows_changed(gone)

    @transaction
    def mark_cancelled(self, item_id: str) -> None:
        """The worker that holds the item shall stop it."""
        with self._writing() as session:
            session.execute(update(DownloadQueueItem).where(DownloadQueueItem.id == item_id).values(cancelled=True))

    @transaction
    def put_back_abandoned(self, *, everything: bool, now: datetime | None = None) -> int:
        """How many held items went back to pending: all of them, or those whose lease has ended."""
        abandoned = [DownloadQueueItem.status == DownloadStatus.DOWNLOADING]
        with self._writing() as session:
            if not everything:
                abandoned.append(DownloadQueueItem.lease_until < (now or database_now(session)))
            session.execute(delete(DownloadQueueItem).where(*abandoned, DownloadQueueItem.cancelled))
            moved = session.execute(update(DownloadQueueItem).where(*abandoned).values(WAITING))
        return rows_changed(moved)

    # ── many items ──────────────────────────────────────────────────────────

    @transaction
    def add_all(self, items: Sequence[DownloadQueueItem]) -> list[DownloadQueueItem]:
        """Adds new items behind everything that waits at their priority. Those that are in the queue now: an episode
        that another process wished in the same instant is left out.
        """
        self.state()
        with self._writing() as session:
            session.get(QueueState, 1, with_for_update=True)  # one process at a time adds
            taken, last = unfinished_episodes(session, {item.serie_id for item in items}), last_positions(session)
            new = [item for item in items if (item.serie_id, item.season, item.episode) not in taken]
            for item in new:
                last[item.priority] = item.position = last.get(item.priority, 0) + POSITION_GAP
            session.add_all(new)
        return new

    def unfinished(self, key: str) -> dict[tuple[int, int], DownloadQueueItem]:
        """A series' items that are not completed, by (season, episode)."""
        query = select(DownloadQueueItem).where(
            DownloadQueueItem.serie_id == key, DownloadQueueItem.status != DownloadStatus.COMPLETED
        )
        with self._readers() as session:
            return {(item.season, item.episode): item for item in session.scalars(query)}

    @transaction
    def retry(self, item_ids: Sequence[str] | None, *, limit: int | None = None) -> int:
        """How many failed items (these, or all; with ``limit``: only below that retry count) went back to pending."""
        which = [DownloadQueueItem.status == DownloadStatus.FAILED]
        if item_ids is not None:
            which.append(DownloadQueueItem.id.in_(item_ids))
        anew = {"progress": 0.0, "downloaded_bytes": 0, "total_bytes": None}
        values = dict(WAITING, error=None, error_code=None, completed_at=None, failed_links=[], **anew)
        if limit is None:
            values["retry_count"] = 0
        else:
            which.append(DownloadQueueItem.retry_count < limit)
        with self._writing() as session:
            moved = session.execute(update(DownloadQueueItem).where(*which).values(values))
        return rows_changed(moved)

    @transaction
    def forget_waits(self) -> int:
        """How many waiting items that were due later may begin now."""
        later = (DownloadQueueItem.status == DownloadStatus.PENDING, DownloadQueueItem.not_before.is_not(None))
        with self._writing() as session:
            moved = session.execute(update(DownloadQueueItem).where(*later).values(not_before=None))
        return rows_changed(moved)

    @transaction
    def clear(self, status: DownloadStatus) -> int:
        """How many items of an ended status were removed."""
        with self._writing() as session:
            return rows_changed(session.execute(delete(DownloadQueueItem).where(DownloadQueueItem.status == status)))

    @transaction
    def trim(self, keep: int) -> int:
        """Removes the oldest ended items beyond ``keep``; how many went."""
        old = (
            select(DownloadQueueItem.id).where(DownloadQueueItem.status.in_(ENDED)).order_by(*NEWEST_FIRST).offset(keep)
        )
        with self._writing() as session:
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
            query = select(func.count(DownloadQueueItem.id)).where(
                DownloadQueueItem.status == DownloadStatus.PENDING, before
            )
            return session.scalar(query) or 0

    def places_of(self, items: Sequence[DownloadQueueItem]) -> dict[str, int]:
        """The places of several waiting items, by id; items that do not wait are left out."""
        if len(items) <= 1:
            return {item.id: self.place_of(item) for item in items}
        query = (
            select(DownloadQueueItem.id).where(DownloadQueueItem.status == DownloadStatus.PENDING).order_by(*NEXT_FIRST)
        )
        wanted = {item.id for item in items}
        with self._readers() as session:
            return {item_id: place for place, item_id in enumerate(session.scalars(query)) if item_id in wanted}

    @transaction
    def move(self, item_id: str, *, priority: int | None, place: int | None) -> DownloadQueueItem:
        """A waiting item at ``place`` (0 is next) in the queue, as far as its priority lets it. Raises NotFound."""
        with self._writing() as session:
            item = row_of(session, item_id)
            if priority is not None and priority != item.priority:
                item.priority = priority
                item.position = last_positions(session).get(priority, 0) + POSITION_GAP
                session.flush()
            if place is not None and item.status == DownloadStatus.PENDING:
                item.position = position_at(session, item, place)
        return item

    # ── the queue as a whole ────────────────────────────────────────────────

    def state(self) -> QueueState:
        """The one row that says whether the queue runs; made when it is not there yet."""
        with self._readers() as session:
            state = session.get(QueueState, 1)
        return state or self.set_state()

    def set_state(self, **changes: Any) -> QueueState:
        try:
            return self._set_state(changes)
        except IntegrityError:  # another process made the row in the same instant
            return self._set_state(changes)

    @transaction
    def _set_state(self, changes: dict[str, Any]) -> QueueState:
        with self._writing() as session:
            state = session.get(QueueState, 1)
            if state is None:
                state = QueueState(id=1, is_running=False, is_paused=False)
                session.add(state)
            set_columns(state, changes)
        return state


def _values_of(event: DownloadProgress) -> dict[str, Any]:
    return {
        "progress": event.percent,
        "downloaded_bytes": event.downloaded_bytes,
        "total_bytes": event.total_bytes,
        "speed_bytes": event.speed_bytes,
        "eta_seconds": event.eta_seconds,
        "language": event.language,
        "hoster": event.hoster,
    }
