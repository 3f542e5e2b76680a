"""RenamingService: what is there, named as the template wants it; looked at first, done, and taken back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Row, Select, delete, func, select, update
from sqlalchemy.orm import Session

from aniworld.config.settings import LibrarySettings, Settings
from aniworld.core.errors import (
    AlreadyRunning,
    Conflict,
    LibraryUnavailable,
    NotFound,
    Renumbered,
    StorageError,
    UnsafePath,
)
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import SeriesUpdated
from aniworld.core.media import EpisodeNumber
from aniworld.core.naming import folded
from aniworld.core.offload import offload
from aniworld.core.queue import DownloadStatus
from aniworld.library.files.folders import folder_of_season
from aniworld.library.files.renaming import Step, Wish, plan, reverse, stands, take, take_along
from aniworld.library.files.safe_io import check_root
from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode, RenameRun
from aniworld.models.clock import database_now
from aniworld.models.outage import DATABASE_AWAY
from aniworld.models.series import library_folder
from aniworld.services.file_management.rename_targets import Named, names_of, seasons_of
from aniworld.services.file_management.views import Rename, RenameOutcome
from aniworld.services.renumbering.proposals import WAITS, held_seasons, waits

log = logging.getLogger(__name__)

KEPT = 50  # runs that can be taken back; older journals go
AT_ONCE = 25  # files renamed before their rows are written
INTERRUPTED_AFTER = timedelta(seconds=60)
_LEFT = "It was left as it was."
_OTHER = "The episode has another file by now."
RUNNING, COMPLETED, UNDONE = "running", "completed", "undone"


@dataclass(frozen=True)
class Watch:
    """Sees a run through: ``tell(key, current, total)`` after every few files; ``should_stop()`` ends it where no file
    stands aside for another."""

    run_id: str = field(default_factory=lambda: str(uuid4()))
    tell: Callable[[str, int, int], None] = lambda key, current, total: None
    should_stop: Callable[[], bool] = lambda: False


class RenamingService:
    """``busy()``: whether a scan runs. Nothing is renamed then, and no file that a download is about to replace."""

    def __init__(
        self,
        database: Database,
        settings: Callable[[], Settings],
        progress: ProgressService,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._settings = settings
        self._progress = progress
        self._busy = busy
        self._lock = threading.Lock()

    def preview(self, key: str | None = None) -> list[Rename]:
        """Every file that would be renamed, and what cannot be with its reason. Raises NotFound, LibraryUnavailable."""
        root = self._root()
        return [line for one in self._keys([key] if key else None) for line in self._plan(root, one)[1]]

    def apply(self, keys: Sequence[str] | None = None, watch: Watch | None = None) -> RenameOutcome:
        """Renames what ``preview`` shows, of these series or of all.

        Raises NotFound, AlreadyRunning, Conflict while a scan runs, Renumbered where one of ``keys`` waits for a
        decision about its numbers, StorageError; what was done by then stays done, and its run can be undone.
        """
        self.check_decided(keys or ())
        with self._alone():
            root = self._root()
            self._settle(root)
            plans = [(key, *self._plan(root, key)) for key in self._keys(keys)]
            refused = [line for _, _, lines in plans for line in lines if line.reason]
            work = _Work(root, watch or Watch(), sum(len(steps) for _, steps, _ in plans))
            for key, steps, _ in plans:
                self._run(work, key, steps)
            self._forget_old()
            return work.outcome(refused)

    def undo(self, run_id: str, watch: Watch | None = None) -> RenameOutcome:
        """Gives every file of a run its old name back, as a run of its own. Raises NotFound, Conflict, StorageError."""
        with self._alone():
            root = self._root()
            self._settle(root)
            parts = [(part, *self._way_back(part)) for part in self._parts(run_id)]
            refused = [line for _, _, lines in parts for line in lines]
            work = _Work(root, watch or Watch(), sum(len(steps) for _, steps, _ in parts), undoes=run_id)
            for part, steps, _ in parts:
                self._run(work, part.key, steps)
                if work.stopped:  # what is left of this part can still be taken back
                    break
                self._mark(part.id, status=UNDONE)
            self._forget_old()
            return work.outcome(refused)

    def check_decided(self, keys: Sequence[str]) -> None:
        """Raises Renumbered for a series that the catalogue renumbered, while nobody has decided which numbers
        count.
        """
        query = select(AnimeSeries).where(AnimeSeries.key.in_(list(keys)), AnimeSeries.renumbering.is_not(None))
        with self._database.reading() as session:
            for series in session.scalars(query):
                if held_seasons(series):
                    raise Renumbered(waits(series.name))

    def check_undo(self, run_id: str) -> None:
        """Raises NotFound for a run that is none, Conflict for one that was undone."""
        self._parts(run_id)

    def lines(self, part: RenameRun) -> list[Rename]:
        """What a part of a run tried; ``reason`` where it did not succeed."""
        steps = _steps(part)[: part.done]
        return self._told(part.key, [(step, _LEFT if at in part.failed else None) for at, step in enumerate(steps)])

    # ── what should be ──────────────────────────────────────────────────────

    def _plan(self, root: Path, key: str) -> tuple[list[Step], list[Rename]]:
        with self._database.reading() as session:
            series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
            if series is None or not series.folder:
                return [], []
            library = self._settings().library
            folders = offload(_season_folders, root / series.folder, seasons_of(series, series.episodes))
            named = list(names_of(series, series.episodes, library, _hosters(session, series, library), folders))
            held, undecided = _downloading(session, key), held_seasons(series)
        named = [replace(one, reason=one.reason or _undecided(one, undecided)) for one in named]
        told = [(one, line) for one in named if (line := _line(series, one, held)) is not None]
        folder = series.folder
        wishes = [Wish(f"{folder}/{one.old}", f"{folder}/{one.new}", one.ids) for one, line in told if not line.reason]
        steps, refused = offload(plan, root, wishes, library.link_roots)
        reasons = {_below(wish.old): reason for wish, reason in refused}
        going = {_below(step.old) for step in steps}
        lines = [replace(line, reason=line.reason or reasons.get(line.old)) for _, line in told]
        return steps, [line for line in lines if line.reason or line.old in going]

    def _way_back(self, part: RenameRun) -> tuple[list[Step], list[Rename]]:
        """The steps that lead back, and those that cannot: an episode that has another file by now is left alone.

        What an undoing that was stopped has taken back already is neither.
        """
        now = {row.id: row.file for row in self._episodes(part.key)}
        way = reverse(done_of(part))
        ends = {step.ids: _below(step.new) for step in way}  # some files take two steps
        steps, moved_on = list[Step](), list[tuple[Step, str | None]]()
        for step in way:
            files = {now[episode] for episode in step.ids if episode in now}
            if not files or _below(step.old) in files:
                steps.append(step)
                now |= dict.fromkeys(now.keys() & set(step.ids), _below(step.new))
            elif ends[step.ids] not in files:
                moved_on.append((step, _OTHER))
        return steps, self._told(part.key, moved_on)

    def _keys(self, keys: Sequence[str | None] | None) -> list[str]:
        query = select(AnimeSeries.key).where(AnimeSeries.deleted_at.is_(None)).order_by(AnimeSeries.key)
        with self._database.reading() as session:
            known = list(session.scalars(query))
        if keys is None:
            return known
        unknown = [key for key in keys if key not in set(known)]
        if unknown:
            raise NotFound(f"There is no series {str(unknown[0])[:100]} in the library.")
        return list(dict.fromkeys(key for key in keys if key))

    def _root(self) -> Path:
        root = self._settings().library.root
        if not root:
            raise LibraryUnavailable("No library folder is set; choose one in the settings.")
        offload(check_root, Path(root))
        return Path(root)

    def _links(self) -> tuple[str, ...]:
        return self._settings().library.link_roots

    # ── doing it ────────────────────────────────────────────────────────────

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One renaming at a time, and none while a scan reads the names. Raises AlreadyRunning, Conflict."""
        if not self._lock.acquire(blocking=False):
            raise AlreadyRunning("Files are being renamed already; wait for the end of that.")
        try:
            if self._busy():
                raise Conflict("A scan runs; rename when it has ended, or cancel it.")
            yield
        finally:
            self._lock.release()

    def _run(self, work: _Work, key: str, steps: Sequence[Step]) -> None:
        """Gives one series' files their new names. The journal is kept before the first moves."""
        if not steps or work.may_stop():
            return
        with self._database.writing() as session:
            kept = [asdict(step) for step in steps]
            part = RenameRun(run_id=work.watch.run_id, key=key, steps=kept, undoes=work.undoes)
            session.add(part)
        failed: dict[int, str] = {}
        for start in range(0, len(steps), AT_ONCE):
            if start and _none_aside(steps, start) and work.may_stop():
                break
            reasons, error = offload(_taken, work.root, steps[start : start + AT_ONCE], self._links())
            failed |= {start + place: reason for place, reason in enumerate(reasons) if reason is not None}
            done = [steps[start + place] for place, reason in enumerate(reasons) if reason is None]
            self._record(part.id, start + len(reasons), done, failed)
            if error is not None:
                self._recover(work.root, part.id)
                raise error
            work.went_on(key, len(reasons))
            tried = start + len(reasons)
        self._mark(part.id, status=COMPLETED)
        self._tell(key)
        work.done += len({step.ids for at, step in enumerate(steps[:tried]) if at not in failed})  # some take two steps
        work.skipped += self._told(key, [(steps[at], reason) for at, reason in failed.items()])

    def _record(self, part_id: int, tried: int, done: Sequence[Step], failed: Collection[int]) -> None:
        """The rows follow their files, in the same breath as the journal."""
        with self._database.writing() as session:
            key = session.get_one(RenameRun, part_id).key
            for step in done:
                same = (Episode.id.in_(step.ids), Episode.file == _below(step.old))
                moved = update(Episode).where(*same).values(file=_below(step.new))
                session.execute(moved, execution_options={"synchronize_session": False})
                items = (DownloadQueueItem.serie_id == key, DownloadQueueItem.file == step.old)
                history = update(DownloadQueueItem).where(*items).values(file=step.new)
                session.execute(history, execution_options={"synchronize_session": False})
            _change(session, part_id, done=tried, failed=sorted(failed))

    def _settle(self, root: Path) -> None:
        """Takes up what a crash left. Raises AlreadyRunning where another process is at it."""
        with self._database.reading() as session:
            left = list(session.scalars(select(RenameRun).where(RenameRun.status == RUNNING)))
            now = database_now(session)
        if any(now - part.updated_at < INTERRUPTED_AFTER for part in left):
            raise AlreadyRunning("Files are being renamed already; wait a minute and try again.")
        for part in left:
            self._recover(root, part.id)

    def _recover(self, root: Path, part_id: int) -> None:
        """Writes down the steps that were done after the last that was recorded: all up to the last that stands."""
        with self._database.reading() as session:
            part = session.get_one(RenameRun, part_id)
        steps = _steps(part)
        links = self._links()
        standing = offload(lambda: [at for at in range(part.done, len(steps)) if stands(root, steps[at], links)])
        tried = standing[-1] + 1 if standing else part.done
        for step in steps[part.done : tried][-1:]:
            offload(take_along, root, step, links)
        self._record(part_id, tried, steps[part.done : tried], part.failed)
        self._mark(part_id, status=COMPLETED)
        self._tell(part.key)

    def _mark(self, part_id: int, **changes: object) -> None:
        with self._database.writing() as session:
            _change(session, part_id, **changes)

    def _forget_old(self) -> None:
        """Journals of runs beyond the last fifty go. What was renamed is done, whatever becomes of this."""
        try:
            with self._database.writing() as session:
                kept = list(session.scalars(newest_runs().limit(KEPT)))
                session.execute(delete(RenameRun).where(RenameRun.run_id.not_in(kept), RenameRun.status != RUNNING))
        except DATABASE_AWAY as error:
            log.warning("Old renamings are forgotten at the next one (%s)", type(error).__name__)

    def _parts(self, run_id: str) -> list[RenameRun]:
        query = select(RenameRun).where(RenameRun.run_id == run_id).order_by(RenameRun.id.desc())
        with self._database.reading() as session:
            parts = list(session.scalars(query))
        if not parts:
            raise NotFound("There is no renaming of this number; it may have had nothing to do.")
        if all(part.status == UNDONE for part in parts):
            raise Conflict("This renaming was undone already.")
        return [part for part in parts if part.status != UNDONE]

    def _told(self, key: str, steps: Sequence[tuple[Step, str | None]]) -> list[Rename]:
        """The steps as they are shown, each under its first episode."""
        rows = {row.id: (row.season, row.number) for row in (self._episodes(key) if steps else ())}
        told = []
        for step, reason in steps:
            season, number = min((rows[episode] for episode in step.ids if episode in rows), default=(0, 0))
            told.append(Rename(key, season, number, _below(step.old), _below(step.new), reason))
        return told

    def _episodes(self, key: str) -> Sequence[Row[tuple[int, int, int, str | None]]]:
        query = select(Episode.id, Episode.season, Episode.number, Episode.file).join(Episode.series)
        with self._database.reading() as session:
            return session.execute(query.where(AnimeSeries.key == key)).all()

    def _tell(self, key: str) -> None:
        folder = library_folder(self._database, key)
        if folder is not None:  # it may have been removed meanwhile
            self._progress.publish(SeriesUpdated(key, folder))


