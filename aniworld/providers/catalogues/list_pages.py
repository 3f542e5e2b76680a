"""Rows of the lists that catalogues have: new episodes, calendar, all titles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from bs4 import Tag
from lxml import etree, html

from aniworld.core.errors import PageChanged
from aniworld.providers.catalogues.hrefs import spot_of
from aniworld.providers.catalogues.reading import Reading
from aniworld.providers.fetch.html import (
    not_found,
    spaced,
    words_of,
)

R = TypeVar("R")


_CODE = re.compile(
    r"(?<![^\W\d_])(?:S|Staffel|Season)\s*0*(\d{1,4})[\s,:/|·-]*(?:E|Ep\.?|Episode|Folge)\s*0*(\d{1,5})(?!\d)",
    re.IGNORECASE,
)


_BEHIND_NAME = re.compile(r"(?<!\d)\d{1,2}:\d{2}(?!\d)|(?<!\d)\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2})(?!\d)")


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


def joined(rows: Iterable[NewRow]) -> tuple[NewRow, ...]:
    """Each episode once, on the day that is named first, with the languages of all of its rows."""
    found: dict[tuple[str, int | None, int | None], NewRow] = {}
    for row in rows:
        at = (spot_of(row.href).slug, row.season, row.episode)
        known = found.get(at)
        languages = tuple(dict.fromkeys((*(known.languages if known else ()), *row.languages)))
        found[at] = replace(row, day=known.day if known else row.day, languages=languages)
    return tuple(found.values())


def tree_of(text: str, url: str) -> html.HtmlElement:
    """A large page as a tree of lxml's. Raises PageChanged."""
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError) as error:
        raise PageChanged(f"{url} is no page that can be read.") from error


def numbers_in(text: str) -> tuple[int | None, int | None]:
    """Season and episode of the first code in a text (``S01E05``, ``S01 E05``)."""
    found = _CODE.search(text)
    return (int(found[1]), int(found[2])) if found else (None, None)


def name_of(tag: Tag) -> str:
    """The name in a link or card: what stands before its code, time or day, where it holds one."""
    text = spaced(tag)
    found = [match.start() for pattern in (_CODE, _BEHIND_NAME) if (match := pattern.search(text))]
    return text[: min(found)].strip(" -–—:·|~,") or text if found else words_of(tag)
