"""Engine 1's support page about postponed episodes. A pure function: text and address in, facts out.

A series stands in a line of its own or in a link, its episodes below it as ``• S01 E05 (Sub)``, each with the old day
(``▼``) and the new one (``▲``) in its line or in the lines below. Sentences (``S01E05 von … auf …``) are read as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from bs4 import Tag

from aniworld.core.media import GER_DUB, GER_SUB

from .aniworld_lists import Listed
from .dates import day_in, days_in
from .hrefs import spot_of
from .html import attribute, not_found, plain, select_first, soup_of, words_of
from .reading import Reading

ARTICLE = ".supportFAQArticle"

_CODE = re.compile(r"S\s*0*(\d{1,4})\s*E\s*0*(\d{1,5})", re.IGNORECASE)
_SIGNED = re.compile(r"([▲▼])([^▲▼]*)")
_TO = re.compile(r"(?:→|=>|->|\bauf(?:\s+den)?\b|\bneu(?:er\s+termin)?\b\s*:?|\bab\b)(.*)", re.IGNORECASE)
_UNKNOWN = re.compile(r"unbestimmt|unbekannt|\btba\b|\btbd\b|bis auf weiteres", re.IGNORECASE)
_REMARK = re.compile(r"(?:grund|hinweis|info|quelle|update|stand|achtung|letzte)\b", re.IGNORECASE)
_SEPARATOR = re.compile(r"[-–—_=\s]{3,}")
_ORNAMENTS = ' \t•·–—:-⚠\ufe0f🚨ℹ|>()„“"'
_BLOCKS = "p, li, tr, div, h1, h2, h3, h4, h5, h6, ul, ol, section, article, dt, dd, hr"
_LINK = re.compile("\ue000([^\ue001]*)\ue001")


@dataclass(frozen=True)
class PostponedRow:
    """``day`` None: no new day is known. ``was``: the day before. ``href`` empty where only the name says the series.

    ``languages``: those that it is about; empty for all.
    """

    name: str
    href: str
    season: int
    episode: int
    day: date | None
    was: date | None
    languages: tuple[str, ...] = ()


@dataclass
class _Notice:
    name: str
    href: str
    lines: list[str] = field(default_factory=list)


def parse_postponed(text: str, url: str) -> Listed[PostponedRow]:
    """The postponed episodes, and what could not be read. A page without any has to speak of postponements.

    Raises PageChanged.
    """
    soup = soup_of(text, url)
    article = select_first(soup, ARTICLE, "article", "main", "body")
    if article is None or "verschieb" not in words_of(article).lower():
        raise not_found(ARTICLE, url)
    reading = Reading(url)
    rows = tuple(reading.each(_notices(article), _postponed))
    return Listed(rows, reading.notes)


def _notices(article: Tag) -> Iterator[_Notice]:
    """What is said of each episode, with the series that was named last."""
    name = href = ""
    notice: _Notice | None = None
    for line, link in _lines(article):
        code = _CODE.search(line)
        if code is not None or link or _SEPARATOR.fullmatch(line):
            if notice is not None:
                yield notice
            notice = None
        if _SEPARATOR.fullmatch(line):
            name = href = ""
            continue
        title = (line[: code.start()] if code else line).strip(_ORNAMENTS)
        if link:
            name, href = title, link
        elif notice is not None and (days_in(line) or _SIGNED.search(line) or _UNKNOWN.search(line)):
            notice.lines.append(line)
            continue
        elif title and not _REMARK.match(title) and not days_in(title):
            name, href = title, ""
        if code is not None:
            notice = _Notice(name, href, [line[code.start() :]])
    if notice is not None:
        yield notice


def _lines(article: Tag) -> Iterator[tuple[str, str]]:
    """The lines that a reader sees, each with the link to a series in it."""
    for anchor in article.select("a[href]"):
        href = attribute(anchor, "href")
        if spot_of(href).slug:
            anchor.insert(0, f"\ue000{href}\ue001")
    for tag in article.select("br"):
        tag.replace_with("\n")
    for block in article.select(_BLOCKS):
        block.insert(0, "\n")
        block.append("\n")
    for cell in article.select("td, th"):
        cell.append(" ")
    for line in article.get_text().split("\n"):
        link = _LINK.search(line)
        words = plain(_LINK.sub(" ", line))
        if words:
            yield words, link[1] if link else ""


def _postponed(notice: _Notice) -> PostponedRow | None:
    text = " ".join(notice.lines)
    code = _CODE.search(text)
    new, old = _new_and_old(text)
    if code is None or (new is None and old is None):
        return None
    said = text.replace(" ", "").lower()
    languages = tuple(code for code, sign in ((GER_SUB, "(sub)"), (GER_DUB, "(dub)")) if sign in said)
    return PostponedRow(notice.name, notice.href, int(code[1]), int(code[2]), new, old, languages)


def _new_and_old(text: str) -> tuple[date | None, date | None]:
    """The new day and the old one: by ``▲`` and ``▼``, by ``auf`` and ``von``, else the last and first of several days."""
    signed = {sign: day_in(rest) for sign, rest in _SIGNED.findall(text)}
    if signed:
        return signed.get("▲"), signed.get("▼")
    days = days_in(text)
    worded = _TO.search(text)
    new = day_in(worded[1]) if worded else None
    if new is not None:
        return new, next((day for day in days if day != new), None)
    if _UNKNOWN.search(text):
        return None, days[0] if days else None
    return (days[-1] if days else None), (days[0] if len(days) > 1 else None)
