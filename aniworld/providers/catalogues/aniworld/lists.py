"""The lists of engine 1: new episodes, calendar, all titles. Pure functions: text and address in, facts out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import TypeVar

from bs4 import Tag
from lxml import etree, html

from aniworld.core.errors import PageChanged
from aniworld.providers.catalogues.dates import day_in, day_near, moment_of
from aniworld.providers.catalogues.hrefs import spot_of
from aniworld.providers.catalogues.languages import from_flag_file, from_label
from aniworld.providers.catalogues.reading import Reading
from aniworld.providers.fetch.html import (
    attribute,
    image_address,
    names_in,
    not_found,
    plain,
    select_first,
    soup_of,
    spaced,
    words_of,
)

R = TypeVar("R")

NEW_ROWS = "div.newEpisodeList div.rows > div"
CALENDAR = "section.calendarList"
TITLES = "#seriesContainer div.genre"

_CODE = re.compile(
    r"(?<![^\W\d_])(?:S|Staffel|Season)\s*0*(\d{1,4})[\s,:/|·-]*(?:E|Ep\.?|Episode|Folge)\s*0*(\d{1,5})(?!\d)",
    re.IGNORECASE,
)
_BEHIND_NAME = re.compile(r"(?<!\d)\d{1,2}:\d{2}(?!\d)|(?<!\d)\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2})(?!\d)")
_NONE = re.compile(r"\b(?:keine?|nichts?)\b", re.IGNORECASE)


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
    """A card of the calendar: an episode in one language, or in several."""

    name: str
    href: str
    season: int | None
    episode: int | None
    day: date
    at: datetime | None
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class TitleRow:
    name: str
    href: str
    alternatives: tuple[str, ...]
    genre: str


class Listed(list[R]):
    """The rows of a list. ``notes``: what of it could not be read."""

    def __init__(self, rows: Iterable[R] = (), notes: tuple[str, ...] = ()) -> None:
        super().__init__(rows)
        self.notes = notes


def listed(rows: Iterable[R], reading: Reading, selector: str, url: str) -> Listed[R]:
    """The rows that were read. Raises PageChanged where there are entries, and none could be read."""
    found = list(rows)
    if not found and reading.notes:
        raise not_found(selector, url)
    return Listed(found, reading.notes)


def parse_new_episodes(text: str, url: str) -> Listed[NewRow]:
    """One row for each episode, its languages joined, in the page's order. Raises PageChanged."""
    soup = soup_of(text, url)
    box = soup.select_one("div.newEpisodeList")
    if box is None:
        raise not_found(NEW_ROWS, url)
    reading = Reading(url)
    rows = listed(
        joined(reading.each(soup.select(NEW_ROWS), lambda line: _new_row(line, reading))), reading, NEW_ROWS, url
    )
    if not rows and links_series(box):
        raise not_found(NEW_ROWS, url)
    return rows


def links_series(tag: Tag) -> bool:
    """Whether anything in it leads to a series."""
    return any(spot_of(attribute(anchor, "href")).slug for anchor in tag.select("a[href]"))


def joined(rows: Iterable[NewRow]) -> tuple[NewRow, ...]:
    """Each episode once, on the day that is named first, with the languages of all of its rows."""
    found: dict[tuple[str, int | None, int | None], NewRow] = {}
    for row in rows:
        at = (spot_of(row.href).slug, row.season, row.episode)
        known = found.get(at)
        languages = tuple(dict.fromkeys((*(known.languages if known else ()), *row.languages)))
        found[at] = replace(row, day=known.day if known else row.day, languages=languages)
    return tuple(found.values())


def _new_row(line: Tag, reading: Reading) -> NewRow | None:
    anchor = line.select_one("a[href]")
    text = spaced(line)
    if anchor is None:
        if text and not _NONE.search(text):
            reading.unread(line)
        return None
    href = attribute(anchor, "href")
    season, episode = numbers_in(spaced(select_first(line, "span.blue2")))
    if episode is None:
        season, episode = numbers_in(text)
    if episode is None:
        season, episode = spot_of(href).season, spot_of(href).episode
    name = words_of(anchor.select_one("strong")) or name_of(anchor)
    day = day_in(spaced(line.select_one("span.elementFloatRight"))) or day_in(text)
    return NewRow(name, href, season, episode, day, _languages(line, reading))


def _languages(tag: Tag, reading: Reading) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_language(image, reading) for image in tag.select("img.flag")))


