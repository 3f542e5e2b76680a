"""What a file name says of its language. A hint only: the words stand in brackets or among a release's tags."""

from __future__ import annotations

import re

_SIGNS = (
    "ger",
    "deu",
    "eng",
    "omu",
    "jap",
    "jpn",
    "raw",
    "-dub",
    "-sub",
    "vost",
    "(de",
    "[de",
)  # a plain search is fast
_CODE = re.compile(r"[\[( ._]([a-z]{3}-(?:dub|sub)|jpn)(?=[\]) ._]|$)")
_GERMAN, _ENGLISH = r"(?:ger(?:man)?|deu(?:tsch)?|de)", r"(?:eng(?:lish|lisch)?|en)"
_SUB = r"[ ._-]?(?:subs?|subbed|untertitel|ut)"
_DUB = r"[ ._-]?(?:dub|dubbed|synchro|ton|audio)"
_TAGS = (
    r"(?:dl|ml|ac3d?|eac3d?|dd[+p]?\d|dts|aac|bluray|blu-ray|bdrip|brrip|dvdrip|dvd|web|webrip|web-dl|webhd|hdtv|tvrip|anime"
    r"|hevc|avc|[xh][ .]?26[45]|uncut|remux|\d{3,4}[pi])"
)
_FORMS = (
    (re.compile(rf"\b{_GERMAN}{_SUB}\b|\bomu\b|\bgersub", re.IGNORECASE), "ger-sub"),
    (re.compile(rf"\b{_ENGLISH}{_SUB}\b|\bengsub", re.IGNORECASE), "eng-sub"),
    (re.compile(rf"\b{_GERMAN}{_DUB}\b|\bgerdub", re.IGNORECASE), "ger-dub"),
    (re.compile(rf"\b{_ENGLISH}{_DUB}\b|\bengdub", re.IGNORECASE), "eng-dub"),
    (re.compile(r"\bvostfr\b", re.IGNORECASE), "fre-sub"),
    (re.compile(rf"[\[(]{_GERMAN}[\])]|[ ._]german[ ._]{_TAGS}\b", re.IGNORECASE), "ger-dub"),
    (re.compile(rf"[\[(]{_ENGLISH}[\])]|[ ._]english[ ._]{_TAGS}\b", re.IGNORECASE), "eng-dub"),
    (re.compile(r"[\[(](?:jap(?:anese|anisch)?|jpn|raw)[\])]|[ ._]japanese[ ._]" + _TAGS, re.IGNORECASE), "jpn"),
)


def language_hint(stem: str) -> str | None:
    """A code such as ``ger-sub``, or None where the name tells nothing."""
    if not any(map(stem.lower().__contains__, _SIGNS)):
        return None
    code = _CODE.search(stem)
    if code:
        return code[1]
    return next((language for form, language in _FORMS if form.search(stem.replace("_", " "))), None)
