"""Where a page sends the browser, read and never run: assignments to ``location``, its calls, and meta refresh.

Only constants are followed: a literal, a sum of literals, a variable or property that holds one, a decoded literal.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

from aniworld.providers.fetch.html import attribute
from aniworld.providers.hosters.script_scanner import ADDRESS_CHARS, SCRIPT_CHARS, unescape

_WINDOW = r"(?:(?:window|document|top|self|parent|globalThis|frames)\.)*"
_LOCATION = re.compile(rf"{_WINDOW}location(?:\.href)?")
_ASSIGNED = re.compile(rf"{_WINDOW}location(?:\.(href|pathname|search))?")
_CALLED = re.compile(rf"{_WINDOW}location\.(?:replace|assign)")
_OPENED = re.compile(rf"{_WINDOW}open")
_ALIASED = re.compile(rf"{_WINDOW}(?:window|document|top|self|parent|globalThis|location)")
_OWN = re.compile(rf"{_WINDOW}location\.(origin|protocol|host|hostname)")
_SAME_TAB = frozenset({"_self", "_top", "_parent"})
_SPEAKS_OF_MOVES = re.compile(r"location|submit|open|tion[\"'`]")
_REFRESH = re.compile(r"\s*[\d.]+\s*[;,\s]\s*(?:url\s*=\s*)?(?:'([^']*)|\"([^\"]*)|(.*))", re.IGNORECASE | re.DOTALL)
_HANDLERS = ("onload", "onpageshow")
_RUNS_TEXT = re.compile(r"(?:^|\.)(?:setTimeout|setInterval|eval|execScript|Function)$")
_DECODERS = frozenset({"decodeURIComponent", "decodeURI", "unescape", "encodeURI", "String"})

_TOKEN = re.compile(
    r"(?P<comment>/\*(?:.*?\*/|.*)|//[^\n]*)"
    r"|(?P<string>\"(?>(?:[^\"\\\n]|\\.)*)\"?|'(?>(?:[^'\\\n]|\\.)*)'?|`(?>(?:[^`\\]|\\.)*)`?)"
    r"|(?P<name>[A-Za-z_$][\w$]*(?:\s{0,8}\??\.\s{0,8}[A-Za-z_$][\w$]*)*)|(?P<number>\d+)"
    r"|(?P<mark>=>|[=!]==?|[<>]=|[+\-*/%&|^]=|&&|\|\||\?\?|\S)",
    re.DOTALL,
)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_ENDS = frozenset({"", ";", ",", ")", "}", "]", "!"})
_SHORT, _TOKENS, _TERMS, _NESTED, _MOVES = 1000, 60_000, 10_000, 12, 50


@dataclass(frozen=True)
class Move:
    """``address``: as the page writes it, empty where it is no constant. ``sure``: outside any function and
    condition.
    """

    address: str
    sure: bool = True


class _Token(NamedTuple):
    kind: str
    text: str


_END = _Token("mark", "")


def handlers(soup: BeautifulSoup) -> list[str]:
    """What the page's elements run as soon as it is there."""
    tags = soup.select(",".join(f"body[{name}]" for name in _HANDLERS))
    return [text for tag in tags for name in _HANDLERS if (text := attribute(tag, name))]


def moves_of(soup: BeautifulSoup, scripts: list[str], url: str) -> list[Move]:
    """Every place where the page itself leads on, in order; ``url``: its own address."""
    metas = (_REFRESH.match(attribute(tag, "content")) for tag in soup.select("meta[http-equiv='refresh' i]"))
    targets = ((found[1] or found[2] or found[3] or "").strip() for found in metas if found)
    moves = [Move(target) for target in targets if target]
    if any(map(_SPEAKS_OF_MOVES.search, scripts)):
        moves += _Script(_tokens_of(scripts), url).moves()
    return moves


