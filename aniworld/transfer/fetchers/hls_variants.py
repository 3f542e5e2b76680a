"""Which variant of a master playlist fits the wished quality, also where a playlist does not state RESOLUTION.

Its height is then read in NAME, in the group of its pictures or in its address, and else estimated by BANDWIDTH.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

import m3u8

from aniworld.core.heights import class_of, limit_of, lines_of

_SIZE = re.compile(r"(?<!\d)(\d{3,4})[x×](\d{3,4})(?!\d)", re.IGNORECASE)
_LINES = re.compile(r"(?<![a-z\d])(\d{3,4})[pi](?:\d{2})?(?![a-z\d])", re.IGNORECASE)
_WORDS = {"4k": 2160, "uhd": 2160, "2k": 1440, "qhd": 1440, "fhd": 1080, "fullhd": 1080}
_WORD = re.compile(rf"(?<![a-z\d])({'|'.join(_WORDS)})(?![a-z\d])", re.IGNORECASE)
_HEIGHTS = "144|180|240|270|288|360|396|404|480|540|576|720|1080|1440|2160"
_BARE = re.compile(rf"(?<![a-z\d])({_HEIGHTS})(?![a-z\d])", re.IGNORECASE)
_LADDER = ((400_000, 240), (900_000, 360), (1_800_000, 480), (4_000_000, 720), (9_000_000, 1080), (16_000_000, 1440))
_ASKED = frozenset({"quality", "q", "res", "resolution", "height", "h", "label", "name"})

Size: TypeAlias = tuple[float | None, float | None]
UNKNOWN: Size = (None, None)


@dataclass(frozen=True)
class _Ranked:
    variant: m3u8.Playlist
    size: Size

    @property
    def bandwidth(self) -> int:
        info = self.variant.stream_info
        return int(info.bandwidth or info.average_bandwidth or 0)

    @property
    def rank(self) -> tuple[int, float, int]:
        return class_of(*self.size), lines_of(*self.size), self.bandwidth


def stated_names(master: m3u8.M3U8) -> dict[str, str]:
    """The NAME of each variant by its address: no attribute of RFC 8216, but many packagers write it."""
    listed = master.data.get("playlists", ())
    return {one.get("uri") or "": str(one.get("stream_info", {}).get("name") or "").strip('"') for one in listed}


def chosen(variants: Sequence[m3u8.Playlist], names: Mapping[str, str], quality: str) -> m3u8.Playlist:
    """The best variant of at most the wished height, the smallest where all are higher; by bandwidth among equals."""
    sizes = zip(variants, _sizes(variants, names), strict=True)
    ordered = sorted(_estimated([_Ranked(*one) for one in sizes]), key=lambda one: one.rank)
    if quality == "worst":
        return ordered[0].variant
    limit = limit_of(quality)
    fitting = [one for one in ordered if limit is None or one.rank[0] <= limit]
    return (fitting[-1] if fitting else ordered[0]).variant


def _sizes(variants: Sequence[m3u8.Playlist], names: Mapping[str, str]) -> list[Size]:
    """What the playlist states of each variant anywhere; addresses say nothing where all say the same."""
    written = [_by_address(parts) for parts in _own_parts(variants)]
    told = written if len(set(written) - {UNKNOWN}) > 1 or len(variants) == 1 else [UNKNOWN] * len(variants)
    stated = [_stated(one, names.get(one.uri or "", "")) for one in variants]
    return [here if here != UNKNOWN else there for here, there in zip(stated, told, strict=True)]


def _stated(variant: m3u8.Playlist, name: str) -> Size:
    info = variant.stream_info
    if info.resolution and all(info.resolution):
        return float(info.resolution[0]), float(info.resolution[1])
    named = _size_in(name)
    return named if named != UNKNOWN else _size_in(info.video or "")


def _own_parts(variants: Sequence[m3u8.Playlist]) -> list[list[str]]:
    """Of each address the file name, the folders from the last on, and what its query says of quality; without what all
    of them have, such as the folder of a series called 86."""
    parts = [_parts_of(one.uri or "") for one in variants]
    shared = set(parts[0]).intersection(*parts[1:]) if len(parts) > 1 else set()
    return [[part for part in one if part not in shared] for one in parts]


def _parts_of(address: str) -> list[str]:
    split = urlsplit(address)
    asked = [value for key, value in parse_qsl(split.query) if key.lower() in _ASKED]
    return [*asked, *reversed(unquote(split.path).split("/"))]


def _by_address(parts: Sequence[str]) -> Size:
    return next((size for size in map(_size_in, parts) if size != UNKNOWN), UNKNOWN)


def _size_in(text: str) -> Size:
    if found := _SIZE.search(text):
        return float(found[1]), float(found[2])
    if found := _LINES.search(text) or _BARE.search(text):
        return None, float(found[1])
    found = _WORD.search(text)
    return (None, float(_WORDS[found[1].lower()])) if found else UNKNOWN


def _estimated(found: list[_Ranked]) -> list[_Ranked]:
    """Those without a stated size get one by their bandwidth: that of the known variant nearest to it, else a usual
    one.
    """
    known = [one for one in found if one.size != UNKNOWN and one.bandwidth]
    return [one if one.size != UNKNOWN else _Ranked(one.variant, _size_by(one.bandwidth, known)) for one in found]


def _size_by(bandwidth: int, known: Sequence[_Ranked]) -> Size:
    if not bandwidth:
        return UNKNOWN
    if known:
        return min(known, key=lambda one: max(one.bandwidth / bandwidth, bandwidth / one.bandwidth)).size
    return None, next((height for most, height in _LADDER if bandwidth <= most), 2160)
