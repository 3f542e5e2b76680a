"""What a scan reads from and writes to the database: on its own connection, on native threads, in short pieces.

The server's event loop and its connections have no part in it. Writing sessions hold a few hundred rows, so that
whoever else wants to write waits for milliseconds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    Connection,
    Integer,
    Row,
    Select,
    Table,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool, StaticPool

from aniworld.core.heights import height_in
from aniworld.core.offload import under_gevent
from aniworld.core.subtitles import language_after, subtitles_after
from aniworld.library.scan.folder_reader import FoundFile
from aniworld.library.scan.matching import KnownSeries
from aniworld.library.scan.scanner import ScanResult, SeriesFound, Unmatched
from aniworld.library.scan.snapshot import Content, Snapshot, about, offer_in, rows_of, snapshot_of
from aniworld.library.scan.walk import counts
from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode, ImportCandidate, SeenFolder, utcnow
from aniworld.models.engines import engine_at
from aniworld.models.imports import CHOSEN, DECIDED, IGNORED, folder_id
from aniworld.models.series import NO_FILE
from aniworld.models.series_folders import point_primary_at
from aniworld.services.renumbering.proposals import is_placed

ROWS = 300
KEYS = 500  # in one question; databases limit the parameters of a statement


def batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


_SERIES, _EPISODE = cast("Table", AnimeSeries.__table__), cast("Table", Episode.__table__)
_SEEN = cast("Table", SeenFolder.__table__)
_ITEM = cast("Table", DownloadQueueItem.__table__)


# An episode as the driver gives it, first its place (KnownSeries.episodes): 60,000 rows take longer to name than to
# fetch.
_Row = tuple[int, int, int | None, int, int, str, str | None, str | None, int | None, Any, Any, int | None]
_NAMES = ("season", "number", "absolute", "series_id", "id", "link", *NO_FILE)
_COLUMNS = tuple(_EPISODE.c[name] for name in _NAMES)
_SUMS = select(
    _EPISODE.c.series_id,
    func.count().label("episodes"),
    func.count(_EPISODE.c.file).label("present"),
    func.max(_EPISODE.c.updated_at).label("touched"),
).group_by(_EPISODE.c.series_id)
_FACTS = (
    *(
        _SERIES.c[name]
        for name in (
            "id",
            "key",
            "name",
            "folder",
            "alternative_titles",
            "year_start",
            "specials",
            "renumbering",
            "refreshed_at",
        )
    ),
    _SERIES.c.unplaced_files.is_not(None).label("waits"),
)


class ScanRecords:
    """The scan's side of the database. Between ``opened`` and its end every method may run on any one thread at a
    time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._own: Database | None = None
        self._places: dict[str, tuple[int, str]] = {}  # key → id and stored folder, as `known` saw them
        self._marks: dict[str, list[Any]] = {}
        self._waiting: set[str] = set()  # keys of series with files that wait for the catalogue's counts
        self._read: dict[str, list[_Row]] = {}  # rows of the series that are recorded next, as `complete` read them

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Connections of the scan's own: a pool's locks belong to the event loop, whose thread this is not.

        SQLite's one serves every thread; under gevent a socket only the thread that opened it, so that there each
        transaction opens its own. In a process of its own, or on the command line, one thread does it all.
        """
        url = self._database.engine.url
        shared = url.get_backend_name() == "sqlite" or not under_gevent()
        self._own = Database(engine_at(url, pool=StaticPool if shared else NullPool))
        try:
            yield
        finally:
            self._own.close()
            self._own = None
            self._places, self._marks, self._read = {}, {}, {}

    def snapshot(self, root: str, links: Sequence[str] = ()) -> Snapshot:
        """The last scan's view of ``root``; empty if it was another root, or read by other rules."""
        rows = {path: (mtime, content) for path, mtime, content in self._all(select(*_SEEN.c))}
        return snapshot_of(rows, root, links)

    def known(self, snapshot: Snapshot, only: frozenset[str] = frozenset()) -> list[KnownSeries]:
        """All series, without their episodes. ``only``: those that will be read, whether they changed or not.

        The others are ``unchanged`` where none of their facts changed since ``snapshot``.
        """
        rows = self._all(select(*_FACTS).where(_SERIES.c.deleted_at.is_(None)))
        self._places = {row.key: (row.id, row.folder or "") for row in rows}
        self._waiting = {row.key for row in rows if row.waits}
        counts = self._counts(sorted(only))
        self._marks = {row.key: _mark(row, counts.get(row.id)) for row in rows}
        return [self._short(row, counts.get(row.id), snapshot, only) for row in rows]

    def _short(self, row: Row[Any], count: Row[Any] | None, snapshot: Snapshot, only: frozenset[str]) -> KnownSeries:
        folder = row.folder or ""
        unchanged = bool(folder) and row.key not in only and snapshot.mark(folder) == self._marks[row.key]
        return KnownSeries(
            row.key,
            row.name,
            folder,
            tuple(row.alternative_titles or ()),
            row.year_start,
            unchanged=unchanged,
            had_files=bool(count and count.present),
            whole=False,
            specials=row.specials or {},
            placed=is_placed(row.renumbering),
            counted=row.refreshed_at is not None,
        )

    def complete(self, short: Sequence[KnownSeries]) -> list[KnownSeries]:
        """The same series with their episodes and files. `record` goes by what was read here, once."""
        whole: list[KnownSeries] = []
        self._read = {}
        for batch in batches(short, KEYS):
            rows = self._episodes([series.key for series in batch])
            self._read |= rows
            whole.extend(_completed(series, rows[series.key]) for series in batch)
        return whole

    def matches(self) -> dict[str, str | None]:
        """Folder → the key of the series that a person, or an import, gave it to; None = ignored."""
        columns = ImportCandidate.folder, ImportCandidate.state, ImportCandidate.series_key
        return {
            folder: None if state == IGNORED else key
            for folder, state, key in self._all(select(*columns).where(DECIDED))
        }

    def record(self, root: Path, found: Sequence[SeriesFound]) -> list[SeriesFound]:
        """Writes a batch of series; those whose rows changed. What others wrote since the rows were read stays as it
        is.
        """
        try:
            return self._record(root, found)
        except IntegrityError:  # a catalogue page or a download brought one of these episodes meanwhile
            return self._record(root, found)

    def _record(self, root: Path, found: Sequence[SeriesFound]) -> list[SeriesFound]:
        read, self._read = self._read, {}
        rows = read | self._episodes([one.key for one in found if one.key not in read])
        plans = [_Plan(one, rows[one.key], *self._places[one.key], one.key in self._waiting) for one in found]
        vanished = _really_gone(root, plans)
        changing = [plan for plan in plans if plan.changes(vanished)]
        if changing:
            with self._writing() as connection:
                changing = _still_theirs(connection, changing)
                _write(connection, changing, vanished)
                sums = connection.execute(_SUMS.where(_EPISODE.c.series_id.in_([plan.series_id for plan in changing])))
                counts = {row.series_id: row for row in sums}
            for plan in changing:
                self._mark_anew(plan, counts.get(plan.series_id), plan.rows_left(vanished))
        return [plan.found for plan in changing]

    def _mark_anew(self, plan: _Plan, count: Row[Any] | None, expected: int) -> None:
        """Remembers the series as this scan wrote it; not with episodes that a catalogue page brought since its rows
        were read, for then its folder is to be read again.
        """
        if (count.episodes if count else 0) == expected:
            self._marks[plan.found.key][1:3] = _counted(count)

    def remember(
        self,
        root: str,
        result: ScanResult,
        snapshot: Snapshot,
        only: frozenset[str] = frozenset(),
        links: Sequence[str] = (),
    ) -> None:
        """Keeps the snapshot for the next scan, and the folders that no series owns.

        ``only``: the scan looked at their folders and at no others; of another root than before it leaves nothing, so
        that the next whole scan still knows that the root was changed.
        """
        if only and snapshot.other_root:
            return
        rows = rows_of(about(root, links), result, self._marks, snapshot.rows)
        self._write_seen(rows, self._scope(result, snapshot, only), snapshot.old)

    def _scope(self, result: ScanResult, snapshot: Snapshot, only: frozenset[str]) -> Mapping[str, Content]:
        """The remembered rows that this scan may change or remove."""
        if not only:
            return snapshot.rows
        tops = {one.folder for one in result.series} | {one.folder for one in result.unmatched}
        tops |= {self._places[key][1] for key in only if key in self._places} | {""}
        return {path: facts for path, facts in snapshot.rows.items() if path in tops}

    def _write_seen(self, wanted: Mapping[str, Content], had: Mapping[str, Content], old: Sequence[str]) -> None:
        for batch in batches([path for path in had if path not in wanted] + list(old), ROWS):
            with self._writing() as connection:
                connection.execute(delete(_SEEN).where(_SEEN.c.path.in_(batch)))
        new = [(path, facts) for path, facts in wanted.items() if path not in had]
        for batch in batches(new, ROWS):
            with self._writing() as connection:
                rows = [{"path": path, "mtime_ns": mtime, "content": content} for path, (mtime, content) in batch]
                connection.execute(insert(_SEEN), rows)
        same = _SEEN.c.path == bindparam("p")
        statement = update(_SEEN).where(same).values(mtime_ns=bindparam("m"), content=bindparam("c"))
        changed = [(path, facts) for path, facts in wanted.items() if path in had and had[path] != facts]
        for batch in batches(changed, ROWS):
            with self._writing() as connection:
                connection.execute(statement, [{"p": path, "m": mtime, "c": facts} for path, (mtime, facts) in batch])

    def totals(self, only: frozenset[str] = frozenset()) -> tuple[int, int]:
        """(episodes that are there, episodes that are missing) over the series of ``only``; over all where it is
        empty.
        """
        there, missing = Episode.file.is_not(None), Episode.file.is_(None) & Episode.available
        query = (
            select(func.count(case((there, 1))), func.count(case((missing, 1))))  # MariaDB knows no FILTER
            .select_from(Episode)
            .join(AnimeSeries)
            .where(AnimeSeries.deleted_at.is_(None))
        )
        parts = [query.where(AnimeSeries.key.in_(keys)) for keys in batches(sorted(only), KEYS)] or [query]
        counts = [self._all(part)[0] for part in parts]
        return sum(row[0] for row in counts), sum(row[1] for row in counts)

    # --- asked by people, at any time

    def unmatched(self) -> list[Unmatched]:
        """The folders of no known series that the last scan saw, without those matched since."""
        with self._database.reading() as session:
            rows = session.execute(select(SeenFolder.path, SeenFolder.content).order_by(SeenFolder.path)).all()
            matched = set(session.scalars(select(ImportCandidate.folder).where(DECIDED)))
        offers = (offer_in(path, content) for path, content in rows if path not in matched)
        return [offer for offer in offers if offer]

    def match(self, folder: str, key: str | None) -> None:
        """Remembers whose folder it is; None = nobody's."""
        with self._database.writing() as session:
            choice = session.scalar(select(ImportCandidate).where(ImportCandidate.folder == folder))
            if choice is None:
                choice = ImportCandidate(id=folder_id(folder), folder=folder)
                session.add(choice)
            choice.state, choice.reason = (IGNORED, None) if key is None else (CHOSEN, CHOSEN)
            choice.series_key, choice.link, choice.updated_at = key, None, utcnow()
            series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key)) if key else None
            had = series.folder if series else None
            choice.earlier_folder = choice.earlier_folder if had == folder else had
            session.execute(update(SeenFolder).where(SeenFolder.path == folder).values(mtime_ns=0))
            if series is not None:
                series.folder = folder

    # --- the connection

    def _connection(self) -> Database:
        assert self._own is not None, "the records are not opened"
        return self._own

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._connection().engine.execution_options(aniworld_write=True).begin() as connection:
            yield connection

    def _all(self, query: Select[Any]) -> Sequence[Row[Any]]:
        with self._connection().engine.connect() as connection:
            return connection.execute(query).all()

    def _rows(self, query: Select[Any]) -> list[_Row]:
        """As the driver gives them: whole numbers and texts need no translation."""
        with self._connection().engine.connect() as connection:
            return cast("list[_Row]", connection.execute(query).cursor.fetchall())

    def _counts(self, keys: Sequence[str] = ()) -> dict[int, Row[Any]]:
        """Series id → what its episodes' rows say in sum; of all series where no ``keys`` are given."""
        if not keys or len(keys) > KEYS:
            return {row.series_id: row for row in self._all(_SUMS)}
        ids = [self._places[key][0] for key in keys if key in self._places]
        return {row.series_id: row for row in self._all(_SUMS.where(_EPISODE.c.series_id.in_(ids)))}

    def _episodes(self, keys: Sequence[str]) -> dict[str, list[_Row]]:
        by_id: dict[int, list[_Row]] = {self._places[key][0]: [] for key in keys}
        if by_id:
            for row in self._rows(select(*_COLUMNS).where(_EPISODE.c.series_id.in_(list(by_id)))):
                by_id[row[3]].append(row)
        return {key: by_id[self._places[key][0]] for key in keys}