def _tokens_of(scripts: list[str]) -> list[_Token]:
    tokens: list[_Token] = []
    left = SCRIPT_CHARS
    for script in scripts:
        if left > 0 and (len(script) < _SHORT or _SPEAKS_OF_MOVES.search(script)):
            _read(script[:left], tokens)
            left -= len(script)
    for at in range(2, len(tokens)):
        kind, text = tokens[at]
        code = kind == "string" and len(text) < 2 * _SHORT and "location" in text and tokens[at - 1].text == "("
        if code and _RUNS_TEXT.search(tokens[at - 2].text):
            _read(text, tokens)
    return tokens


def _read(script: str, tokens: list[_Token]) -> None:
    """Adds the script's tokens; ``a["b"]``, ``a["b" + "c"]`` and ``a . b`` become one name."""
    for found in _TOKEN.finditer(script):
        kind, text = found.lastgroup or "", found[0]
        if kind == "comment":
            continue
        if len(tokens) >= _TOKENS:
            return
        if kind == "string":
            kind, text = ("mark", "`") if text[0] == "`" and "${" in text else (kind, unescape(text[1:-1]))
        elif kind == "name":
            text = re.sub(r"[\s?]", "", text)
            if len(tokens) > 1 and tokens[-1] == ("mark", ".") and tokens[-2].kind == "name":
                text = f"{tokens[-2].text}.{text}"
                del tokens[-2:]
        elif text == "]" and (indexed := _indexed(tokens)):
            del tokens[-indexed[0] :]
            kind, text = "name", indexed[1]
        tokens.append(_Token(kind, text))
    tokens.append(_Token("mark", ";"))


def _indexed(tokens: list[_Token]) -> tuple[int, str] | None:
    """The name that the last tokens make with their index, and how many these are."""
    word, count = "", 0
    while count < 2 * _NESTED and len(tokens) > count + 2 and tokens[-1 - count].kind == "string":
        word = tokens[-1 - count].text + word
        before, outer = tokens[-2 - count], tokens[-3 - count]
        if before == ("mark", "[") and outer.kind == "name" and _NAME.fullmatch(word):
            return count + 3, f"{outer.text}.{word}"
        if before != ("mark", "+"):
            return None
        count += 2
    return None


