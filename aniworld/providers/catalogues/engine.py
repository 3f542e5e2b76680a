"""From a site's pages to series and episodes: the same way for both engines."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar
from urllib.parse import urljoin

from aniworld.core.errors import NothingThere, PageChanged
from aniworld.core.keys import key_from_slug
from aniworld.core.media import SPECIALS, EpisodeEntry, EpisodeNumber, EpisodePage, HosterLink, SeriesPage
from aniworld.providers.catalogues.list_pages import CalendarRow, Listed, NewRow, TitleRow
from aniworld.providers.catalogues.parsed_pages import EpisodeFacts, Row, SeasonFacts, SeriesFacts
from aniworld.providers.catalogues.site import PAGE_BYTES, Place, Site
from aniworld.providers.fetch.client import Gate
from aniworld.providers.plugin_api.base import Airing, CatalogueSettings, CatalogueTitle, NewEpisode

log = logging.getLogger(__name__)
R = TypeVar("R")

SEASONS_READ = 200
BEHIND_FILMS = 100  # no series has so many


class Engine(Site):
    """A site whose series have a page with a navigation of seasons, and a page for each season and episode."""

    table_selector: str

    def __init__(self, gate: Gate, settings: CatalogueSettings | None = None) -> None:
        super().__init__(gate, settings)
        self._list_notes: dict[str, tuple[str, ...]] = {}

    @staticmethod
    @abstractmethod
    def parse_series(text: str, url: str) -> SeriesFacts: ...

    @staticmethod
    @abstractmethod
    def parse_season(text: str, url: str) -> SeasonFacts: ...

    @staticmethod
    @abstractmethod
    def parse_episode(text: str, url: str) -> EpisodeFacts: ...

    @abstractmethod
    def _referer(self, place: Place) -> str:
        """What the site's redirects expect as Referer for a link on the page at ``place``."""

    def series(self, link: str, *, previous: SeriesPage | None = None) -> SeriesPage:
        place = self._asked(link)
        facts = self._facts(place.root, self.parse_series)
        seasons, unread = self._seasons(place, facts.season)
        if facts.season.seasons and not any(season.table for season in seasons):
            where = self.base_urls[0] + place.root
            raise PageChanged(f"No season of {where} has a “{self.table_selector}”: the site has changed its pages.")
        page = self._page(place, facts, seasons, unread)
        return previous if previous is not None and page == previous else page

    def episode(self, link: str) -> EpisodePage:
        place = self._asked(link)
        facts = self._facts(place.path, self.parse_episode)
        root, referer = self.base_urls[0] + "/", self._referer(place)
        links = (HosterLink(row.name, row.language, self._address(row.href, root), referer) for row in facts.hosters)
        return EpisodePage(facts.title, facts.title_en, tuple(links))

    def episode_link(self, link: str, number: EpisodeNumber) -> str:
        return f"{self.series_link(link)}/{_usual(number.season, number.episode)}"

    def _seasons(self, place: Place, first: SeasonFacts) -> tuple[list[SeasonFacts], list[str]]:
        """One request for each season that the first page does not show already, and a note for each that cannot be
        read.

        What is not there is left out.
        """
        seasons, unread = [first], []
        twice = _names_specials_twice(first)
        waiting = [
            (number, href)
            for number, href in first.seasons
            if number not in first.shown or (twice and number == SPECIALS)
        ]
        for number, href in waiting[:SEASONS_READ]:
            wanted = self._beneath(place, href)
            rest = wanted.rest if wanted and wanted.rest else ("filme" if number == SPECIALS else f"staffel-{number}")
            try:
                seasons.append(self._facts(f"{place.root}/{rest}", self.parse_season))
            except NothingThere:
                continue
            except PageChanged as error:  # one season must not hide the others
                log.warning("%s of %s could not be read: %s", rest, place.slug, error)
                unread.append(f"The page of season {number} could not be read.")
        return seasons, unread

    def _beneath(self, place: Place, href: str) -> Place | None:
        """Where an address on a series' page points; the page's own host and prefix do not matter."""
        try:
            return self.place(urljoin(f"https://site{place.root}/", href)) if href else None
        except ValueError:
            return None

    def _page(self, place: Place, facts: SeriesFacts, seasons: list[SeasonFacts], unread: list[str]) -> SeriesPage:
        base = self.base_urls[0]
        rows = [row for season in seasons for row in season.rows]
        films = any(row.season == SPECIALS and not row.apart for row in rows)
        entries = self._entries(place, rows, films or _names_specials_twice(facts.season))
        numbers = {number for number, _ in facts.season.seasons} | {entry.season for entry in entries}
        return SeriesPage(
            key=key_from_slug(place.slug),
            name=facts.title,
            site=self.site,
            link=base + place.root,
            description=facts.description,
            alternative_titles=facts.alternative_titles,
            year_start=facts.year_start,
            year_end=facts.year_end,
            genres=facts.genres,
            age_rating=facts.age_rating,
            imdb_id=facts.imdb_id,
            cover_url=self._address(facts.cover, base + "/") if facts.cover else None,
            seasons=tuple(sorted(numbers)),
            episodes=entries,
            states_languages=any(season.states_languages for season in seasons),
            notes=tuple(dict.fromkeys([note for season in seasons for note in season.notes] + unread)),
        )

    def _entries(self, place: Place, rows: Iterable[Row], films: bool) -> tuple[EpisodeEntry, ...]:
        """Each episode once. ``films``: specials of ``/staffel-0`` count behind them, whether a number is free or not
        yet.
        """
        found: dict[tuple[int, int], EpisodeEntry] = {}
        for row in sorted(rows, key=lambda row: row.apart):
            entry = self._entry(place, row)
            if row.apart and films and row.season == SPECIALS:
                if _is_same(entry, found.get((SPECIALS, row.number))):
                    continue
                entry = replace(entry, number=BEHIND_FILMS + row.number)
            found.setdefault((entry.season, entry.number), entry)
        return tuple(found[number] for number in sorted(found))

    def _entry(self, place: Place, row: Row) -> EpisodeEntry:
        """A row as an episode. Its page is where the row's link says; the number is the row's own, and may differ."""
        wanted = self._beneath(place, row.href)
        usual = f"staffel-0/episode-{row.number}" if row.apart else _usual(row.season, row.number)
        path = wanted.path if wanted and "/" in wanted.rest else f"{place.root}/{usual}"
        season, number = row.part_of or (None, None)
        whole = EpisodeNumber(row.season if season is None else season, number) if number else None
        return EpisodeEntry(
            row.season,
            row.number,
            self.base_urls[0] + path,
            row.title,
            row.title_en,
            row.languages,
            row.hosters,
            row.absolute,
            row.announced,
            row.air_date,
            row.kind,
            row.part,
            whole.code if whole else None,
        )

    def _airings(self, rows: Iterable[CalendarRow]) -> list[Airing]:
        """Each episode once, with the day of each language: a calendar has a card for each. What names no episode
        stays.
        """
        found: dict[tuple[object, ...], Airing] = {}
        for row in rows:
            place = self.place(row.href)
            if place is None:
                continue
            key = key_from_slug(place.slug)
            at = (key, row.season, row.episode) if row.episode is not None else (key, row.day, row.at)
            dates = tuple((code, row.day, row.at) for code in row.languages)
            made = Airing(
                key, row.name, self.base_urls[0] + place.root, row.season, row.episode, row.day, row.at, dates
            )
            found[at] = _together(found[at], made) if at in found else made
        return list(found.values())

    def _new_episodes(self, rows: Iterable[NewRow]) -> list[NewEpisode]:
        return [
            NewEpisode(
                key_from_slug(place.slug),
                row.name,
                self.base_urls[0] + place.root,
                row.season,
                row.episode,
                row.day,
                row.languages,
            )
            for row in rows
            if (place := self.place(row.href)) is not None
        ]

    def _titles(self, path: str, parse: Callable[[str, str], Listed[TitleRow]]) -> list[CatalogueTitle]:
        page = self._ask(lambda base: self.gate.get(base + path, max_bytes=PAGE_BYTES))
        self._check_status(page)
        return [
            CatalogueTitle(
                key_from_slug(place.slug), row.name, self.base_urls[0] + place.root, row.alternatives, row.genre
            )
            for row in self._noted(path, self._parsed(page, parse, path))
            if (place := self.place(row.href)) is not None
        ]

    def _list(self, path: str, parse: Callable[[str, str], Listed[R]]) -> list[R]:
        """The rows of one of the site's lists."""
        return self._noted(path, self._facts(path, parse))

    def _noted(self, path: str, listed: Listed[R]) -> list[R]:
        self._list_notes[path] = listed.notes
        return listed

    def notes(self) -> Mapping[str, tuple[str, ...]]:
        return {path: notes for path, notes in self._list_notes.items() if notes}


