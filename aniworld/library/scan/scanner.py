"""SerieScanner: which episodes lie under the root, folder by folder. It reads; it never renames, moves or deletes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from aniworld.core.callbacks import CallbackManager, ErrorContext, Operation, ProgressContext
from aniworld.core.errors import Cancelled, LibraryUnavailable, StorageError
from aniworld.core.naming import folded
from aniworld.core.offload import offload, offload_each
from aniworld.library.files.links import readable
from aniworld.library.names.answers import READING_FAILED
from aniworld.library.scan.episode_lookup import Place
from aniworld.library.scan.folder_reader import FoundFile, Guesses, Reading
from aniworld.library.scan.matching import Candidate, KnownSeries, Matcher
from aniworld.library.scan.walk import (
    Listing,
    SeenFile,
    Top,
    is_unchanged,
    is_unicode,
    list_folder,
    read_root,
    still_there,
)

log = logging.getLogger(__name__)

BATCH = 32
LOOKED_AT = 128  # folders whose times are compared in one go
WALKERS = (
    4  # threads that read folders beside each other, where the disk lets them wait; else they only wait for Python
)
SLOW_S = 0.02  # a folder takes less from memory
WARNINGS = 200
NAMES_TOLD = 50  # warnings after which names that are not understood are not told any more: disks come first
NAMES_OF_A_FOLDER = 5
EMPTY_NAMED = 5
KEPT_NAMED = 5


T = TypeVar("T")
Unclear = tuple[tuple[str, str], ...]  # (path, reason) of videos whose place is unclear
Complete = Callable[[Sequence[KnownSeries]], Sequence[KnownSeries]]
Take = Callable[[Sequence["SeriesFound"]], object]
Seen = Mapping[str, dict[str, int]]


def _as_it_is(known: Sequence[KnownSeries]) -> Sequence[KnownSeries]:
    return known


@dataclass(frozen=True, slots=True)
class SeriesFound:
    """What lies in one series' folder.

    ``uncertain``: not all of it could be read, so what is not in ``files`` may be there all the same, if it is at or
    below one of the paths in ``unread`` ("" = the whole folder).
    ``unchanged``: nothing changed since the last scan; ``files`` is empty then and says nothing.
    ``not_understood``: (path, reason) of videos whose place is unclear and that no record knows. ``unplaced``: videos
    that wait for the catalogue's counts.
    """

    key: str
    folder: str
    files: Mapping[Place, FoundFile] = field(default_factory=dict)
    uncertain: bool = False
    unchanged: bool = False
    not_understood: Unclear = ()
    unplaced: tuple[SeenFile, ...] = ()
    unread: tuple[str, ...] = ("",)

    def may_hold(self, path: str) -> bool:
        """Whether a file that was not seen may be there all the same."""
        name = folded(path)
        return self.uncertain and any(not one or f"{name}/".startswith(f"{folded(one)}/") for one in self.unread)


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A folder of no known series, with its number of videos and the series that it may be."""

    folder: str
    files: int
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanResult:
    """``directories``: the snapshot for the next scan: series folder → path below it ("" = itself) → mtime in ns.

    ``folders``: how many were looked at.
    """

    series: tuple[SeriesFound, ...]
    unmatched: tuple[Unmatched, ...]
    warnings: tuple[str, ...]
    directories: Seen
    folders: int


class SerieScanner:
    """Scans one root. ``seen``: the ``directories`` of the last result, or None to read everything.

    ``links``: folders outside of the root that links in it may lead to.

    ``legacy_key``: reads the key that an older installation left in a folder, or None.
    """

    def __init__(
        self,
        root: Path,
        callbacks: CallbackManager | None = None,
        *,
        seen: Seen | None = None,
        links: Sequence[str] = (),
        legacy_key: Callable[[Path], str | None] = lambda folder: None,
    ) -> None:
        self._root = str(root)
        self._callbacks = callbacks or CallbackManager()
        self._legacy_key = legacy_key
        self._seen = seen or {}
        self._links = links

    def scan(
        self,
        known: Sequence[KnownSeries],
        *,
        scan_id: str,
        should_stop: Callable[[], bool] = lambda: False,
        matched: Mapping[str, str | None] | None = None,
        complete: Complete = _as_it_is,
        only: frozenset[str] = frozenset(),
        take: Take | None = None,
        before_reading: Callable[[int], object] = lambda folders: None,
        may_be_empty: bool = False,
    ) -> ScanResult:
        """What lies under the root now. ``matched``: folders that a person gave to a series, or to none (None).

        ``take``: is handed every few series as they are read, on a native thread; the result then holds them without
        files.
        ``before_reading``: told how many folders will be read, since they changed; what it raises ends the scan.
        ``only``: keys of the series whose folders are read, nothing else is looked at; empty = the whole library.

        ``complete``: the same series with episodes and files, asked on a native thread for those whose folders are read
        and that are not ``whole``, or are called ``unchanged``.
        ``may_be_empty``: the root was changed since the last scan, so that an empty one is no sign of a missing disk.
        Raises LibraryUnavailable where the root is missing, suddenly empty, or vanishes meanwhile; Cancelled when
        ``should_stop`` says so.
        """
        scan = _Scan(
            self._root,
            self._callbacks,
            self._seen,
            self._links,
            self._legacy_key,
            known,
            scan_id,
            should_stop,
            complete,
            take,
        )
        return scan.run(matched or {}, only, before_reading, may_be_empty)


