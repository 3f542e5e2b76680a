"""Videos that a hoster plays in place of one that is gone (``/video_error.mp4``, ``/deleted.mp4``), told by their
names.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_CHARS, _LONGEST, _FOLDERS = 80, 13, 3
_WORD = re.compile(r"[^\W\d_]+|\d+")
_FILLING = _set(
    "this video file media movie content clip stream source page link no not longer has have is was been and or by for"
    " due to of in on your country region sorry default static found available exist exists existing does taken down"
    " geo restricted wurde ist das die der datei nicht mehr gefunden verfügbar verfuegbar request owner uploader claim"
    " notice"
)
_QUALITY = _set("the hd sd fhd p v en de fr es it pt ru pl tr nl jp ja eng ger deu")
_STATES = _set(
    "error err fail failed failure delete deleted remove removed gone missing unavailable expired banned blocked"
    " disabled dmca copyright copyrighted infringement takedown abuse offline maintenance geoblock geoblocked geloescht"
    " gelöscht entfernt gesperrt"
)
_PHRASES = re.compile(
    r"\b(?:not? (?:longer )?(?:found|available|exists?|existing)|no (?:video|file|media|stream|source)|does not exist"
    r"|taken down|geo restricted|nicht (?:mehr )?(?:gefunden|verfügbar|verfuegbar))\b"
)
_KNOWN = _FILLING | _QUALITY | _STATES
_HEIGHTS = _set("144 240 360 480 540 576 720 1080 1440 2160")
_CODES = _set("404 403 410 451 500 503")
_TITLES = _set("gone missing abuse fail failure offline")  # alone, such a word may as well be a title
_PLAIN = _set("deleted removed error")  # these are none, however they are written
_GENERAL = re.compile(r"(?:index|master|playlist|video|media|hls|stream|main|v|\d{3,4}p?)?", re.IGNORECASE)


def is_placeholder(url: str) -> bool:
    """Whether a media address is named for what it stands for. A general name counts by its folder's."""
    try:
        parts = unquote(urlsplit(url).path).rstrip("/").split("/")[1:]
    except ValueError:
        return False
    if not parts:
        return False
    names = [parts[-1].rpartition(".")[0] or parts[-1], *(part.removesuffix(".mp4") for part in parts[-2::-1])]
    if names == ["404"]:
        return True
    named = (name for name in names[:_FOLDERS] if len(name) > _CHARS or not _GENERAL.fullmatch(name))
    return _is_named(next(named, ""))


def _is_named(name: str) -> bool:
    """Whether a name says that something is gone, and nothing else."""
    words = _words(name.lower()) if len(name) <= _CHARS else []
    if not words or any(word.isdigit() and not _is_number(word) for word in words):
        return False
    if words[0].isdigit() and words[0] not in _CODES:
        return False
    said = [word for word in words if word not in _QUALITY and (not word.isdigit() or word == "404")]
    if len(said) == 1:
        return said[0] in _STATES - _TITLES and (not name[:1].isupper() or said[0] in _PLAIN)
    if set(said) == {"missing", "link"}:
        return False
    return "404" in said or not _STATES.isdisjoint(said) or bool(_PHRASES.search(" ".join(said)))


def _is_number(word: str) -> bool:
    return len(word) <= 2 or word in _HEIGHTS or word in _CODES


def _words(name: str) -> list[str]:
    """The known words and the numbers that a name consists of, also where they are run together; empty for any
    other.
    """
    words: list[str] = []
    for found in _WORD.findall(name):
        known = [found] if found.isdigit() else _parted(found)
        if not known:
            return []
        words += known
    return words


def _parted(text: str) -> list[str]:
    """Known words that make the text together, the longest first; each place is looked at once."""
    ways: dict[int, list[str]] = {len(text): []}
    for start in range(len(text) - 1, -1, -1):
        for end in range(min(len(text), start + _LONGEST), start, -1):
            if end in ways and text[start:end] in _KNOWN:
                ways[start] = [text[start:end], *ways[end]]
                break
    return ways.get(0, [])
