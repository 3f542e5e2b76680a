"""The rows of imports: which run is active and how it ended, and what each unmatched folder may be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from aniworld.core.errors import AlreadyRunning, Conflict, InvalidInput, NotFound
from aniworld.models import Database, ImportCandidate, ImportRun
from aniworld.models.clock import database_now
from aniworld.models.imports import CERTAIN, CHOSEN, IGNORED, IMPORTED, LIKELY, STATES, UNKNOWN, folder_id
from aniworld.services.cluster.leases import is_alive

RUNS_KEPT = 50
MODES = ("merge", "add_folder")
RUNNING, COMPLETED, FAILED, CANCELLED, UNDONE = "running", "completed", "failed", "cancelled", "undone"
_BATCH = 300
_INTERRUPTED = "The import was interrupted; start it again."


@dataclass(frozen=True)
class MatchedFolder:
    """What matching found for one folder.

    ``state``: certain, likely, unknown. ``reason``: id, legacy, title, alternative_title, near_title; None for unknown.
    ``candidates``: [{"link", "title", "site", "year", "score"}], best first. ``series_key``: of a series in the
    library that the folder is; ``link``: of the catalogue's series that it is.
    """

    folder: str
    state: str
    reason: str | None = None
    files: int = 0
    episodes: int = 0
    languages: tuple[str, ...] = ()
    candidates: Sequence[Mapping[str, Any]] = ()
    series_key: str | None = None
    link: str | None = None

    def __post_init__(self) -> None:
        if self.state not in (CERTAIN, LIKELY, UNKNOWN):
            raise ValueError(f"{self.state!r} is not a state that matching gives")


@dataclass(frozen=True)
class CandidatePage:
    """One page of candidates, by folder. ``total``: over all pages."""

    candidates: list[ImportCandidate]
    total: int


@dataclass(frozen=True)
class RunEnd:
    """How a run ended. ``status``: completed, failed, cancelled. ``failures``: [{"folder_id", "folder", "error"}]."""

    status: str = COMPLETED
    error: str | None = None
    failures: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


class ImportRunRepository:
    """One run is active at a time, over all processes that share the database. ``process``: the name of this one.

    The row is the running process' lease: renewed by ``progress``, over after a minute without it.
    """

    def __init__(self, database: Database, process: str = "") -> None:
        self._database = database
        self._process = process

    def begin(self, kind: str, folder_ids: Sequence[str] | None = None) -> ImportRun:
        """A new active run of ``kind`` match or import. Raises AlreadyRunning."""
        try:
            with self._database.writing() as session:
                now = database_now(session)
                for row in session.scalars(select(ImportRun).where(ImportRun.status == RUNNING)):
                    if is_alive(row, now):
                        raise AlreadyRunning("An import runs already; wait for its end or cancel it.")
                    row.status, row.active, row.completed_at, row.error = FAILED, None, now, _INTERRUPTED
                session.flush()
                _forget_oldest(session)
                run = ImportRun(
                    id=str(uuid4()),
                    kind=kind,
                    started_at=now,
                    seen_at=now,
                    active=1,
                    process=self._process or None,
                    folder_ids=None if folder_ids is None else list(folder_ids),
                )
                session.add(run)
                session.flush()
                return run
        except IntegrityError as error:  # another process began one between the check and the insert
            raise AlreadyRunning("An import runs already; wait for its end or cancel it.") from error

    def progress(self, run_id: str, *, phase: str, current: int, total: int) -> bool:
        """Records a sign of life and the step; whether the run is to continue."""
        mine = (ImportRun.id == run_id) & (ImportRun.status == RUNNING)
        with self._database.writing() as session:
            values = {"seen_at": database_now(session), "phase": phase, "current": current, "total": total}
            session.execute(update(ImportRun).where(mine).values(**values))
            return session.scalar(select(ImportRun.cancelled).where(mine)) is False

    def end(self, run_id: str, end: RunEnd) -> None:
        """Records how the run ended, unless another process took it for dead and recorded that."""
        with self._database.writing() as session:
            run = session.get(ImportRun, run_id)
            if run is None or run.status != RUNNING:
                return
            run.status, run.error, run.active = end.status, end.error, None
            run.failures = [dict(one) for one in end.failures]
            run.seen_at = run.completed_at = database_now(session)

    def cancel(self) -> bool:
        """Asks the active run to stop, in whatever process; whether there is one."""
        with self._database.writing() as session:
            done = session.execute(update(ImportRun).where(ImportRun.status == RUNNING).values(cancelled=True))
            return cast("CursorResult[Any]", done).rowcount > 0

    def get(self, run_id: str) -> ImportRun:
        """Raises NotFound."""
        with self._database.reading() as session:
            return _alive_or_failed(session, _required_run(session, run_id))

    def latest(self) -> ImportRun | None:
        """The active run, else the last one; None if there never was one. One without a sign of life is failed."""
        with self._database.reading() as session:
            run = session.scalar(select(ImportRun).order_by(ImportRun.started_at.desc(), ImportRun.id).limit(1))
            return None if run is None else _alive_or_failed(session, run)

    def mark_undone(self, session: Session, run_id: str) -> list[str]:
        """The keys of the series that a run added, in the caller's transaction, which takes them out of the library.

        The run's folders are as they were matched again. Raises NotFound, Conflict for a run that is active or undone.
        """
        run = _required_run(session, run_id)
        if run.status == UNDONE:
            raise Conflict("This import was undone already.")
        if _is_active(session, run):
            raise Conflict("This import still runs; cancel it first.")
        run.status, run.active, run.undone_at = UNDONE, None, database_now(session)
        for one in session.scalars(select(ImportCandidate).where(ImportCandidate.run_id == run_id)):
            one.state = _state_before_import(one)
            one.run_id = None
            if one.series_key in run.added and one.link:
                one.series_key = None  # the series leaves the library; the link finds it again
        return list(run.added)


class ImportCandidateRepository:
    """A candidate per folder. What a person decided is never changed by matching."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, found: Sequence[MatchedFolder]) -> None:
        """Stores what matching found. Decided folders (chosen, ignored, imported) keep their state and their series;
        their counts and candidates are refreshed.
        """
        for batch in _batches(found):
            with self._database.writing() as session:
                known = _by_folder(session, [one.folder for one in batch])
                now = database_now(session)
                for one in batch:
                    row = known.get(one.folder)
                    if row is None:
                        row = ImportCandidate(id=folder_id(one.folder), folder=one.folder)
                        known[one.folder] = row
                        session.add(row)
                    _refresh(row, one, now)

    def forget_except(self, folders: Collection[str]) -> int:
        """How many undecided candidates went because their folder is not among the unmatched ones any more."""
        open_ = ImportCandidate.state.in_([CERTAIN, LIKELY, UNKNOWN])
        kept = frozenset(folders)
        with self._database.writing() as session:
            rows = session.execute(select(ImportCandidate.id, ImportCandidate.folder).where(open_)).all()
            gone = [row.id for row in rows if row.folder not in kept]
            for batch in _batches(gone):
                session.execute(delete(ImportCandidate).where(ImportCandidate.id.in_(batch)))
        return len(gone)

    def page(self, *, state: str | None = None, q: str = "", page: int = 1, page_size: int = 50) -> CandidatePage:
        """One page, by folder. ``q``: part of the folder's name. Raises InvalidInput for an unknown state."""
        if state is not None and state not in STATES:
            raise InvalidInput(f"{state!r} is not a state of a folder.", {"state": [f"One of: {', '.join(STATES)}."]})
        conditions: list[ColumnElement[bool]] = []
        if state is not None:
            conditions.append(ImportCandidate.state == state)
        if q.strip():
            conditions.append(ImportCandidate.folder.icontains(q.strip(), autoescape=True))
        query = select(ImportCandidate).where(*conditions).order_by(ImportCandidate.folder)
        with self._database.reading() as session:
            total = session.scalar(select(func.count(ImportCandidate.id)).where(*conditions)) or 0
            rows = session.scalars(query.offset((page - 1) * page_size).limit(page_size))
            return CandidatePage(list(rows), total)

    def counts(self) -> dict[str, int]:
        """Every state with its number of folders."""
        query = select(ImportCandidate.state, func.count(ImportCandidate.id)).group_by(ImportCandidate.state)
        with self._database.reading() as session:
            found: dict[str, int] = {row[0]: row[1] for row in session.execute(query)}
        return {state: found.get(state, 0) for state in STATES}

    def get(self, candidate_id: str) -> ImportCandidate:
        """Raises NotFound."""
        with self._database.reading() as session:
            return _required(session, candidate_id)

    def choose(
        self, candidate_id: str, *, series_key: str | None = None, link: str | None = None, mode: str | None = None
    ) -> ImportCandidate:
        """The folder is this series, by its key, by the catalogue's page, or by both. Raises InvalidInput, NotFound,
        Conflict.
        """
        if not (series_key or link):
            raise InvalidInput("Name the series by its key or its link.", {"key": ["Name the series."]})
        if mode is not None and mode not in MODES:
            raise InvalidInput(f"{mode!r} is not a mode.", {"mode": [f"One of: {', '.join(MODES)}."]})
        with self._database.writing() as session:
            row = _required(session, candidate_id)
            _refuse_imported(row)
            row.state, row.reason, row.error = CHOSEN, CHOSEN, None
            row.series_key, row.link, row.mode = series_key, link, mode
            return row

    def ignore(self, candidate_id: str, ignored: bool) -> ImportCandidate:
        """Ignores the folder; False opens it again, likely where it has candidates. Raises NotFound, Conflict."""
        with self._database.writing() as session:
            row = _required(session, candidate_id)
            _refuse_imported(row)
            if ignored:
                row.state, row.reason, row.series_key, row.link, row.mode = IGNORED, None, None, None, None
            elif row.state == IGNORED:
                row.state = UNKNOWN if not row.candidates else LIKELY
            return row

    def to_import(self, candidate_ids: Sequence[str] | None = None) -> list[ImportCandidate]:
        """The certain and chosen folders, those with the most episodes first; ``candidate_ids``: only these.

        Raises NotFound for an unknown id, Conflict for one of a folder that is neither certain nor chosen.
        """
        ready = ImportCandidate.state.in_([CERTAIN, CHOSEN])
        order = ImportCandidate.episodes.desc(), ImportCandidate.files.desc(), ImportCandidate.folder
        with self._database.reading() as session:
            if candidate_ids is None:
                return list(session.scalars(select(ImportCandidate).where(ready).order_by(*order)))
            rows = [_required(session, one) for one in dict.fromkeys(candidate_ids)]
        unready = next((one for one in rows if one.state not in (CERTAIN, CHOSEN, IMPORTED)), None)
        if unready is not None:
            raise Conflict(f"The folder {unready.folder} has no series yet; choose one first.")
        rows = [one for one in rows if one.state != IMPORTED]
        return sorted(rows, key=lambda one: (-one.episodes, -one.files, one.folder))

    @staticmethod
    def mark_imported(session: Session, candidate_id: str, run_id: str, series_key: str, *, added: bool) -> None:
        """A folder belongs to its series now, in the caller's transaction. ``added``: the run added that series."""
        row, run = _required(session, candidate_id), _required_run(session, run_id)
        row.state, row.series_key, row.run_id, row.error = IMPORTED, series_key, run_id, None
        run.imported += 1
        if added and series_key not in run.added:
            run.added = [*run.added, series_key]

    def mark_failed(self, candidate_id: str, error: str) -> None:
        """Why a folder could not be imported; it stays ready for the next run. Raises NotFound."""
        with self._database.writing() as session:
            _required(session, candidate_id).error = error


