"""What a scan reads from and writes to the database, in short pieces: the server answers between them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, cast

from sqlalchemy import Row, Select, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from aniworld.core.offload import offload
from aniworld.library.matching import KnownEpisode, KnownSeries
from aniworld.library.scanner import FoundFile, ScanResult, SeriesFound, Unmatched
from aniworld.models import AnimeSeries, Database, Episode, FolderMatch, SeenFolder, utcnow

BATCH = 10
AT_ONCE = 200  # rows read before the others get their turn
_UNMATCHED = "unmatched"


@dataclass(frozen=True)
class Snapshot:
    """What the last scan left: ``seen`` path → mtime in ns, ``marks`` folder → mark of its series' facts then."""

    seen: Mapping[str, int]
    marks: Mapping[str, list[Any]]


def batches(items: Sequence[Any], size: int = BATCH) -> Iterator[Sequence[Any]]:
    """Slices, with a breath after each for the rest of the server."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
        time.sleep(0)  # under gevent the other greenlets run here; waits for nothing


class _Row(NamedTuple):
    """An episode as it is stored."""

    id: int
    season: int
    number: int
    absolute: int | None
    link: str
    file: str | None
    file_language: str | None
    size_bytes: int | None


_EPISODE, _SEEN = cast(Table, Episode.__table__), cast(Table, SeenFolder.__table__)
_COLUMNS = tuple(_EPISODE.c[name] for name in ("series_id", *_Row._fields))


class ScanRecords:
    """The scan's side of the database. Every method is one or several short sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places: dict[str, tuple[int, str]] = {}  # key → id and stored folder, as `known` saw them

    def snapshot(self, root: str) -> Snapshot:
        """The last scan's view of ``root``; empty if it was another root."""
        rows = self._seen_rows()
        if not any(path == "" and content == [root] for path, _, content in rows):
            return Snapshot({}, {})
        seen = {path: mtime for path, mtime, _ in rows if path and mtime}
        return Snapshot(seen, {path: content for path, _, content in rows if path and "/" not in path})

    def known(self, snapshot: Snapshot, reread: frozenset[str] = frozenset()) -> list[KnownSeries]:
        """All series. Those whose facts did not change since ``snapshot`` come without their episodes."""
        short = []
        for row in self._series_rows():
            self._places[row.key] = (row.id, row.folder or "")
            unchanged = bool(row.folder) and row.key not in reread and snapshot.marks.get(row.folder) == _mark(row)
            short.append(
                KnownSeries(
                    row.key,
                    row.name,
                    row.folder or "",
                    tuple(row.alternative_titles or ()),
                    row.year_start,
                    unchanged=unchanged,
                    had_files=bool(row.present),
                )  # fmt: skip
            )
        whole = {series.key: series for series in self.complete([series for series in short if not series.unchanged])}
        return [whole.get(series.key, series) for series in short]

    def complete(self, short: Sequence[KnownSeries]) -> list[KnownSeries]:
        """The same series with their episodes and files."""
        whole = []
        for batch in batches(short):
            rows = self._episodes([series.key for series in batch])
            for series in batch:
                mine = rows[series.key]
                episodes = tuple(KnownEpisode(row.season, row.number, row.absolute) for row in mine)
                files = {(row.season, row.number): row.file for row in mine if row.file}
                whole.append(replace(series, episodes=episodes, files=files))
        return whole

    def matches(self) -> dict[str, str | None]:
        with self._database.reading() as session:
            return {folder: key for folder, key in session.execute(select(FolderMatch.folder, FolderMatch.key))}  # noqa: C416

    def record(self, root: Path, found: Sequence[SeriesFound]) -> list[SeriesFound]:
        """Writes a batch of series; those whose rows changed."""
        try:
            return self._record(root, found)
        except IntegrityError:  # a catalogue page or a download brought one of these episodes meanwhile
            return self._record(root, found)

    def _record(self, root: Path, found: Sequence[SeriesFound]) -> list[SeriesFound]:
        rows = self._episodes([one.key for one in found])
        plans = [_Plan(one, rows[one.key], *self._places[one.key]) for one in found]
        vanished = offload(_really_gone, root, plans)
        with self._database.writing() as session:
            for plan in plans:
                plan.write(session, vanished)
        return [plan.found for plan in plans if plan.changes(vanished)]

    def remember(self, root: str, result: ScanResult) -> None:
        """Keeps the snapshot for the next scan, and the folders that no series owns."""
        marks = {row.key: _mark(row) for row in self._series_rows()}
        content: dict[str, list[Any]] = {
            one.folder: marks.get(one.key, []) for one in result.series if not one.uncertain
        }
        content |= {
            one.folder: [_UNMATCHED, one.files, [list(each) for each in one.candidates]] for one in result.unmatched
        }
        paths = dict.fromkeys(content, 0) | dict(result.directories)
        wanted = {"": (0, [root])} | {
            path: (mtime, content.get(path, [])) for path, mtime in paths.items() if len(path) <= 1000
        }
        had = {path: (mtime, facts) for path, mtime, facts in self._seen_rows()}
        gone = [path for path in had if path not in wanted]
        new = [
            {"path": path, "mtime_ns": mtime, "content": facts}
            for path, (mtime, facts) in wanted.items()
            if path not in had
        ]
        changed = [
            {"p": path, "m": mtime, "c": facts}
            for path, (mtime, facts) in wanted.items()
            if path in had and had[path] != (mtime, facts)
        ]
        self._write_seen(gone, new, changed)

    def _write_seen(self, gone: list[str], new: list[dict[str, Any]], changed: list[dict[str, Any]]) -> None:
        table = _SEEN
        for batch in batches(gone, 300):
            with self._database.writing() as session:
                session.execute(delete(SeenFolder).where(SeenFolder.path.in_(batch)))
        for batch in batches(new, 300):
            with self._database.writing() as session:
                session.execute(insert(SeenFolder), batch)
        statement = (
            update(table).where(table.c.path == bindparam("p")).values(mtime_ns=bindparam("m"), content=bindparam("c"))
        )
        for batch in batches(changed, 300):
            with self._database.writing() as session:
                session.connection().execute(statement, list(batch))

    def unmatched(self) -> list[Unmatched]:
        """The folders of no known series that the last scan saw, without those matched since."""
        with self._database.reading() as session:
            rows = session.execute(select(SeenFolder.path, SeenFolder.content)).all()
            matched = set(session.scalars(select(FolderMatch.folder)))
        return [
            Unmatched(path, content[1], tuple(tuple(each) for each in content[2]))  # type: ignore[misc]
            for path, content in rows
            if content and content[0] == _UNMATCHED and path not in matched
        ]

    def match(self, folder: str, key: str | None) -> None:
        """Remembers whose folder it is; None = nobody's."""
        with self._database.writing() as session:
            session.merge(FolderMatch(folder=folder, key=key))
            session.execute(update(SeenFolder).where(SeenFolder.path == folder).values(mtime_ns=0))
            if key is not None:
                session.execute(update(AnimeSeries).where(AnimeSeries.key == key).values(folder=folder))

    def totals(self) -> tuple[int, int]:
        """(episodes that are there, episodes that are missing) over all series."""
        there, missing = Episode.file.is_not(None), Episode.file.is_(None) & Episode.available
        query = (
            select(func.count().filter(there), func.count().filter(missing))
            .select_from(Episode)
            .join(AnimeSeries)
            .where(AnimeSeries.deleted_at.is_(None))
        )
        with self._database.reading() as session:
            row = session.execute(query).one()
        return row[0], row[1]

    def _series_rows(self) -> list[Row[Any]]:
        query = (
            select(
                AnimeSeries.id, AnimeSeries.key, AnimeSeries.name, AnimeSeries.folder, AnimeSeries.alternative_titles,
                AnimeSeries.year_start, func.count(Episode.id).label("episodes"), func.count(Episode.file).label("present"),
                func.max(Episode.updated_at).label("touched"),
            )
            .outerjoin(Episode)
            .where(AnimeSeries.deleted_at.is_(None))
            .group_by(AnimeSeries.id)
        )  # fmt: skip
        return self._read(query)

    def _seen_rows(self) -> list[Row[Any]]:
        return self._read(select(SeenFolder.path, SeenFolder.mtime_ns, SeenFolder.content))

    def _read(self, query: Select[Any]) -> list[Row[Any]]:
        """All rows of a long answer, with breaths on the way."""
        rows: list[Row[Any]] = []
        with self._database.reading() as session:
            for part in session.execute(query.execution_options(yield_per=AT_ONCE)).partitions():
                rows.extend(part)
                time.sleep(0)  # under gevent the other greenlets run here; waits for nothing
        return rows

    def _episodes(self, keys: Sequence[str]) -> dict[str, list[_Row]]:
        by_id: dict[int, list[_Row]] = {self._places[key][0]: [] for key in keys}
        query = select(*_COLUMNS).where(Episode.series_id.in_(list(by_id)))
        with self._database.reading() as session:
            for series_id, *values in session.connection().execute(query):
                by_id[series_id].append(_Row(*values))
        return {key: by_id[self._places[key][0]] for key in keys}


