"""What the pages of engine 2 say (s.to, serienstream.to since 2026-01). Pure functions, as for engine 1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

from aniworld.core.errors import NothingThere
from aniworld.core.keys import year_of

from .facts import EpisodeFacts, HosterRow, Row, SeasonAbsent, SeasonFacts, SeriesFacts
from .hrefs import spot_of
from .html import attribute, image_address, not_found, number_in, plain, select_first, soup_of, texts, words_of
from .languages import from_flag, from_label

PILLS = "#season-nav a[data-season-pill]"
ROWS = "tr.episode-row"
BOXES = "#episode-links button.link-box[data-link-id][data-play-url]"
PLAYED = "button.link-box[data-play-url], a.link-box[data-play-url]"
TITLE = ("h1[itemprop=name]", "h1.show-title", "h1:not(header h1, nav h1)", "h1")
SHOWS = "h6.show-title"
ADDRESS_LENGTH = 2000

_ADDRESS = re.compile(r"(?:https?:)?[\w%./:-]*/(?:episode|film)-\d{1,5}")
_HEADING = re.compile(r"^S\s*\d+\s*E\s*\d+\s*:?\s*", re.IGNORECASE)
_SEASON_OF_CODE = re.compile(r"^S\s*\d+\s*E(?=\s*\d)", re.IGNORECASE)
_GONE = re.compile(r"nicht gefunden|deaktiviert|not found", re.IGNORECASE)


@dataclass(frozen=True)
class Show:
    """A show in search results; ``href`` as the page gives it."""

    name: str
    href: str
    cover: str = ""


def parse_series(text: str, url: str) -> SeriesFacts:
    """Everything on a series page, with the season that it shows. Raises NothingThere, PageChanged."""
    soup = soup_of(text, url)
    season = _season_facts(soup, url)
    title = next((words for selector in TITLE if (words := words_of(soup.select_one(selector)))), "")
    title = title or plain(attribute(soup.select_one("meta[property='og:title']"), "content"))
    if not season.seasons and not season.table:
        _check_there(soup, url)
        raise not_found(PILLS, url)
    if not title:
        raise not_found(TITLE[-1], url)
    years = words_of(select_first(soup, "[itemprop=startDate]", "a[href*='/jahr/']", ".show-years"))
    return SeriesFacts(
        title=title,
        season=season,
        description=words_of(soup.select_one(".description-text")),
        year_start=year_of(words_of(soup.select_one("[itemprop=startDate]")) or years),
        year_end=year_of(words_of(soup.select_one("[itemprop=endDate]"))),
        genres=tuple(texts(soup.select("a[href*='/genre/']"))),
        imdb_id=_imdb(soup),
        cover=next((a for i in soup.select("img") if "/media/images/channel/" in (a := image_address(i))), ""),
    )


def parse_season(text: str, url: str) -> SeasonFacts:
    """One season's rows. A season that is not there has neither pills nor rows: SeasonAbsent."""
    facts = _season_facts(soup_of(text, url), url)
    if not facts.seasons and not facts.table:
        raise SeasonAbsent(f"There is no such season at {url}.")
    return facts


def parse_episode(text: str, url: str) -> EpisodeFacts:
    """An episode's titles and hosters; rows named "Provider" are none. Raises NothingThere, PageChanged."""
    soup = soup_of(text, url)
    if soup.select_one("#episode-links") is None and not soup.select("button.link-box"):
        _check_there(soup, url)
        raise not_found(BOXES, url)
    if soup.select_one("#episode-links .link-box") is not None and soup.select_one(PLAYED) is None:
        raise not_found(BOXES, url)
    title, title_en = _titles(soup)
    return EpisodeFacts(title, title_en, tuple(dict.fromkeys(_hosters(soup))))


def parse_shows(text: str, url: str) -> list[Show]:
    """The shows on a page of search results, each once; an empty list where there are none."""
    shows: dict[str, Show] = {}
    for heading in soup_of(text, url).select(SHOWS):
        anchor = heading.find_parent("a", href=True) or heading.select_one("a[href]") or _near_link(heading)
        if anchor is not None and "/serie/" in attribute(anchor, "href"):
            href = attribute(anchor, "href")
            shows.setdefault(href, Show(words_of(heading), href, image_address(anchor.select_one("img"))))
    return list(shows.values())


def _near_link(heading: Tag) -> Tag | None:
    return next((a for box in list(heading.parents)[:3] if (a := box.select_one("a[href*='/serie/']"))), None)


