"""What a page's script states, read as text and never run: its string values with the names that lead to them.

A small scanner, linear in the text: it knows strings, names, brackets and comments, and that is all a player's set-up
needs (``jwplayer("x").setup({sources: [{file: "a.m3u8", label: "720p"}]})``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

SCRIPT_CHARS = 400_000
VALUES = 20_000
DEPTH = 100
VARIABLES = 2000
ADDRESS_CHARS = 4096

_TOKEN = re.compile(r"/\*|//|[\"'`]|[{}\[\](),;:=+]|[A-Za-z_$][\w$.]*|\d+")
_RUN = {quote: re.compile(rf"(?:[^{quote}\\]|\\.)*", re.DOTALL) for quote in "\"'`"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|u\{[0-9a-fA-F]{1,6}\}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": "", "v": "", "0": ""}
_INDEXED = re.compile(
    r"(?<=[\w$\])])\s?\[\s?([\"'`])(window|document|top|self|parent|location|href|replace|assign)\1\s?\]"
)
_NEXT = re.compile(r"\s{0,20}([+.(\[?])?")
_OPENING = {"{": "}", "[": "]", "(": ")"}


@dataclass(frozen=True)
class Value:
    """A string in a script. ``name``: its property, variable or called function; ``path``: the names around it.

    ``beside``: the other plain values of the same object. ``joined``: a piece of a sum, thus no whole address.
    ``whole``: the name with what stands before its dots, e.g. ``window.location.href``.
    """

    text: str
    name: str
    path: tuple[str, ...]
    beside: dict[str, str]
    joined: bool = False
    whole: str = ""


@dataclass
class _Frame:
    bracket: str
    name: str
    values: dict[str, str] = field(default_factory=dict)


def unescape(text: str) -> str:
    r"""A string literal's text: ``\/``, ``\u0026``, ``\x26`` opened."""
    return _ESCAPE.sub(_opened, text) if "\\" in text else text


def _opened(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) == 1:
        return _SIMPLE.get(code, code)
    number = int(code.strip("ux{}"), 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else ""


def dotted(script: str) -> str:
    """The script with ``window["location"]`` written as ``window.location``."""
    return _INDEXED.sub(r".\2", script)


def values_of(script: str, known: dict[str, str] | None = None) -> list[Value]:
    """Every string value in a script, in order; a variable that holds one counts as its string where it is used.

    ``known``: the variables of the scripts before it, to which this one's are added. Never raises; a script that is
    none gives what can be read.
    """
    return _Scanner(dotted(script[:SCRIPT_CHARS]), {} if known is None else known).scan()


class _Scanner:
    def __init__(self, text: str, known: dict[str, str]) -> None:
        self.text = text
        self.known = known
        self.later: list[tuple[str, Value]] = []  # variables that are used before they are set
        self.frames = [_Frame("", "")]
        self.found: list[Value] = []
        self.word = ""  # the last name or string, which may turn out to be a property's name
        self.name = ""  # the name whose value comes now
        self.plus = False
        self.closed = False  # a string has just ended: a name behind it begins another statement

    def scan(self) -> list[Value]:
        place = 0
        while len(self.found) < VALUES and (token := _TOKEN.search(self.text, place)):
            mark, place = token[0], token.end()
            if mark in "\"'`":
                place = self._string(mark, place)
            elif mark == "//":
                place = self._after("\n", place)
            elif mark == "/*":
                place = self._after("*/", place)
            else:
                self._step(mark, place)
        self.found += [replace(value, text=self.known[word]) for word, value in self.later if word in self.known]
        return self.found

    def _after(self, end: str, place: int) -> int:
        found = self.text.find(end, place)
        return len(self.text) if found < 0 else found + len(end)

    def _string(self, quote: str, place: int) -> int:
        run = _RUN[quote].match(self.text, place)
        end = run.end() if run else place
        if end >= len(self.text) or end == place:
            return end + 1
        text = unescape(self.text[place:end]) if end - place <= ADDRESS_CHARS else ""
        rest = self.text[end + 1 : end + 20].lstrip()
        if rest.startswith(":") and self.frames[-1].bracket == "{" and not self.name:
            self.word = text
        else:
            joined = self.plus or rest.startswith("+") or (quote == "`" and "${" in text)
            self._value(text, joined)
            self.word = text
        self.plus, self.closed = False, True
        return end + 1

    def _value(self, text: str, joined: bool) -> None:
        frame = self.frames[-1]
        name = self.name or (frame.name if frame.bracket in "[(" else "")
        if self.name and frame.bracket == "{":
            frame.values.setdefault(self.name, text)
        elif self.name:
            self._assign(self.name, text, joined)
        self.found.append(self._made(text, name, joined))

    def _made(self, text: str, name: str, joined: bool = False) -> Value:
        path = tuple(f.name for f in self.frames if f.name)
        return Value(text, name.rsplit(".", 1)[-1], path, self.frames[-1].values, joined, name)

    def _assign(self, name: str, text: str, joined: bool) -> None:
        if joined or not text or len(self.known) >= VARIABLES:
            self.known.pop(name, None)
        else:
            self.known[name] = text

    def _use(self, word: str, place: int) -> None:
        """``word`` stands where a value does: a variable, if nothing is done with it."""
        frame = self.frames[-1]
        name = self.name or (frame.name if frame.bracket in "[(" else "")
        after = _NEXT.match(self.text, place)
        if not name or self.plus or (after and after[1]) or len(self.later) >= VARIABLES:
            return
        if word in self.known:
            self.found.append(self._made(self.known[word], name))
        else:
            self.later.append((word, self._made("", name)))

    def _step(self, mark: str, place: int) -> None:
        closed, self.closed = self.closed, False
        if mark in _OPENING:
            if len(self.frames) < DEPTH:
                self.frames.append(_Frame(mark, self.name or (self.word if mark == "(" else "")))
            self.name = self.word = ""
        elif mark in "}])":
            if len(self.frames) > 1:
                self.frames.pop()
            self.name = self.word = ""
        elif mark in ":=":
            self.name, self.word = self.word, ""
        elif mark in ",;":
            self.name = self.word = ""
        elif mark != "+":
            if closed:
                self.name = ""
            if self.name and self.frames[-1].bracket == "{":
                self.frames[-1].values.setdefault(self.name, mark)
            self._use(mark, place)
            self.word = mark
        self.plus = mark == "+"