def _language(image: Tag, reading: Reading) -> str:
    label = attribute(image, "title", "alt")
    code = from_flag_file(image_address(image)) or from_label(label)
    return reading.language(code, label or image_address(image).rsplit("/", 1)[-1])


def parse_calendar(text: str, url: str) -> Listed[CalendarRow]:
    """What airs on which day, one row for each card; ``at`` is aware, in the site's own zone. Raises PageChanged."""
    soup = soup_of(text, url)
    sections = soup.select(CALENDAR)
    if not sections:
        raise not_found(CALENDAR + " > h3", url)
    reading = Reading(url)
    cards = (card for section in sections for card in _cards(section))
    rows = listed(reading.each(cards, lambda card: _calendar_row(*card, reading)), reading, CALENDAR, url)
    if not rows and any(links_series(section) for section in sections):
        raise not_found(CALENDAR + " > h3", url)
    return rows


def _cards(section: Tag) -> Iterator[tuple[Tag, Tag, date]]:
    """Title, section and day of each card below a heading that names a day; there may be several days in one
    section.
    """
    day: date | None = None
    for heading in section.select("h2, h3, h4, h5, .seriesTitle"):
        if "seriesTitle" in (heading.get("class") or []):
            if day is not None:
                yield heading, section, day
        elif (named := day_near(spaced(heading))) or heading.parent is section:
            day = named


def _calendar_row(title: Tag, section: Tag, day: date, reading: Reading) -> CalendarRow | None:
    card = _card(title, section)
    anchors = [card, *card.select("a[href]")] if card.name == "a" else card.select("a[href]")
    href = next((href for anchor in anchors if spot_of(href := attribute(anchor, "href")).slug), "")
    small = " ".join(spaced(tag) for tag in card.select("small"))
    season, episode = numbers_in(small)
    if not href:
        return None
    languages = _languages(card, reading) or _worded(small)
    return CalendarRow(words_of(title), href, season, episode, day, moment_of(day, small), languages)


def _worded(text: str) -> tuple[str, ...]:
    """The language that a card's small print names, where it has no flag."""
    found = re.search(r"\(([^()]{2,40})\)", text)
    code = from_label(found[1]) if found else None
    return (code,) if code else ()


def _card(title: Tag, section: Tag) -> Tag:
    """All that belongs to a title: the widest element around it below the section that holds no other heading."""
    card = title
    for around in title.parents:
        if around is section or len(around.select("h3")) > 1:
            break
        card = around
    return card


def parse_titles(text: str, url: str) -> Listed[TitleRow]:
    """Every title of the catalogue, each once. Read without a soup: the page has up to 2.5 MB. Raises PageChanged."""
    tree = tree_of(text, url)
    reading = Reading(url)
    rows: dict[str, TitleRow] = {}
    for genre in tree.xpath(
        "//*[@id='seriesContainer']//div[contains(concat(' ', normalize-space(@class), ' '), ' genre ')]"
    ):
        heading = plain(" ".join(genre.xpath(".//h3[1]//text()")))
        for row in reading.each(genre.xpath(".//li//a[@href]"), partial(_title_row, genre=heading)):
            rows.setdefault(spot_of(row.href).slug or row.href, row)
    if not rows:
        raise not_found(TITLES, url)
    return Listed(rows.values(), reading.notes)


def tree_of(text: str, url: str) -> html.HtmlElement:
    """A large page as a tree of lxml's. Raises PageChanged."""
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError) as error:
        raise PageChanged(f"{url} is no page that can be read.") from error


def _title_row(anchor: html.HtmlElement, genre: str) -> TitleRow:
    names = names_in(anchor.get("data-alternative-title") or "")
    return TitleRow(plain(anchor.text_content()), anchor.get("href").strip(), names, genre)


def numbers_in(text: str) -> tuple[int | None, int | None]:
    """Season and episode of the first code in a text (``S01E05``, ``S01 E05``)."""
    found = _CODE.search(text)
    return (int(found[1]), int(found[2])) if found else (None, None)


def name_of(tag: Tag) -> str:
    """The name in a link or card: what stands before its code, time or day, where it holds one."""
    text = spaced(tag)
    found = [match.start() for pattern in (_CODE, _BEHIND_NAME) if (match := pattern.search(text))]
    return text[: min(found)].strip(" -–—:·|~,") or text if found else words_of(tag)
