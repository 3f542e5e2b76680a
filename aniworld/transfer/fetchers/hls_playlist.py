"""What an m3u8 playlist says, as plain facts. RFC 8216; the text is parsed by the m3u8 library after it was capped.

Imports m3u8 (60 ms): only for streams that are playlists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import m3u8

from aniworld.core.addresses import as_browsers_ask, check_url
from aniworld.core.errors import AniworldError, HosterUnsupported, TooLarge, TransferFailed, WrongMedia
from aniworld.core.subtitles import SubtitleTrack
from aniworld.transfer.engine.media_sniffer import PLAYLIST
from aniworld.transfer.fetchers import hls_renditions as renditions
from aniworld.transfer.fetchers.hls_variants import chosen, stated_names
from aniworld.transfer.fetchers.inline_media import is_inline

LARGEST = 8 * 1024 * 1024
MOST_SEGMENTS = 50_000
MOST_STRETCHES = 1000
LIVE = "This is a live broadcast, which has no end that could be downloaded."
GROWING = "This video is still being broadcast; try again when the broadcast has ended."
_NO_BANDWIDTH = re.compile(r"^(#EXT-X-STREAM-INF:)(?!(?:.*,)?\s*BANDWIDTH=)", re.MULTILINE)  # the parser insists on it
_LANGUAGES = {
    "ger": ("ger", "deu", "de", "german", "deutsch"),
    "eng": ("eng", "en", "english", "englisch"),
    "jpn": ("jpn", "ja", "jp", "japanese", "japanisch"),
}


@dataclass(frozen=True)
class Key:
    """AES-128 in CBC mode; the key itself is fetched from ``url``."""

    url: str
    iv: bytes


@dataclass(frozen=True)
class Segment:
    """One fetch of a track, in order. ``span``: first byte and byte after the last, where it is a part of its file."""

    index: int
    url: str
    duration: float
    span: tuple[int, int] | None = None
    key: Key | None = None
    head: bool = False  # initialisation of an fMP4 track (its map), no media of its own
    anew: bool = False  # a discontinuity stands before it: its time may begin anew

    @property
    def name(self) -> str:
        """What stays the same when the address expires and is looked up again."""
        return f"{urlsplit(self.url).path}|{self.span}|{self.duration}"


@dataclass(frozen=True)
class Choice:
    """What of a master playlist is fetched. ``bandwidth`` in bits per second, 0 if not stated."""

    video: str
    audio: str | None = None
    audio_language: str | None = None
    bandwidth: int = 0
    subtitles: tuple[SubtitleTrack, ...] = ()


def parse(text: str, url: str) -> m3u8.M3U8:
    """The playlist. Raises WrongMedia, TooLarge."""
    if not text.removeprefix("\ufeff").lstrip().startswith(PLAYLIST.decode()):
        raise WrongMedia(f"{urlsplit(url).hostname} sent something else where a playlist was expected.")
    if text.count("#EXTINF") > MOST_SEGMENTS:
        raise TooLarge(f"The playlist lists more than {MOST_SEGMENTS} parts; no episode has so many.")
    try:
        return m3u8.loads(_NO_BANDWIDTH.sub(r"\1BANDWIDTH=0,", text), uri=url)
    except Exception as error:  # the wall to foreign code: the parser raises many kinds on nonsense
        raise WrongMedia(f"The playlist cannot be read ({type(error).__name__}).") from error


def choose(master: m3u8.M3U8, quality: str, language: str | None) -> Choice:
    """The variant of at most the wished height, and the audio of the wished language. Raises WrongMedia."""
    variants = [one for one in master.playlists if one.uri and not _sound_only(one)] or list(master.playlists)
    if not variants:
        raise WrongMedia("The playlist lists no video.")
    best = chosen(variants, stated_names(master), quality)
    info = best.stream_info
    audio = _audio(master, info.audio, language)
    return Choice(
        video=checked(best.uri, best.base_uri),
        audio=checked(audio.uri, audio.base_uri) if audio is not None and audio.uri else None,
        audio_language=code_of(audio.language or audio.name) if audio is not None else None,
        bandwidth=int(info.average_bandwidth or info.bandwidth or 0),
        subtitles=renditions.subtitles(master, info.subtitles),
    )


def says_its_end(playlist: m3u8.M3U8) -> bool:
    """Whether nothing will be added to it, by its own words."""
    return bool(playlist.is_endlist) or (playlist.playlist_type or "").lower() == "vod"


def is_event(playlist: m3u8.M3U8) -> bool:
    """Whether it only grows, so that it lists everything from the first part on (RFC 8216, 4.3.3.5)."""
    return (playlist.playlist_type or "").lower() == "event"


def rounding(playlist: m3u8.M3U8) -> float:
    """By how many seconds the sum of the stated durations may be off: each by one of its own last digit."""
    return sum(_last_digit(one.duration or 0) for one in playlist.segments)


def _last_digit(seconds: float) -> float:
    """1 for a whole number of seconds, 0.01 for ``1.37``; at most six digits count."""
    return 10.0 ** -len(f"{seconds:.6f}".rstrip("0").partition(".")[2])


def names(playlist: m3u8.M3U8) -> list[str]:
    """What the listed parts are called, without their query strings, which may be new each time."""
    return [(one.uri or "").partition("?")[0] for one in playlist.segments]


def segments(playlist: m3u8.M3U8) -> list[Segment]:
    """Every part in order. Raises HosterUnsupported (DRM), TransferFailed (a gap), AddressRefused, WrongMedia."""
    try:
        found = _Reader(playlist).read()
    except AniworldError:
        raise
    except (ValueError, TypeError, AttributeError) as error:
        raise WrongMedia(f"The playlist cannot be read ({type(error).__name__}).") from error
    if not found:
        raise WrongMedia("The playlist is empty.")
    return found


def stretches(track: list[Segment]) -> list[list[Segment]]:
    """The track cut where its time may begin anew, in each part the map that holds for it first. Raises TooLarge."""
    found: list[list[Segment]] = []
    head: list[Segment] = []
    fresh = True
    for one in track:
        if one.head:
            head, fresh = [one], True
        elif fresh or one.anew:
            found.append([*head, one])
            fresh = False
        else:
            found[-1].append(one)
    if len(found) > MOST_STRETCHES:
        raise TooLarge(f"The time of the video begins anew more than {MOST_STRETCHES} times; no episode's does.")
    return found


def checked(uri: str, base: str) -> str:
    """The full address. Raises AddressRefused; what is listed in a playlist is never trusted.

    ``data:`` addresses hold what they name and are opened by no client.
    """
    url = as_browsers_ask(uri, base)
    if is_inline(url):
        return url
    check_url(url)
    return url


def code_of(word: str | None) -> str | None:
    """The three-letter code for a language as playlists write it; None if it is unknown."""
    base = (word or "").strip().lower().replace("_", "-").split("-", 1)[0]
    return next((code for code, words in _LANGUAGES.items() if base in words), None)


def wished_audio(language: str | None) -> str | None:
    """The spoken language for a code such as ``ger-dub``; with subtitles the original, Japanese, is spoken."""
    if not language:
        return None
    return "jpn" if language.endswith("-sub") else language[:3]


class _Reader:
    """Walks a media playlist: byte ranges go on where the last one ended, a new map comes before its segments."""

    def __init__(self, playlist: m3u8.M3U8) -> None:
        self._playlist = playlist
        self._found: list[Segment] = []
        self._ends: dict[str, int] = {}
        self._map: tuple[str, str | None] | None = None

    def read(self) -> list[Segment]:
        number = int(self._playlist.media_sequence or 0)
        for place, raw in enumerate(self._playlist.segments):
            if raw.gap_tag:
                raise TransferFailed("A part of the video is missing at the hoster.")
            if not raw.uri:
                continue
            key = _key(raw.key, number + place)
            self._add_map(raw.init_section, key)
            url = checked(raw.uri, raw.base_uri)
            span = self._span(url, raw.byterange)
            self._add(url, float(raw.duration or 0), span, key, anew=bool(raw.discontinuity))
        return self._found

    def _add_map(self, section: Any, key: Key | None) -> None:
        if section is None:
            return
        name = (checked(section.uri, section.base_uri), section.byterange)
        if name != self._map:
            self._map = name
            self._add(name[0], 0.0, self._span(*name), key, head=True)

    def _add(
        self,
        url: str,
        duration: float,
        span: tuple[int, int] | None,
        key: Key | None,
        *,
        head: bool = False,
        anew: bool = False,
    ) -> None:
        self._found.append(Segment(len(self._found), url, max(0.0, duration), span, key, head, anew))

    def _span(self, url: str, text: str | None) -> tuple[int, int] | None:
        if not text:
            return None
        length, _, start = text.strip('"').partition("@")
        first = int(start) if start else self._ends.get(url, 0)
        self._ends[url] = first + int(length)
        if first < 0 or int(length) <= 0:
            raise WrongMedia("The playlist states an impossible byte range.")
        return first, first + int(length)


def _key(raw: Any, number: int) -> Key | None:
    method = getattr(raw, "method", None)
    if method in (None, "NONE"):
        return None
    if method != "AES-128" or (getattr(raw, "keyformat", None) or "identity") != "identity":
        raise HosterUnsupported("This video is protected by DRM and cannot be downloaded.")
    iv = getattr(raw, "iv", None)
    value = int(iv, 16) if iv else number
    return Key(checked(raw.uri or "", raw.base_uri), value.to_bytes(16, "big"))


def _sound_only(variant: m3u8.Playlist) -> bool:
    codecs = (variant.stream_info.codecs or "").lower()
    pictured = any(name in codecs for name in ("avc", "hvc", "hev", "vp0", "vp8", "vp9", "av01", "dvh", "mp4v"))
    return bool(codecs) and not pictured and not variant.stream_info.resolution


def _audio(master: m3u8.M3U8, group: str | None, language: str | None) -> m3u8.Media | None:
    offered = [one for one in master.media if one.type == "AUDIO" and group and one.group_id == group]
    wished = wished_audio(language)
    spoken = [one for one in offered if wished and wished in (code_of(one.language), code_of(one.name))]
    default = [one for one in offered if (one.default or "").upper() == "YES"]
    return next(iter([*spoken, *default, *offered]), None)