def _refresh(row: ImportCandidate, found: MatchedFolder, now: datetime) -> None:
    row.files, row.episodes, row.languages = found.files, found.episodes, list(found.languages)
    row.candidates, row.matched_at = [dict(one) for one in found.candidates], now
    if row.state in (CHOSEN, IGNORED, IMPORTED):
        return
    row.state, row.reason, row.series_key, row.link = found.state, found.reason, found.series_key, found.link
    row.error = None


def _state_before_import(row: ImportCandidate) -> str:
    return CHOSEN if row.reason == CHOSEN else CERTAIN


def _refuse_imported(row: ImportCandidate) -> None:
    if row.state == IMPORTED:
        raise Conflict(f"The folder {row.folder} is imported already; undo that import first.")


def _required(session: Session, candidate_id: str) -> ImportCandidate:
    row = session.get(ImportCandidate, candidate_id)
    if row is None:
        raise NotFound("There is no such folder to import; it may be gone or belong to a series by now.")
    return row


def _required_run(session: Session, run_id: str) -> ImportRun:
    run = session.get(ImportRun, run_id)
    if run is None:
        raise NotFound("There is no such import; only the last fifty are kept.")
    return run


def _by_folder(session: Session, folders: Sequence[str]) -> dict[str, ImportCandidate]:
    rows = session.scalars(select(ImportCandidate).where(ImportCandidate.folder.in_(folders)))
    return {row.folder: row for row in rows}


def _is_active(session: Session, run: ImportRun) -> bool:
    return run.status == RUNNING and is_alive(run, database_now(session))


def _alive_or_failed(session: Session, run: ImportRun) -> ImportRun:
    """The run, detached; shown as failed where its process ended without a word. The row is changed by the next one."""
    dead = run.status == RUNNING and not _is_active(session, run)
    session.expunge(run)
    if dead:
        run.status, run.error = FAILED, _INTERRUPTED
    return run


def _forget_oldest(session: Session) -> None:
    newest_first = select(ImportRun.id).order_by(ImportRun.started_at.desc())
    old = session.scalars(newest_first.offset(RUNS_KEPT - 1)).all()
    session.execute(delete(ImportRun).where(ImportRun.id.in_(old), ImportRun.status != RUNNING))


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]