class _Scan:
    """One run: its inputs, and what it gathers."""

    def __init__(
        self,
        root: str,
        callbacks: CallbackManager,
        seen: Seen,
        links: Sequence[str],
        legacy_key: Callable[[Path], str | None],
        known: Sequence[KnownSeries],
        scan_id: str,
        should_stop: Callable[[], bool],
        complete: Complete,
        take: Take | None,
    ) -> None:
        self.complete, self.take = complete, take
        self.root, self.callbacks, self.seen, self.legacy_key = root, callbacks, seen, legacy_key
        self.known, self.scan_id, self.should_stop = known, scan_id, should_stop
        self.links = links
        self.by_key = {series.key: series for series in known}
        self.warnings: list[str] = []
        self.guesses = Guesses()
        self.empty, self.first_empty = 0, list[str]()  # videos of no bytes: what a download that broke may leave
        self.pending: list[tuple[str, str, str]] = []  # warnings of a native thread, told after it

    def run(
        self,
        matched: Mapping[str, str | None],
        only: frozenset[str],
        before_reading: Callable[[int], object],
        may_be_empty: bool,
    ) -> ScanResult:
        self._tell("walk", 0, 0)
        top = offload(read_root, self.root)
        if not (top.folders or may_be_empty) and any(series.had_files or series.files for series in self.known):
            raise LibraryUnavailable(
                f"The library folder {self.root} is suddenly empty; is its disk connected? Nothing was marked as"
                " missing."
            )
        self.matcher = offload(Matcher, self.known, matched)
        names = [name for name in top.folders if is_unicode(name) and not self.matcher.ignores(name)]
        listings = self._walk(offload(self._of_these, names, only) if only else names, before_reading)
        self._warn_about_root(top)
        if not offload(still_there, self.root, top.identity):
            raise LibraryUnavailable(
                f"The library folder {self.root} vanished during the scan; nothing was marked as missing."
            )
        self._tell("match", 0, len(listings))
        owners = offload(self._match, listings)
        if only:
            owners = [(key, listing) for key, listing in owners if key is None or key in only]
        series = list(self._read(owners))
        self._warn_about_empty()
        unmatched = [listing for key, listing in owners if key is None]
        series.extend(self._absent({one.key for one in series}, unmatched, top.broken, only))
        offered = tuple(self._offer(unmatched, {one.key for one in series if one.uncertain}))
        directories = {listing.folder: times for _, listing in owners if (times := self._remembered(listing))}
        return ScanResult(tuple(series), offered, tuple(self.warnings), directories, len(owners))

    def _of_these(self, names: Sequence[str], only: frozenset[str]) -> list[str]:
        """The folders of ``only``; with those that no series owns, if one of these has no folder of its own here."""
        owned = {name: self.matcher.by_folder(name) for name in names}
        mine = [name for name, key in owned.items() if key in only]
        if only <= {owned[name] for name in mine}:
            return mine
        return [name for name, key in owned.items() if key is None or key in only]

    def _remembered(self, listing: Listing) -> dict[str, int]:
        """What the next scan may rely on; after a problem the times from before it, so that it is noticed again."""
        if listing.problems:
            return self.seen.get(listing.folder, {})
        return listing.directories if listing.trusted else {}

    def _warn_about_root(self, top: Top) -> None:
        if top.loose:
            self.warn(
                "One video lies outside of any series folder and is not counted; give it a folder."
                if top.loose == 1
                else f"{top.loose} videos lie outside of any series folder and are not counted; give them a folder."
            )
        for name in top.folders:
            if not is_unicode(name):
                self.warn(
                    f"The folder {readable(name)} has a name that is no valid text; rename it to have it scanned."
                )
        for name in top.broken:
            self.warn(f"{readable(name)} leads nowhere; is a disk missing? Nothing of it is marked as missing.")

    def _count_empty(self, folder: str, files: Iterable[FoundFile]) -> None:
        empty = {file.path for file in files if not file.size}
        self.empty += len(empty)
        if empty and (room := EMPTY_NAMED - len(self.first_empty)):
            self.first_empty += [readable(f"{folder}/{path}") for path in sorted(empty)[:room]]

    def _warn_about_empty(self) -> None:
        if self.empty:
            more = self.empty - len(self.first_empty)
            named = ", ".join(self.first_empty) + (f" and {more} more" if more else "")
            self.warn(f"Videos that are empty (0 bytes) and count as present all the same: {named}.")

    # --- walk

    def _walk(self, names: Sequence[str], before_reading: Callable[[int], object]) -> list[Listing]:
        """Every folder: those that did not change are not read."""
        same = self._unchanged(names)
        changed = [name for name in names if name not in same]
        before_reading(len(changed))
        read: dict[str, Listing] = {}
        for listings in self._lists(changed, self._list, BATCH):
            self._tell("walk", len(same) + len(read), len(names), folder=listings[0].folder)
            read |= {listing.folder: listing for listing in listings}
        self._tell("walk", len(names), len(names))
        return [
            read[name] if name in read else Listing(name, directories=self.seen[name], unchanged=True) for name in names
        ]

    def _unchanged(self, names: Sequence[str]) -> set[str]:
        """The folders of series of which nothing changed, if their directories did not either."""
        facts = {series.folder for series in self.known if series.unchanged and series.folder in self.seen}
        candidates = [name for name in names if name in facts]
        return {name for same in self._lists(candidates, self._same, LOOKED_AT) for name in same}

    def _lists(self, names: Sequence[str], work: Callable[[Sequence[str]], list[T]], size: int) -> Iterator[list[T]]:
        """``work`` of each ``size`` folders: of several beside each other where the first ones show a slow disk."""
        parts = [names[start : start + size] for start in range(0, len(names), size)]
        began = time.monotonic()
        self._stop_if_asked()
        for answers in offload_each(work, parts[:1], at_once=1):
            yield answers
        slow = time.monotonic() - began > SLOW_S * len(names[:size])
        for answers in offload_each(work, parts[1:], at_once=WALKERS if slow else 1):
            self._stop_if_asked()
            yield answers

    def _list(self, names: Sequence[str]) -> list[Listing]:
        return [self._listing(name) for name in names]

    def _listing(self, name: str) -> Listing:
        try:
            return list_folder(self.root, name, self.seen.get(name, {}), self.links)
        except Exception as error:  # one folder must not end the scan; none of its files is marked as missing
            log.exception("The folder %r cannot be read", readable(name))
            return Listing(name, problems=[_unreadable(name, error)], unread=[""], trusted=False)

    def _same(self, names: Sequence[str]) -> list[str]:
        return [name for name in names if is_unchanged(self.root, name, self.seen[name])]

    # --- match

    def _match(self, listings: Sequence[Listing]) -> list[tuple[str | None, Listing]]:
        """Each folder with its series' key. A series has one folder: a stored one goes before one of the same name."""
        owners: dict[str, str] = {}
        taken: set[str] = set()
        for find in (self._exactly_stored, self._stored, self._by_legacy, self._by_name):
            for listing in listings:
                key = None if listing.folder in owners else find(listing)
                if key and key not in taken:
                    owners[listing.folder] = key
                    taken.add(key)
        return [(owners.get(listing.folder), listing) for listing in listings]

    def _exactly_stored(self, listing: Listing) -> str | None:
        key = self.matcher.by_folder(listing.folder)
        return key if key and self.by_key[key].folder == listing.folder else None

    def _stored(self, listing: Listing) -> str | None:
        return self.matcher.by_folder(listing.folder)

    def _by_name(self, listing: Listing) -> str | None:
        return self.matcher.by_name(listing.folder)

    def _by_legacy(self, listing: Listing) -> str | None:
        if not listing.legacy:
            return None
        try:
            return self.matcher.by_key(self.legacy_key(Path(self.root, listing.folder)))
        except Exception as error:
            log.exception("The legacy file in %r cannot be read", readable(listing.folder))
            listing.notes.append(_unreadable(listing.folder, error))
            return None

    # --- read

    def _read(self, owners: Sequence[tuple[str | None, Listing]]) -> Iterator[SeriesFound]:
        same = [(key, listing) for key, listing in owners if key is not None and listing.unchanged]
        mine = [(key, listing) for key, listing in owners if key is not None and not listing.unchanged]
        if same:
            yield from offload(self._series_of, same)
        for start in range(0, len(mine), BATCH):
            self._stop_if_asked()
            batch = mine[start : start + BATCH]
            phase = "record" if self.take else "match"
            self._tell(phase, start, len(mine), key=batch[0][0], folder=batch[0][1].folder)
            yield from offload(self._series_of, batch)
            self._tell_pending()
        self._tell("match", len(mine), len(mine))

    def _completed(self, series: Sequence[KnownSeries]) -> dict[str, KnownSeries]:
        """The series by key, with what was left out of them. Not kept: it would be the whole table."""
        short = [one for one in series if one.unchanged or not one.whole]
        return {one.key: one for one in (*series, *(self.complete(short) if short else ()))}

    def _series_of(self, batch: Sequence[tuple[str, Listing]]) -> list[SeriesFound]:
        known = self._completed([self.by_key[key] for key, listing in batch if not listing.unchanged])
        return self._taken([self._series(key, known.get(key), listing) for key, listing in batch])

    def _taken(self, found: list[SeriesFound]) -> list[SeriesFound]:
        if self.take is None:
            return found
        self.take(found)
        return [replace(one, files={}) if one.files else one for one in found]

    def _series(self, key: str, known: KnownSeries | None, listing: Listing) -> SeriesFound:
        if known is None:
            return SeriesFound(key, listing.folder, unchanged=True)
        self.pending.extend((sentence, key, listing.folder) for sentence in (*listing.problems, *listing.notes))
        reading = Reading(known, listing, self.guesses)
        try:
            files, unclear = reading.result()
        except Exception as error:
            log.exception("The names in %r cannot be read", readable(listing.folder))
            self.pending.append((_unreadable(listing.folder, error), key, listing.folder))
            unread = _unknown(tuple((path, READING_FAILED) for path, _ in listing.files), set(known.files.values()))
            return SeriesFound(key, listing.folder, uncertain=True, not_understood=unread)
        self._count_empty(listing.folder, files.values())
        placed = {file.path for file in files.values()}
        unclear = _unknown(unclear, placed | set(known.files.values()))
        if unclear and len(self.warnings) < NAMES_TOLD:
            self.pending.extend((sentence, key, listing.folder) for sentence in _uncounted(listing.folder, unclear))
        if waiting := sum(file.path not in placed for file in reading.unplaced):
            self.pending.append((_waiting(listing.folder, waiting), key, listing.folder))
        found = SeriesFound(
            key,
            listing.folder,
            files,
            uncertain=bool(listing.problems),
            not_understood=unclear,
            unplaced=tuple(reading.unplaced),
            unread=tuple(listing.unread),
        )
        if kept := [path for place, path in known.files.items() if place not in files and found.may_hold(path)]:
            self.pending.append((_kept(listing.folder, kept), key, listing.folder))
        return found

    # --- what is not there

    def _absent(
        self, found: set[str], unmatched: Sequence[Listing], broken: Sequence[str], only: frozenset[str]
    ) -> Iterator[SeriesFound]:
        """Series whose files were there and whose folder is not, few at a time: each is a transaction."""
        lost = {folded(name) for name in broken}
        wanted = [series for series in self.known if series.key in only] if only else self.known
        absent = [series for series in wanted if series.key not in found and (series.files or series.had_files)]
        for start in range(0, len(absent), BATCH):
            self._stop_if_asked()
            yield from offload(self._absent_of, absent[start : start + BATCH], unmatched, lost)
            self._tell_pending()

    def _absent_of(
        self, absent: Sequence[KnownSeries], unmatched: Sequence[Listing], lost: set[str]
    ) -> list[SeriesFound]:
        known = self._completed(absent)
        return self._taken([self._gone(known[series.key], unmatched, lost) for series in absent])

    def _gone(self, series: KnownSeries, unmatched: Sequence[Listing], lost: set[str]) -> SeriesFound:
        """Renamed or led away: uncertain, not missing."""
        renamed = next((one.folder for one in unmatched if _same_files(series, one)), None)
        if renamed:
            self.by_key[series.key] = series  # with its files, by which it is offered
            self.pending.append(
                (
                    (
                        f"The folder {series.folder} of {series.name} is gone; {renamed} holds the same files. Match it"
                        " if it is."
                    ),
                    series.key,
                    renamed,
                )
            )
        return SeriesFound(series.key, series.folder, uncertain=bool(renamed) or folded(series.folder) in lost)

    def _offer(self, unmatched: Sequence[Listing], gone: set[str]) -> Iterator[Unmatched]:
        for listing in unmatched:
            for sentence in listing.problems:
                self.warn(sentence, folder=listing.folder)
        for start in range(0, len(unmatched), BATCH):
            yield from offload(self._offered, unmatched[start : start + BATCH], gone)

    def _offered(self, unmatched: Sequence[Listing], gone: set[str]) -> list[Unmatched]:
        return [
            Unmatched(
                listing.folder,
                len(listing.files),
                self.matcher.candidates(
                    listing.folder, [key for key in gone if _same_files(self.by_key[key], listing)]
                ),
            )
            for listing in unmatched
        ]

    # --- telling

    def warn(self, sentence: str, *, key: str | None = None, folder: str | None = None) -> None:
        if len(self.warnings) < WARNINGS:
            self.warnings.append(sentence)
        context = ErrorContext(Operation.SCAN, self.scan_id, StorageError(sentence), sentence, True, key, folder)
        self.callbacks.error(context)

    def _tell_pending(self) -> None:
        for sentence, key, folder in self.pending:
            self.warn(sentence, key=key, folder=folder)
        self.pending.clear()

    def _tell(self, phase: str, current: int, total: int, key: str | None = None, folder: str | None = None) -> None:
        self.callbacks.progress(
            ProgressContext(Operation.SCAN, self.scan_id, phase, current, total, folder or "", key, folder)
        )

    def _stop_if_asked(self) -> None:
        if self.should_stop():
            raise Cancelled("The scan was cancelled.")


