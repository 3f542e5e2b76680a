"""The subtitles that a player's page states: ``<track>`` elements, and tracks in a player's set-up."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from bs4 import BeautifulSoup

from aniworld.core.subtitles import SubtitleTrack, is_forced_label, language_of
from aniworld.providers.fetch.html import attribute
from aniworld.providers.hosters.script_scanner import Value

MOST, ELEMENTS = 50, 200
_KINDS = frozenset({"", "subtitles", "subtitle", "captions", "caption", "forced", "text", "cc", "default"})
_LISTS = re.compile(
    r"^(?:external|text|remote|sub(?:title)?)?_?tracks?(?:list)?$|^subs?$|^subtitles?(?:_?(?:list|url|file|src))?$"
    r"|^captions?(?:_?(?:list|url|file|src))?$|^cc$|^closed_?captions?$|^(?:[\w$.]*\.)?addremotetexttrack$",
    re.IGNORECASE,
)
_ADDRESS_NAMES = frozenset({"file", "src", "url", "link", "href", "path"})
_OTHER = re.compile(r"thumb|preview|sprite|storyboard|chapter|metadata|advert|preroll|related|audio", re.IGNORECASE)
_OTHER_FILE = re.compile(
    r"(?:^|[._-])(?:thumb(?:nail)?s?|previews?|sprites?|storyboards?|chapters?|metadata)(?:[._\-\d]|$)", re.IGNORECASE
)
_ENDING = re.compile(r"\.(?:vtt|srt|ass|ssa|m3u8)$", re.IGNORECASE)
_LISTED = re.compile(r"\[([^\]\[]{1,60})\]\s*([^\s,\[\]]+)")
_TAG_NAMES = ("srclang", "language", "lang", "languagecode", "lang_code", "code", "iso")
_LABEL_NAMES = ("label", "name", "title", "html")
_MAY_BE = re.compile(r"\[|data:|\S{0,4096}[./]", re.IGNORECASE)
_NAMES_LOOKED_AT = 8
_DATA = re.compile(r"data:[\w.+/;= -]*?(;base64)?,(.*)", re.IGNORECASE | re.DOTALL)

Join = Callable[[str], str]


def subtitles_of(soup: BeautifulSoup, values: Iterable[Value], join: Join) -> tuple[SubtitleTrack, ...]:
    """Each once, in order. ``join`` makes a full address of one on the page, or an empty text where it is not one.

    Thumbnails, chapters and metadata are not subtitles.
    """
    found: dict[str, SubtitleTrack] = {}
    for track in (*_elements(soup, join), *_configured(values, join)):
        found.setdefault(track.url or track.text, track)
        if len(found) >= MOST:
            break
    return tuple(found.values())


def _elements(soup: BeautifulSoup, join: Join) -> Iterator[SubtitleTrack]:
    for tag in soup.select("track", limit=ELEMENTS):
        kind = attribute(tag, "kind").strip().lower()
        address = attribute(tag, "src", "data-src")
        if kind in _KINDS and address and tag.find_parent("audio") is None:
            label, tongue = attribute(tag, "label"), attribute(tag, "srclang", "data-srclang")
            if kind or label or tongue or not _is_other_file(address):
                yield from _track(address, tongue, label, kind, join)


def _configured(values: Iterable[Value], join: Join) -> Iterator[SubtitleTrack]:
    for value in values:
        if value.joined or not _MAY_BE.match(value.text):
            continue
        names = [*value.path[-_NAMES_LOOKED_AT:], value.name]
        if not any(map(_LISTS.match, names)) or any(map(_OTHER.search, names)):
            continue
        beside = {name.lower(): text for name, text in value.beside.items()}
        kind = beside.get("kind", "").strip().lower()
        if kind not in _KINDS:
            continue
        if value.text.startswith("["):
            for label, address in _LISTED.findall(value.text):
                yield from _track(address, "", label, "", join)
        elif _is_address(value, kind):
            label, tongue = _first(beside, _LABEL_NAMES), _first(beside, _TAG_NAMES)
            if kind or label or tongue or not _is_other_file(value.text):
                yield from _track(value.text, tongue, label, kind, join)


def _is_other_file(address: str) -> bool:
    """Whether a file that nothing else is said of is named for thumbnails, chapters and the like."""
    return bool(_OTHER_FILE.search(address.split("?", 1)[0].rsplit("/", 1)[-1]))


def _is_address(value: Value, kind: str) -> bool:
    """Whether a value is where subtitles are: by its ending, or by its name in an entry that says what it is."""
    if value.text.lower().startswith("data:"):
        return True
    path = urlsplit(value.text).path if "://" in value.text or "/" in value.text or "." in value.text else ""
    if _ENDING.search(path) and (value.name.lower() in _ADDRESS_NAMES or _LISTS.match(value.name)):
        return True
    stated = kind in _KINDS - {""} and value.name.lower() in _ADDRESS_NAMES
    return stated and bool(re.match(r"(?:https?:)?/", value.text))


def _track(address: str, tag: str, label: str, kind: str, join: Join) -> Iterator[SubtitleTrack]:
    label = label.strip()[:200]
    language = language_of(tag, label) or language_of(None, _in_name(address))
    forced = kind == "forced" or is_forced_label(label)
    if address.strip().lower().startswith("data:"):
        if text := _inline(address.strip()):
            yield SubtitleTrack("", language, label, forced, text=text)
    elif url := join(address):
        yield SubtitleTrack(url, language, label, forced)


def _in_name(address: str) -> str:
    """What a file's name says of its language: ``de`` in ``/subs/abc_de.vtt``."""
    name = unquote(address.split("?", 1)[0].rsplit("/", 1)[-1]).rsplit(".", 1)[0]
    found = re.search(r"(?:^|[._\- ])([A-Za-z]{2,3}|[A-Za-z]{5,12})$", name)
    return found[1] if found else ""


def _inline(address: str) -> str:
    """The text in a ``data:`` address; empty for one that holds none."""
    found = _DATA.fullmatch(address)
    if not found:
        return ""
    try:
        data = base64.b64decode(unquote_to_bytes(found[2])) if found[1] else unquote_to_bytes(found[2])
    except ValueError:
        return ""
    return data.decode("utf-8", "replace")


def _first(beside: dict[str, str], names: Iterable[str]) -> str:
    return next((beside[name] for name in names if beside.get(name)), "")
