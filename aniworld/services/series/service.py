"""AnimeService: the series of the library, and how new ones come into it."""

from __future__ import annotations

import logging
import queue
import threading
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from aniworld.config.settings import Settings
from aniworld.core.errors import AniworldError, InvalidInput, KeyConflict, NotFound, NothingThere, PageChanged
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import QueueStatusChanged, SeriesAdded, SeriesUpdated
from aniworld.core.keys import title_from_slug
from aniworld.core.media import EpisodeNumber, SeriesHit
from aniworld.core.naming import folder_name
from aniworld.core.offload import offload
from aniworld.core.paging import Paging
from aniworld.core.specials import check_specials
from aniworld.core.validators import validate_language, validate_series_name
from aniworld.models import AnimeSeries, Database, Episode
from aniworld.models.outage import log_failure
from aniworld.providers.cooldown import RestingSources
from aniworld.providers.plugin_api.base import Catalogue
from aniworld.providers.registry import Registry
from aniworld.services.renumbering.proposals import ask_nothing
from aniworld.services.series.cover_fetch import FetchedCovers
from aniworld.services.series.cover_store import CoverFolder
from aniworld.services.series.custom_numbering import check_numbering, renumbered
from aniworld.services.series.folder_changes import files_in, keep_files
from aniworld.services.series.folders import chosen, folders_of, suggested
from aniworld.services.series.folders import recycle as recycle_folder
from aniworld.services.series.listing import (
    all_genres,
    detail_of,
    facts_of,
    list_page,
    search_result,
    summaries,
    summary_of,
)
from aniworld.services.series.page_import import Recorded, free_folder, record_page, settle_released, slug_of
from aniworld.services.series.postponements import Postponements
from aniworld.services.series.repository import AnimeSeriesService, required_in
from aniworld.services.series.search_covers import HitCovers
from aniworld.services.series.views import AnimeDetail, AnimeSummary, SearchResult, SeriesQuery

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SearchOutcome:
    """``failures``: the sentence of each catalogue that could not be asked, by site."""

    results: list[SearchResult]
    failures: dict[str, str]


@dataclass
class _Refresh:
    """A catalogue page's reading in the background. ``again``: asked for once more after it had ``begun``."""

    ended: threading.Event = field(default_factory=threading.Event)
    begun: bool = False
    again: bool = False


