"""Segments of WebVTT become one text whose times are those of the video.

Cues are read by yt-dlp's parser, each on its own: one that is broken costs that cue and not the file. Import this only
where there is such a text: yt-dlp takes 300 ms.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from yt_dlp import webvtt

TICKS = 90_000  # a second, as MPEG counts
_WRAP = 2**33
_TOLERANCE_S = 1.0
_TOUCHING = TICKS // 10
_BLANK = re.compile(r"\n[ \t]*\n+")
_COMMA = re.compile(r"(\d),(\d{3})")
_LOCAL = re.compile(r"LOCAL:(\d[\d:]*(?:[.,]\d+)?)", re.IGNORECASE)
_MPEGTS = re.compile(r"MPEGTS:(\d{1,12})", re.IGNORECASE)
_ENTITY = re.compile(r"&(?!(?:lt|gt|amp|nbsp|lrm|rlm);)#?\w{2,31};")
_TWICE = re.compile(r"&amp;(#?\w{2,31};)")
_TAG = re.compile(r"&lt;(/?(?:i|b|u|c|v|ruby|rt|lang|font)(?:[ .][^&<>\n]{0,100})?)&gt;", re.IGNORECASE)
_PICTURE = re.compile(r"\S+\.(?:jpe?g|png|webp|gif|bmp|avif)(?:[?#]\S*)?", re.IGNORECASE)


class Pictures(Exception):
    """The text lists pictures for the time line and is not subtitles."""


@dataclass(frozen=True)
class Part:
    """One segment's text and its place on the playlist's time line, in seconds. ``fresh``: a discontinuity is before
    it.
    """

    text: str
    start: float = 0.0
    end: float = float("inf")
    fresh: bool = False


@dataclass(frozen=True)
class _Cue:
    start: int
    end: int
    settings: str
    text: str
    part: int


@dataclass(frozen=True)
class _Segment:
    """A part that was read. ``mapped``: MPEG's time at the text's time 0, where it is stated."""

    part: Part
    mapped: int | None
    cues: tuple[_Cue, ...]

    @property
    def length(self) -> float:
        return self.part.end - self.part.start


def join(parts: Sequence[Part], video_start: float | None = None) -> str:
    """One WebVTT text with each cue once. ``video_start``: the first timestamp of the video's own clock, in seconds.

    Raises Pictures.
    """
    styles: dict[str, None] = {}
    stretches: list[list[_Segment]] = []
    for number, part in enumerate(parts):
        header, blocks = _blocks(part.text)
        styles |= dict.fromkeys(block for block in blocks if block.startswith(("STYLE", "REGION")))
        found = tuple(cue for block in blocks for cue in _cues(block, number))
        if part.fresh or not stretches:
            stretches.append([])
        stretches[-1].append(_Segment(part, _mapped(header), found))
    cues = [
        replace(cue, start=cue.start + offset, end=cue.end + offset)
        for stretch in stretches
        for one, offset in zip(stretch, _offsets(stretch, video_start), strict=True)
        for cue in one.cues
    ]
    if cues and all(_PICTURE.fullmatch(cue.text) for cue in cues):
        raise Pictures
    body = "".join(_written(cue) for cue in _each_once(cues) if cue.end > 0)
    return "WEBVTT\n\n" + "".join(f"{style}\n\n" for style in styles) + body


def plain(text: str) -> str:
    """Text of a cue without the marks of HTML that no player shows."""
    text = _TWICE.sub(r"&\1", text)
    text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    return _TAG.sub(r"<\1>", text)


def _blocks(text: str) -> tuple[str, list[str]]:
    """The header and the blocks after it; a text that was escaped as a whole is opened first."""
    text = text.lstrip("\ufeff").replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    if "-->" not in text and "--&gt;" in text:
        text = html.unescape(text)
    header, *blocks = _BLANK.split(text.strip("\n"))
    timed = header.find("-->")
    if timed >= 0:  # no blank line between the header and the first cue
        lines = header.split("\n")
        first = next(place for place, line in enumerate(lines) if "-->" in line)
        header, blocks = "\n".join(lines[:first]), ["\n".join(lines[first:]), *blocks]
    return header, blocks


def _cues(block: str, part: int) -> Iterator[_Cue]:
    lines = block.strip("\n").split("\n")
    lines = [_COMMA.sub(r"\1.\2", line) if "-->" in line else line.rstrip() for line in lines]
    try:
        found = list(webvtt.parse_fragment(("WEBVTT\n\n" + "\n".join(lines) + "\n\n").encode("utf-8", "replace")))
    except webvtt.ParseError:
        return
    for cue in found:
        if isinstance(cue, webvtt.CueBlock) and cue.end > cue.start:
            text = plain(cue.text.strip("\n"))
            if text.strip():
                yield _Cue(cue.start, cue.end, cue.settings or "", text, part)


def _mapped(header: str) -> int | None:
    """MPEG's time at the text's time 0 by ``X-TIMESTAMP-MAP``; None where there is no such line."""
    line = next((line for line in header.split("\n") if line.upper().startswith("X-TIMESTAMP-MAP")), "")
    mpegts, local = _MPEGTS.search(line), _LOCAL.search(line)
    if not mpegts:
        return None
    seconds = 0.0
    for number in local[1].replace(",", ".").split(":") if local else ():
        seconds = seconds * 60 + float(number or 0)
    return int(mpegts[1]) - int(seconds * TICKS)


def _offsets(stretch: Sequence[_Segment], video_start: float | None) -> list[int]:
    """Ticks to add to the cues of each segment of one stretch. Packagers disagree on what times count from: the maps
    decide where they go on with the segments, else the playlist's own time line, which may be rounded."""
    first = stretch[0]
    maps = [one.mapped for one in stretch if one.mapped is not None]
    begin = int(first.part.start * TICKS)
    schemes: list[list[int]] = []
    if maps and video_start is not None:
        schemes.append([_near((one.mapped or maps[0]) - int(video_start * TICKS), one.part.start) for one in stretch])
    if len(set(maps)) > 1:
        schemes.append([_near((one.mapped or maps[0]) - maps[0] + begin, one.part.start) for one in stretch])
    elif _from_their_own_segment(stretch):
        return [int(one.part.start * TICKS) for one in stretch]
    else:
        schemes.append([0] * len(stretch))
        schemes.append([begin] * len(stretch))
    misfits = [_misfit(stretch, offsets) for offsets in schemes]
    return schemes[next(at for at, misfit in enumerate(misfits) if misfit <= min(misfits) + _TOLERANCE_S)]


