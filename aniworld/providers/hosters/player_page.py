"""What a hoster's page states about its media. A pure function: text and address in, facts out; nothing is run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag

from aniworld.core.addresses import as_browsers_ask
from aniworld.core.errors import AddressRefused
from aniworld.core.placeholders import is_placeholder
from aniworld.core.subtitles import SubtitleTrack
from aniworld.providers.fetch.html import attribute, soup_of
from aniworld.providers.hosters.labels import first_height, height_of, seconds_of
from aniworld.providers.hosters.moves import Move, handlers, moves_of
from aniworld.providers.hosters.script_scanner import SCRIPT_CHARS, Value, unescape, values_of
from aniworld.providers.hosters.tracks import subtitles_of

FRAMES = 4
ELEMENTS = 500  # of a page's videos and their sources
_SHORT = 1000  # characters of a script that may hold only a variable

_ENDING = re.compile(r"\.(m3u8|mp4|m4v|webm|mkv|mov|mpd)/?$", re.IGNORECASE)
_STATED = re.compile(r"\.(?:m3u8|mp4|webm)(?![\w.])", re.IGNORECASE)
_SPEAKS_OF_MEDIA = re.compile(
    r"\.(?:m3u8|mp4|m4v|webm|mkv|mov|mpd)|mpegurl|hls|video\\?/|location|\bsources\b|\bfile[\"']?\s*:|player",
    re.IGNORECASE,
)
_LEFT = re.compile(r"[^\s\"'`<>()\[\]{},;=]*$")
_RIGHT = re.compile(r"[^\s\"'`<>()\[\]{},;]*")
_BESIDE = re.compile(
    r"(?:^|[/_.\-])(?:trailer|teaser|previews?|thumb(?:nail)?s?|storyboard|sprites?|preroll|midroll|advert\w*|vast"
    r"|captions?|subtitles?)(?:[/_.\-\d]|$)"
    r"|(?:^|[/_.\-])(?:ads?|poster)(?:[/.\d]|$)",  # ``ad-astra``, ``poster-boy``: words of titles as well
    re.IGNORECASE,
)
_BESIDE_NAMES = re.compile(
    r"track|caption|subtitle|thumb|poster|image|preview|trailer|teaser|vast|vpaid|^ads?$|advert|preroll|logo|sprite"
    r"|storyboard|watermark|related|playlist_?next",
    re.IGNORECASE,
)
_MEDIA_TYPES = re.compile(
    r"^(?:video/|(?:application|audio)/(?:vnd\.apple\.|x-)?mpegurl|hls$|mp4$|webm$|m3u8$)", re.IGNORECASE
)
_NO_MEDIA_TYPES = re.compile(r"text/|image/|json|javascript", re.IGNORECASE)
_SOURCE_NAMES = frozenset(
    {
        "file",
        "src",
        "source",
        "sources",
        "url",
        "hls",
        "hlsurl",
        "hls_src",
        "mp4",
        "stream",
        "streamurl",
        "video",
        "videourl",
        "video_url",
        "video_alt_url",
        "contenturl",
        "loadsource",
        "play_url",
        "playurl",
        "default",
        "auto",
    }
)
_LABELS = ("res", "resolution", "label", "quality", "size", "height", "name", "title", "html")
_ATTRIBUTES = ("res", "data-res", "data-quality", "size", "label", "title")
_QUALITY = re.compile(r"\d{3,4}p?")
_DRM = re.compile(
    r"com\.widevine|com\.microsoft\.playready|com\.apple\.fps"
    r"|[\"']?\b(?:drm|widevine|playready|fairplay)\b[\"']?\s*:(?!\s*(?:false|null|undefined|0|\{\s*\}|[\"']{2})\s*[,}\s])",
    re.IGNORECASE,
)
_HIDDEN = re.compile(
    r"eval\s*\(|\batob\s*\(|String\.fromCharCode|unescape\s*\(|CryptoJS|base64,|_0x[0-9a-f]{4}", re.IGNORECASE
)
_GONE = re.compile(r"video not found|file not found|has been removed|was deleted|maintenance", re.IGNORECASE)
_NO_PLAYER = re.compile(
    r"google|recaptcha|hcaptcha|facebook|twitter|disqus|doubleclick|analytics|/ads?[/.?]|chat|banner", re.IGNORECASE
)
_SETTINGS = (
    "data-setup",
    "data-item",
    "data-config",
    "data-options",
    "data-player",
    "data-plyr-config",
    "data-sources",
)
_SET_UP = re.compile(r"player|plyr|clappr|videojs|loadsource|^(?:.*\.)?(?:setup|sources?|src|playlist)$", re.IGNORECASE)
_ASSIGNED = re.compile(r"(?:player|video|frame)\w*\.(?:src|source|file)$", re.IGNORECASE)
_NO_PAGE = re.compile(r"\.(?:js|css|png|jpe?g|gif|webp|svg|ico|vtt|srt|ass|json|xml|woff2?|ttf|swf)$", re.IGNORECASE)
_LISTED = re.compile(r"\[([^\]\[]{1,40})\]\s*([^\s,\[\]]+)")


@dataclass(frozen=True)
class Medium:
    """``height`` in lines where a label says it. ``ending``: m3u8, mp4 …; empty where only the type tells."""

    url: str
    height: int | None = None
    ending: str = ""

    @property
    def adaptive(self) -> bool:
        return self.ending == "m3u8"


@dataclass(frozen=True)
class PlayerFacts:
    """``media``: what the most trustworthy place on the page states. ``frames``: pages inside this one, and addresses
    in a player's set-up that do not say what they are. ``guessed``: those of them that may lead anywhere.

    ``gone``: the words that say so. ``drm``, ``hidden``: signs of protected or obfuscated media. ``only``: a set-up's
    one source with a name that speaks against it; it counts where there is nothing else. ``moved``: the page leads on.
    ``subtitles``: those that come apart from the video.
    """

    media: tuple[Medium, ...] = ()
    frames: tuple[str, ...] = ()
    guessed: frozenset[str] = frozenset()
    duration: float | None = None
    gone: str | None = None
    drm: bool = False
    hidden: bool = False
    only: tuple[Medium, ...] = ()
    moved: bool = False
    subtitles: tuple[SubtitleTrack, ...] = ()


def parse_player(text: str, url: str) -> PlayerFacts:
    """What the page states. Raises PageChanged, TooLarge only for what is no readable page."""
    soup = soup_of(text, url)
    base = _base(soup, url)
    scripts = [tag.get_text() for tag in soup.select("script:not([src])") if "ld+json" not in attribute(tag, "type")]
    scripts += [*_settings(soup), *handlers(soup)]
    linked = [fact for tag in soup.select("script[type='application/ld+json']") for fact in _linked(tag.get_text())]
    values = _values(scripts)
    groups = (
        _elements(soup),
        _configured(values),
        _stated_in_linked(linked),
        _open_graph(soup),
        (_Candidate(value.text) for value in values if _is_whole(value)),
        (found for script in scripts for found in _plain(script)),
    )
    stated, gone = _present([_usable(group, base) for group in groups])
    source = "\n".join(scripts)
    moves = moves_of(soup, scripts, url)
    return PlayerFacts(
        media=stated,
        frames=_frames(soup, linked, values, moves, base),
        guessed=_guessed(values, moves, base),
        duration=_duration(soup, linked),
        gone=gone or _gone(soup),
        drm=bool(_DRM.search(source)),
        hidden=bool(_HIDDEN.search(source)),
        only=_only(soup, values, base),
        moved=bool(moves),
        subtitles=subtitles_of(soup, values, lambda address: _joined(base, address)),
    )


def _present(groups: list[tuple[Medium, ...]]) -> tuple[tuple[Medium, ...], str | None]:
    """The first group's media; what plays in place of a gone video is none, and its name says so if there is nothing
    else.
    """
    left = [tuple(one for one in group if not is_placeholder(one.url)) for group in groups]
    media = next((group for group in left if group), ())
    away = next((one for group in groups for one in group), None)
    return media, None if media or away is None else urlsplit(away.url).path.rsplit("/", 1)[-1]


def _only(soup: BeautifulSoup, values: list[Value], base: str) -> tuple[Medium, ...]:
    """The one video of a player, whatever it is called: a series may be named for trailers or sprites."""
    found = (
        _Candidate(value.text, _label(value), value.beside.get("type", "")) for value in values if _is_played(value)
    )
    groups = (_usable(group, base, trusted=True) for group in (_elements(soup), found))
    return next((group for group in groups if _is_one(group)), ())


def _is_one(media: tuple[Medium, ...]) -> bool:
    """Whether it is a single video: one address, or several that differ by their heights only."""
    if any(is_placeholder(one.url) for one in media):
        return False
    names = {re.sub(r"\d{3,4}p?|[_-]?(?:low|high|hd|sd)(?=[./_-])", "", urlsplit(one.url).path) for one in media}
    heights = {one.height for one in media}
    return len(media) == 1 or (len(names) == 1 and None not in heights and len(heights) == len(media))


def _is_played(value: Value) -> bool:
    return _is_source(value) and _is_set_up(value) and not _NO_MEDIA_TYPES.search(value.beside.get("type", ""))


def _settings(soup: BeautifulSoup) -> list[str]:
    """What elements carry as their player's settings (``<video data-setup='{"sources": [...]}'>``)."""
    tags = soup.select(",".join(f"[{name}]" for name in _SETTINGS))
    return [text for tag in tags for name in _SETTINGS if (text := attribute(tag, name)).startswith(("{", "["))]


