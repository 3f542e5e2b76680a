"""The lists of engine 1: new episodes, calendar, all titles. Pure functions: text and address in, facts out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import partial

from bs4 import Tag
from lxml import html

from aniworld.providers.catalogues.dates import day_in, day_near, moment_of
from aniworld.providers.catalogues.hrefs import spot_of
from aniworld.providers.catalogues.languages import from_flag_file, from_label
from aniworld.providers.catalogues.list_pages import (
    CalendarRow,
    Listed,
    NewRow,
    TitleRow,
    joined,
    listed,
    name_of,
    numbers_in,
    tree_of,
)
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

NEW_ROWS = "div.newEpisodeList div.rows > div"
CALENDAR = "section.calendarList"
TITLES = "#seriesContainer div.genre"

_NONE = re.compile(r"\b(?:keine?|nichts?)\b", re.IGNORECASE)


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


def _cards(section: Tag) -> Iterator[tuple[Tag, Tag, date | None]]:
    """Title, section and day of each card; there may be several days in one section. The day is None where the heading
    names none that exists.
    """
    day: date | None = None
    for heading in section.select("h2, h3, h4, h5, .seriesTitle"):
        if "seriesTitle" in (heading.get("class") or []):
            yield heading, section, day
        elif (named := day_near(spaced(heading))) or heading.parent is section:
            day = named


def _calendar_row(title: Tag, section: Tag, day: date | None, reading: Reading) -> CalendarRow | None:
    card = _card(title, section)
    anchors = [card, *card.select("a[href]")] if card.name == "a" else card.select("a[href]")
    href = next((href for anchor in anchors if spot_of(href := attribute(anchor, "href")).slug), "")
    small = " ".join(spaced(tag) for tag in card.select("small"))
    season, episode = numbers_in(small)
    if not href:
        return None
    if day is None:
        raise ValueError("its heading names no day")
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


def _title_row(anchor: html.HtmlElement, genre: str) -> TitleRow:
    names = names_in(anchor.get("data-alternative-title") or "")
    return TitleRow(plain(anchor.text_content()), anchor.get("href").strip(), names, genre)