class _Work:
    """One run while it goes on: what is done so far, and whether it was stopped."""

    def __init__(self, root: Path, watch: Watch, total: int, undoes: str | None = None) -> None:
        self.root, self.watch, self.total, self.undoes = root, watch, total, undoes
        self.current = self.done = 0
        self.skipped: list[Rename] = []
        self.stopped = False

    def may_stop(self) -> bool:
        self.stopped = self.stopped or self.watch.should_stop()
        return self.stopped

    def went_on(self, key: str, steps: int) -> None:
        self.current += steps
        self.watch.tell(key, self.current, self.total)

    def outcome(self, refused: Sequence[Rename] = ()) -> RenameOutcome:
        return RenameOutcome(self.watch.run_id, self.done, (*refused, *self.skipped), self.stopped)


def newest_runs() -> Select[tuple[str]]:
    return select(RenameRun.run_id).group_by(RenameRun.run_id).order_by(func.max(RenameRun.id).desc())


def done_of(part: RenameRun) -> list[Step]:
    """The steps of a part that were done."""
    return [step for at, step in enumerate(_steps(part)[: part.done]) if at not in part.failed]


def _none_aside(steps: Sequence[Step], at: int) -> bool:
    """Whether no file stands under a name that it has only until another one has moved."""
    return not {folded(step.new) for step in steps[:at]} & {folded(step.old) for step in steps[at:]}


