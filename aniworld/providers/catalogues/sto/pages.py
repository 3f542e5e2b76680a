"""What the pages of engine 2 say (s.to, serienstream.to since 2026-01). Pure functions, as for engine 1."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from bs4 import BeautifulSoup, Tag

from aniworld.core.errors import NothingThere
from aniworld.core.keys import year_of
from aniworld.providers.catalogues.absent import check_out
from aniworld.providers.catalogues.dates import day_in
from aniworld.providers.catalogues.hrefs import place_of, spot_of
from aniworld.providers.catalogues.languages import BY_LANGUAGE_ID, from_flag, from_flag_file, from_label
from aniworld.providers.catalogues.parsed_pages import (
    EpisodeFacts,
    HosterRow,
    Row,
    SeasonAbsent,
    SeasonFacts,
    SeriesFacts,
)
from aniworld.providers.catalogues.reading import Reading
from aniworld.providers.catalogues.title_tags import counted, read_title
from aniworld.providers.fetch.html import (
    attribute,
    image_address,
    not_found,
    number_in,
    plain,
    select_first,
    soup_of,
    spaced,
    texts,
    without_lookalikes,
    words_of,
)

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
_SIZES = frozenset({"xs", "sm", "md", "lg", "xl", "small", "large", "icon", "round", "rounded"})
_NUMBER = re.compile(r"(?:S\s*\d+\s*)?[^\W\d_]{0,8}[\s.#]*\d{1,5}", re.IGNORECASE)
_DATED = ("datetime", "data-date", "data-day", "data-release", "title", "aria-label")
_SOON = re.compile(r"demnächst|coming soon", re.IGNORECASE)
_YEARS = re.compile(r"\b((?:19|20)\d{2})\s*[-–—]\s*((?:19|20)\d{2})?(?!\d)")
_USED_FLAG = re.compile(r"#icon-flag-([\w-]+)$")


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
    start, end = _years(soup)
    return SeriesFacts(
        title=title,
        season=season,
        description=words_of(soup.select_one(".description-text")),
        year_start=start,
        year_end=end,
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
    if soup.select_one(PLAYED) is None:
        check_out(soup, url)
    if soup.select_one("#episode-links") is None and not soup.select("button.link-box"):
        _check_there(soup, url)
        raise not_found(BOXES, url)
    boxes = soup.select("#episode-links .link-box") or soup.select("button.link-box")
    played = soup.select(PLAYED)
    if boxes and not played:
        raise not_found(BOXES, url)
    title, title_en = _titles(soup, url)
    reading = Reading(url)
    hosters = tuple(dict.fromkeys(reading.each(played, lambda box: _hoster(box, reading))))
    if played and not hosters and reading.notes:
        raise not_found(BOXES, url)
    return EpisodeFacts(title, title_en, hosters)


def parse_shows(text: str, url: str) -> list[Show]:
    """The shows on a page of search results, each once; an empty list where there are none."""
    shows: dict[str, Show] = {}
    for show in Reading(url).each(soup_of(text, url).select(SHOWS), _show):
        shows.setdefault(show.href, show)
    return list(shows.values())


def _show(heading: Tag) -> Show | None:
    anchor = heading.find_parent("a", href=True) or heading.select_one("a[href]") or _near_link(heading)
    href = attribute(anchor, "href")
    if anchor is None or "/serie/" not in href:
        return None
    return Show(words_of(heading), href, image_address(anchor.select_one("img")))


def _near_link(heading: Tag) -> Tag | None:
    return next((a for box in list(heading.parents)[:3] if (a := box.select_one("a[href*='/serie/']"))), None)


def _check_there(soup: BeautifulSoup, url: str) -> None:
    alert = select_first(soup, "div.messageAlert.danger", ".alert-danger", "h1")
    if alert is not None and (_GONE.search(words_of(alert)) or words_of(alert) == "404"):
        raise NothingThere(f"The catalogue says that there is nothing at {url}.")


def _imdb(soup: BeautifulSoup) -> str | None:
    found = re.search(r"tt\d{5,10}", attribute(soup.select_one("a[href*='imdb.com']"), "href"))
    return found[0] if found else None


def _years(soup: BeautifulSoup) -> tuple[int | None, int | None]:
    """First and last year; the last one None while a series runs (``2019 - NA``), or where it is not said."""
    start, end = (year_of(words_of(soup.select_one(f"[itemprop={name}]"))) for name in ("startDate", "endDate"))
    linked = [year for link in soup.select("h1 + p a[href*='/jahr/']") if (year := year_of(words_of(link)))]
    linked = linked or [year for link in soup.select("a[href*='/jahr/']")[:1] if (year := year_of(words_of(link)))]
    found = next(
        (match for tag in soup.select("h1 + p, .show-years") if (match := _YEARS.search(words_of(tag)[:60]))), None
    )
    start = start or (linked[0] if linked else None) or (int(found[1]) if found else None)
    start = start or year_of(words_of(soup.select_one(".show-years")))
    end = end or (linked[1] if len(linked) > 1 else None) or (int(found[2]) if found and found[2] else None)
    return start, end


def _season_facts(soup: BeautifulSoup, url: str) -> SeasonFacts:
    reading = Reading(url)
    seasons = dict(reading.each(soup.select(PILLS), _pill))
    found = soup.select(ROWS)
    shown = _shown(soup, url)
    rows: dict[tuple[int, int], Row] = {}
    for row in reading.each(found, lambda line: _row(line, shown, reading)):
        rows.setdefault((row.season, row.number), row)
    if found and not rows:
        raise not_found(f"{ROWS} .episode-number-cell", url)
    table = bool(found) or _announced(soup)
    numbers = frozenset({season for season, _ in rows} | ({shown} if table else set()))
    stated = any(line.select_one(".episode-language-cell") for line in found)
    return SeasonFacts(tuple(seasons.items()), tuple(rows.values()), numbers, table, stated, reading.notes)


def _announced(soup: BeautifulSoup) -> bool:
    """Whether there is a table for episodes, empty but for a cell over its whole width; other rows are a changed
    page.
    """
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


def _row(line: Tag, shown: int, reading: Reading) -> Row | None:
    href = _row_link(line)
    spot = spot_of(href)
    season = shown if spot.season is None else spot.season
    upcoming, air_date = _release(line)
    number = number_in(_SEASON_OF_CODE.sub("", spaced(line.select_one(".episode-number-cell")))) or spot.episode
    if number is None:
        reading.unread(line)
        return None
    german, english = words_of(line.select_one(".episode-title-ger")), words_of(line.select_one(".episode-title-eng"))
    second = counted(english, season, number)
    facts = counted(german, season, number).also(second)
    languages = () if upcoming else tuple(dict.fromkeys(_row_languages(line, reading)))
    hosters = () if upcoming else tuple(dict.fromkeys(_row_hosters(line)))
    there = bool(languages or hosters)
    return Row(
        season,
        number,
        href,
        facts.title,
        second.title,
        languages,
        hosters,
        facts.absolute,
        announced=upcoming or (not there and (facts.starts or air_date is not None)),
        air_date=facts.air_date or air_date,
        kind=facts.kind,
        part=facts.part,
        part_of=None if there else facts.part_of,
    )


def _release(line: Tag) -> tuple[bool, date | None]:
    """Whether a row is announced only, and its day. Badges stand within the titles' cell; they are taken out of it."""
    badges = [tag for tag in line.select("[class*=badge], time") if not _NUMBER.fullmatch(spaced(tag))]
    said = without_lookalikes(" ".join(spaced(badge) for badge in badges))
    tags = [tag for badge in badges for tag in (badge, *badge.find_all(True))]
    stated = " ".join(attribute(tag, name) for tag in tags for name in _DATED)
    day = day_in(spaced(line.select_one(".badge-release"))) or day_in(said) or day_in(stated)
    upcoming = "upcoming" in (line.get("class") or []) or line.select_one(".badge-upcoming") is not None
    for badge in badges:
        badge.extract()
    return upcoming or bool(_SOON.search(said)), day