def _completed(series: KnownSeries, rows: Sequence[_Row]) -> KnownSeries:
    files = {(season, number): file for season, number, _, _, _, _, file, *_ in rows if file}
    sizes = {file: size for _, _, _, _, _, _, file, _, size, *_ in rows if file and size} if files else {}
    return replace(series, episodes=rows, files=files, sizes=sizes, whole=True)


def _mark(row: Row[Any], count: Row[Any] | None) -> list[Any]:
    """Changes whenever something changes that decides how a folder is read."""
    return [
        row.key,
        *_counted(count),
        row.name,
        row.year_start,
        list(row.alternative_titles or ()),
        [row.refreshed_at is not None],
        *([row.specials] if row.specials else ()),
    ]


def _counted(count: Row[Any] | None) -> tuple[int, str]:
    """A mark's second and third place."""
    return (count.episodes, count.touched.isoformat() if count.touched else "") if count else (0, "")


class _Lost(NamedTuple):
    """An episode whose file was not seen. ``link``: empty where only the disk knew it."""

    id: int
    file: str
    link: str


class _StoredFile(NamedTuple):
    """What a row says of its file."""

    file: str | None
    language: str | None
    size: int | None
    subtitles: list[str] | None
    languages: list[str] | None
    height: int | None


class _Plan:
    """What a series' rows become: compared outside of the writing session, so that this is short."""

    def __init__(
        self, found: SeriesFound, rows: Sequence[_Row], series_id: int, stored_folder: str, waited: bool
    ) -> None:
        self.found, self.series_id, self.stored_folder = found, series_id, stored_folder
        self.waits = bool(found.unplaced) or (waited and not found.uncertain)
        self.updates: list[dict[str, Any]] = []
        self.lost: list[_Lost] = []
        self.rows = len(rows)
        self.claimed = {file.path for file in found.files.values()}
        left = dict(found.files)
        for season, number, _, _, row_id, link, stored, said, size, subtitles, languages, height in rows:
            file = left.pop((season, number), None)
            if file is not None:
                had = _StoredFile(stored, said, size, _codes(subtitles), _codes(languages), height)
                if change := _change(row_id, had, file):
                    self.updates.append(change)
            elif stored and not found.may_hold(stored):
                self.lost.append(_Lost(row_id, stored, link))
        self.inserts = [
            {
                "series_id": self.series_id,
                "season": season,
                "number": number,
                "file": file.path,
                "file_language": file.language,
                "size_bytes": file.size,
                "subtitles": list(file.subtitles) or None,
                "languages_on_disk": [file.language] if file.language else None,
                "file_height": height_in(file.path),
            }
            for (season, number), file in left.items()
        ]

    def changes(self, vanished: frozenset[tuple[str, str]]) -> bool:
        return bool(self.updates or self.inserts or self.moved or self.waits or self.truly_lost(vanished))

    @property
    def moved(self) -> bool:
        videos = self.found.files or self.found.unplaced or (self.found.not_understood and not self.found.uncertain)
        return self.stored_folder != self.found.folder and bool(videos or not self.stored_folder)

    def truly_lost(self, vanished: frozenset[tuple[str, str]]) -> list[_Lost]:
        """Those that are gone, or that hold another episode now: no file is two episodes because its row is older."""
        return [one for one in self.lost if one.file in self.claimed or (self.found.folder, one.file) in vanished]

    def rows_left(self, vanished: frozenset[tuple[str, str]]) -> int:
        """How many rows the series has once this is written."""
        return self.rows + len(self.inserts) - sum(1 for one in self.truly_lost(vanished) if not one.link)


