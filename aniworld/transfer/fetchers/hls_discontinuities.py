"""A video whose time begins anew on the way: each stretch becomes a piece of its own, so that one can follow the other.

Fragments carry their own time, and a second map in one file is passed over: read as one, they would lie on top of
each other. The pieces are containers by our own ffmpeg, with a known duration and a clock that all have in common.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import TypeAlias

from aniworld.core.errors import WrongMedia
from aniworld.transfer.engine.ffmpeg import Ffmpeg, last_words
from aniworld.transfer.engine.media_check import check
from aniworld.transfer.engine.part_file import storage, storage_error
from aniworld.transfer.fetchers.hls_early_join import Feed
from aniworld.transfer.protocol.job import Stretch

PIECES = "piece*"  # their names, and that of their list
_HEVC = (b"hvc1", b"hev1")
_IN_EACH_KEY_FRAME = ["-bsf:v", "hevc_mp4toannexb"]  # its parameters; H.264's are put there by the concat demuxer

Listed: TypeAlias = tuple[Path, list[Path]]


def check_pairs(tracks: Sequence[Sized]) -> None:
    """Nothing, if all tracks have as many stretches. Raises WrongMedia: what belongs to what would be a guess."""
    if len({len(stretches) for stretches in tracks}) > 1:
        raise WrongMedia("Picture and sound of this video begin anew at different places, so they do not fit together.")


@contextmanager
def standing(
    folder: Path, ffmpeg: Ffmpeg, tracks: Sequence[Path], stretches: Sequence[Sequence[Stretch]]
) -> Iterator[Listed]:
    """The list for ffmpeg and the pieces in it, in order; afterwards neither is there, whatever happened.

    Raises WrongMedia if a piece is not as long as announced or of another kind than the first, DiskFull …
    """
    check_pairs(stretches)
    try:
        pieces = _cut(folder, ffmpeg, tracks, list(zip(*stretches, strict=True)))
        listed = folder / "pieces.ffconcat"
        with storage(folder):
            listed.write_text("ffconcat version 1.0\n" + "".join(f"file {piece.name}\n" for piece in pieces))
        yield listed, pieces
    finally:
        with storage(folder):
            for path in folder.glob(PIECES):
                path.unlink(missing_ok=True)


def _cut(folder: Path, ffmpeg: Ffmpeg, tracks: Sequence[Path], parts: Sequence[tuple[Stretch, ...]]) -> list[Path]:
    filters = _filters(tracks[0], parts[0][0])
    pieces: list[Path] = []
    kinds: tuple[str, ...] = ()
    for number, part in enumerate(parts):
        out = folder / f"piece-{number}.mp4"
        _make(ffmpeg, tracks, part, out, filters)
        found = check(ffmpeg, out, part[0].duration, rounding=part[0].rounding).kinds
        kinds = kinds or found
        _compare(kinds, found)
        pieces.append(out)
    return pieces


def _make(ffmpeg: Ffmpeg, tracks: Sequence[Path], part: tuple[Stretch, ...], out: Path, filters: list[str]) -> None:
    feeds = [Feed(track, stretch.spans) for track, stretch in zip(tracks, part, strict=True)]
    size = sum(end - start for stretch in part for start, end in stretch.spans)
    ran = ffmpeg.cut([*feeds], out, size, filters)
    for feed in feeds:
        if feed.error is not None:
            raise storage_error(feed.error)
    if ran.code:
        raise WrongMedia(f"A part of the video cannot be read ({last_words(ran.log)}).")


def _filters(track: Path, first: Stretch) -> list[str]:
    """What the picture's codec needs so that each piece brings the parameters with it that it was coded with."""
    start, end = first.spans[0]
    with storage(track.parent), track.open("rb") as file:
        file.seek(start)
        head = file.read(min(end - start, 65_536))
    return _IN_EACH_KEY_FRAME if b"moov" in head and any(name in head for name in _HEVC) else []


def _compare(before: tuple[str, ...], now: tuple[str, ...]) -> None:
    """Raises WrongMedia if the two cannot follow one another in one file as they are."""
    changes = [f"{a} becomes {b}" for a, b in zip_longest(before, now, fillvalue="nothing") if a != b]
    if changes:
        raise WrongMedia(f"The parts of the video cannot follow one another as they are: {' and '.join(changes)}.")