def _row_languages(line: Tag, reading: Reading) -> Iterator[str]:
    """The languages of its flags, and of whatever else stands in its cell for languages."""
    cells = line.select(".episode-language-cell")
    for mark in line.select("svg, img, i[title], [data-language-id]"):
        inside = any(cell in mark.parents for cell in cells)
        code = flag_language(mark, reading, stated=inside and mark.name in ("img", "i"))
        if code is not None:
            yield code


def _row_hosters(line: Tag) -> Iterator[str]:
    """The names of its hosters: images and icons that show no language."""
    cells = line.select(".episode-language-cell")
    for icon in line.select("img, i[title]"):
        name = attribute(icon, "title", "alt", "data-provider-name")
        is_language = from_flag_file(image_address(icon)) or from_label(name)
        if name and not is_language and not any(cell in icon.parents for cell in cells):
            yield name


def flag_language(mark: Tag, reading: Reading, *, stated: bool = False) -> str | None:
    """The language of a flag, or None for any other drawing. ``stated``: it stands where nothing but languages do."""
    label = attribute(mark, "title", "alt", "aria-label", "data-language-label") or words_of(mark.select_one("title"))
    names = list(flag_names(mark))
    known = next((code for name in names if (code := from_flag(name))), None)
    code = known or from_flag_file(image_address(mark)) or BY_LANGUAGE_ID.get(attribute(mark, "data-language-id"))
    code = known or from_label(label) or code
    is_flag = bool(names) or stated or "watch-language" in (mark.get("class") or []) or "data-language-id" in mark.attrs
    shown = (
        label or next(iter(names), "") or attribute(mark, "data-language-id") or image_address(mark).rsplit("/", 1)[-1]
    )
    return reading.language(code, shown) if code or is_flag else None


