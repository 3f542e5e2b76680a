"""DataMigrationService: what older installations left in series folders, brought into the database.

New keys are created. A ``data`` file that changed is applied both ways, until a catalogue page was read: episodes newly
listed are missing, episodes no longer listed are not. No file is touched, and a second run changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from aniworld.core.naming import is_ignored_folder, same_name
from aniworld.core.offload import offload
from aniworld.legacy.data_files import DATA, KEY, LegacySeries, Unreadable, read_series
from aniworld.models import AnimeSeries, Database, Episode

log = logging.getLogger(__name__)


class Action(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """What became of one file. ``message``: a sentence; ``key`` None where the file tells none."""

    path: str
    action: Action
    message: str
    key: str | None = None

    @property
    def line(self) -> str:
        return f"{self.action}: {self.path}: {self.message}"


@dataclass(frozen=True)
class Report:
    """A whole import. ``lines``: one for each file."""

    dry_run: bool
    outcomes: tuple[Outcome, ...] = ()
    lines: tuple[str, ...] = field(default=())

    def count(self, action: Action) -> int:
        return sum(outcome.action is action for outcome in self.outcomes)


class DataMigrationService:
    def __init__(self, database: Database) -> None:
        self._database = database

    def scan_for_data_files(self, root: Path) -> list[Path]:
        """The ``data`` files of the series folders under ``root``, and ``key`` files of folders without one, sorted."""
        return offload(_data_files, root)

    def migrate_data_file(self, path: Path, *, dry_run: bool = False) -> Outcome:
        """What became of one file; a broken one is reported, never raised."""
        return self._migrate(path, dry_run, {})

    def add_series(self, facts: LegacySeries) -> bool:
        """Whether the series was added with its missing episodes; False where its key is in use already."""
        with self._database.writing() as session:
            if session.scalar(select(AnimeSeries.id).where(AnimeSeries.key == facts.key)) is not None:
                return False
            session.add(_new_series(facts))
        return True

    def migrate_all(self, root: Path, dry_run: bool = False) -> Report:
        """Imports every file under ``root``. ``dry_run``: says what would be done and does nothing."""
        planned: dict[str, str] = {}
        files = self.scan_for_data_files(root)
        outcomes = tuple(outcome for path in files for outcome in self._of_folder(path, dry_run, planned))
        report = Report(dry_run, outcomes, tuple(outcome.line for outcome in outcomes))
        for outcome in outcomes:
            level = logging.WARNING if outcome.action is Action.FAILED else logging.DEBUG
            log.log(level, "Legacy import: %s", _for_log(outcome.line))
        log.info(
            "Legacy import: %s files, %s series created, %s updated, %s broken",
            len(outcomes),
            report.count(Action.CREATED),
            report.count(Action.UPDATED),
            report.count(Action.FAILED),
        )
        return report

    def _of_folder(self, path: Path, dry_run: bool, planned: dict[str, str]) -> Iterator[Outcome]:
        """What became of a folder's file; of its ``key`` file, too, where ``data`` tells no key."""
        outcome = self._migrate(path, dry_run, planned)
        yield outcome
        beside = path.with_name(KEY)
        if path.name == DATA and outcome.key is None and offload(beside.is_file):
            yield self._migrate(beside, dry_run, planned)

    def _migrate(self, path: Path, dry_run: bool, planned: dict[str, str]) -> Outcome:
        shown = _shown(path)
        facts = offload(read_series, path)
        if isinstance(facts, Unreadable):
            return Outcome(shown, Action.FAILED, facts.reason)
        if not _storable(facts.folder):
            return Outcome(shown, Action.FAILED, "The folder's name is no valid text; rename it.", facts.key)
        twin = planned.setdefault(facts.key, facts.folder)
        if not same_name(twin, facts.folder):
            return Outcome(shown, Action.SKIPPED, f"The folder {twin} has the same key already.", facts.key)
        if dry_run:
            with self._database.reading() as session:
                return self._applied(session, facts, shown, write=False)
        with self._database.writing() as session:
            return self._applied(session, facts, shown, write=True)

    def _applied(self, session: Session, facts: LegacySeries, shown: str, *, write: bool) -> Outcome:
        series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == facts.key))
        if series is None:
            if write:
                session.add(_new_series(facts))
            message = f"{facts.name}, {_counted(len(facts.missing_episodes), 'missing episode')}."
            return Outcome(shown, Action.CREATED, _noted(message, facts), facts.key)
        if series.is_deleted:
            return Outcome(
                shown,
                Action.SKIPPED,
                "The series was removed from the library; add it again if you want it.",
                facts.key,
            )
        if series.folder and not same_name(series.folder, facts.folder):
            return Outcome(shown, Action.SKIPPED, f"The series has the folder {series.folder} already.", facts.key)
        new, obsolete = _changed_episodes(session, series, facts)
        if write:
            session.add_all(new)
            for episode in obsolete:
                session.delete(episode)
            series.folder = series.folder or facts.folder
        changes = [f"{_counted(len(new), 'more missing episode')}"] if new else []
        changes += [f"{_counted(len(obsolete), 'episode')} no longer missing"] if obsolete else []
        if not changes:
            return Outcome(shown, Action.UNCHANGED, _noted("Nothing new.", facts), facts.key)
        return Outcome(shown, Action.UPDATED, _noted(f"{', '.join(changes)}.", facts), facts.key)


def _data_files(root: Path) -> list[Path]:
    try:
        folders = sorted(entry for entry in root.iterdir() if not is_ignored_folder(entry.name) and entry.is_dir())
    except OSError:  # no such root: nothing to import; the scan and the health page speak of it
        return []
    return [path for folder in folders for path in _in_folder(folder)]


def _in_folder(folder: Path) -> Iterator[Path]:
    for name in (DATA, KEY):
        path = folder / name
        try:
            there = path.is_file()
        except OSError:
            continue
        if there:
            yield path
            return


def _new_series(facts: LegacySeries) -> AnimeSeries:
    series = AnimeSeries(key=facts.key, name=facts.name, site=facts.site, folder=facts.folder, link=facts.link)
    series.episodes = [
        Episode(season=season, number=number, link=facts.episode_link(season, number))
        for season, number in facts.missing_episodes
    ]
    return series


def _changed_episodes(
    session: Session, series: AnimeSeries, facts: LegacySeries
) -> tuple[list[Episode], list[Episode]]:
    """The file's episodes that the series lacks, and those that it lists no longer; a catalogue page knows both better.

    A file that does not state its episodes, or states some that cannot be read, takes none away.
    """
    if series.refreshed_at is not None or facts.missing is None:
        return [], []
    known = {(row.season, row.number): row for row in session.scalars(_episodes_of(series))}
    listed = set(facts.missing_episodes)
    new = [
        Episode(series_id=series.id, season=season, number=number, link=facts.episode_link(season, number))
        for season, number in facts.missing_episodes
        if (season, number) not in known
    ]
    obsolete = [row for place, row in known.items() if row.file is None and place not in listed]
    return new, [] if facts.notes else obsolete


def _episodes_of(series: AnimeSeries) -> Select[tuple[Episode]]:
    return select(Episode).where(Episode.series_id == series.id)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _noted(message: str, facts: LegacySeries) -> str:
    return " ".join((message, *facts.notes))


def _storable(name: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _shown(path: Path) -> str:
    return str(path).encode("utf-8", "backslashreplace").decode()


def _for_log(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