def _from_their_own_segment(stretch: Sequence[_Segment]) -> bool:
    """Whether times begin again with each segment."""
    later = [one for one in stretch if one.cues and one.part.start >= 2 * one.length]
    return bool(later) and all(cue.start <= (one.length + 1) * TICKS for one in later for cue in one.cues)


def _near(offset: int, start: float) -> int:
    """MPEG's clock begins again after 26 hours: the turn of it that is nearest to the segment."""
    return offset + _WRAP * round((start * TICKS - offset) / _WRAP)


def _misfit(stretch: Sequence[_Segment], offsets: Sequence[int]) -> float:
    """Seconds by which cues are outside of their segment, on average."""
    outside = [
        max(0.0, one.part.start - (cue.end + offset) / TICKS, (cue.start + offset) / TICKS - one.part.end)
        for one, offset in zip(stretch, offsets, strict=True)
        for cue in one.cues
    ]
    return sum(outside) / len(outside) if outside else 0.0


def _each_once(cues: Sequence[_Cue]) -> list[_Cue]:
    """A cue that goes over a segment's end is in both segments: whole, or cut there."""
    kept: list[_Cue] = []
    last: dict[tuple[str, str], int] = {}
    for cue in cues:
        said = (cue.text, cue.settings)
        before = kept[last[said]] if said in last else None
        if before and before.part != cue.part and cue.start <= before.end + _TOUCHING and cue.end >= before.start:
            kept[last[said]] = replace(
                before, start=min(before.start, cue.start), end=max(before.end, cue.end), part=cue.part
            )
            continue
        last[said] = len(kept)
        kept.append(cue)
    return sorted(kept, key=lambda cue: (cue.start, cue.end))


def _written(cue: _Cue) -> str:
    settings = f" {cue.settings}" if cue.settings else ""
    return f"{_time(max(0, cue.start))} --> {_time(cue.end)}{settings}\n{cue.text}\n\n"


def _time(ticks: int) -> str:
    milliseconds = round(ticks / (TICKS // 1000))
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milliseconds:03d}"
