"""The subtitles that yt-dlp found for a video, by its ``subtitles`` field; what a machine heard or translated is left
out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aniworld.core.subtitles import SubtitleTrack, is_forced_label, language_of

_ENDINGS = ("vtt", "srt", "ass", "ssa")
_NO_SUBTITLES = frozenset({"live_chat", "rechat", "danmaku", "comments"})


def stated_subtitles(info: Mapping[str, Any]) -> tuple[SubtitleTrack, ...]:
    """One track for each language, in the first form that can be kept."""
    found = info.get("subtitles")
    return tuple(_tracks(found)) if isinstance(found, Mapping) else ()


def _tracks(found: Mapping[Any, Any]) -> Iterator[SubtitleTrack]:
    for tag, forms in found.items():
        if str(tag) in _NO_SUBTITLES or not isinstance(forms, list):
            continue
        usable = [one for one in forms if isinstance(one, Mapping) and (one.get("url") or one.get("data"))]
        usable = [one for one in usable if one.get("ext") in (*_ENDINGS, None) or _is_playlist(one)]
        if usable:
            one = min(usable, key=_rank)
            label = str(one.get("name") or "")[:200]
            text = str(one.get("data") or "")
            yield SubtitleTrack(
                "" if text else str(one["url"]), language_of(str(tag), label), label, is_forced_label(label), text=text
            )


def _is_playlist(one: Mapping[str, Any]) -> bool:
    return str(one.get("protocol") or "").startswith("m3u8")


def _rank(one: Mapping[str, Any]) -> int:
    return _ENDINGS.index(one["ext"]) if one.get("ext") in _ENDINGS else len(_ENDINGS)