def _unknown(unclear: Unclear, paths: Collection[str]) -> Unclear:
    """Each video once, without those at ``paths``: a stored file is known by its path, whatever its name says."""
    reasons = {path: reason for path, reason in reversed(unclear) if path not in paths}
    return tuple((path, reasons.pop(path)) for path, _ in unclear if path in reasons)


def _uncounted(folder: str, unclear: Unclear) -> Iterator[str]:
    """A sentence for each of the first videos whose names are not understood."""
    for path, reason in unclear[:NAMES_OF_A_FOLDER]:
        yield f"{readable(folder)}/{readable(path)} is not counted. {reason}"
    if more := len(unclear[NAMES_OF_A_FOLDER:]):
        yield (
            f"{readable(folder)} holds one more video whose name is not understood."
            if more == 1
            else f"{readable(folder)} holds {more} more videos whose names are not understood."
        )


def _unreadable(folder: str, error: Exception) -> str:
    return f"{readable(folder)} cannot be read ({type(error).__name__})."


def _kept(folder: str, paths: Collection[str]) -> str:
    more = len(paths) - KEPT_NAMED
    named = ", ".join(map(readable, sorted(paths)[:KEPT_NAMED])) + (f" and {more} more" if more > 0 else "")
    return f"{readable(folder)}: videos that count as present because what holds them cannot be read: {named}."


def _waiting(folder: str, count: int) -> str:
    return (
        f"{readable(folder)}: videos whose numbers name no season ({count}) get their episodes as soon as the series' "
        "catalogue page is read."
    )


def _same_files(series: KnownSeries, listing: Listing) -> bool:
    """Whether a folder holds most of the files that the series had, by their names; where sizes are known, one with its
    size.

    One is enough: what a tool changed in place has another size, and two series' ``Folge 01.mp4`` have not one in
    common.
    """
    had = {_name(path) for path in series.files.values()}
    has = {_name(path) for path, _ in listing.files}
    sized = {(_name(path), size) for path, size in series.sizes.items() if _name(path) in has}
    same = not sized or any((_name(path), size) in sized for path, size in listing.files)
    return 2 * len(had & has) > len(had) > 0 and same


def _name(path: str) -> str:
    return path.rpartition("/")[2]