def _values(scripts: list[str]) -> list[Value]:
    """The values of the scripts that may speak of media; a page has a budget of characters, libraries are skipped."""
    left, values = SCRIPT_CHARS, []
    known: dict[str, str] = {}
    for script in scripts:
        if left > 0 and (len(script) < _SHORT or _SPEAKS_OF_MEDIA.search(script)):
            values += values_of(script[:left], known)
            left -= len(script)
    return values


def _base(soup: BeautifulSoup, url: str) -> str:
    stated = _joined(url, attribute(soup.select_one("base[href]"), "href"))
    return stated or url


def _joined(base: str, address: str) -> str:
    """A full http(s) address as a browser would request it, or empty."""
    address = address.replace("&amp;", "&").strip()
    if not address or any(char in address for char in '<>"') or " http" in address:
        return ""
    try:
        full = as_browsers_ask(address, base)
        return full if urlsplit(full).scheme in ("http", "https") and urlsplit(full).hostname else ""
    except (ValueError, AddressRefused):
        return ""


@dataclass(frozen=True)
class _Candidate:
    address: str
    label: str = ""
    kind: str = ""


def _usable(found: Iterable[_Candidate], base: str, *, trusted: bool = False) -> tuple[Medium, ...]:
    """Each medium once, in order; what only accompanies a video (trailers, pictures, subtitles, ads) is left out.

    ``trusted``: not by its name.
    """
    media: dict[str, Medium] = {}
    for candidate in found:
        url = _joined(base, candidate.address)
        path = urlsplit(url).path if url else ""
        ending = found_ending[1].lower() if (found_ending := _ENDING.search(path)) else ""
        if not url or (_BESIDE.search(path) and not trusted) or not (ending or _MEDIA_TYPES.match(candidate.kind)):
            continue
        if (not ending and "mpegurl" in candidate.kind.lower()) or candidate.kind.lower() in ("hls", "m3u8"):
            ending = "m3u8"
        media.setdefault(url, Medium(url, height_of(candidate.label) or _height_in(path), ending))
    return tuple(media.values())


