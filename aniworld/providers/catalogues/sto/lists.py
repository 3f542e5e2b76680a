"""The lists of engine 2: new episodes, calendar, all titles. Pure functions: text and address in, facts out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from bs4 import Tag

from aniworld.core.errors import PageChanged
from aniworld.providers.catalogues.dates import day_in, day_near, moment_of
from aniworld.providers.catalogues.hrefs import Spot, spot_of
from aniworld.providers.catalogues.languages import BY_LANGUAGE_ID, from_label
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
from aniworld.providers.catalogues.sto.pages import flag_language
from aniworld.providers.fetch.html import attribute, names_in, not_found, number_in, plain, soup_of, spaced

NEW_ROWS = "table.new-episodes-table tbody tr"
TITLES = "li.series-item[data-search] a"
CALENDAR = "a[href*='/serie/']"

_DATED = ("data-date", "data-day", "datetime")
_CARDS = frozenset({"tr", "li", "article", "section", "div", "a"})
_BADGE = re.compile(r"[^\W\d_]{0,8}[\s.:#]*(\d{1,5})")
_SEPARATORS = re.compile(r"\s*[,;|/]\s*")
_TITLES = (".series-title", ".show-title", "h3", "h4", "h5", "h6", "strong", "a[href]")  # of a card, best first


def parse_new_episodes(text: str, url: str) -> Listed[NewRow]:
    """One row for each episode, its languages joined, in the page's order. Raises PageChanged."""
    soup = soup_of(text, url)
    if soup.select_one("table.new-episodes-table") is None:
        raise not_found(NEW_ROWS, url)
    reading = Reading(url)
    lines = soup.select(NEW_ROWS) or soup.select("table.new-episodes-table tr:has(td)")
    return listed(joined(reading.each(lines, lambda line: _new_row(line, reading))), reading, NEW_ROWS, url)


def _new_row(line: Tag, reading: Reading) -> NewRow | None:
    anchor = line.select_one("a[href*='/serie/']")
    if anchor is None:
        if len(line.select("td")) > 1:  # one wide cell is a remark, or says that there are none
            reading.unread(line)
        return None
    href = attribute(anchor, "href")
    season, episode = _numbers(line, spot_of(href))
    day = day_in(spaced(line)) or next((day for tag in line.select("time") if (day := _stated_day(tag))), None)
    return NewRow(name_of(anchor), href, season, episode, day, _languages(line, reading))


def _numbers(card: Tag, spot: Spot) -> tuple[int | None, int | None]:
    """Season and episode: by the link, else by a code, else by two badges with a number each."""
    if spot.season is not None and spot.episode is not None:
        return spot.season, spot.episode
    season, episode = numbers_in(spaced(card))
    if episode is not None:
        return season, episode
    badges = [int(found[1]) for badge in card.select("span.badge") if (found := _BADGE.fullmatch(spaced(badge)))]
    return (badges[0], badges[1]) if len(badges) >= 2 else (spot.season, spot.episode)


def _languages(card: Tag, reading: Reading) -> tuple[str, ...]:
    found = (flag_language(mark, reading) for mark in card.select("svg, img, [data-language-id]"))
    return tuple(dict.fromkeys(code for code in found if code))


def parse_titles(text: str, url: str) -> Listed[TitleRow]:
    """Every title of the catalogue, each once. Read without a soup: the page has up to 2.5 MB. Raises PageChanged."""
    tree, reading = tree_of(text, url), Reading(url)
    rows: dict[str, TitleRow] = {}
    items = tree.xpath("//li[@data-search][contains(concat(' ', normalize-space(@class), ' '), ' series-item ')]")
    for row in reading.each(items, _title_row):
        rows.setdefault(spot_of(row.href).slug or row.href, row)
    if not rows:
        raise not_found(TITLES, url)
    return Listed(rows.values(), reading.notes)


def _title_row(item: Any) -> TitleRow | None:
    anchors = item.xpath(".//a[@href]")
    name = plain(anchors[0].text_content()) if anchors else ""
    href = anchors[0].get("href").strip() if anchors else ""
    if not name or not spot_of(href).slug:
        return None
    headings = item.xpath("preceding::h3[1]")
    return TitleRow(
        name, href, _alternatives(item.get("data-search"), name), plain(headings[0].text_content()) if headings else ""
    )


