"""Chapters as sources state them, made sound: in order, apart from one another, within the film, under usual names."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from aniworld.core.media import Chapter

MOST = 300
TITLE_LENGTH = 100
SHORTEST_S = 1.0
TOLERANCE_S = 1.0
BETWEEN = "Episode"  # what lies between: players take a chapter to last until the next one begins

_INTRO = re.compile(r"(?:intro(?:duction)?|opening|op|vorspann)(?:\s*(?:theme|credits|song|#?\d+))?", re.IGNORECASE)
_OUTRO = re.compile(
    r"(?:outro|ending|ed|abspann|(?:end|closing)\s*credits|credits)(?:\s*(?:theme|song|#?\d+))?", re.IGNORECASE
)


def stated(found: Any) -> tuple[Chapter, ...]:
    """The chapters in a source's list of ``{"start_time", "end_time", "title"}``; what is none of these is left out."""
    rows = found if isinstance(found, list | tuple) else ()
    chapters = (_chapter(one) for one in rows[:MOST] if isinstance(one, Mapping))
    return tuple(one for one in chapters if one is not None)


def sound(chapters: Iterable[Chapter], duration: float | None) -> tuple[Chapter, ...]:
    """Those that can be: not negative, not upside down, not over an earlier one, not beyond ``duration`` (seconds).

    Gaps are filled with chapters of the neutral name, so that an ``Intro`` ends where it does. Nothing without a
    duration.
    """
    if duration is None or not math.isfinite(duration):
        return ()
    kept: list[Chapter] = []
    for one in sorted(_fitting(chapters, duration), key=lambda one: (one.start, one.end))[:MOST]:
        if not kept or one.start >= kept[-1].end - TOLERANCE_S / 10:
            kept.append(one)
    return tuple(_without_gaps(kept, duration)) if kept else ()


def _chapter(one: Mapping[str, Any]) -> Chapter | None:
    start, end, title = one.get("start_time"), one.get("end_time"), one.get("title")
    if not _is_number(start) or not _is_number(end):
        return None
    return Chapter(float(start), float(end), title if isinstance(title, str) else "")


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fitting(chapters: Iterable[Chapter], duration: float) -> Iterable[Chapter]:
    for number, one in enumerate(chapters, 1):
        if not (math.isfinite(one.start) and math.isfinite(one.end)):
            continue
        end = min(one.end, duration)
        if one.start >= 0 and one.end <= duration + TOLERANCE_S and end - one.start >= SHORTEST_S:
            yield Chapter(one.start, end, _name(one.title) or f"Chapter {number}")


def _name(title: str) -> str:
    plain = " ".join("".join(char if char.isprintable() else " " for char in title).split())[:TITLE_LENGTH]
    if _INTRO.fullmatch(plain):
        return "Intro"
    return "Outro" if _OUTRO.fullmatch(plain) else plain


def _without_gaps(chapters: list[Chapter], duration: float) -> Iterable[Chapter]:
    place = 0.0
    for one in chapters:
        if one.start - place >= SHORTEST_S:
            yield Chapter(place, one.start, BETWEEN)
        yield one
        place = one.end
    if duration - place >= SHORTEST_S:
        yield Chapter(place, duration, BETWEEN)