def _check_there(soup: BeautifulSoup, url: str) -> None:
    alert = select_first(soup, "div.messageAlert.danger", ".alert-danger", "h1")
    if alert is not None and (_GONE.search(words_of(alert)) or words_of(alert) == "404"):
        raise NothingThere(f"The catalogue says that there is nothing at {url}.")


def _imdb(soup: BeautifulSoup) -> str | None:
    found = re.search(r"tt\d{5,10}", attribute(soup.select_one("a[href*='imdb.com']"), "href"))
    return found[0] if found else None


def _season_facts(soup: BeautifulSoup, url: str) -> SeasonFacts:
    seasons = dict(pill for anchor in soup.select(PILLS) if (pill := _pill(anchor)) is not None)
    found = soup.select(ROWS)
    shown = _shown(soup, url)
    rows: dict[tuple[int, int], Row] = {}
    for line in found:
        row = _row(line, shown)
        if row is not None:
            rows.setdefault((row.season, row.number), row)
    if found and not rows:
        raise not_found(f"{ROWS} .episode-number-cell", url)
    table = bool(found) or _announced(soup)
    numbers = frozenset({season for season, _ in rows} | ({shown} if table else set()))
    return SeasonFacts(tuple(seasons.items()), tuple(rows.values()), numbers, table)


def _announced(soup: BeautifulSoup) -> bool:
    """Whether there is a table for episodes, empty but for a cell over its whole width; other rows are a changed page."""
    tables = soup.select("table")
    return bool(tables) and all(table.select_one("td:not([colspan])") is None for table in tables)


def _pill(anchor: Tag) -> tuple[int, str] | None:
    href = attribute(anchor, "href")
    linked = spot_of(href).season
    number = number_in(attribute(anchor, "data-season-pill"), 0, 999) if linked is None else linked
    return None if number is None else (number, href)


def _shown(soup: BeautifulSoup, url: str) -> int:
    """The season that a page shows: by its address, else its marked pill, else the first one."""
    addressed = spot_of(url).season
    if addressed is not None:
        return addressed
    marked = select_first(soup, "#season-nav a.active", "#season-nav a[aria-current]", PILLS)
    pill = _pill(marked) if marked is not None else None
    return pill[0] if pill else 1


def _row(line: Tag, shown: int) -> Row | None:
    href = _row_link(line)
    spot = spot_of(href)
    season = shown if spot.season is None else spot.season
    number = number_in(_SEASON_OF_CODE.sub("", words_of(line.select_one(".episode-number-cell")))) or spot.episode
    if number is None:
        return None
    flags = (from_flag(name) for svg in line.select("svg") for name in _flag_names(svg))
    german, english = words_of(line.select_one(".episode-title-ger")), words_of(line.select_one(".episode-title-eng"))
    names = (attribute(icon, "title", "alt", "data-provider-name") for icon in line.select("img, i[title]"))
    return Row(
        season, number, href, german, english, tuple(dict.fromkeys(f for f in flags if f)),
        tuple(dict.fromkeys(n for n in names if n)), None,
    )  # fmt: skip


def _row_link(line: Tag) -> str:
    """A row's address, in a link or in the row's own attributes; empty where there is none."""
    stated = [attribute(anchor, "href") for anchor in line.select("a[href]")]
    stated += [attribute(line, name) for name in ("data-href", "data-url", "onclick")]
    places = [place for place in stated if len(place) <= ADDRESS_LENGTH]
    found = (_ADDRESS.search(place) for place in places if spot_of(place).episode is not None)
    return next((address[0] for address in found if address), "")


def _flag_names(svg: Tag) -> Iterator[str]:
    names = svg.get("class") or []
    for name in names if isinstance(names, list) else names.split():
        if name.startswith("svg-flag-"):
            yield name.removeprefix("svg-flag-")


def _titles(soup: BeautifulSoup) -> tuple[str, str]:
    """``S01E01: Titel (Title)`` → both titles; the English one may be missing."""
    headings = [words_of(tag) for tag in soup.select("h2")]
    heading = next((text for text in headings if _HEADING.match(text)), headings[0] if headings else "")
    title = _HEADING.sub("", heading)
    found = re.fullmatch(r"(.*?)\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)", title)
    return (found[1], found[2].strip()) if found else (title, "")


def _hosters(soup: BeautifulSoup) -> Iterator[HosterRow]:
    for box in soup.select(PLAYED):
        name, label = attribute(box, "data-provider-name"), attribute(box, "data-language-label")
        language = from_label(label)
        if language and name != "Provider":
            yield HosterRow(name or "unknown", language, attribute(box, "data-play-url"))