def _row_link(line: Tag) -> str:
    """A row's address, in a link or in the row's own attributes; empty where there is none."""
    stated = [attribute(anchor, "href") for anchor in line.select("a[href]")]
    stated += [attribute(line, name) for name in ("data-href", "data-url", "onclick")]
    places = [place for place in stated if len(place) <= ADDRESS_LENGTH]
    found = (_ADDRESS.search(place) for place in places if spot_of(place).episode is not None)
    return next((address[0] for address in found if address), "")


def flag_names(svg: Tag) -> Iterator[str]:
    """The names of its flag: by its classes, else by the symbol that it uses."""
    names: Sequence[str] = svg.get("class") or ()
    found = [name.removeprefix("svg-flag-") for name in names if name.startswith("svg-flag-")]
    found = [name for name in found if name not in _SIZES]
    used = (attribute(use, "href", "xlink:href") for use in svg.select("use"))
    yield from found or [flag[1] for address in used if (flag := _USED_FLAG.search(address))]


def _titles(soup: BeautifulSoup, url: str) -> tuple[str, str]:
    """``S01E01: Titel (Title)`` → both titles without their tags; the English one may be missing."""
    headings = [words_of(tag) for tag in soup.select("h2")]
    heading = next((text for text in headings if _HEADING.match(text)), headings[0] if headings else "")
    title = read_title(_HEADING.sub("", heading)).title
    found = re.fullmatch(r"(.*?)\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)", title)
    names = (found[1], found[2].strip()) if found else (title, "")
    german, english = (counted(name, *place_of(url)).title for name in names)
    return german, english


def _hoster(box: Tag, reading: Reading) -> HosterRow | None:
    """A button's hoster and language: by its label, else by the language's number, else by its flag."""
    name, label = attribute(box, "data-provider-name"), attribute(box, "data-language-label")
    if name == "Provider":
        return None
    identity = attribute(box, "data-language-id")
    flags = (from_flag(flag) for svg in box.select("svg") for flag in flag_names(svg))
    code = from_label(label) or BY_LANGUAGE_ID.get(identity) or next((flag for flag in flags if flag), None)
    language = reading.language(code, label or identity)
    return HosterRow(name or "unknown", language, attribute(box, "data-play-url"))
