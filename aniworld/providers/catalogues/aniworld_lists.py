"""The lists of engine 1: new episodes, calendar, all titles. Pure functions: text and address in, facts out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bs4 import Tag
from lxml import etree, html

from aniworld.core.errors import PageChanged

from .hrefs import spot_of
from .html import attribute, image_address, names_in, not_found, plain, select_first, soup_of, words_of
from .languages import from_flag_file

NEW_ROWS = "div.newEpisodeList div.rows > div"
CALENDAR = "section.calendarList"
TITLES = "#seriesContainer div.genre"
ZONE = ZoneInfo("Europe/Berlin")  # the site's times

_MONTHS = ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez")
_DAY = re.compile(r"(\d{1,2})\.\s*(?:(\d{1,2})\.|([A-Za-zä]{3,9})\.?)\s*(\d{4})")
_CODE = re.compile(r"S\s*0*(\d{1,4})\s*E\s*0*(\d{1,5})", re.IGNORECASE)
_HOUR = re.compile(r"(\d{1,2}):(\d{2})")


@dataclass(frozen=True)
class NewRow:
    name: str
    href: str
    season: int | None
    episode: int | None
    day: date | None
    languages: tuple[str, ...]


@dataclass(frozen=True)
class CalendarRow:
    name: str
    href: str
    season: int | None
    episode: int | None
    day: date
    at: datetime | None


@dataclass(frozen=True)
class TitleRow:
    name: str
    href: str
    alternatives: tuple[str, ...]
    genre: str


def parse_new_episodes(text: str, url: str) -> list[NewRow]:
    """One row for each episode, its languages joined, in the page's order. Raises PageChanged."""
    soup = soup_of(text, url)
    if soup.select_one("div.newEpisodeList") is None:
        raise not_found(NEW_ROWS, url)
    joined: dict[tuple[str, int | None, int | None], NewRow] = {}
    for row in (row for line in soup.select(NEW_ROWS) if (row := _new_row(line))):
        at = (spot_of(row.href).slug, row.season, row.episode)
        known = joined.get(at)
        languages = tuple(dict.fromkeys((*(known.languages if known else ()), *row.languages)))
        joined[at] = NewRow(row.name, row.href, row.season, row.episode, known.day if known else row.day, languages)
    return list(joined.values())


def _new_row(line: Tag) -> NewRow | None:
    anchor = line.select_one("a[href]")
    if anchor is None:
        return None
    href = attribute(anchor, "href")
    season, episode = _numbers(words_of(select_first(line, "span.blue2")) or words_of(line))
    if episode is None:
        season, episode = spot_of(href).season, spot_of(href).episode
    flags = (from_flag_file(image_address(image)) for image in line.select("img.flag"))
    name = words_of(anchor.select_one("strong")) or words_of(anchor)
    day = _day(words_of(line.select_one("span.elementFloatRight")))
    return NewRow(name, href, season, episode, day, tuple(f for f in flags if f))


def parse_calendar(text: str, url: str) -> list[CalendarRow]:
    """What airs on which day; ``at`` is aware, in the site's own zone. Raises PageChanged."""
    soup = soup_of(text, url)
    sections = soup.select(CALENDAR)
    if not sections:
        raise not_found(CALENDAR + " > h3", url)
    return [row for section in sections for row in _calendar_rows(section)]


def _calendar_rows(section: Tag) -> Iterator[CalendarRow]:
    """The cards below each heading that names a day; there may be several days in one section."""
    day: date | None = None
    for heading in section.select("h3"):
        if "seriesTitle" in (heading.get("class") or []):
            row = _calendar_row(heading, section, day) if day is not None else None
            if row is not None:
                yield row
        elif (named := _day(words_of(heading))) or heading.parent is section:
            day = named


def _calendar_row(title: Tag, section: Tag, day: date) -> CalendarRow | None:
    card = _card(title, section)
    anchors = [card, *card.select("a[href]")] if card.name == "a" else card.select("a[href]")
    href = next((href for anchor in anchors if spot_of(href := attribute(anchor, "href")).slug), "")
    small = " ".join(words_of(tag) for tag in card.select("small"))
    season, episode = _numbers(small)
    return CalendarRow(words_of(title), href, season, episode, day, _moment(day, small)) if href else None


def _card(title: Tag, section: Tag) -> Tag:
    """All that belongs to a title: the widest element around it below the section that holds no other heading."""
    card = title
    for around in title.parents:
        if around is section or len(around.select("h3")) > 1:
            break
        card = around
    return card


def parse_titles(text: str, url: str) -> list[TitleRow]:
    """Every title of the catalogue, each once. Read without a soup: the page has up to 2.5 MB. Raises PageChanged."""
    try:
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError) as error:
        raise PageChanged(f"{url} is no page that can be read.") from error
    rows: dict[str, TitleRow] = {}
    for genre in tree.xpath(
        "//*[@id='seriesContainer']//div[contains(concat(' ', normalize-space(@class), ' '), ' genre ')]"
    ):
        heading = plain(" ".join(genre.xpath(".//h3[1]//text()")))
        for anchor in genre.xpath(".//li//a[@href]"):
            href = anchor.get("href").strip()
            rows.setdefault(spot_of(href).slug or href, _title_row(anchor, href, heading))
    if not rows:
        raise not_found(TITLES, url)
    return list(rows.values())


def _title_row(anchor: html.HtmlElement, href: str, genre: str) -> TitleRow:
    return TitleRow(plain(anchor.text_content()), href, names_in(anchor.get("data-alternative-title") or ""), genre)


def _numbers(text: str) -> tuple[int | None, int | None]:
    found = _CODE.search(text)
    return (int(found[1]), int(found[2])) if found else (None, None)


def _day(text: str) -> date | None:
    """``Montag, 03.08.2026 (heute)``, ``3. August 2026``; None where no day is named, or one that does not exist."""
    found = _DAY.search(text)
    if found is None:
        return None
    named = (found[3] or "")[:3].lower()
    month = int(found[2]) if found[2] else _MONTHS.index(named) + 1 if named in _MONTHS else 0
    try:
        return date(int(found[4]), month, int(found[1]))
    except ValueError:
        return None


def _moment(day: date, text: str) -> datetime | None:
    found = _HOUR.search(text)
    try:
        return datetime.combine(day, time(int(found[1]), int(found[2])), ZONE) if found else None
    except ValueError:
        return None
