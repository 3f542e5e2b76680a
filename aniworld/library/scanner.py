"""SerieScanner: which episodes lie under the root, folder by folder. It reads; it never renames, moves or deletes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from aniworld.core.callbacks import CallbackManager, ErrorContext, Operation, ProgressContext
from aniworld.core.errors import Cancelled, LibraryUnavailable, StorageError
from aniworld.core.naming import folded
from aniworld.core.offload import offload

from .filenames import Found, Ignored, Kind, read_name
from .matching import Candidate, KnownSeries, Matcher
from .name_patterns import CODE
from .numbering import Numbering, Place
from .walk import Listing, is_unicode, list_folder, read_root, readable, still_there

BATCH = 24
GUESSES = 200  # guessit takes milliseconds a file; what is beyond this many is left as not understood
WARNINGS = 200


Complete = Callable[[Sequence[KnownSeries]], Sequence[KnownSeries]]


def _as_it_is(known: Sequence[KnownSeries]) -> Sequence[KnownSeries]:
    return known


class FoundFile(NamedTuple):
    """An episode's file. ``path`` relative to the series folder; ``size`` in bytes; ``language`` a hint or None."""

    path: str
    size: int
    language: str | None


@dataclass(frozen=True, slots=True)
class SeriesFound:
    """What lies in one series' folder.

    ``uncertain``: not all of it could be read, so what is not in ``files`` may be there all the same.
    ``unchanged``: nothing changed since the last scan; ``files`` is empty then and says nothing.
    ``not_understood``: (path, reason) of videos whose place is unclear.
    """

    key: str
    folder: str
    files: Mapping[Place, FoundFile] = field(default_factory=dict)
    uncertain: bool = False
    unchanged: bool = False
    not_understood: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A folder of no known series, with its number of videos and the series that it may be."""

    folder: str
    files: int
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanResult:
    """``directories``: the snapshot for the next scan, relative path → mtime in ns. ``folders``: how many were read."""

    series: tuple[SeriesFound, ...]
    unmatched: tuple[Unmatched, ...]
    warnings: tuple[str, ...]
    directories: Mapping[str, int]
    folders: int


class SerieScanner:
    """Scans one root. ``seen``: the ``directories`` of the last result, or None to read everything.

    ``legacy_key``: reads the key that an older installation left in a folder, or None.
    """

    def __init__(
        self,
        root: Path,
        callbacks: CallbackManager | None = None,
        *,
        seen: Mapping[str, int] | None = None,
        legacy_key: Callable[[Path], str | None] = lambda folder: None,
    ) -> None:
        self._root = str(root)
        self._callbacks = callbacks or CallbackManager()
        self._legacy_key = legacy_key
        self._seen: dict[str, dict[str, int]] = defaultdict(dict)
        for path, mtime in (seen or {}).items():
            self._seen[path.partition("/")[0]][path] = mtime

    def scan(
        self,
        known: Sequence[KnownSeries],
        *,
        scan_id: str,
        should_stop: Callable[[], bool] = lambda: False,
        matched: Mapping[str, str | None] | None = None,
        complete: Complete = _as_it_is,
    ) -> ScanResult:
        """What lies under the root now. ``matched``: folders that a person gave to a series, or to none (None).

        ``complete``: the same series with episodes and files. Those of series that are ``unchanged`` may be left out of
        ``known``; it is asked for those whose folders changed all the same.
        Raises LibraryUnavailable where the root is missing, suddenly empty, or vanishes meanwhile; Cancelled when
        ``should_stop`` says so.
        """
        return _Scan(
            self._root, self._callbacks, self._seen, self._legacy_key, known, matched, scan_id, should_stop, complete
        ).run()


class _Scan:
    """One run: its inputs, and what it gathers."""

    def __init__(
        self,
        root: str,
        callbacks: CallbackManager,
        seen: Mapping[str, dict[str, int]],
        legacy_key: Callable[[Path], str | None],
        known: Sequence[KnownSeries],
        matched: Mapping[str, str | None] | None,
        scan_id: str,
        should_stop: Callable[[], bool],
        complete: Complete,
    ) -> None:
        self.complete = complete
        self.root, self.callbacks, self.seen, self.legacy_key = root, callbacks, seen, legacy_key
        self.known, self.scan_id, self.should_stop = known, scan_id, should_stop
        self.by_key = {series.key: series for series in known}
        self.matcher = Matcher(known, matched)
        self.warnings: list[str] = []
        self.guesses = GUESSES
        self.pending: list[tuple[str, str, str]] = []  # warnings of a native thread, told after it

    def run(self) -> ScanResult:
        self._tell("walk", 0, 0)
        top = offload(read_root, self.root)
        if not top.folders and any(series.had_files or series.files for series in self.known):
            raise LibraryUnavailable(
                f"The library folder {self.root} is suddenly empty; is its disk connected? Nothing was marked as missing."
            )
        self._warn_about_root(top.loose, top.broken)
        listings = list(self._walk([name for name in top.folders if self._usable(name)]))
        if not offload(still_there, self.root, top.identity):
            raise LibraryUnavailable(
                f"The library folder {self.root} vanished during the scan; nothing was marked as missing."
            )
        owners = self._match(listings)
        series = list(self._read(owners))
        unmatched = [listing for key, listing in owners if key is None]
        series.extend(self._absent({one.key for one in series}, unmatched, top.broken))
        directories = {path: mtime for listing in listings for path, mtime in self._remembered(listing).items()}
        offered = tuple(self._offer(unmatched, {one.key for one in series if one.uncertain}))
        return ScanResult(tuple(series), offered, tuple(self.warnings), directories, len(listings))

    def _remembered(self, listing: Listing) -> Mapping[str, int]:
        """What the next scan may rely on; after a problem the times from before it, so that it is noticed again."""
        if listing.problems:
            return self.seen.get(listing.folder, {})
        return listing.directories if listing.trusted else {}

    def _usable(self, name: str) -> bool:
        if not is_unicode(name):
            self.warn(f"The folder {readable(name)} has a name that is no valid text; rename it to have it scanned.")
            return False
        return not self.matcher.ignores(name)

    def _warn_about_root(self, loose: int, broken: Sequence[str]) -> None:
        if loose:
            self.warn(f"{loose} videos lie outside of any series folder and are not counted; give them a folder.")
        for name in broken:
            self.warn(f"{readable(name)} leads nowhere; is a disk missing? Nothing of it is marked as missing.")

    # --- walk

    def _walk(self, names: Sequence[str]) -> Iterator[Listing]:
        unchanged = {series.folder for series in self.known if series.unchanged and series.folder}
        for start in range(0, len(names), BATCH):
            self._stop_if_asked()
            batch = names[start : start + BATCH]
            self._tell("walk", start, len(names), folder=batch[0])
            yield from offload(self._list, batch, unchanged)
        self._tell("walk", len(names), len(names))

    def _list(self, batch: Sequence[str], unchanged: set[str]) -> list[Listing]:
        return [
            list_folder(self.root, name, self.seen.get(name, {}), skip_unchanged=name in unchanged) for name in batch
        ]

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
        return self.matcher.by_key(offload(self.legacy_key, Path(self.root, listing.folder)))

    # --- read

    def _read(self, owners: Sequence[tuple[str | None, Listing]]) -> Iterator[SeriesFound]:
        mine = [(key, listing) for key, listing in owners if key is not None]
        for start in range(0, len(mine), BATCH):
            self._stop_if_asked()
            batch = mine[start : start + BATCH]
            self._tell("match", start, len(mine), key=batch[0][0], folder=batch[0][1].folder)
            self._complete([self.by_key[key] for key, listing in batch if not listing.unchanged])
            yield from offload(self._series_of, batch)
            for sentence, key, folder in self.pending:
                self.warn(sentence, key=key, folder=folder)
            self.pending.clear()
        self._tell("match", len(mine), len(mine))

    def _complete(self, changed: Sequence[KnownSeries]) -> None:
        short = [series for series in changed if series.unchanged]
        for series in self.complete(short) if short else ():
            self.by_key[series.key] = series

    def _series_of(self, batch: Sequence[tuple[str, Listing]]) -> list[SeriesFound]:
        return [self._series(key, listing) for key, listing in batch]

    def _series(self, key: str, listing: Listing) -> SeriesFound:
        if listing.unchanged:
            return SeriesFound(key, listing.folder, unchanged=True)
        self.pending.extend((sentence, key, listing.folder) for sentence in (*listing.problems, *listing.notes))
        files, unclear = _Reading(self, self.by_key[key], listing).result()
        return SeriesFound(key, listing.folder, files, bool(listing.problems), False, unclear)

    # --- what is not there

    def _absent(self, found: set[str], unmatched: Sequence[Listing], broken: Sequence[str]) -> Iterator[SeriesFound]:
        """Series whose files were there and whose folder is not. Renamed or led away: uncertain, not missing."""
        lost = {folded(name) for name in broken}
        absent = [series for series in self.known if series.key not in found and (series.files or series.had_files)]
        self._complete(absent)
        for series in (self.by_key[series.key] for series in absent):
            renamed = next((one.folder for one in unmatched if _same_files(series, one)), None)
            if renamed:
                self.warn(
                    f"The folder {series.folder} of {series.name} is gone; {renamed} holds the same files. Match it if it is.",
                    key=series.key, folder=renamed,
                )  # fmt: skip
            yield SeriesFound(series.key, series.folder, uncertain=bool(renamed) or folded(series.folder) in lost)

    def _offer(self, unmatched: Sequence[Listing], gone: set[str]) -> Iterator[Unmatched]:
        for listing in unmatched:
            for sentence in listing.problems:
                self.warn(sentence, folder=listing.folder)
            alike = [key for key in gone if _same_files(self.by_key[key], listing)]
            yield Unmatched(listing.folder, len(listing.files), self.matcher.candidates(listing.folder, alike))

    # --- telling

    def warn(self, sentence: str, *, key: str | None = None, folder: str | None = None) -> None:
        if len(self.warnings) < WARNINGS:
            self.warnings.append(sentence)
        context = ErrorContext(Operation.SCAN, self.scan_id, StorageError(sentence), sentence, True, key, folder)
        self.callbacks.error(context)

    def _tell(self, phase: str, current: int, total: int, key: str | None = None, folder: str | None = None) -> None:
        self.callbacks.progress(
            ProgressContext(Operation.SCAN, self.scan_id, phase, current, total, folder or "", key, folder)
        )

    def _stop_if_asked(self) -> None:
        if self.should_stop():
            raise Cancelled("The scan was cancelled.")


def _same_files(series: KnownSeries, listing: Listing) -> bool:
    """Whether a folder holds most of the files that the series had, by their names."""
    had = {path.rpartition("/")[2] for path in series.files.values()}
    has = {file.path.rpartition("/")[2] for file in listing.files}
    return bool(had) and 2 * len(had & has) > len(had)


class _Reading:
    """The names in one folder, read as this series' episodes."""

    def __init__(self, scan: _Scan, series: KnownSeries, listing: Listing) -> None:
        self.scan, self.series, self.listing = scan, series, listing
        self.numbering: Numbering | None = None
        self.unclear: list[tuple[str, str]] = []

    def result(self) -> tuple[dict[Place, FoundFile], tuple[tuple[str, str], ...]]:
        claims: dict[Place, list[tuple[Found, FoundFile]]] = defaultdict(list)
        for found, file, through in self._understood():
            for place in self._places(found, file.path, through):
                claims[place].append((found, file))
        files = {place: self._best(place, several) for place, several in claims.items()}
        return {place: file for place, file in files.items() if file}, tuple(self.unclear)

    def _understood(self) -> Iterator[tuple[Found, FoundFile, bool]]:
        names = self.series.all_names
        bare: dict[str, list[tuple[Found, FoundFile]]] = defaultdict(list)
        for path, size in self.listing.files:
            answer = read_name(path, series_names=names, guess=self.scan.guesses > 0)
            if isinstance(answer, Found):
                self.scan.guesses -= answer.guessed
                entry = answer, FoundFile(path, size, answer.language)
                if answer.absolute:
                    bare[path.rpartition("/")[0]].append(entry)
                else:
                    yield *entry, False
            elif not isinstance(answer, Ignored):
                self.scan.guesses -= 1
                self.unclear.append((path, answer.reason))
        for entries in bare.values():
            through = self._numbers().counts_through([found for found, _ in entries])
            yield from ((found, file, through) for found, file in entries)

    def _numbers(self) -> Numbering:
        if self.numbering is None:
            self.numbering = Numbering(self.series.episodes)
        return self.numbering

    def _places(self, found: Found, path: str, through: bool) -> tuple[Place, ...]:
        if not found.absolute:
            return tuple((found.season or 0, number) for number in found.episodes)
        if not through and self._numbers().contradicts(found):
            self.unclear.append((path, "The catalogue lists no such episode in this season."))
            return ()
        places = self._numbers().places(found, through=through)
        if places is None:
            reason = (
                "The number is beyond the catalogue's."
                if self.series.episodes
                else "The catalogue's counts are not known yet."
            )
            self.unclear.append((path, reason))
        return places or ()

    def _best(self, place: Place, several: list[tuple[Found, FoundFile]]) -> FoundFile | None:
        """The one that is stored already, else the newest version, else the largest."""
        if len(several) == 1:
            return several[0][1]
        several = self._of_one_kind(place, several)
        stored = self.series.files.get(place)
        best = max(several, key=lambda one: (one[1].path == stored, one[0].version, one[1].size, one[1].path))
        return best[1]

    def _of_one_kind(self, place: Place, several: list[tuple[Found, FoundFile]]) -> list[tuple[Found, FoundFile]]:
        """An OVA 1 and a film 1 are both called number 1 of season 0, and only one of them is."""
        if place[0] or len({found.kind for found, _ in several}) == 1:
            return several
        coded = [one for one in several if CODE.search(one[1].path)]
        kept = coded or [one for one in several if one[0].kind is Kind.FILM] or several[:1]
        for entry in several:
            if entry not in kept:
                self.unclear.append((entry[1].path, "Another special or film has this number."))
        return kept
