"""Which catalogue or hoster handles an address: plug-ins first, then those that come with the program.

Everything is loaded with the first question: parsers are heavy, and entry points are read from the disk.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from aniworld.core.errors import HosterUnsupported, InvalidInput, NotFound, NothingThere, PageChanged, SourceError
from aniworld.core.media import SeriesHit, Stream
from aniworld.core.sites import ENGINE_1, ENGINE_2, site_of_host
from aniworld.providers.cooldown import RestingSources
from aniworld.providers.fault_boundary import GuardedCatalogue, GuardedHoster
from aniworld.providers.fetch.client import Gate
from aniworld.providers.plugin_api.base import Catalogue, CatalogueSettings, Hoster

if TYPE_CHECKING:
    from aniworld.providers.catalogues.site import Site  # parsers are heavy

log = logging.getLogger(__name__)
T = TypeVar("T")

CATALOGUES, HOSTERS = "aniworld.catalogues", "aniworld.hosters"
BUILT_IN = {
    "playlists": "aniworld.providers.catalogues.playlists.catalogue:Playlists",
    "aniworld.to": "aniworld.providers.catalogues.aniworld.catalogue:Aniworld",
    "s.to": "aniworld.providers.catalogues.sto.catalogue:SerienStream",
}
SEARCHED = (ENGINE_1,)
ENGINES = {"1": ENGINE_1, "2": ENGINE_2}


class Registry:
    """``catalogue_for(link)``, ``catalogue(site)``, ``hoster_for(url)``. Safe from any thread.

    ``settings``: where each site is reached. ``searched``: the sites that a search asks; None for those in
    ``settings``. Plug-ins always are. ``otherwise``: the settings that count once the site at the configured address
    has shown that it is built in the other way, None where that is known.
    ``plugins``: entry points by group, for tests; the installed ones otherwise.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        settings: Mapping[str, CatalogueSettings] | None = None,
        searched: Sequence[str] | None = None,
        otherwise: Mapping[str, CatalogueSettings] | None = None,
        rest: RestingSources | None = None,
        plugins: Callable[[str], Iterable[EntryPoint]] | None = None,
    ) -> None:
        self.gate = gate
        self.rest = rest or RestingSources()
        self._settings = dict(settings or {})
        self._searched = tuple(searched or settings or SEARCHED)
        self._otherwise = otherwise
        self._plugins = plugins or (lambda group: entry_points(group=group))
        self._lock = threading.RLock()
        self._catalogues: dict[str, Catalogue] | None = None
        self._foreign: frozenset[str] = frozenset()
        self._hosters: tuple[Hoster, ...] | None = None

    def configure(
        self,
        settings: Mapping[str, CatalogueSettings],
        searched: Sequence[str] | None = None,
        otherwise: Mapping[str, CatalogueSettings] | None = None,
    ) -> None:
        """Takes new addresses; catalogues are made anew with the next question."""
        with self._lock:
            self._settings = dict(settings)
            self._searched = tuple(searched or settings or SEARCHED)
            self._otherwise = otherwise
            self._catalogues = None

    def catalogues(self) -> list[Catalogue]:
        """Every catalogue, plug-ins first."""
        return list(self._loaded().values())

    def notes(self) -> dict[str, Mapping[str, tuple[str, ...]]]:
        """What of the catalogues' lists could not be read, by site; of those that were asked something."""
        return {site: found for site, one in (self._catalogues or {}).items() if (found := one.notes())}

    def searched(self) -> list[Catalogue]:
        """The catalogues that a search without a named source asks."""
        return [c for site, c in self._loaded().items() if site in self._searched or site in self._foreign]

    def catalogue(self, site: str, link: str = "") -> Catalogue:
        """The catalogue by its site name; ``link``: one of its own, if there is any. Raises NotFound."""
        if link and self._shows_other(link, site):
            self._turn_over()
        found = self._loaded().get(site)
        if found is None:
            raise NotFound(f"There is no catalogue named {site!r}; its plug-in may be missing.")
        return found

    def named(self, source: str) -> Catalogue:
        """The catalogue that a request names: ``aniworld.to``, ``aniworld`` for short or one of its hosts, in any case.

        Raises InvalidInput, which tells those that there are.
        """
        wanted = source.strip().casefold()
        wanted = site_of_host(wanted) or wanted
        found = next((c for site, c in self._loaded().items() if wanted == site.casefold()), None)
        found = found or next(
            (
                c
                for site, c in self._loaded().items()
                if wanted in (site.casefold().partition(".")[0], c.name.casefold())
            ),
            None,
        )
        if found is None:
            known = ", ".join(sorted(self._loaded()))
            message = f"There is no catalogue named {source!r}, only {known}."
            raise InvalidInput(message, {"source": ["Must be the name of a catalogue."]})
        return found

    def catalogue_for(self, link: str, source: str | None = None) -> Catalogue:
        """The catalogue that claims ``link``; with ``source`` only that one is asked, and it may take more.

        Raises InvalidInput for a link of no known source, and for a source that is none.
        """
        source = self.named(source).site if source else None
        found = self._claiming(link, source)
        if found is None and self._shows_other(link, source):
            self._turn_over()
            found = self._claiming(link, source)
        if found is None:
            raise InvalidInput(self._why_unclaimed(link), {"link": ["Must be a link of a known catalogue."]})
        return found

    def _claiming(self, link: str, source: str | None) -> Catalogue | None:
        loaded = self._loaded()
        asked = [loaded[source]] if source else list(loaded.values())
        return next((c for c in asked if c.claims(link) or (source and c.takes(link))), None)

    def search(self, catalogue: Catalogue, query: str) -> list[SeriesHit]:
        """Its hits; of an address that nobody said how it is built, those of the engine that can read what it
        answers.
        """
        try:
            return catalogue.search(query)
        except (NothingThere, PageChanged):
            hits = self._searched_otherwise(catalogue.site, query)
            if not hits:
                raise
            return hits

    def _searched_otherwise(self, site: str, query: str) -> list[SeriesHit]:
        other = self._other() if site == ENGINES["1"] else None
        try:
            hits = other.search(query) if other else []
        except SourceError as error:
            log.debug("Nor can it be read as another engine: %s", error)
            return []
        if hits:
            self._turn_over()
        return hits

    def _shows_other(self, link: str, site: str | None) -> bool:
        """Whether ``link`` lies at an address that nobody said how it is built, and is of the other engine's form."""
        other = self._other() if site in (None, "", ENGINES["2"]) else None
        if other is None:
            return False
        return _host_of(link) in map(_host_of, other.base_urls) and other.claims(link)

    def _other(self) -> Site | None:
        otherwise = self._otherwise
        if otherwise is None:
            return None
        made: Site = _named(BUILT_IN[ENGINES["2"]])(self.gate, otherwise[ENGINES["2"]])
        return made

    def _turn_over(self) -> None:
        """The configured address is of the other engine, as it has shown."""
        with self._lock:
            if self._otherwise is None:
                return
            log.info("%s is built as %s is (catalogue.engine 2)", self._otherwise[ENGINES["2"]].base_url, ENGINES["2"])
            self._settings, self._searched = dict(self._otherwise), tuple(self._otherwise)
            self._otherwise = self._catalogues = None

    def _why_unclaimed(self, link: str) -> str:
        host = _host_of(link)
        places = (url for site in self._settings.values() for url in (site.base_url or "", *site.mirrors))
        if host and host in map(_host_of, places):
            return f"This is no link to a series as {host} is said to build them; see catalogue.engine in the settings."
        return "This is no link to a series of a known catalogue."

    def hoster_for(self, url: str) -> Hoster:
        """Who handles the hoster page at ``url``: the plug-in with the highest priority, else the open players."""
        return next(hoster for hoster in self._loaded_hosters() if hoster.claims(url))

    def _loaded(self) -> dict[str, Catalogue]:
        with self._lock:
            if self._catalogues is None:
                foreign = self._load_plugins(CATALOGUES, self._make_catalogue)
                own = (self._make_catalogue(_named(path)) for path in BUILT_IN.values())
                made: dict[str, Catalogue] = {}
                for catalogue in (*foreign, *own):
                    made.setdefault(catalogue.site, catalogue)
                self._foreign = frozenset(catalogue.site for catalogue in foreign)
                self._catalogues = made
            return self._catalogues

    def _make_catalogue(self, kind: type[Catalogue]) -> Catalogue:
        made = kind(self.gate, self._settings.get(kind.site))
        return GuardedCatalogue(made, self.rest)  # type: ignore[return-value]

    def _loaded_hosters(self) -> tuple[Hoster, ...]:
        with self._lock:
            if self._hosters is None:
                foreign = self._load_plugins(HOSTERS, lambda kind: GuardedHoster(kind(self.gate)))
                foreign.sort(key=lambda hoster: -hoster.priority)
                embed = _named("aniworld.providers.hosters.open_player:Embed")(self.gate)
                fallback = _named("aniworld.providers.hosters.ytdlp:YtDlp")(self.gate)
                self._hosters = (*foreign, OpenPlayers(GuardedHoster(embed), GuardedHoster(fallback)))
            return self._hosters

    def _load_plugins(self, group: str, make: Callable[[Any], T]) -> list[T]:
        """What the entry points of a group make; one that cannot be loaded is logged, and the others go on."""
        made: list[T] = []
        for point in self._plugins(group):
            try:
                made.append(make(point.load()))
            except Exception:  # the wall to foreign code
                log.exception("The plug-in %s (%s) cannot be loaded", point.name, group)
        return made


