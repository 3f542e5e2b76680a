"""Covers of series that this process has no file of: each process of a cluster has an instance folder of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from aniworld.core.errors import NotFound
from aniworld.core.offload import offload
from aniworld.models import AnimeSeries, Database
from aniworld.models.outage import log_failure
from aniworld.providers.plugin_api.base import Catalogue
from aniworld.providers.registry import Registry
from aniworld.services.series.cover_store import CoverFolder

log = logging.getLogger(__name__)

AGAIN_AFTER_S = 3600.0
REMEMBERED = 500
WANTED_AT_ONCE = 200


class FetchedCovers:
    """One at a time, each once; a cover that could not be had is not asked for again for an hour.

    ``fetch`` waits for the site; ``want`` does not, and ``find`` has the file once it is there.
    """

    def __init__(
        self,
        database: Database,
        registry: Registry,
        folder: Path,
        spawn: Callable[[Callable[[], None]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._registry = registry
        self._files = CoverFolder(folder)
        self._spawn = spawn
        self._clock = clock
        self._wanted: dict[str, None] = {}  # keys, in the order in which they were asked for
        self._at_work = False
        self._gate = threading.Lock()  # of the two above
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str | None, float]] = {}  # address → its file's name, None = failed; and when

    def fetch(self, key: str) -> Path | None:
        """The cover's file; None where there is none, or none can be had now, which is logged and no failure."""
        with self._database.reading() as session:
            series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
        if series is None or not series.cover_url:
            return None
        with self._lock:
            known = self._known.get(series.cover_url)
            found = offload(self._files.find, known[0] if known else series.cover_file)
            if found is None and not self._failed_lately(known):
                found = offload(self._files.find, self._asked(series, series.cover_url))
        return found[0] if found else None

    def find(self, series: AnimeSeries) -> tuple[Path, str] | None:
        """The file and type of a cover that is here under another name than the series' record knows."""
        known = self._known.get(series.cover_url or "")
        return self._files.find(known[0]) if known else None

    def want(self, series: AnimeSeries) -> None:
        """The cover is fetched beside, once, after those that were wanted before; nothing waits for it."""
        if not series.cover_url or self._failed_lately(self._known.get(series.cover_url)):
            return
        with self._gate:
            if series.key in self._wanted or len(self._wanted) >= WANTED_AT_ONCE:
                return
            self._wanted[series.key] = None
            begin, self._at_work = not self._at_work, True
        if begin:
            self._spawn(self._fetch_wanted)

    def _fetch_wanted(self) -> None:
        while (key := self._next()) is not None:
            try:
                self.fetch(key)
            except Exception as error:  # the end of a background task: nobody above could say it
                log_failure(log, error, "The cover of %s could not be fetched", key)
            with self._gate:
                self._wanted.pop(key, None)

    def _next(self) -> str | None:
        with self._gate:
            key = next(iter(self._wanted), None)
            self._at_work = key is not None
        return key

    def _failed_lately(self, known: tuple[str | None, float] | None) -> bool:
        return known is not None and known[0] is None and self._clock() - known[1] < AGAIN_AFTER_S

    def _asked(self, series: AnimeSeries, url: str) -> str | None:
        """The name of the file that the site's answer became."""
        name = None
        try:
            catalogue = self._catalogue_of(series)
            if self._registry.rest.rest_of(catalogue.site):
                return None
            name = offload(self._files.keep, catalogue.cover(url))
        except Exception as error:  # the boundary to foreign images
            log.info("The cover of %s could not be fetched: %s: %s", series.key, type(error).__name__, error)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[url] = (name, self._clock())
        return name

    def _catalogue_of(self, series: AnimeSeries) -> Catalogue:
        """Raises InvalidInput where no catalogue claims it any more."""
        try:
            return self._registry.catalogue(series.site, series.link)
        except NotFound:
            return self._registry.catalogue_for(series.link)
