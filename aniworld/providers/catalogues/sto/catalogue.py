"""Engine 2: serienstream.to and its mirrors since 2026-01. Its site is stored as ``s.to``, a former address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from aniworld.core.errors import CatalogueBlocked, PageChanged, SourceError
from aniworld.core.keys import key_from_slug, title_from_slug
from aniworld.core.media import SeriesHit
from aniworld.core.sites import ENGINE_2, HOMES
from aniworld.providers.catalogues.engine import Engine
from aniworld.providers.catalogues.list_pages import CalendarRow
from aniworld.providers.catalogues.reading import Reading
from aniworld.providers.catalogues.site import Place
from aniworld.providers.catalogues.sto import lists, pages
from aniworld.providers.fetch.browser_checks import check_obstacle
from aniworld.providers.fetch.client import Page
from aniworld.providers.fetch.html import without_markup
from aniworld.providers.fetch.parse_thread import parsed
from aniworld.providers.plugin_api.base import Airing, CatalogueTitle, NewEpisode

QUERY_LENGTH = 200
RESULT_PAGES = 3


class SerienStream(Engine):
    site = ENGINE_2
    name = "SerienStream"
    home = HOMES[ENGINE_2]
    form = re.compile(
        r"(?:^|/)serie/(?:stream/)?(?P<slug>[A-Za-z0-9_-]+)"
        r"(?P<rest>/(?:staffel-\d{1,4}|filme)(?:/(?:episode|film)-\d{1,5})?)?(?=/|$)"
    )

    table_selector = pages.ROWS
    parse_series = staticmethod(pages.parse_series)
    parse_season = staticmethod(pages.parse_season)
    parse_episode = staticmethod(pages.parse_episode)

    def _from_slug(self, slug: str) -> Place:
        return Place(f"/serie/{slug}", slug)

    def _from_match(self, found: re.Match[str]) -> Place | None:
        slug = found["slug"]
        return None if slug == "stream" else Place(f"/serie/{slug}", slug, (found["rest"] or "").strip("/"))

    def search(self, query: str) -> list[SeriesHit]:
        """What the suggestions say; the pages of results where they break or know nothing."""
        words = " ".join(query.split())[:QUERY_LENGTH]
        if not words:
            return []
        fault: SourceError | None = None
        try:
            if found := self._suggested(words):
                return found
        except CatalogueBlocked:
            raise
        except SourceError as error:
            fault = error
        try:
            return self._listed(words)
        except CatalogueBlocked:
            raise
        except SourceError as error:
            if fault is None:
                return []
            raise fault from error

    def _suggested(self, words: str) -> list[SeriesHit]:
        page = self._ask(
            lambda base: self.gate.get(
                f"{base}/api/search/suggest",
                params={"term": words},
                referer=f"{base}/",
                headers={"Accept": "application/json", "X-Requested-With": "XMLHttpRequest"},
            )
        )
        self._check_status(page)
        try:
            shows = _shows_of(page.json(), page.url)
        except PageChanged:
            check_obstacle(page, nothing_found=True)
            raise
        return self._hits(Reading(page.url).each(shows, _show))

    def _listed(self, words: str) -> list[SeriesHit]:
        found: list[pages.Show] = []
        for number in range(1, RESULT_PAGES + 1):
            query = {"term": words, "tab": "shows", "page": str(number)}
            page = self._ask(partial(self._search_page, query))
            self._check_status(page)
            shows = parsed(pages.parse_shows, page.text, page.url)
            if not shows:
                check_obstacle(page, nothing_found=number == 1)
            if not shows or shows[0] in found:
                break
            found += shows
        return self._hits(found)

    def _search_page(self, query: dict[str, str], base: str) -> Page:
        return self.gate.get(f"{base}/suche", params=query, referer=f"{base}/")

    def _hits(self, shows: Iterable[pages.Show]) -> list[SeriesHit]:
        base = self.base_urls[0]
        hits: dict[str, SeriesHit] = {}
        for show in shows:
            place = self.place(show.href)
            if place is None:
                continue
            key = key_from_slug(place.slug)
            cover = self._address(show.cover, base + "/") if show.cover else None
            name = show.name or title_from_slug(place.slug)
            hits.setdefault(key, SeriesHit(key, name, self.site, base + place.root, cover_url=cover))
        return list(hits.values())

    def new_episodes(self) -> list[NewEpisode]:
        return self._new_episodes(self._list("/neue-episoden", lists.parse_new_episodes))

    def calendar(self) -> list[Airing]:
        """The calendar's page; where a script fills it in, what that script asks for."""
        rows = self._list("/serienkalender", lists.parse_calendar)
        return self._airings(rows or self._calendar_data())

    def _calendar_data(self) -> list[CalendarRow]:
        page = self._ask(
            lambda base: self.gate.get(
                f"{base}/api/calendar", referer=f"{base}/serienkalender", headers={"Accept": "application/json"}
            )
        )
        if page.gone:  # an empty page is an empty calendar
            return []
        self._check_status(page)
        try:
            return self._noted("/api/calendar", lists.calendar_of(page.json(), page.url))
        except PageChanged:
            check_obstacle(page, nothing_found=True)
            raise

    def all_titles(self) -> list[CatalogueTitle]:
        return self._titles("/serien", lists.parse_titles)

    def _referer(self, place: Place) -> str:
        """The site redirects only those who come from the episode's page."""
        return self.base_urls[0] + place.path


def _show(hit: Mapping[str, Any]) -> pages.Show:
    """A suggestion. Its cover is an address, or an object with one."""
    covers = [hit.get(name) for name in ("cover_url", "cover", "image", "poster", "thumbnail", "img")]
    covers += [cover.get("url") or cover.get("src") for cover in covers if isinstance(cover, Mapping)]
    cover = next((one.strip() for one in covers if isinstance(one, str) and one.strip()), "")
    return pages.Show(without_markup(hit.get("name")), link if isinstance(link := hit.get("url"), str) else "", cover)


def _shows_of(answer: Any, url: str) -> list[dict[str, Any]]:
    shows = answer.get("shows") if isinstance(answer, dict) else None
    if not isinstance(shows, list):
        raise PageChanged(f"{url} was expected to answer with “shows” and did not.")
    return [show for show in shows if isinstance(show, dict)]
