"""What the first bytes of something say that calls itself a video, and where in them its media begins.

Some hosts send parts of a playlist, or whole files, as pictures: a small PNG or GIF, or only its first bytes, and
then the media. Others put an ID3 tag or filler bytes in front.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from aniworld.core.errors import WrongMedia
from aniworld.transfer.engine.http_client import Response

FRONT = 256 * 1024  # how far into a part its media may begin, or behind what states its own size
SYNCED = 8 * 1024  # what a beginning is recognised by
_LARGEST_FRONT = 4 * 1024 * 1024  # stated sizes of tags and pictures beyond that are not believed

_PAGES = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<script")
_PAGE_KINDS = frozenset({"text/html", "application/xhtml+xml", "application/json"})
_PLAYLIST_KINDS = frozenset(
    {"application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl"}
)
_PICTURES = (b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"BM", b"RIFF", b"\x00\x00\x01\x00", b"II*\x00", b"MM\x00*", b"<svg")
PLAYLIST = b"#EXTM3U"

_BOXES = frozenset(
    {
        b"ftyp",
        b"styp",
        b"sidx",
        b"ssix",
        b"moof",
        b"moov",
        b"emsg",
        b"prft",
        b"mdat",
        b"free",
        b"skip",
        b"wide",
        b"uuid",
    }
)
_FIRST_BOX = re.compile(rb"(?s)(?=.{4}(?:ftyp|styp|sidx|moof|moov|emsg|prft))")
_INSIDE = {b"moof": b"mfhd", b"moov": b"mvhd"}
_LARGEST_BOX = 32 * 1024 * 1024
TS_PACKET, TS_SYNC = 188, 0x47
_PACKETS = ((188, 0), (192, 4), (204, 0))  # bytes of a TS packet, and where in it its sync byte stands
_THREE_PACKETS = re.compile(rb"(?s)(?=(?:G[\x00-\x7f].[\x10-\x3f\x50-\x7f\x90-\xbf\xd0-\xff].{184}){2}G[\x00-\x7f])")
_FRAME = re.compile(rb"\xff(?:[\xf0\xf1\xf8\xf9]|[\xe2-\xe5\xf2-\xf5\xfa-\xfd][\x10-\xef])")  # of ADTS or MP3
_IN_A_ROW = 5
_EBML = b"\x1aE\xdf\xa3"  # begins Matroska and WebM, whose name follows within a few bytes
_EBML_HEAD = 64
_OTHERS = (_EBML, b"\x1fC\xb6u", b"\x0bw", b"FLV\x01", b"OggS", b"\x00\x00\x01\xba", b"0&\xb2u\x8ef\xcf\x11")
_MP3_KBIT = {  # by MPEG version 1 or not, and layer (ISO 11172-3, 2.4.2.3)
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


class IsPlaylist(Exception):
    """What was taken for a file is a playlist."""


def check_kind(response: Response) -> None:
    """Nothing, if the answer may be media by its type. Raises WrongMedia, IsPlaylist."""
    if response.kind in _PAGE_KINDS:
        raise WrongMedia(f"{response.host} sent a web page instead of a video.")
    if response.kind in _PLAYLIST_KINDS:
        raise IsPlaylist


def check_start(start: bytes, host: str) -> None:
    """Nothing, if the file's first bytes are no text. Raises WrongMedia, IsPlaylist."""
    text = start[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(PLAYLIST):
        raise IsPlaylist
    if text[:16].lower().startswith(_PAGES):
        raise WrongMedia(f"{host} sent a web page instead of a video.")


def is_picture(start: bytes) -> bool:
    """Whether these bytes begin a picture: PNG, GIF, JPEG, BMP, WebP, ICO, TIFF, SVG."""
    return start.startswith(_PICTURES) and not _is_avi(start)


def begins_media(start: bytes) -> bool:
    """Whether media begins at once: TS, boxes, frames of sound, an ID3 tag in front of them, or another container."""
    if start.startswith(_OTHERS) or _is_avi(start) or (start[4:8] in _BOXES and start[:3] != b"ID3"):
        return True
    return _is_ts(start, 0, least=3 if is_picture(start) else 1) or _is_sound(start, _tag_end(start), least=2)


def reach(start: bytes) -> int:
    """How many bytes ``media_start`` needs of something that begins with ``start``."""
    return _stated_end(start) + FRONT + SYNCED


def media_start(head: bytes) -> int | None:
    """Where media begins in the first ``reach`` bytes, found by its sync: TS packets, boxes, EBML, frames of sound in
    a row.

    0 for sound behind an ID3 tag, which belongs to it (RFC 8216, 3.4). None if nowhere within the bound.
    """
    if begins_media(head):
        return 0
    behind = _stated_end(head)
    found = _start_from(head, behind)
    return _start_from(head, 0) if found is None and behind else found


def _is_avi(start: bytes) -> bool:
    return start[:4] == b"RIFF" and start[8:12] == b"AVI "


def _stated_end(head: bytes) -> int:
    """Where ID3 tags or a BMP or WebP picture say that they end; 0 for what does not say so, or says nonsense."""
    if head.startswith(b"BM"):
        end = int.from_bytes(head[2:6], "little")
    elif head.startswith(b"RIFF"):
        end = int.from_bytes(head[4:8], "little") + 8
    else:
        end = _tag_end(head)
    return end if end <= _LARGEST_FRONT else 0


def _tag_end(head: bytes) -> int:
    """Where the ID3 tags at the beginning end, by their stated sizes (ID3v2.4, 3.1)."""
    end = 0
    while (
        head[end : end + 3] == b"ID3"
        and len(head) >= end + 10
        and not any(one & 0x80 for one in head[end + 6 : end + 10])
    ):
        size = sum(one << shift for one, shift in zip(head[end + 6 : end + 10], (21, 14, 7, 0), strict=True))
        end += size + (20 if head[end + 5] & 0x10 else 10)
    return end


def _start_from(head: bytes, place: int) -> int | None:
    found = (one(head, place) for one in (_ts_start, _box_start, _ebml_start, _sound_start))
    return min((start for start in found if start is not None), default=None)


def _ts_start(head: bytes, place: int) -> int | None:
    """Only of the usual packets: rows of a picture are easily mistaken for those of 192 bytes."""
    places = (found.start() for found in _THREE_PACKETS.finditer(head, place, place + FRONT + SYNCED))
    return _first(places, place + FRONT, lambda at: _is_ts(head, at, least=3, kinds=_PACKETS[:1]))


def _first(places: Iterable[int], bound: int, fits: Callable[[int], bool]) -> int | None:
    return next((place for place in places if place < bound and fits(place)), None)


def _is_ts(data: bytes, start: int, least: int, kinds: tuple[tuple[int, int], ...] = _PACKETS) -> bool:
    """Whether TS packets follow one another from ``start`` on, as many as are looked at or as there are."""
    for size, sync in kinds:
        places = range(start + sync, min(len(data) - 3, start + sync + _IN_A_ROW * size), size)
        if len(places) >= least and all(_is_packet(data, place) for place in places):
            return True
    return False


def _is_packet(data: bytes, place: int) -> bool:
    """A sync byte, no transport error, and an adaptation field or a payload (ISO 13818-1, 2.4.3.2)."""
    return data[place] == TS_SYNC and not data[place + 1] & 0x80 and bool(data[place + 3] & 0x30)


def _box_start(head: bytes, place: int) -> int | None:
    places = (found.start() for found in _FIRST_BOX.finditer(head, place, place + FRONT + 8))
    return next((place for place in places if _is_box(head, place)), None)


def _is_box(data: bytes, place: int) -> bool:
    """Whether a box is there, and behind it another one or more than was read."""
    size, name = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
    inside = _INSIDE.get(name)
    if not 8 <= size <= _LARGEST_BOX or (inside and data[place + 12 : place + 16] != inside):
        return False
    behind = data[place + size + 4 : place + size + 8]
    return behind in _BOXES if len(behind) == 4 else inside is not None or place + size == len(data)


def _ebml_start(head: bytes, place: int) -> int | None:
    bound = place + FRONT
    place = head.find(_EBML, place, bound)
    while place >= 0:
        if any(name in head[place : place + _EBML_HEAD] for name in (b"matroska", b"webm")):
            return place
        place = head.find(_EBML, place + 1, bound)
    return None


def _sound_start(head: bytes, place: int) -> int | None:
    places = (found.start() for found in _FRAME.finditer(head, place, place + FRONT + SYNCED))
    return _first(places, place + FRONT, lambda at: _is_sound(head, at, least=_IN_A_ROW))


def _is_sound(data: bytes, start: int, least: int) -> bool:
    """Whether ADTS or MP3 frames, or AC-3 behind a tag, follow one another from ``start`` on.

    At least ``least`` where the data ends in the middle of one; one is enough where it ends with it.
    """
    if start and data[start : start + 2] == b"\x0bw":
        return True
    return any(_in_a_row(data, start, size_of, least) for size_of in (_adts_size, _mp3_size))


def _in_a_row(data: bytes, place: int, size_of: Callable[[bytes], int], least: int) -> bool:
    for count in range(_IN_A_ROW):
        head = data[place : place + 7]
        if len(head) < 7:
            return count >= least or (count > 0 and place == len(data) and least < _IN_A_ROW)
        size = size_of(head)
        if not size:
            return False
        place += size
    return True


def _adts_size(head: bytes) -> int:
    """Bytes of the ADTS frame that begins so; 0 for none (ISO 13818-7, 6.2)."""
    if head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return size if size > 7 else 0


def _mp3_size(head: bytes) -> int:
    """Bytes of the MPEG audio frame, layer II or III, that begins so; 0 for none."""
    version, layer, rate, hertz = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3), head[2] >> 4, head[2] >> 2 & 3
    if head[0] != 0xFF or head[1] < 0xE0 or version == 1 or layer not in (2, 3) or rate in (0, 15) or hertz == 3:
        return 0
    samples = 144 if version == 3 or layer == 2 else 72
    return samples * _MP3_KBIT[version == 3, layer][rate - 1] * 1000 // _MP3_HZ[version][hertz] + (head[2] >> 1 & 1)
