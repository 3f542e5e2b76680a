"""Covers of what a search found a moment ago, by key: a browser asks this server for them, never the site (A13)."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aniworld.core.media import SeriesHit
from aniworld.core.offload import offload
from aniworld.providers.registry import Registry
from aniworld.services.series.cover_store import CoverFolder

log = logging.getLogger(__name__)

REMEMBERED = 300
AT_ONCE = 2


@dataclass
class _Known:
    """``file``: its name once it was fetched. ``gone``: it could not be, and is not asked for again."""

    site: str
    url: str
    file: str | None = None
    gone: bool = False


class HitCovers:
    """The last ``limit`` hits that have a cover; whoever falls out takes its file along. A restart begins anew."""

    def __init__(self, registry: Registry, folder: Path, limit: int = REMEMBERED) -> None:
        self._registry = registry
        self._folder = folder
        self._files = CoverFolder(folder)
        self._limit = limit
        self._lock = threading.Lock()
        self._fetching = threading.BoundedSemaphore(AT_ONCE)
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._begun = False

    def remember(self, hits: Iterable[SeriesHit]) -> None:
        dropped: list[str] = []
        with self._lock:
            for hit in hits:
                if hit.cover_url:
                    self._put(hit.key, hit.site, hit.cover_url)
            while len(self._known) > self._limit:
                _, old = self._known.popitem(last=False)
                dropped += [old.file] if old.file else []
            kept = {one.file for one in self._known.values()}
            begun, self._begun = self._begun, True
        offload(self._clear, [name for name in dropped if name not in kept], begun)

    def find(self, key: str) -> tuple[Path, str] | None:
        """The cover's file and type, fetched now if it was not yet; None for what no search has found, or has none."""
        known = self._known.get(key)
        if known is None or known.gone:
            return None
        with self._fetching:
            if known.file is None and not known.gone:
                self._fetch(known)
        return offload(self._files.find, known.file)

    def _put(self, key: str, site: str, url: str) -> None:
        known = self._known.get(key)
        if known is None or (known.site, known.url) != (site, url):
            self._known[key] = _Known(site, url)
        self._known.move_to_end(key)

    def _fetch(self, known: _Known) -> None:
        """A cover is a nicety: what goes wrong with it is logged, and nothing more."""
        try:
            cover = self._registry.catalogue(known.site).cover(known.url)
            known.file = offload(self._files.keep, cover)
        except Exception as error:  # the boundary to foreign images
            known.gone = True
            log.info("The cover of a search's hit is not there: %s: %s", type(error).__name__, error)

    def _clear(self, names: list[str], begun: bool) -> None:
        """Removes the files ``names``; at first all that an earlier run left."""
        if not begun and self._folder.is_dir():
            names = [path.name for path in self._folder.iterdir()]
        for name in names:
            self._files.drop(name)