def _line(series: AnimeSeries, one: Named, held: frozenset[EpisodeNumber]) -> Rename | None:
    """How the file is told of; None where its name is as it should be."""
    reason = one.reason
    if reason is None and one.new == one.old:
        return None
    if reason is None and held & set(one.numbers):
        reason = "It is being downloaded anew; rename it afterwards."
    first = one.numbers[0]
    return Rename(series.key, first.season, first.episode, one.old, one.new, reason)


def _undecided(one: Named, seasons: frozenset[int]) -> str | None:
    """Why the file keeps its name, if that would take the catalogue's new numbers for the old ones."""
    return WAITS if one.new != one.old and any(number.season in seasons for number in one.numbers) else None


def _hosters(session: Session, series: AnimeSeries, library: LibrarySettings) -> dict[str, str]:
    """Where each file came from, as far as the history goes; asked only where a name says it."""
    if "{hoster" not in library.episode_template:
        return {}
    item = DownloadQueueItem
    query = select(item.file, item.hoster).where(item.serie_id == series.key, item.status == DownloadStatus.COMPLETED)
    return {_below(file): hoster for file, hoster in session.execute(query) if file and hoster}


def _downloading(session: Session, key: str) -> frozenset[EpisodeNumber]:
    item = DownloadQueueItem
    query = select(item.season, item.episode).where(item.serie_id == key, item.status == DownloadStatus.DOWNLOADING)
    return frozenset(EpisodeNumber(season, number) for season, number in session.execute(query))


def _taken(root: Path, steps: Sequence[Step], links: Sequence[str]) -> tuple[list[str | None], StorageError | None]:
    """For each step the reason why it was not done, or None; fewer where the disk's side failed, with that."""
    reasons: list[str | None] = []
    for step in steps:
        try:
            reasons.append(take(root, step, links))
        except UnsafePath as error:
            reasons.append(str(error))
        except StorageError as error:
            return reasons, error
    return reasons, None


def _steps(part: RenameRun) -> list[Step]:
    return [
        Step(one["old"], one["new"], tuple(one["ids"]), tuple((old, new) for old, new in one["beside"]))
        for one in part.steps
    ]


def _change(session: Session, part_id: int, **changes: object) -> None:
    session.execute(
        update(RenameRun).where(RenameRun.id == part_id).values(updated_at=database_now(session), **changes)
    )


def _season_folders(series: Path, seasons: Collection[int]) -> dict[int, str]:
    return {season: folder_of_season(series, season) for season in seasons}


def _below(path: str) -> str:
    """The path below the series folder."""
    return path.partition("/")[2]
