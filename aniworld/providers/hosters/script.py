"""What a page's script states, read as text and never run: its string values with the names that lead to them.

A small scanner, linear in the text: it knows strings, names, brackets and comments, and that is all a player's set-up
needs (``jwplayer("x").setup({sources: [{file: "a.m3u8", label: "720p"}]})``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

SCRIPT_CHARS = 400_000
VALUES = 20_000
DEPTH = 100
ADDRESS_CHARS = 4096

_TOKEN = re.compile(r"/\*|//|[\"'`]|[{}\[\](),;:=+]|[A-Za-z_$][\w$.]*|\d+")
_RUN = {quote: re.compile(rf"(?:[^{quote}\\]|\\.)*", re.DOTALL) for quote in "\"'`"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|u\{[0-9a-fA-F]{1,6}\}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": "", "v": "", "0": ""}
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


def values_of(script: str) -> list[Value]:
    """Every string value in a script, in order. Never raises; a script that is none gives what can be read."""
    return _Scanner(script[:SCRIPT_CHARS]).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.frames = [_Frame("", "")]
        self.found: list[Value] = []
        self.word = ""  # the last name or string, which may turn out to be a property's name
        self.name = ""  # the name whose value comes now
        self.plus = False

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
                self._step(mark)
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
        self.plus = False
        return end + 1

    def _value(self, text: str, joined: bool) -> None:
        frame = self.frames[-1]
        name = self.name or (frame.name if frame.bracket in "[(" else "")
        if self.name and frame.bracket == "{":
            frame.values.setdefault(self.name, text)
        path = tuple(f.name for f in self.frames if f.name)
        self.found.append(Value(text, name.rsplit(".", 1)[-1], path, frame.values, joined, name))

    def _step(self, mark: str) -> None:
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
            if self.name and self.frames[-1].bracket == "{":
                self.frames[-1].values.setdefault(self.name, mark)
            self.word = mark
        self.plus = mark == "+"
