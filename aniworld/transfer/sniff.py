"""What the first bytes of something say that calls itself a video."""

from __future__ import annotations

from aniworld.core.errors import WrongMedia

from .http import Response

_PAGES = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<script")
_PAGE_KINDS = frozenset({"text/html", "application/xhtml+xml", "application/json"})
_PLAYLIST_KINDS = frozenset(
    {"application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl"}
)
PLAYLIST = b"#EXTM3U"


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


def is_segment(start: bytes) -> bool:
    """Whether these bytes begin a media segment: TS, fMP4, ADTS or MP3 audio, with an ID3 tag before or not."""
    if start[:1] == b"\x47" or start[:3] == b"ID3" or start[4:8] in _BOXES:
        return True
    return len(start) > 1 and start[0] == 0xFF and start[1] & 0xE0 == 0xE0


_BOXES = frozenset({b"ftyp", b"styp", b"sidx", b"moof", b"moov", b"emsg", b"prft", b"mdat", b"free", b"skip"})