class AnimeService:
    """The wishes about series. ``spawn`` begins work beside everything else; ``settings`` gives the current settings.

    ``undo_removal(key)``: whether a removed series came back with its files from the recycle bin. ``read_folder(key)``
    begins a scan of the series' folder.
    """

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        progress: ProgressService,
        covers: Path,
        settings: Callable[[], Settings],
        rest: RestingSources | None = None,
        spawn: Callable[[Callable[[], None]], None],
        undo_removal: Callable[[str], bool] = lambda key: False,
        read_folder: Callable[[str], None] = lambda key: None,
        wake_queue: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._registry = registry
        self._progress = progress
        self._covers = CoverFolder(covers)
        self._hit_covers = HitCovers(registry, covers / "hits")
        self.postponements = Postponements(database)
        self.fetched_covers = FetchedCovers(database, registry, covers, spawn)
        self._settings = settings
        self.rest = rest or registry.rest
        self._spawn = spawn
        self._undo_removal = undo_removal
        self._read_folder = read_folder
        self._wake_queue = wake_queue
        self._lock = threading.Lock()
        self._refreshing: dict[str, _Refresh] = {}
        self._guessed_folders: set[str] = set()  # a restart may forget it: the first guess then stays

    # ── look ────────────────────────────────────────────────────────────────

    def list_series(self, query: SeriesQuery) -> tuple[list[AnimeSummary], Paging]:
        with self._database.reading() as session:
            return list_page(session, query)

    def detail(self, key: str) -> AnimeDetail:
        """Raises NotFound."""
        with self._database.reading_of_one_moment() as session:
            return detail_of(session, required_in(session, key))

    def summary(self, key: str) -> AnimeSummary:
        """Raises NotFound."""
        with self._database.reading_of_one_moment() as session:
            return summary_of(session, required_in(session, key))

    def genres(self) -> tuple[str, ...]:
        """Every genre in the library, in alphabetical order."""
        with self._database.reading() as session:
            return all_genres(session.scalars(select(AnimeSeries.genres).where(AnimeSeries.deleted_at.is_(None))))

    def cover(self, key: str) -> tuple[Path, str] | None:
        """The cover's file and type, of a series or of a recent search's hit; None where there is none.

        One that lies with another process, or was lost, is fetched beside, and there when it is asked for again.
        Raises NotFound for no such series.
        """
        series = self._stored(key)
        own = series and (self._covers.find(series.cover_file) or self.fetched_covers.find(series))
        found = own or self._hit_covers.find(key)
        if found is None:
            self.fetched_covers.want(self._required(key))
        return found

    # ── search ──────────────────────────────────────────────────────────────

    def search(self, query: str, source: str | None = None) -> list[SearchResult]:
        """Hits of all catalogues, or of the one named by ``source``. Raises SourceError where none could be asked."""
        return self.search_all(query, source).results

    def search_all(self, query: str, source: str | None = None) -> SearchOutcome:
        """As ``search``, with what could not be asked. Raises what the first catalogue raised if nothing was found."""
        answers = self._ask_side_by_side(self._sources(source), unicodedata.normalize("NFC", query))
        hits = [hit for _, answer in answers if isinstance(answer, list) for hit in answer]
        self._hit_covers.remember(hits)
        faults = [(site, answer) for site, answer in answers if isinstance(answer, AniworldError)]
        if faults and not hits:
            raise faults[0][1]
        for site, fault in faults:
            log.warning("The search on %s failed: %s", site, fault)
        return SearchOutcome(self._results(hits), {site: str(fault) for site, fault in faults})

    def _sources(self, source: str | None) -> Sequence[Catalogue]:
        return [self._registry.named(source)] if source else self._registry.searched()

    def _ask_side_by_side(
        self, sources: Sequence[Catalogue], query: str
    ) -> list[tuple[str, list[SeriesHit] | AniworldError]]:
        """Each catalogue's hits or fault, in the order of ``sources``."""
        answers: queue.SimpleQueue[tuple[int, list[SeriesHit] | AniworldError]] = queue.SimpleQueue()

        def ask(number: int, source: Catalogue) -> None:
            try:
                answers.put((number, self._registry.search(source, query)))
            except AniworldError as error:
                answers.put((number, error))
            except Exception as error:  # the boundary to foreign code: the other catalogues' hits are waited for
                log.exception("The search on %s failed", source.site)
                answers.put((number, PageChanged(f"The catalogue {source.name} failed ({type(error).__name__}).")))

        for number, source in enumerate(sources[1:], 1):
            self._spawn(lambda number=number, source=source: ask(number, source))  # type: ignore[misc]
        if sources:
            ask(0, sources[0])
        found = dict(answers.get() for _ in sources)
        return [(source.site, found[number]) for number, source in enumerate(sources)]

    def _results(self, hits: Sequence[SeriesHit]) -> list[SearchResult]:
        own = self._by_key([hit.key for hit in hits])
        unique = {(hit.site, hit.key): hit for hit in hits}
        return [search_result(hit, own.get(hit.key)) for hit in unique.values()]

    def _by_key(self, keys: Sequence[str]) -> dict[str, AnimeSummary]:
        with self._database.reading() as session:
            query = select(AnimeSeries.id).where(AnimeSeries.key.in_(keys), AnimeSeries.deleted_at.is_(None))
            return {one.key: one for one in summaries(session, list(session.scalars(query)))}

    # ── add and refresh ─────────────────────────────────────────────────────

    def add(
        self, link: str, name: str | None = None, folder: str | None = None, source: str | None = None
    ) -> tuple[AnimeSummary, bool]:
        """The series that ``link`` names, and whether it is new; its episodes are fetched in the background.

        ``source``: the catalogue that it must be of; ``playlists`` takes any address. Raises InvalidInput for a link of
        no known source, KeyConflict where another series has its key.
        """
        catalogue = self._registry.catalogue_for(link, source)
        key, place = catalogue.key_of(link), catalogue.series_link(link)
        known = self._stored(key, removed=True)
        if known is None:
            self._create(catalogue, key, place, name, folder)
            return self.added(key), True
        _check_same(known, catalogue, place)
        if known.is_deleted:
            self._restore(key)
            self.refresh(key)
            return self.summary(key), True
        if known.refreshed_at is None:
            self._update(key, link=known.link or place, site=known.site or catalogue.site)
            self._begin_refresh(key)
        return self.summary(key), False

    def _create(self, catalogue: Catalogue, key: str, link: str, name: str | None, folder: str | None) -> None:
        title = validate_series_name(name) if name and name.strip() else title_from_slug(slug_of(link))
        library = self._settings().library
        if folder and folder.strip():
            wanted = chosen(library, folder, "")
        else:
            wanted = suggested(folder_name(title), folders_of(library))
        with self._database.reading() as session:
            free = free_folder(session, wanted, key)
        with self._database.writing() as session:
            facts = {"key": key, "name": title, "site": catalogue.site, "link": link, "folder": free}
            AnimeSeriesService.create(session, facts)
        if not folder:
            self._guessed_folders.add(key)

    def added(self, key: str) -> AnimeSummary:
        """Publishes a series that is new in the library and begins to read its catalogue page. Raises NotFound."""
        summary = self.summary(key)
        self._progress.publish(SeriesAdded(key, summary.folder, facts_of(summary)))
        self.refresh(key)
        return summary

    def refresh(self, key: str) -> None:
        """Reads the series' catalogue page again, in the background. Raises NotFound.

        Once at a time: asked for while the page is being read or recorded, it is read once more after that, for it may
        have changed since.
        """
        with self._lock:
            running = self._refreshing.get(key)
            if running is not None and running.begun:
                running.again = True
        self._begin_refresh(key)

    def read_once(self, key: str, within_s: float = 60.0) -> None:
        """Waits until the series' page was read for the first time, or could not be: its true name is known then."""
        series = self._stored(key)
        if series is not None and series.refreshed_at is None and series.refresh_error is None:
            self._begin_refresh(key).wait(within_s)

    def _begin_refresh(self, key: str) -> threading.Event:
        """What is set when the refresh that runs, or begins now, has ended."""
        self._required(key)
        with self._lock:
            if key in self._refreshing:
                return self._refreshing[key].ended
            refresh = self._refreshing[key] = _Refresh()
        self._spawn(lambda: self._refresh_beside(key, refresh))
        return refresh.ended

    def _refresh_beside(self, key: str, refresh: _Refresh) -> None:
        refresh.begun = True
        try:
            self.refresh_now(key)
        except AniworldError as error:
            log.warning("The catalogue page of %s could not be read: %s", key, error)
        except Exception as error:  # the end of a background task: nobody above could say it
            log_failure(log, error, "The catalogue page of %s could not be recorded", key)
        finally:
            with self._lock:
                self._refreshing.pop(key).ended.set()
        if refresh.again:
            with suppress(NotFound):  # removed meanwhile
                self._begin_refresh(key)

    def refresh_now(self, key: str) -> Recorded:
        """Reads the series' catalogue page and records it. Raises NotFound, SourceError; the reason is remembered."""
        series = self._required(key)
        try:
            catalogue = self._catalogue_of(series)
            page = self.postponements.applied(renumbered(catalogue.series(series.link), series.numbering))
        except AniworldError as error:
            self._update(key, refresh_error=str(error))
            self._tell(key)
            raise
        name_folder = key in self._guessed_folders and not offload(self._is_on_disk, series.folder)
        folders = folders_of(self._settings().library) if name_folder or not series.folder else []
        with self._database.writing() as session:
            row = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
            if row is None:
                raise NotFound(f"There is no series with the key {key}.")
            old_cover = None if row.cover_url == page.cover_url else row.cover_file
            fresh = (
                page.cover_url if page.cover_url and (row.cover_url != page.cover_url or not row.cover_file) else None
            )
            recorded = record_page(
                session, row, page, name_folder=name_folder, spelled=lambda name: suggested(name, folders)
            )
        self._guessed_folders.discard(key)
        if recorded.queue_changed:
            self._wake_queue()
            self._progress.publish(QueueStatusChanged({}))
        self._tell(key)
        if fresh:
            self._fetch_cover(catalogue, key, fresh, old_cover)
        return recorded

    def _is_on_disk(self, folder: str) -> bool:
        root = self._settings().library.root
        return bool(root and folder) and (Path(root) / folder).is_dir()

    def _catalogue_of(self, series: AnimeSeries) -> Catalogue:
        """By the stored site: the configured address may have changed since the link was stored."""
        try:
            return self._registry.catalogue(_site_name(series.site), series.link or "")
        except NotFound:
            if not series.link:
                raise NothingThere(f"{series.name} has no catalogue page; add it by its link.") from None
            return self._registry.catalogue_for(series.link)

    def _fetch_cover(self, catalogue: Catalogue, key: str, url: str, old: str | None) -> None:
        """A cover is a nicety: what goes wrong with it is logged, and nothing more."""
        try:
            name = offload(self._covers.keep, catalogue.cover(url))
        except Exception as error:  # the boundary to foreign images
            log.info("The cover of %s is not there: %s: %s", key, type(error).__name__, error)
            return
        self._update(key, cover_file=name)
        if old and old != name and not self._is_used(old):
            self._covers.drop(old)
        self._tell(key)

    def _is_used(self, cover_file: str) -> bool:
        with self._database.reading() as session:
            return session.scalar(select(AnimeSeries.id).where(AnimeSeries.cover_file == cover_file)) is not None

    # ── change ──────────────────────────────────────────────────────────────

    def change(self, key: str, **wish: Any) -> AnimeDetail:
        """``monitored``, ``auto_download``, ``upgrade``, ``languages``, ``specials``, ``numbering``, ``folder``,
        ``name``.

        A new folder moves no file, and other numbers rename none: that is the wish of ``RenamingService``. Episodes
        whose files are not in the new folder miss them; where it exists, it is read.

        Automatic downloads begin with what comes out after they were switched on. Raises NotFound, InvalidInput.
        """
        switches = ("monitored", "auto_download", "upgrade")
        changes: dict[str, Any] = {name: bool(wish[name]) for name in switches if wish.get(name) is not None}
        if wish.get("languages") is not None:
            changes["languages"] = list(dict.fromkeys(validate_language(code) for code in wish["languages"]))
        if wish.get("specials") is not None:
            changes["specials"] = check_specials(wish["specials"])
        if wish.get("numbering") is not None:
            changes["numbering"] = check_numbering(wish["numbering"])
        if wish.get("name") is not None:
            changes["name"] = validate_series_name(wish["name"])
        if wish.get("folder") is not None:
            stored = self._required(key).folder
            folder = chosen(self._settings().library, wish["folder"], stored)
            if folder != stored:
                changes["folder"] = self._free(folder, key)
        if changes.get("auto_download") and not self._required(key).auto_download:
            self._settle(key)
        if "folder" in changes:
            self._change_folder(key, changes)
        else:
            self._update(key, **changes)
        if "numbering" in changes:
            self._ask_nothing(key)
        self._tell(key)
        if "folder" in changes and offload(self._is_on_disk, changes["folder"]):
            self._read_folder(key)
        if "numbering" in changes:
            self.refresh(key)
        return self.detail(key)

    def _change_folder(self, key: str, changes: dict[str, Any]) -> None:
        """Makes the changes, one of which is another folder; files that are not in it are no longer present."""
        files = list(self._files(self._required(key))[1].values())
        kept = files_in(self._settings().library, changes["folder"], files)
        with self._database.writing() as session:
            series = required_in(session, key)
            if kept is not None:
                keep_files(session, series, changes["folder"], kept)
            AnimeSeriesService.update(session, series.id, changes)

    def _ask_nothing(self, key: str) -> None:
        with self._database.writing() as session:
            ask_nothing(required_in(session, key))

    def _stored(self, key: str, *, removed: bool = False) -> AnimeSeries | None:
        with self._database.reading() as session:
            return AnimeSeriesService.get_by_key(session, key, removed=removed)

    def _required(self, key: str) -> AnimeSeries:
        with self._database.reading() as session:
            return required_in(session, key)

    def _update(self, key: str, **changes: Any) -> None:
        with self._database.writing() as session:
            AnimeSeriesService.update(session, required_in(session, key).id, changes)

    def _settle(self, key: str) -> None:
        with self._database.writing() as session:
            row = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
            if row is not None:
                settle_released(session, row)

    def _free(self, folder: str, key: str) -> str:
        with self._database.reading() as session:
            if free_folder(session, folder, key) != folder:
                raise InvalidInput("Another series has this folder.", {"folder": ["Another series has this folder."]})
        return folder

    def remove(self, key: str, recycle: bool = False) -> str:
        """Takes the series out of the library; ``recycle`` moves its folder into the recycle bin as well. A sentence
        about files that were not moved, "" where there are none.

        Raises NotFound, StorageError; with an error of the disk the series stays.
        """
        series = self._required(key)
        moved, unmoved = self._recycle(series) if recycle else (False, "")
        with self._database.writing() as session:
            row = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
            if row is not None:
                row.soft_delete()
            for episode in session.scalars(select(Episode).where(Episode.series_id == series.id)) if moved else ():
                episode.forget_file()
        self._progress.publish(SeriesUpdated(key, series.folder, removed=True))
        return unmoved

    def _files(self, series: AnimeSeries) -> tuple[dict[str, str], dict[str, str]]:
        """What the files of a series speak, as far as that is known, and their paths, by their episodes' codes."""
        columns = (Episode.season, Episode.number, Episode.file_language, Episode.file)
        query = select(*columns).where(Episode.series_id == series.id, Episode.file.is_not(None))
        with self._database.reading() as session:
            rows = [(EpisodeNumber(s, n).code, language, file) for s, n, language, file in session.execute(query)]
        return {code: language for code, language, _ in rows if language}, {code: file for code, _, file in rows}

    def _recycle(self, series: AnimeSeries) -> tuple[bool, str]:
        """Whether its folder was moved, and in a sentence what was not."""
        languages, files = self._files(series)
        return offload(recycle_folder, self._settings().library, series, languages, files)

    def restore(self, key: str) -> AnimeSummary:
        """Brings a removed series back with its history, and with the files that went into the recycle bin with it.

        Raises NotFound, StorageError; then it stays removed.
        """
        return self.summary(key) if self._undo_removal(key) else self._restore(key)

    def _restore(self, key: str) -> AnimeSummary:
        with self._database.writing() as session:
            row = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
            if row is None:
                raise NotFound(f"There is no series with the key {key}.")
            row.restore()
        summary = self.summary(key)
        self._progress.publish(SeriesAdded(key, summary.folder, facts_of(summary)))
        return summary

    def _tell(self, key: str) -> None:
        summary = self.summary(key)
        self._progress.publish(SeriesUpdated(key, summary.folder, series=facts_of(summary)))


def _check_same(known: AnimeSeries, catalogue: Catalogue, link: str) -> None:
    """One key may stand for one series only. A series that came without a link (legacy, scan) takes any."""
    other_site = known.site and _site_name(known.site) != catalogue.site
    other_slug = known.link and slug_of(known.link).casefold() != slug_of(link).casefold()
    if other_site or (known.site and other_slug):
        raise KeyConflict(
            f"“{known.name}” from {known.site} ({slug_of(known.link) or known.key}) has the same key as this link "
            f"({catalogue.site}, {slug_of(link)}); only one of them can be in the library."
        )


def _site_name(site: str) -> str:
    """``aniworld.to`` for ``https://www.aniworld.to/``, as older installations wrote it."""
    return site.rsplit("://", 1)[-1].removeprefix("www.").rstrip("/")
