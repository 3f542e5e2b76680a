"""The work of one scan, from the disk to the database, wherever it is done: here, or in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aniworld.core.callbacks import CallbackManager, Operation, ProgressContext
from aniworld.core.counting import counted
from aniworld.core.offload import offload
from aniworld.legacy.data_files import key_in_folder
from aniworld.library.scan.scanner import ScanResult, SerieScanner, SeriesFound
from aniworld.library.scan.walk import read_root
from aniworld.services.scan.repository import ScanRecords

TOLD_SERIES = 200  # more changed series than this are told by scan_complete alone


@dataclass(frozen=True)
class ScanWish:
    """One scan. ``links``: folders that links in ``root`` may lead to. ``keys``: only these series' folders are read,
    even where nothing seems changed; empty = the library.
    """

    scan_id: str
    root: str
    keys: frozenset[str] = frozenset()
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScanOutcome:
    """``folders`` that were looked at, and series that were ``found``.

    ``changed``: key → folder of the series whose rows changed; empty where they are too many to be told one by one.
    """

    folders: int
    found: int
    changed: Mapping[str, str] = field(default_factory=dict)


class ManyFolders(Exception):
    """So many folders are new or changed that a process of its own should read them; nothing was written yet."""


class ScanWork:
    """``run`` reads, compares and writes batch by batch, each step on a native thread; the callbacks speak between
    them.
    """

    def __init__(
        self, records: ScanRecords, wish: ScanWish, callbacks: CallbackManager, should_stop: Callable[[], bool]
    ) -> None:
        self._records, self._wish, self._callbacks, self._should_stop = records, wish, callbacks, should_stop
        self._changed: dict[str, str] = {}
        self._found = 0

    def run(self, most: int | None = None) -> ScanOutcome:
        """``most``: raises ManyFolders where more folders than this are to be read. Raises what SerieScanner.scan
        raises.
        """
        with self._records.opened():
            result = self._scan(most)
        changed = self._changed if len(self._changed) <= TOLD_SERIES else {}
        return ScanOutcome(result.folders, self._found, changed)

    def _scan(self, most: int | None) -> ScanResult:
        wish, records = self._wish, self._records
        snapshot = offload(records.snapshot, wish.root, wish.links)
        if not (snapshot.rows or wish.keys):  # nothing is remembered, so all will be read: no need to find out which
            _check(len(offload(read_root, wish.root).folders), most)
        known = offload(records.known, snapshot, wish.keys)
        scanner = SerieScanner(
            Path(wish.root), self._callbacks, seen=snapshot.seen, links=wish.links, legacy_key=key_in_folder
        )
        result = scanner.scan(
            known,
            scan_id=wish.scan_id,
            should_stop=self._should_stop,
            matched=offload(records.matches),
            complete=records.complete,
            only=wish.keys,
            take=self._record,
            before_reading=lambda folders: _check(folders, most),
            may_be_empty=snapshot.other_root,
        )
        self._callbacks.progress(ProgressContext(Operation.SCAN, wish.scan_id, "compare", 0, 1))
        offload(records.remember, wish.root, result, snapshot, wish.keys, wish.links)
        return result

    def _record(self, found: Sequence[SeriesFound]) -> None:
        """Writes what was read. On a native thread."""
        self._found += sum(1 for one in found if one.files or one.unchanged)
        read = [one for one in found if not one.unchanged]
        if read:
            self._changed |= {one.key: one.folder for one in self._records.record(Path(self._wish.root), read)}


def _check(folders: int, most: int | None) -> None:
    if most is not None and folders > most:
        raise ManyFolders(f"{counted(folders, 'folder is', 'folders are')} to be read.")