def _height_in(path: str) -> int | None:
    found = re.search(r"(?<!\d)(\d{3,4})p(?![a-z0-9])", path.rstrip("/").rsplit("/", 1)[-1], re.IGNORECASE)
    return int(found[1]) if found else None


def _elements(soup: BeautifulSoup) -> Iterator[_Candidate]:
    for tag in soup.select("video, source", limit=ELEMENTS):
        if _accompanies(tag) or tag.find_parent(["audio", "picture"]):
            continue
        names = (*_ATTRIBUTES, "height") if tag.name == "source" else _ATTRIBUTES
        label = first_height(attribute(tag, name) for name in names)
        of_a_video = tag.name == "video" or tag.find_parent("video") is not None
        kind = attribute(tag, "type") or ("video/" if of_a_video else "")
        for name in ("src", "data-src", "data-video-src", "data-hls"):
            if address := attribute(tag, name):
                yield _Candidate(address, label, kind)
                break


def _accompanies(tag: Tag) -> bool:
    """Whether an element is an advertisement, a trailer or a preview by its own or its player's name."""
    near = [tag, *([tag.parent] if tag.name == "source" and tag.parent is not None else [])]
    return any(_BESIDE.search(word) for t in near for name in ("id", "class") for word in attribute(t, name).split())


