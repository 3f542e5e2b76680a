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
from aniworld.providers.catalogues.dates import dated_in, day_in, days_in
from aniworld.providers.catalogues.hrefs import spot_of
from aniworld.providers.catalogues.list_pages import Listed
from aniworld.providers.catalogues.reading import Reading
from aniworld.providers.fetch.html import attribute, not_found, plain, select_first, soup_of, words_of

ARTICLE = ".supportFAQArticle"

_NUMBER = r"(?:E|Ep\.?|Episoden?|Folgen?)\s*0*(\d{1,5})(?!\d)"
_SEASON = r"(?<![^\W\d_])(?:S|Staffel|Season)\s*0*(\d{1,4})[\s,:/|·-]*"
_CODE = re.compile(_SEASON + _NUMBER, re.IGNORECASE)
_MORE = re.compile(
    r"\s*(?:\((?:sub|dub|omu)\)\s*)?(?P<sign>[-–—,;/&+•]|bis|und|u\.)\s*"
    rf"(?:{_SEASON}(?=E|F))?(?:{_NUMBER}|(?<=[-–—/])(\d{{2,4}})(?![\d.]|:\d))",
    re.IGNORECASE,
)
_LONGEST = 100  # episodes of one notice
_SIGNED = re.compile(r"([▲▼])([^▲▼]*)")
_UNKNOWN = re.compile(
    r"unbestimmt|unbekannt|ungewiss|\btba\b|\btbd\b|bis auf"
    r" weiteres|entf[aä]ll|fällt\s+aus|ausgefallen|abgesagt|gestrichen"
    r"|pausiert|noch kein(?:en)?\s+(?:neue[rn]?\s+)?termin",
    re.IGNORECASE,
)
_PUT_OFF = re.compile(r"verschoben|verschiebt|verspätet", re.IGNORECASE)
_OLD_WORD = (
    r"(?:vorher|zuvor|bislang|statt|anstatt|anstelle|ursprünglich\w*|bisher\w*|früher\w*|alt(?:e[rsn]?)?|eigentlich"
    r"|vo[nm])"
)
_NEW_WORD = r"(?:auf|neu\w*|jetzt|nun|stattdessen|ab|zum)"
_LEADS = (
    r"[\s:.,;(=~-]*(?:(?:am|auf|den|dem|der|für|vom|von|zum|war|ist|geplant\w*|termin|datum|start)\b[\s:.,(]*){0,4}"
    r"(?:(?:mo|di|mi|do|fr|sa|so)[a-zäöü]{0,9}\b[.,\s]*)?~?\s*$"
)
_OLD = re.compile(rf"\b{_OLD_WORD}\b{_LEADS}", re.IGNORECASE)
_NEW = re.compile(rf"(?:→|➔|➜|=>|->|\b{_NEW_WORD}\b){_LEADS}", re.IGNORECASE)
_BEHIND = re.compile(rf"\s*\(\s*(?:(?P<old>{_OLD_WORD})|(?P<new>{_NEW_WORD}))(?:\s+termin)?\s*\)", re.IGNORECASE)
_LED_ON = re.compile(r"\s*(?:→|➔|➜|=>|->)|.*\b(?:verschoben\s+auf|auf\s+unbestimmt)", re.IGNORECASE)
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
    found = reading.each(_notices(article), lambda notice: _postponed(notice, reading))
    rows = tuple(row for rows in found for row in rows)
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
        elif code is None and notice is not None and _goes_on(line):
            notice.lines.append(line)
            continue
        elif title and not _REMARK.match(title) and not days_in(title):
            name, href = title, ""
        *before, last = _parted(line) if code is not None else [""]
        yield from (_Notice(name, href, [part]) for part in before)
        if last:
            notice = _Notice(name, href, [last])
    if notice is not None:
        yield notice


def _goes_on(line: str) -> bool:
    """Whether a line without a code still speaks of the notice above it."""
    return any(pattern.search(line) for pattern in (_SIGNED, _UNKNOWN, _PUT_OFF)) or bool(days_in(line))


def _parted(line: str) -> list[str]:
    """A line's notices: each with its codes, and what is said of them up to the next ones."""
    starts: list[int] = []
    place = 0
    while found := _CODE.search(line, place):
        starts.append(found.start())
        place = _numbers(line, found)[1]
    return [line[start:end].strip() for start, end in zip(starts, [*starts[1:], len(line)], strict=True)]


def _numbers(text: str, first: re.Match[str]) -> tuple[list[tuple[int, int]], int]:
    """Season and number of each code from ``first`` on (``S01E05-E08``, ``S01E05, E06``), and where they end."""
    season, number, end = int(first[1]), int(first[2]), first.end()
    found = [(season, number)]
    while more := _MORE.match(text, end):
        other, last = int(more[2] or season), int(more[3] or more[4])
        is_range = more["sign"].lower() in ("-", "–", "—", "bis") and other == season
        if is_range and number < last <= number + _LONGEST:
            found += [(season, between) for between in range(number + 1, last)]
        found.append((other, last))
        season, number, end = other, last, more.end()
    return list(dict.fromkeys(found))[:_LONGEST], end


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


def _postponed(notice: _Notice, reading: Reading) -> tuple[PostponedRow, ...] | None:
    """A row for each of its episodes. One that says neither a day nor that none is known is reported."""
    text = " ".join(notice.lines)
    code = _CODE.search(text)
    if code is None:
        return None
    numbers, end = _numbers(text, code)
    new, old = _new_and_old(text[end:])
    if new is None and old is None and not (_UNKNOWN.search(text) or _PUT_OFF.search(text)):
        reading.unread(text)
        return None
    said = text.replace(" ", "").lower()
    languages = tuple(code for code, sign in ((GER_SUB, "(sub)"), (GER_DUB, "(dub)")) if sign in said)
    return tuple(
        PostponedRow(notice.name, notice.href, season, number, new, old, languages) for season, number in numbers
    )


def _new_and_old(text: str) -> tuple[date | None, date | None]:
    """The new day and the old one: by ``▲`` and ``▼``, by the words beside each day, else the last and first of
    several.
    """
    signed = {sign: day_in(rest) for sign, rest in _SIGNED.findall(text)}
    if signed:
        return signed.get("▲"), signed.get("▼")
    marked = list(_marked(text))
    days = [day for day, _ in marked]
    new = next((day for day, is_new in marked if is_new), None)
    old = next((day for day, is_new in marked if is_new is False), None)
    if new is None and not _UNKNOWN.search(text):
        new = next((day for day, is_new in reversed(marked) if is_new is None), None)
    return new, old or next((day for day in days if day != new), None)


def _marked(text: str) -> Iterator[tuple[date, bool | None]]:
    """Each day, and whether it is said to be the new one (True) or the old one (False); None where nothing is said."""
    place = 0
    found = dated_in(text)
    for at, (start, end, day) in enumerate(found):
        before, place = text[place:start], end
        is_last = at == len(found) - 1
        if behind := _BEHIND.match(text, end):
            place = behind.end()
            yield day, behind["new"] is not None
        elif _OLD.search(before):
            yield day, False
        elif _NEW.search(before):
            yield day, True
        else:
            yield day, False if is_last and _LED_ON.match(text, end) else None
