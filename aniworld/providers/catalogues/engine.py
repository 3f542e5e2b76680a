"""From a site's pages to series and episodes: the same way for both engines."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urljoin

from aniworld.core.errors import NothingThere, PageChanged
from aniworld.core.keys import key_from_slug
from aniworld.core.media import SPECIALS, EpisodeEntry, EpisodeNumber, EpisodePage, HosterLink, SeriesPage

from .facts import EpisodeFacts, Row, SeasonFacts, SeriesFacts
from .site import Place, Site

SEASONS_READ = 200
BEHIND_FILMS = 100  # no series has so many


class Engine(Site):
    """A site whose series have a page with a navigation of seasons, and a page for each season and episode."""

    table_selector: str

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
        seasons = self._seasons(place, facts.season)
        if facts.season.seasons and not any(season.table for season in seasons):
            where = self.base_urls[0] + place.root
            raise PageChanged(f"No season of {where} has a “{self.table_selector}”: the site has changed its pages.")
        page = self._page(place, facts, seasons)
        return previous if previous is not None and page == previous else page

    def episode(self, link: str) -> EpisodePage:
        place = self._asked(link)
        facts = self._facts(place.path, self.parse_episode)
        root, referer = self.base_urls[0] + "/", self._referer(place)
        links = (HosterLink(row.name, row.language, self._address(row.href, root), referer) for row in facts.hosters)
        return EpisodePage(facts.title, facts.title_en, tuple(links))

    def episode_link(self, link: str, number: EpisodeNumber) -> str:
        return f"{self.series_link(link)}/{_usual(number.season, number.episode)}"

    def _seasons(self, place: Place, first: SeasonFacts) -> list[SeasonFacts]:
        """One request for each season that the first page does not show already; what is not there is left out."""
        seasons = [first]
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
        return seasons

    def _beneath(self, place: Place, href: str) -> Place | None:
        """Where an address on a series' page points; the page's own host and prefix do not matter."""
        try:
            return self.place(urljoin(f"https://site{place.root}/", href)) if href else None
        except ValueError:
            return None

    def _page(self, place: Place, facts: SeriesFacts, seasons: list[SeasonFacts]) -> SeriesPage:
        base = self.base_urls[0]
        rows = [row for season in seasons for row in season.rows]
        films = any(row.season == SPECIALS and not row.apart for row in rows)
        entries = self._entries(place, rows, films or _names_specials_twice(facts.season))
        numbers = {number for number, _ in facts.season.seasons} | {entry.season for entry in entries}
        return SeriesPage(
            key=key_from_slug(place.slug), name=facts.title, site=self.site, link=base + place.root,
            description=facts.description, alternative_titles=facts.alternative_titles, year_start=facts.year_start,
            year_end=facts.year_end, genres=facts.genres, age_rating=facts.age_rating, imdb_id=facts.imdb_id,
            cover_url=self._address(facts.cover, base + "/") if facts.cover else None,
            seasons=tuple(sorted(numbers)), episodes=entries,
        )  # fmt: skip

    def _entries(self, place: Place, rows: Iterable[Row], films: bool) -> tuple[EpisodeEntry, ...]:
        """Each episode once. ``films``: specials of ``/staffel-0`` count behind them, whether a number is free or not yet."""
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
        return EpisodeEntry(
            row.season, row.number, self.base_urls[0] + path, row.title, row.title_en, row.languages, row.hosters,
            row.absolute,
        )  # fmt: skip


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