# Another file than before: it is what the catalogue lists here now.
_CAME = bindparam("came", type_=Integer) == literal_column("1")
_LISTED = case((_EPISODE.c.title != literal_column("''"), _EPISODE.c.title), else_=_EPISODE.c.title_en)
_UPDATE = (
    update(_EPISODE)
    .where(_EPISODE.c.id == bindparam("i"), _EPISODE.c.file.is_not_distinct_from(bindparam("old")))
    .values(
        updated_at=bindparam("now"),
        file=bindparam("file"),
        file_language=bindparam("language"),
        size_bytes=bindparam("size"),
        subtitles=bindparam("subtitles"),
        languages_on_disk=bindparam("languages"),
        file_height=bindparam("height"),
        file_title=case((_CAME, _LISTED), else_=_EPISODE.c.file_title),
        file_link=case((_CAME, _EPISODE.c.link), else_=_EPISODE.c.file_link),
    )
)


def _still_theirs(connection: Connection, plans: Sequence[_Plan]) -> list[_Plan]:
    """Without those of series that got another folder since they were read: the next scan reads that one."""
    query = select(_SERIES.c.id, _SERIES.c.folder).where(_SERIES.c.id.in_([plan.series_id for plan in plans]))
    folders = {row.id: row.folder or "" for row in connection.execute(query)}
    return [plan for plan in plans if folders.get(plan.series_id) == plan.stored_folder]


