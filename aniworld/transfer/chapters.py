"""Chapters into a file: ffmpeg's metadata text, and the pass that writes it where no other pass is made anyway."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from aniworld.core.chapters import sound
from aniworld.core.errors import WrongMedia
from aniworld.core.media import Chapter
from aniworld.transfer.engine.ffmpeg import Ffmpeg

_SPECIAL = re.compile(r"([=;#\\\n])")


def metadata(chapters: Sequence[Chapter]) -> str:
    """The chapters in ffmpeg's own form (ffmpeg-formats, 5.1), in milliseconds."""
    lines = [";FFMETADATA1"]
    for one in chapters:
        title = _SPECIAL.sub(r"\\\1", one.title)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={_ms(one.start)}", f"END={_ms(one.end)}", f"title={title}"]
    return "\n".join(lines) + "\n"


def noted(folder: Path, chapters: Sequence[Chapter], duration: float | None) -> Path | None:
    """The text for ffmpeg in ``folder``, of those chapters that are sound; None where there is none."""
    kept = sound(chapters, duration)
    if not kept:
        return None
    path = folder / "joined.chapters.txt"
    path.write_text(metadata(kept), encoding="utf-8")
    return path


def written(ffmpeg: Ffmpeg, path: Path, text: Path, container: str) -> Path:
    """A copy of the file at ``path`` with these chapters; the file itself where that cannot be made: chapters are no
    reason to lose an episode."""
    out = text.with_suffix(f".{container}")
    try:
        ffmpeg.add_chapters(path, text, out)
    except WrongMedia:
        return path
    return out


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
