"""What the first bytes of something say that calls itself a video, and where in them its media begins.

Some hosts send the parts of a playlist as pictures: a whole small PNG or GIF, or only its first bytes, and then the media.
"""

from __future__ import annotations

import re

from aniworld.core.errors import WrongMedia

from .http import Response

FRONT = 256 * 1024  # how far into a part its media may begin
SYNCED = 8 * 1024  # beyond that, what the last possible beginning is told by

_PAGES = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<script")
_PAGE_KINDS = frozenset({"text/html", "application/xhtml+xml", "application/json"})
_PLAYLIST_KINDS = frozenset(
    {"application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl"}
)
_PICTURES = (b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"BM", b"RIFF", b"\x00\x00\x01\x00", b"II*\x00", b"MM\x00*", b"<svg")
PLAYLIST = b"#EXTM3U"

_BOXES = frozenset({b"ftyp", b"styp", b"sidx", b"moof", b"moov", b"emsg", b"prft", b"mdat", b"free", b"skip"})
_FIRST_BOX = re.compile(rb"(?s)(?=.{4}(?:ftyp|styp|sidx|moof|moov|emsg|prft))")
_INSIDE = {b"moof": b"mfhd", b"moov": b"mvhd"}
_LARGEST_BOX = 32 * 1024 * 1024
TS_PACKET, TS_SYNC = 188, 0x47
_PACKETS = ((188, 0), (192, 4), (204, 0))  # bytes of a TS packet, and where in it its sync byte stands
_IN_A_ROW = 5


class IsPlaylist(Exception):  # noqa: N818 - another fetcher's work, not a failure
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
    return start.startswith(_PICTURES)


def is_segment(start: bytes) -> bool:
    """Whether these bytes begin a media segment: TS, fMP4, ADTS or MP3 audio, with an ID3 tag before or not."""
    if start[:3] == b"ID3" or start[4:8] in _BOXES or _is_ts(start, 0, least=1):
        return True
    return len(start) > 1 and start[0] == 0xFF and start[1] & 0xE0 == 0xE0


def media_start(head: bytes) -> int | None:
    """Where in the first bytes of a part its media begins, told by its sync: TS packets, boxes, ADTS frames in a row.

    None if nowhere within ``FRONT``.
    """
    if is_segment(head):
        return 0
    behind = _picture_end(head)
    found = _start_from(head, behind)
    return _start_from(head, 0) if found is None and behind else found


def _picture_end(head: bytes) -> int:
    """Where a picture says that it ends; 0 if it does not say so, or of one whose rows cannot be mistaken for packets."""
    end = int.from_bytes(head[2:6], "little") if head.startswith(b"BM") else 0
    return end if end < len(head) else 0


def _start_from(head: bytes, place: int) -> int | None:
    found = (_ts_start(head, place), _box_start(head, place), _adts_start(head, place))
    return min((start for start in found if start is not None), default=None)


def _ts_start(head: bytes, place: int) -> int | None:
    place = head.find(TS_SYNC, place)
    while 0 <= place < FRONT:
        if _is_ts(head, place, least=3, kinds=_PACKETS[:1]):
            return place
        place = head.find(TS_SYNC, place + 1)
    return None


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
    places = (found.start() for found in _FIRST_BOX.finditer(head, place, FRONT + 8))
    return next((place for place in places if _is_box(head, place)), None)


def _is_box(data: bytes, place: int) -> bool:
    """Whether a box is there, and behind it another one or more than was read."""
    size, name = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
    inside = _INSIDE.get(name)
    if not 8 <= size <= _LARGEST_BOX or (inside and data[place + 12 : place + 16] != inside):
        return False
    behind = data[place + size + 4 : place + size + 8]
    return behind in _BOXES if len(behind) == 4 else inside is not None or place + size == len(data)


def _adts_start(head: bytes, place: int) -> int | None:
    place = head.find(0xFF, place)
    while 0 <= place < FRONT:
        if _is_adts(head, place):
            return place
        place = head.find(0xFF, place + 1)
    return None


def _is_adts(data: bytes, place: int) -> bool:
    for _ in range(_IN_A_ROW):
        head = data[place : place + 7]
        if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
            return False
        size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        if size < 8:
            return False
        place += size
    return True