def _write(connection: Connection, plans: Sequence[_Plan], vanished: frozenset[tuple[str, str]]) -> None:
    """One statement for all the plans' updates, one for their inserts; the rare rest one by one."""
    now = utcnow()
    if updates := [change for plan in plans for change in plan.updates]:
        _update_all(connection, updates, now)
    if inserts := [row for plan in plans for row in plan.inserts]:
        connection.execute(insert(_EPISODE), inserts)
    for plan in plans:
        if plan.moved:
            moved = update(_SERIES).where(_SERIES.c.id == plan.series_id)
            connection.execute(moved.values(folder=plan.found.folder, updated_at=now))
            point_primary_at(connection, plan.series_id, plan.found.folder)
            _move_history(connection, plan)
        if plan.waits:
            waiting = [[path, size] for path, size in plan.found.unplaced] or None
            uncounted = (_SERIES.c.id == plan.series_id) & _SERIES.c.refreshed_at.is_(None)
            connection.execute(update(_SERIES).where(uncounted).values(unplaced_files=waiting))
        for lost in plan.truly_lost(vanished):
            _lose(connection, lost)


def _move_history(connection: Connection, plan: _Plan) -> None:
    """A folder that a person renamed: the files of earlier downloads are there now."""
    old = f"{plan.stored_folder}/"
    below = func.substr(_ITEM.c.file, 1, len(old)) == old
    moved = update(_ITEM).where(_ITEM.c.serie_id == plan.found.key, _ITEM.c.file.is_not(None), below)
    there = literal(f"{plan.found.folder}/").concat(func.substr(_ITEM.c.file, len(old) + 1))
    connection.execute(moved.values(file=there, serie_folder=plan.found.folder))