def _alternatives(stated: str, name: str) -> tuple[str, ...]:
    """The other names in the text that the site's own filter searches: a list, or the name and one more."""
    text = plain(stated)
    if not _SEPARATORS.search(text) and text.casefold().startswith(f"{name.casefold()} "):
        text = text[len(name) :]
    names = names_in(_SEPARATORS.sub(", ", text)) if "," not in name else names_in(text)
    return tuple(one for one in names if one.casefold() != name.casefold())


def parse_calendar(text: str, url: str) -> Listed[CalendarRow]:
    """What airs on which day, by every link to a series below a day; empty where the page is filled in by a script.

    Raises PageChanged where it has links, but no day for any of them.
    """
    soup = soup_of(text, url)
    reading = Reading(url)
    links = soup.select(f"{CALENDAR}, [onclick*='/serie/']")
    rows = dict.fromkeys(reading.each(_dated(soup), lambda card: _calendar_row(*card, reading)))
    if links and not rows:
        raise not_found("[data-date]", url)
    return Listed(rows, reading.notes)


def _dated(soup: Tag) -> Iterator[tuple[Tag, str, date]]:
    """Card, address and day of each link. A day is stated by the card itself, else by the last heading before it."""
    day: date | None = None
    for tag in soup.find_all(True):
        if tag.name in ("h1", "h2", "h3", "h4", "h5", "h6", "th", "caption", "summary"):
            day = day_near(spaced(tag)) or day
        elif any(tag.get(name) for name in _DATED):
            day = _stated_day(tag) or day
        href = attribute(tag, "href") if tag.name == "a" else _clicked(tag)
        if not spot_of(href).slug:
            continue
        card = _card(tag, href)
        own = day_near(spaced(card.select_one(".badge-release"))) or _own_day(card) or day
        if own is not None:
            yield card, href, own


def _own_day(card: Tag) -> date | None:
    tags = (card, *card.select(", ".join(f"[{name}]" for name in _DATED)))
    return next((day for tag in tags if (day := _stated_day(tag))), None)


def _stated_day(tag: Tag) -> date | None:
    return day_in(attribute(tag, *_DATED))


def _clicked(tag: Tag) -> str:
    found = re.search(r"[\w%./:-]*/serie/[\w%./-]+", attribute(tag, "onclick")[:2000])
    return found[0] if found else ""


def _card(tag: Tag, href: str) -> Tag:
    """The widest element around a link that holds no link to another episode."""
    card = tag
    for around in tag.parents:
        others = {attribute(link, "href") for link in around.select(CALENDAR)} - {href}
        if around.name not in _CARDS or others or len(around.select("h1, h2, h3, h4")) > 1:
            break
        card = around
    return card


def _calendar_row(card: Tag, href: str, day: date, reading: Reading) -> CalendarRow | None:
    season, episode = _numbers(card, spot_of(href))
    tags = (tag for selector in _TITLES for tag in card.select(selector))
    name = next((title for tag in tags if day_in(spaced(tag)) is None and (title := name_of(tag))), "") or name_of(card)
    return CalendarRow(name[:300], href, season, episode, day, moment_of(day, spaced(card)), _languages(card, reading))


def calendar_of(answer: Any, url: str) -> Listed[CalendarRow]:
    """What ``/api/calendar`` answers, which the calendar's page is filled from: day → entries. Raises PageChanged."""
    if not isinstance(answer, Mapping):
        raise PageChanged(f"{url} was expected to answer with a list and did not.")
    reading = Reading(url)
    entries = (
        (entry, day)
        for stated, found in answer.items()
        if isinstance(found, list) and (day := day_in(str(stated)))
        for entry in found
    )
    return listed(reading.each(entries, lambda pair: _calendar_entry(*pair, reading)), reading, "entries", url)


def _calendar_entry(entry: Mapping[str, Any], day: date, reading: Reading) -> CalendarRow | None:
    href = str(entry.get("url") or "")
    spot = spot_of(href)
    if not spot.slug:
        return None
    season, episode = number_in(str(entry.get("season")), 0), number_in(str(entry.get("episode")))
    identity, label = str(entry.get("language_id") or ""), str(entry.get("language") or "")
    code = from_label(label) or BY_LANGUAGE_ID.get(identity)
    languages = (reading.language(code, label or identity),) if label or identity else ()
    return CalendarRow(
        plain(str(entry.get("title") or "")),
        href,
        season if season is not None else spot.season,
        episode if episode is not None else spot.episode,
        day,
        moment_of(day, str(entry.get("time") or "")),
        languages,
    )
