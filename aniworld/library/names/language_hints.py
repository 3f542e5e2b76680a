"""What a file name says of its language. A hint only: the words stand in brackets or among a release's tags."""

from __future__ import annotations

import re

# What each form holds: looked for first, because a plain search is fast.
SIGNS = ("ger", "deu", "eng", "omu", "jap", "jpn", "raw", "-dub", "-sub", "vost", "(de", "[de")
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
_SUBTITLES = re.compile(r"multi(?:ple)?[ ._-]?sub", re.IGNORECASE)
_TONGUES = 5  # the forms from here on name a language alone: among many subtitles it is one of them

# A code, or the place of the first form that fits; None where nothing is said.
Said = str | int | None


def language_said(text: str) -> Said:
    """What a part of a name says; ``first_said`` makes a language of it."""
    if not any(map(text.lower().__contains__, SIGNS)):
        return None
    code = _CODE.search(text)
    if code:
        return code[1]
    words = text.replace("_", " ")
    forms = _FORMS[:_TONGUES] if _SUBTITLES.search(words) else _FORMS
    return next((place for place, (form, _) in enumerate(forms) if form.search(words)), None)


def first_said(before: Said, after: Said) -> str | None:
    """The language of a name in two parts: a code goes before any form, and the forms have their order."""
    if before is None and after is None:
        return None
    code = next((said for said in (before, after) if isinstance(said, str)), None)
    return code or _FORMS[min(said for said in (before, after) if isinstance(said, int))][1]


def language_hint(stem: str) -> str | None:
    """A code such as ``ger-sub``, or None where the name tells nothing."""
    return first_said(language_said(stem), None)