def _update_all(connection: Connection, updates: list[dict[str, Any]], now: datetime) -> None:
    """60,000 rows of a first scan: the statement is translated once, not its parameters once for each row."""
    compiled = _UPDATE.compile(dialect=connection.dialect)
    prepare = _EPISODE.c.updated_at.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    moment = prepare(now) if prepare else now
    for change in updates:
        change["now"] = moment
    order = compiled.positiontup
    connection.exec_driver_sql(str(compiled), list(map(itemgetter(*order), updates)) if order else updates)


def _lose(connection: Connection, lost: _Lost) -> None:
    same = (_EPISODE.c.id == lost.id) & (_EPISODE.c.file == lost.file)  # a download may have brought another meanwhile
    if lost.link:
        connection.execute(update(_EPISODE).where(same).values(**NO_FILE, updated_at=utcnow()))
    else:  # only the disk knew this episode
        connection.execute(delete(_EPISODE).where(same))


def _change(row_id: int, had: _StoredFile, file: FoundFile) -> dict[str, Any] | None:
    """The new values of a row; None where it says the same already."""
    same = had.file == file.path
    before = had.subtitles if same else None
    subtitles = subtitles_after(file.path, before, file.subtitles)
    language = language_after(file.language or (had.language if same else None), before, subtitles)
    known = had if same and had.size == file.size else None  # the very file that is known
    stays = known is not None and language in (known.languages or ())
    languages = had.languages if stays else [language] if language else None
    height = (known.height if known else None) or height_in(file.path)
    now = _StoredFile(file.path, language, file.size, subtitles, languages, height)
    if had == now:
        return None
    return {
        "i": row_id,
        "old": had.file,
        "file": file.path,
        "language": language,
        "size": file.size,
        "subtitles": None if subtitles is None else json.dumps(subtitles),
        "languages": None if languages is None else json.dumps(languages),
        "height": height,
        "came": int(not same),
    }


def _codes(value: Any) -> list[str] | None:
    """JSON as the driver gives it: some read it, some do not."""
    found = json.loads(value) if isinstance(value, str | bytes) else value
    return found if isinstance(found, list) else None


def _really_gone(root: Path, plans: Sequence[_Plan]) -> frozenset[tuple[str, str]]:
    """Files that a last look does not find, or that do not count: names that the scan cannot read may still be
    there.
    """
    return frozenset(
        (plan.found.folder, file)
        for plan in plans
        for _, file, _ in plan.lost
        if not os.path.lexists(root / plan.found.folder / file) or not counts(str(root / plan.found.folder), file)
    )