def _configured(values: list[Value]) -> Iterator[_Candidate]:
    for value in values:
        kind = value.beside.get("type", "")
        if not _is_source(value) or _NO_MEDIA_TYPES.search(kind):
            continue
        if value.text.startswith("["):
            yield from (_Candidate(address, label) for label, address in _LISTED.findall(value.text))
        elif _looks_like_address(value.text) and not (_is_bare(value.text) and not _in_set_up(value)):
            label = _label(value)
            yield _Candidate(value.text, label, kind or ("video/" if label and _is_set_up(value) else ""))


def _label(value: Value) -> str:
    """The words that tell the quality; empty where none do."""
    if _QUALITY.fullmatch(value.name):
        return value.name
    return first_height(value.beside.get(name, "") for name in (*_LABELS, f"{value.name}_text"))


def _is_source(value: Value) -> bool:
    if value.joined or _is_beside(value):
        return False
    return bool(_QUALITY.fullmatch(value.name)) or value.name.lower() in _SOURCE_NAMES


def _is_whole(value: Value) -> bool:
    """Whether a string is an address and nothing else, whatever its name; the address has to tell that it is media."""
    plain = _looks_like_address(value.text) and not _is_bare(value.text) and not re.search(r"[{}*]", value.text)
    return plain and not value.joined and not _is_beside(value)


def _is_set_up(value: Value) -> bool:
    """Whether it stands in a player's set-up, and may be an address of a video or of its page."""
    path = value.text.split("?", 1)[0].split("#", 1)[0]
    return _in_set_up(value) and bool(re.match(r"(?:https?:)?/", value.text)) and not _NO_PAGE.search(path)


def _in_set_up(value: Value) -> bool:
    return any(map(_SET_UP.search, value.path)) or bool(_ASSIGNED.search(value.whole))


def _undeclared(values: list[Value]) -> Iterator[str]:
    """Addresses in a player's set-up that do not tell what they are (``setup({file: "/get?id=5"})``)."""
    for value in values:
        if _is_played(value) and not _ENDING.search(value.text.split("?", 1)[0]):
            yield value.text


def _looks_like_address(text: str) -> bool:
    return bool(re.match(r"(?:https?:)?/|[\w./-]+\.(?:m3u8|mp4|m4v|webm|mkv|mov|mpd)(?:[?#]|$)", text, re.IGNORECASE))


def _is_bare(text: str) -> bool:
    """Whether it is a file's name and nothing else, such as players show; only a manifest's is likely an address."""
    return "/" not in text and not re.search(r"\.(?:m3u8|mpd)(?:[?#]|$)", text, re.IGNORECASE)


def _is_beside(value: Value) -> bool:
    kind = value.beside.get("kind", "")
    names = (value.name, *value.path)
    return bool(_BESIDE_NAMES.search(kind)) or any(_BESIDE_NAMES.search(name) for name in names)


def _plain(script: str) -> Iterator[_Candidate]:
    """Addresses that simply stand in a script, also inside other strings; pieces of sums are none."""
    text = script.replace("\\/", "/").replace('\\"', '"')
    for written in ("&amp;", "\\u0026", "\\x26"):
        text = text.replace(written, "&")
    for number, found in enumerate(_STATED.finditer(text)):
        if number >= 50:
            return
        left = _LEFT.search(text[max(0, found.start() - 2048) : found.start()])
        right = _RIGHT.match(text, found.end(), found.end() + 2048)
        if left is None or right is None:
            continue
        start, end = found.start() - len(left[0]), right.end()
        before, after = text[max(0, start - 12) : start].rstrip("\"'` "), text[end : end + 12].lstrip("\"'` ")
        joined = before.endswith(("+", "}")) or after.startswith("+")
        address = unescape(text[start:end])
        if not joined and "${" not in address and re.match(r"(?:https?:)?//|/\w", address):
            yield _Candidate(address)


