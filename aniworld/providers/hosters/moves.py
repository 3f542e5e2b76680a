"""Where a page sends the browser, read and never run: assignments to ``location``, its calls, and meta refresh."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup

from aniworld.providers.catalogues.html import attribute

from .script import Value, dotted, values_of

_WINDOW = r"(?:(?:window|document|top|self|parent|globalThis|frames)\.)*"
_MOVED = re.compile(rf"^{_WINDOW}location(?:\.(?:href|replace|assign))?$", re.IGNORECASE)
_MOVES = re.compile(rf"(?<![\w$.]){_WINDOW}location(?:\.href)?\s*=(?![=>])|location\.(?:replace|assign)\s*\(")
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\"]+)", re.IGNORECASE)
_CODE = re.compile(r"location\s*[.=\[]")
_HANDLERS = ("onload", "onpageshow")


def handlers(soup: BeautifulSoup) -> list[str]:
    """What the page's elements run as soon as it is there."""
    tags = soup.select(",".join(f"body[{name}]" for name in _HANDLERS))
    return [text for tag in tags for name in _HANDLERS if (text := attribute(tag, name))]


def moved_to(soup: BeautifulSoup, values: list[Value]) -> Iterator[str]:
    """The addresses that the page itself leads on to, as it writes them."""
    for tag in soup.select("meta[http-equiv='refresh' i]"):
        if found := _REFRESH.search(attribute(tag, "content")):
            yield found[1].strip()
    for value in values:
        if _moves(value):
            yield value.text
        elif _CODE.search(value.text) and len(value.text) < 2000:  # setTimeout("location.href = '/e/2'", 3000)
            yield from (inner.text for inner in values_of(value.text) if _moves(inner))


def _moves(value: Value) -> bool:
    return not value.joined and any(map(_MOVED.search, (value.whole, *value.path)))


def sends_on(soup: BeautifulSoup, source: str) -> bool:
    """Whether the page leads on at all, also where it does not state whereto."""
    metas = soup.select("meta[http-equiv='refresh' i]")
    return any("url" in attribute(tag, "content").lower() for tag in metas) or bool(_MOVES.search(dotted(source)))
