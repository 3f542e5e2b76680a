"""Whether a file is the whole video that was announced, told by its container and its decoded end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from aniworld.core.counting import counted
from aniworld.core.errors import WrongMedia
from aniworld.transfer.engine.ffmpeg import Ffmpeg, Ran

TAIL_S = 1
_SHARE, _LEAST_S = 0.02, 1.5
_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_INPUT = re.compile(r"Input #0, ([\w,]+), from")
_STREAM = re.compile(r"Stream #0:\d+(?:\[\w+\])?(?:\((\w+)\))?: (Video|Audio): (\w+)(.*)")
_PICTURE = re.compile(r", (\w+)(?:\([^)]*\))?, (\d{2,5}x\d{2,5})\b")
_SOUND = re.compile(r"^(?: \(([\w-]+)\))?(?: \([^)]*\))?, (\d+ Hz), ([^,]+)")
_SIZE = re.compile(r"\b(\d{2,5})x(\d{2,5})\b")
_FRAME = re.compile(r"^frame=(\d+)", re.MULTILINE)
_CUT_OFF = re.compile(r"partial file|ended prematurely|moov atom not found|corrupt input packet|truncat", re.IGNORECASE)
# What its own output complains of, two frames at one time, is no fault of the file: ``[null @ 0x…] [error]``.
_DAMAGE = re.compile(r"^(?!\[(?:null|out#\d+)\b).*\[(?:error|fatal)\]", re.MULTILINE)
_NAMES = {"mov": "mp4", "matroska": "mkv"}


@dataclass(frozen=True)
class Facts:
    """What the container says of itself. ``duration`` in seconds; ``width``, ``height`` in pixels, None without video.

    ``kinds``: of each stream what pieces of one video have in common, such as ``h264 yuv420p 320x180``.
    """

    container: str
    duration: float | None
    height: int | None
    audio_languages: tuple[str, ...]
    has_audio: bool
    kinds: tuple[str, ...] = ()
    width: int | None = None


def check(ffmpeg: Ffmpeg, path: Path, stated: float | None, *, full: bool = False, rounding: float = 0.0) -> Facts:
    """The file's facts. ``stated``: the duration that was announced, in seconds; ``rounding``: by how much it may be
    off.

    Raises WrongMedia if it does not open, has no picture, ends too early or is shorter than was stated. One that is
    longer is not cut off: pages and playlists round, and count without the credits.
    """
    ran = ffmpeg.look(path, 0 if full else TAIL_S)
    facts = read(ran.log, path)
    if facts is None:
        raise WrongMedia("What came is no video that can be opened.")
    if facts.height is None:
        raise WrongMedia("What came has sound but no picture." if facts.has_audio else "What came has no picture.")
    if facts.container != "mpegts":  # its end cannot be sought by time; it is joined anew and read again then
        _check_end(ran, full)
    _check_duration(facts.duration, stated, rounding)
    return facts


def read(log: str, path: Path) -> Facts | None:
    """The facts in what ``ffmpeg -i`` says; None if the file did not open."""
    opened, duration = _INPUT.search(log), _DURATION.search(log)
    if not opened:
        return None
    head = log[opened.end() :].split("Stream mapping", 1)[0].split("Output #0", 1)[0]
    streams = _STREAM.findall(head)
    sizes = [_SIZE.search(rest) for _, kind, _, rest in streams if kind == "Video" and "attached pic" not in rest]
    seconds = int(duration[1]) * 3600 + int(duration[2]) * 60 + float(duration[3]) if duration else None
    spoken = tuple(name for name, kind, _, _ in streams if kind == "Audio" and name and name != "und")
    return Facts(
        container=_container(opened[1], path),
        duration=seconds,
        height=next((int(size[2]) for size in sizes if size), None),
        audio_languages=spoken,
        has_audio=any(kind == "Audio" for _, kind, _, _ in streams),
        kinds=tuple(_kind(kind, codec, rest) for _, kind, codec, rest in streams),
        width=next((int(size[1]) for size in sizes if size), None),
    )


def _kind(kind: str, codec: str, rest: str) -> str:
    found = (_PICTURE if kind == "Video" else _SOUND).search(rest)
    return " ".join([codec, *(word for word in found.groups() if word)]) if found else codec


def _container(names: str, path: Path) -> str:
    first = names.split(",", 1)[0]
    if first == "matroska":
        with path.open("rb") as file:
            return "webm" if b"webm" in file.read(64) else "mkv"
    return _NAMES.get(first, first)


def _check_end(ran: Ran, full: bool) -> None:
    frames = [int(count) for count in _FRAME.findall(ran.out)]
    if ran.code or _CUT_OFF.search(ran.log) or not frames or not frames[-1]:
        raise WrongMedia("The video is cut off: its end is missing.")
    if full and _DAMAGE.search(ran.log):
        raise WrongMedia("The video is damaged: parts of it cannot be decoded.")


def _check_duration(seconds: float | None, stated: float | None, rounding: float) -> None:
    """At most half of the announced time is ever put down to rounding."""
    if not stated:
        return
    tolerance = max(_SHARE * stated, _LEAST_S, min(rounding, stated / 2))
    if seconds is None or seconds < stated - tolerance:
        lasts = "an unknown time" if seconds is None else counted(seconds, "second")
        if round(stated) == 1:
            raise WrongMedia(f"The video lasts {lasts}, but one second was announced.")
        raise WrongMedia(f"The video lasts {lasts}, but {stated:.0f} seconds were announced.")