class _Script:
    def __init__(self, tokens: list[_Token], url: str) -> None:
        self._tokens, self._url = tokens, url
        self._set: dict[str, list[int]] = {}  # where the values of names and properties begin
        self._aliases: dict[str, str] = {}
        self._deep: list[bool] = []
        self._terms = _TERMS
        self._learn()

    def _token(self, at: int) -> _Token:
        return self._tokens[at] if 0 <= at < len(self._tokens) else _END

    def _learn(self) -> None:
        objects: list[str] = []  # for each open brace the name of its object, or nothing
        pending = ""
        for at, (kind, text) in enumerate(self._tokens):
            self._deep.append(bool(objects))
            after = self._token(at + 1).text if self._token(at + 1).kind == "mark" else ""
            if kind == "mark" and text == "{":
                objects.append(pending)
            elif kind == "mark" and text == "}" and objects:
                objects.pop()
            named = ""
            if kind == "name" and after in ("=", "+="):
                named = text.removeprefix("window.")
                self._alias(named, at + 2)
            elif kind in ("name", "string") and after == ":" and objects and objects[-1]:
                named = f"{objects[-1]}.{text}" if len(objects) < _NESTED else ""
            if named:
                self._set.setdefault(named, []).append(at + 2 if after != "+=" else -at)
            if kind != "mark" or text not in ("=", ":"):
                pending = named

    def _alias(self, name: str, at: int) -> None:
        kind, text = self._token(at)
        if kind == "name" and "." not in name and _ALIASED.fullmatch(text) and self._ends(at + 1):
            self._aliases[name] = text

    def _called(self, name: str) -> str:
        """The name with an alias of the window or its location opened."""
        first, dot, rest = name.partition(".")
        return f"{self._aliases[first]}.{rest}" if dot and first in self._aliases else name

    def moves(self) -> Iterator[Move]:
        count = 0
        for at, (kind, text) in enumerate(self._tokens):
            if kind != "name" or self._token(at - 1) == ("mark", "."):
                if text.endswith("submit") and self._is_submit(at):
                    yield Move("", sure=False)
                continue
            address = self._leads(self._called(text), at)
            if address is not None:
                yield Move(address, sure=not self._deep[at])
                count += 1
                if count >= _MOVES:
                    return

    def _is_submit(self, at: int) -> bool:
        return self._token(at).kind == "name" and [self._token(at + n).text for n in (1, 2)] == ["(", ")"]

    def _leads(self, name: str, at: int) -> str | None:
        """The address, empty where it is no constant; None for what leads nowhere."""
        mark = self._token(at + 1)
        if mark == ("mark", "=") and (found := _ASSIGNED.fullmatch(name)):
            value = self._token(at + 2)
            if value.kind == "name" and _LOCATION.fullmatch(self._called(value.text)) and self._ends(at + 3):
                return None  # out of a frame, to where it is already
            address = self._constant(at + 2) or ""
            lead = {"pathname": "/", "search": "?"}.get(found[1] or "", "")
            return address if not address or address.startswith(lead) else lead + address
        if mark != ("mark", "("):
            return None
        if _CALLED.fullmatch(name):
            return self._constant(at + 2) or ""
        if _OPENED.fullmatch(name) and self._second(at + 2) in _SAME_TAB:
            return self._constant(at + 2) or ""
        return "" if name.endswith(".submit") and self._is_submit(at) else None

    def _second(self, at: int) -> str | None:
        """A call's second argument, where it is a constant."""
        depth = 0
        for place in range(at, min(at + 200, len(self._tokens))):
            kind, text = self._tokens[place]
            if kind == "mark" and text == "," and not depth:
                return self._constant(place + 1)
            depth += (kind == "mark") * ((text in "([{") - (text in ")]}"))
            if depth < 0:
                return None
        return None

    def _ends(self, at: int) -> bool:
        kind, text = self._token(at)
        return kind == "name" or (kind == "mark" and text in _ENDS)

    def _constant(self, at: int, depth: int = 0) -> str | None:
        text, behind = self._sum(at, depth)
        return text if text is not None and self._ends(behind) else None

    def _sum(self, at: int, depth: int) -> tuple[str | None, int]:
        whole = ""
        while True:
            text, at = self._term(at, depth)
            if text is None or len(whole) + len(text) > ADDRESS_CHARS:
                return None, at
            whole += text
            if self._token(at) != ("mark", "+"):
                return whole, at
            at += 1

    def _term(self, at: int, depth: int) -> tuple[str | None, int]:
        self._terms -= 1
        if self._terms < 0 or depth > _NESTED:
            return None, at
        kind, text = self._token(at)
        if kind in ("string", "number"):
            return text, at + 1
        decodes = kind == "name" and text.removeprefix("window.") in _DECODERS and self._token(at + 1).text == "("
        if decodes or (kind, text) == ("mark", "("):
            inner, behind = self._sum(at + 1 + decodes, depth + 1)
            if inner is None or self._token(behind) != ("mark", ")"):
                return None, at
            return unquote(inner) if decodes else inner, behind + 1
        return (self._held(text, at, depth), at + 1) if kind == "name" else (None, at)

    def _held(self, name: str, at: int, depth: int) -> str | None:
        """What a variable or property holds at this place, where that is a constant."""
        if own := _OWN.fullmatch(self._called(name)):
            parts = urlsplit(self._url)
            values = {"protocol": f"{parts.scheme}:", "host": parts.netloc, "hostname": parts.hostname or ""}
            return values.get(own[1], f"{parts.scheme}://{parts.netloc}")
        places = self._set.get(name.removeprefix("window."), [])
        if not places:
            return None
        place = places[max(0, bisect_left(places, at, key=abs) - 1)]
        return self._constant(place, depth + 1) if place > 0 else None