def _mark(row: Row[Any]) -> list[Any]:
    """Changes whenever something changes that decides how a folder is read."""
    touched = row.touched.isoformat() if row.touched else ""
    return [row.key, row.episodes, touched, row.name, row.year_start, list(row.alternative_titles or ())]


class _Plan:
    """What a series' rows become: compared outside of the writing session, so that this is short."""

    def __init__(self, found: SeriesFound, rows: Sequence[_Row], series_id: int, stored_folder: str) -> None:
        self.found, self.series_id, self.stored_folder = found, series_id, stored_folder
        known = {(row.season, row.number): row for row in rows}
        self.updates = [change for place, file in found.files.items() if (change := _change(known.get(place), file))]
        self.inserts = [
            {"series_id": self.series_id, "season": season, "number": number, "file": file.path,
             "file_language": file.language, "size_bytes": file.size}
            for (season, number), file in found.files.items() if (season, number) not in known
        ]  # fmt: skip
        gone = () if found.uncertain else known.items()
        self.lost = [(row, row.file) for place, row in gone if row.file and place not in found.files]

    def changes(self, vanished: frozenset[tuple[str, str]]) -> bool:
        return bool(self.updates or self.inserts or self.moved or self._truly_lost(vanished))

    @property
    def moved(self) -> bool:
        return self.stored_folder != self.found.folder and bool(self.found.files or not self.stored_folder)

    def _truly_lost(self, vanished: frozenset[tuple[str, str]]) -> list[_Row]:
        return [row for row, file in self.lost if (self.found.folder, file) in vanished]

    def write(self, session: Session, vanished: frozenset[tuple[str, str]]) -> None:
        connection, table = session.connection(), _EPISODE
        if self.updates:
            statement = update(table).where(
                table.c.id == bindparam("i"), table.c.file.is_not_distinct_from(bindparam("old"))
            )
            values: dict[str, Any] = {name: bindparam(name) for name in ("file", "file_language", "size_bytes")}
            connection.execute(statement.values(updated_at=utcnow(), **values), self.updates)
        if self.inserts:
            session.execute(insert(Episode), self.inserts)
        if self.moved:
            session.execute(
                update(AnimeSeries).where(AnimeSeries.id == self.series_id).values(folder=self.found.folder)
            )
        for row in self._truly_lost(vanished):
            same = (table.c.id == row.id) & (table.c.file == row.file)  # a download may have brought another meanwhile
            if row.link:
                empty = {"file": None, "file_language": None, "size_bytes": None, "updated_at": utcnow()}
                connection.execute(update(table).where(same).values(**empty))
            else:  # only the disk knew this episode
                connection.execute(delete(table).where(same))


def _change(row: _Row | None, file: FoundFile) -> dict[str, Any] | None:
    """The new values of an episode's row; None where it says that already."""
    if row is None:
        return None
    language = file.language or (row.file_language if row.file == file.path else None)
    if (row.file, row.size_bytes, row.file_language) == (file.path, file.size, language):
        return None
    return {"i": row.id, "old": row.file, "file": file.path, "file_language": language, "size_bytes": file.size}


def _really_gone(root: Path, plans: Sequence[_Plan]) -> frozenset[tuple[str, str]]:
    """Files that a last look does not find: names that the scan cannot read may still be there."""
    return frozenset(
        (plan.found.folder, file)
        for plan in plans
        for _, file in plan.lost
        if not os.path.lexists(root / plan.found.folder / file)
    )