def _together(one: Airing, other: Airing) -> Airing:
    """One episode's cards as one airing: on its first day, with what each language has first."""
    first = min(one, other, key=lambda each: (each.day, each.at.timestamp() if each.at else float("inf")))
    dates = {code: (code, day, at) for code, day, at in sorted((*one.dates, *other.dates), key=_soonest, reverse=True)}
    order = dict.fromkeys(code for code, _, _ in (*one.dates, *other.dates))
    return replace(first, dates=tuple(dates[code] for code in order))


def _soonest(dated: tuple[str, date, datetime | None]) -> tuple[date, float]:
    return dated[1], dated[2].timestamp() if dated[2] else float("inf")


def _names_specials_twice(facts: SeasonFacts) -> bool:
    """Whether a series has pages both for films and for ``/staffel-0``."""
    return sum(number == SPECIALS for number, _ in facts.seasons) > 1


def _is_same(special: EpisodeEntry, film: EpisodeEntry | None) -> bool:
    """Whether both pages are one under two addresses."""
    titles = (special.title, special.title_en)
    return film is not None and any(titles) and titles == (film.title, film.title_en)


def _usual(season: int, number: int) -> str:
    """The part of an episode's address below the series, as both engines write it."""
    return f"filme/film-{number}" if season == SPECIALS else f"staffel-{season}/episode-{number}"
