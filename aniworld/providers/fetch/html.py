"""Reading pages: one soup, a few questions to it. Loaded with the first page, since bs4 and lxml are heavy."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag

from aniworld.core.errors import PageChanged, TooLarge

TAGS = 150_000
DEPTH = 400

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})")
_SCRIPT_END = re.compile(r"</(?:script|style)", re.IGNORECASE)
_SELF_CLOSING = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
    | {"li", "p", "td", "th", "tr", "option", "dt", "dd", "tbody", "thead"}
)
_NESTING = re.compile(r"""<(source|track)\b(?>(?:[^<>"']|"[^"]{0,4096}"|'[^']{0,4096}')*)>""", re.IGNORECASE)
_MARKUP = re.compile(r"</?(?:em|strong|mark|span|small|b|i|u|br|p)\b[^<>]{0,200}>", re.IGNORECASE)
_BREAK = re.compile(r"</?(?:br|p)\b[^<>]{0,200}>", re.IGNORECASE)
_LOOKALIKES = str.maketrans(
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαινορυАВЕКМНОРСТХаеорсух", "ABEZHIKMNOPTYXaivopuABEKMHOPCTXaeopcyx"
)  # Greek and Cyrillic
_NAME = re.compile(r'\s*"([^"]*)"(?=\s*(?:,|$))|([^,]+)')


def soup_of(text: str, url: str) -> BeautifulSoup:
    """The page as a tree. Raises TooLarge for more elements than any honest page has, PageChanged for no HTML."""
    text = _NESTING.sub(r"\g<0></\1>", text)  # libxml2 does not know that these have no content, and nests them
    if text.count("<") > TAGS or depth_of(text) > DEPTH:
        raise TooLarge(f"{url} has too many elements, or they are nested too deeply, and was not read.")
    try:
        return BeautifulSoup(text, "lxml")
    except (RecursionError, ValueError, AssertionError, TypeError) as error:
        raise PageChanged(f"{url} is no page that can be read.") from error


def depth_of(text: str) -> int:
    """About how deep elements are nested, at most: what closes by itself does not count, scripts are passed over."""
    depth = deepest = place = 0
    opened: dict[str, int] = {}
    while found := _TAG.search(text, place):
        name, place = found[2].lower(), found.end()
        if name in ("script", "style") and not found[1]:
            end = _SCRIPT_END.search(text, place)
            place = end.end() if end else len(text)
        elif name not in _SELF_CLOSING and (not found[1] or opened.get(name)):  # a stray end tag ends nothing
            step = -1 if found[1] else 1
            depth, opened[name] = depth + step, opened.get(name, 0) + step
            deepest = max(deepest, depth)
    return deepest


def words_of(tag: Tag | None) -> str:
    """The text in a tag, white space made single, entities that were escaped twice opened; empty for None."""
    return plain(tag.get_text()) if tag is not None else ""


def spaced(tag: Tag | None) -> str:
    """As ``words_of``, with a space between elements: neighbouring cells and badges are words of their own."""
    return plain(tag.get_text(" ")) if tag is not None else ""


def plain(text: str) -> str:
    """Text with (doubly) escaped entities opened and white space made single."""
    for _ in range(2):
        if not _ENTITY.search(text):
            break
        text = html.unescape(text)
    return " ".join(text.replace("\x00", "").split())


def without_markup(text: object) -> str:
    """Plain text of a value from JSON that may carry ``<em>`` and the like, and escaped entities; empty for no text.

    Only tags of formatting go: a title such as ``A <B> C`` keeps what it is called.
    """
    return plain(_MARKUP.sub("", _BREAK.sub(" ", plain(text)))) if isinstance(text, str) else ""


def without_lookalikes(text: str) -> str:
    """Text with the Greek and Cyrillic letters that look like Latin ones as those: ``DEMΝÄCHST`` as ``DEMNÄCHST``."""
    return unicodedata.normalize("NFC", text).translate(_LOOKALIKES)


def names_in(stated: str) -> tuple[str, ...]:
    """The names in a list with commas, each once; a name in quotation marks may hold a comma itself."""
    names = (quoted or bare.strip("\"' ") for quoted, bare in _NAME.findall(plain(stated)))
    return tuple(dict.fromkeys(name for each in names if (name := each.strip())))


def attribute(tag: Tag | None, *names: str) -> str:
    """The first of these attributes that has a value; empty where none does."""
    if tag is None:
        return ""
    for name in names:
        value = tag.get(name.lower())
        if isinstance(value, list):
            value = " ".join(value)
        if value and value.strip():
            return value.strip()
    return ""


def image_address(tag: Tag | None) -> str:
    """An image's address: ``data-src`` of a lazy one before ``src``; never an inline placeholder."""
    if tag is None:
        return ""
    candidates = (attribute(tag, name) for name in ("data-src", "data-original", "data-lazy-src", "src"))
    return next((address for address in candidates if address and not address.startswith("data:")), "")


def select_first(soup: BeautifulSoup | Tag, *selectors: str) -> Tag | None:
    """The first tag that any of these selectors finds, in their order, with text or not."""
    return next((tag for selector in selectors if (tag := soup.select_one(selector)) is not None), None)


def texts(tags: list[Tag]) -> Iterator[str]:
    """The texts that are not empty, each once, in order."""
    return iter(dict.fromkeys(text for tag in tags if (text := words_of(tag))))


def number_in(text: str | None, lowest: int = 1, highest: int = 10_000) -> int | None:
    """The first whole number in a text, where it is in range; None otherwise."""
    found = re.search(r"\d{1,6}", text or "")
    number = int(found[0]) if found else -1
    return number if lowest <= number <= highest else None


def not_found(selector: str, url: str) -> PageChanged:
    """What to raise when a page lacks what was looked for."""
    return PageChanged(f"{url} has no “{selector}”: the site has changed its pages, or this is no page of it.")