def _host_of(link: str) -> str:
    try:
        return urlsplit(link.strip()).netloc.lower()
    except ValueError:
        return ""


def _named(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def is_open(base_url: str, engine: str) -> bool:
    """Whether nobody said how the site at this address is built: neither the setting nor a known host."""
    return engine == "auto" and _known_site(base_url) is None


def _known_site(url: str) -> str | None:
    try:
        return site_of_host(urlsplit(url).hostname or "")
    except ValueError:
        return None


def settings_for(base_url: str, mirrors: Iterable[str], engine: str = "auto") -> dict[str, CatalogueSettings]:
    """The configured address and mirrors, given to the sites that they belong to.

    ``engine`` ``1`` or ``2`` decides for ``base_url``, and for mirrors whose host is not known. With ``auto`` a known
    host decides, and an unknown one (a mirror of one's own) belongs to the first engine until it shows otherwise.
    """
    places: dict[str, list[str]] = {site: [] for site in ENGINES.values()}
    wished = ENGINES.get(engine)
    for place, url in enumerate((base_url, *mirrors)):
        places[(wished if not place else None) or _known_site(url) or wished or ENGINES["1"]].append(url)
    return {site: CatalogueSettings(urls[0], tuple(urls[1:])) for site, urls in places.items() if urls}


class OpenPlayers(Hoster):
    """Pages that state their media openly, else those that yt-dlp knows. Claims every address."""

    name = "open"
    priority = -50

    def __init__(self, embed: Hoster, fallback: Hoster) -> None:
        super().__init__(embed.gate)
        self._embed = embed
        self._fallback = fallback

    def claims(self, url: str) -> bool:
        return True

    def stream(self, url: str, *, referer: str, quality: str = "best") -> Stream:
        try:
            return self._embed.stream(url, referer=referer, quality=quality)
        except (HosterUnsupported, PageChanged) as error:
            if self._fallback.claims(url):
                return self._fallback.stream(url, referer=referer, quality=quality)
            raise error if isinstance(error, HosterUnsupported) else HosterUnsupported(str(error)) from error
