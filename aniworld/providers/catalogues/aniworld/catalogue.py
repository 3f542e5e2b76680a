"""Engine 1: aniworld.to, its alternates, and any configured address that is built like it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aniworld.core.errors import CatalogueBlocked, SourceError
from aniworld.core.keys import key_from_slug, title_from_slug
from aniworld.core.media import SeriesHit
from aniworld.core.sites import ENGINE_1, HOMES
from aniworld.providers.catalogues.aniworld import lists, pages
from aniworld.providers.catalogues.aniworld.postponements import parse_postponed
from aniworld.providers.catalogues.engine import Engine
from aniworld.providers.catalogues.site import Place, json_hits
from aniworld.providers.fetch.browser_checks import check_obstacle
from aniworld.providers.plugin_api.base import Airing, CatalogueTitle, NewEpisode, Postponement

QUERY_LENGTH = 200
POSTPONED = "/support/frage/anime-verschiebungen"


class Aniworld(Engine):
    site = ENGINE_1
    name = "AniWorld"
    home = HOMES[ENGINE_1]
    form = re.compile(
        r"(?:^|/)(?P<kind>anime|serie)/stream/(?P<slug>[A-Za-z0-9_-]+)"
        r"(?P<rest>/(?:staffel-\d{1,4}|filme)(?:/(?:episode|film)-\d{1,5})?)?(?=/|$)"
    )

    table_selector = pages.TABLE
    parse_series = staticmethod(pages.parse_series)
    parse_season = staticmethod(pages.parse_season)
    parse_episode = staticmethod(pages.parse_episode)

    def _from_slug(self, slug: str) -> Place:
        return Place(f"/anime/stream/{slug}", slug)

    def _from_match(self, found: re.Match[str]) -> Place:
        return Place(f"/{found['kind']}/stream/{found['slug']}", found["slug"], (found["rest"] or "").strip("/"))

    def search(self, query: str) -> list[SeriesHit]:
        """The series search first; the site search where that finds nothing or breaks.

        When both break, what the series search said is raised, but a browser check always.
        """
        words = " ".join(query.split())[:QUERY_LENGTH]
        if not words:
            return []
        fault: SourceError | None = None
        found: list[pages.SearchHit] = []
        try:
            found = self._series_search(words)
        except CatalogueBlocked:
            raise
        except SourceError as error:
            fault = error
        hits = self._folded(found)
        return hits or self._folded(self._site_search(words, fault))

    def _series_search(self, words: str) -> list[pages.SearchHit]:
        page = self._ask(
            lambda base: self.gate.get(
                f"{base}/ajax/seriesSearch",
                params={"keyword": words},
                referer=f"{base}/",
                headers={"X-Requested-With": "XMLHttpRequest", "Accept": "application/json"},
            )
        )
        self._check_status(page)
        return pages.series_hits(json_hits(page), page.url)

    def _site_search(self, words: str, fault: SourceError | None) -> list[pages.SearchHit]:
        """A body that is no JSON means no result, unless the first search broke as well: then ``fault`` is raised."""
        try:
            form, ajax = {"keyword": words}, {"X-Requested-With": "XMLHttpRequest"}
            page = self._ask(lambda base: self.gate.post(f"{base}/ajax/search", form, ajax, referer=f"{base}/"))
            self._check_status(page)
        except CatalogueBlocked:
            raise
        except SourceError as error:
            if fault is not None:
                raise fault from error
            return []
        hits = pages.site_hits(page.text, page.url)
        if hits is None:
            check_obstacle(page, nothing_found=True)
            if fault is not None:
                raise fault
        return hits or []

    def _folded(self, hits: Iterable[pages.SearchHit]) -> list[SeriesHit]:
        """Each series once, in order; an episode's hit counts for its series, help pages and people are dropped."""
        found: dict[str, SeriesHit] = {}
        for hit in hits:
            place = self.place(hit.slug)
            if place is None:
                continue
            known = found.get(key_from_slug(place.slug))
            if known is None or (not place.rest and not known.description):
                made = self._hit(hit, place)
                found[made.key] = made
        return list(found.values())

    def _hit(self, hit: pages.SearchHit, place: Place) -> SeriesHit:
        base = self.base_urls[0]
        name = title_from_slug(place.slug) if place.rest or not hit.name else hit.name
        return SeriesHit(
            key=key_from_slug(place.slug),
            name=name,
            site=self.site,
            link=base + place.root,
            description="" if place.rest else hit.description,
            cover_url=self._address(hit.cover, base + "/") if hit.cover else None,
            year=hit.year,
        )

    def _referer(self, place: Place) -> str:
        return self.base_urls[0] + "/"

    def new_episodes(self) -> list[NewEpisode]:
        return self._new_episodes(self._list("/neue-episoden", lists.parse_new_episodes))

    def calendar(self) -> list[Airing]:
        return self._airings(self._list("/animekalender", lists.parse_calendar))

    def postponements(self) -> list[Postponement]:
        rows = self._list(POSTPONED, parse_postponed)
        places = ((row, self.place(row.href) if row.href else None) for row in rows)
        return [
            Postponement(
                key_from_slug(place.slug) if place else "",
                row.name,
                row.season,
                row.episode,
                row.day,
                row.was,
                row.languages,
            )
            for row, place in places
        ]

    def all_titles(self) -> list[CatalogueTitle]:
        return self._titles("/animes", lists.parse_titles)