def _linked(text: str) -> list[dict[str, Any]]:
    """Every object in a JSON-LD block, nested ones too, but for trailers and thumbnails."""
    try:
        plain = text.replace("<![CDATA[", "").replace("]]>", "").strip("/* \r\n\t")
        waiting: list[Any] = [json.loads(plain, strict=False)]
    except (ValueError, RecursionError):
        return []
    found: list[dict[str, Any]] = []
    while waiting and len(found) < 500:
        item = waiting.pop(0)
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict):
            found.append(item)
            waiting.extend(value for name, value in item.items() if not _BESIDE_NAMES.search(name))
    return found


def _stated_in_linked(linked: list[dict[str, Any]]) -> Iterator[_Candidate]:
    for fact in linked:
        for address in _strings(fact.get("contentUrl")):
            label = str(fact.get("videoQuality") or fact.get("height") or "")
            yield _Candidate(address, label, str(fact.get("encodingFormat") or "video/"))


def _strings(value: Any) -> list[str]:
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]


def _open_graph(soup: BeautifulSoup) -> Iterator[_Candidate]:
    kind = _meta(soup, "og:video:type")
    if re.search(r"html|flash", kind, re.IGNORECASE):
        return
    for name in ("og:video:secure_url", "og:video:url", "og:video", "twitter:player:stream"):
        for tag in soup.select(f"meta[property='{name}'], meta[name='{name}']"):
            yield _Candidate(attribute(tag, "content"), _meta(soup, "og:video:height"), kind)


def _meta(soup: BeautifulSoup, name: str) -> str:
    return attribute(soup.select_one(f"meta[property='{name}'], meta[name='{name}']"), "content")


def _guessed(values: list[Value], moves: list[Move], base: str) -> frozenset[str]:
    unsure = [*islice(_undeclared(values), FRAMES), *(move.address for move in moves if not move.sure)]
    sure = {_joined(base, move.address) for move in moves if move.sure}
    return frozenset(_pages(unsure, base)) - sure


def _frames(
    soup: BeautifulSoup, linked: list[dict[str, Any]], values: list[Value], moves: list[Move], base: str
) -> tuple[str, ...]:
    """Pages that may hold the player, or the video: addresses in a set-up that do not tell what they are, frames, embed
    addresses, and where the page itself sends the browser."""
    stated = list(islice(_undeclared(values), FRAMES // 2))
    frames = soup.select("iframe, frame")
    stated += [attribute(tag, name) for tag in frames for name in ("src", "data-src", "data-lazy-src")]
    if "flash" not in _meta(soup, "og:video:type"):
        stated += [_meta(soup, "og:video:secure_url"), _meta(soup, "og:video:url"), _meta(soup, "og:video")]
    stated += [address for fact in linked for address in _strings(fact.get("embedUrl"))]
    moved = _pages((move.address for move in moves), base)[:FRAMES]
    return _pages(stated, base)[: FRAMES - bool(moved)] + moved


def _pages(stated: Iterable[str], base: str) -> tuple[str, ...]:
    full = (_joined(base, address) for address in stated)
    wanted = (
        url
        for url in full
        if url and not _NO_PLAYER.search(url) and url.split("#")[0] != base.split("#", maxsplit=1)[0]
    )
    return tuple(dict.fromkeys(wanted))


def _duration(soup: BeautifulSoup, linked: list[dict[str, Any]]) -> float | None:
    """Seconds, where the page states them; None otherwise or for nonsense."""
    stated = [_meta(soup, "og:video:duration"), _meta(soup, "video:duration")]
    videos = (fact for fact in linked if "contentUrl" in fact or "VideoObject" in str(fact.get("@type")))
    stated += [str(fact.get("duration") or "") for fact in videos]
    stated += [attribute(tag, "data-duration") for tag in soup.select("[data-duration]")[:3]]
    return next((seconds for text in stated if (seconds := seconds_of(text)) is not None), None)


def _gone(soup: BeautifulSoup) -> str | None:
    """The words by which a page says that its video is gone: in what a person reads, not in scripts."""
    read = (text for text in soup.find_all(string=True) if text.parent and text.parent.name not in ("script", "style"))
    found = _GONE.search(" ".join(" ".join(read).split()))
    return found[0] if found else None
