"""The subtitles that a master playlist lists (``EXT-X-MEDIA`` of the type ``SUBTITLES``, RFC 8216 section 4.3.4.1)."""

from __future__ import annotations

import m3u8

from aniworld.core.errors import AniworldError
from aniworld.core.subtitles import SubtitleTrack, is_forced_label, language_of

_SDH = ("public.accessibility.transcribes-spoken-dialog", "public.accessibility.describes-music-and-sound")


def subtitles(master: m3u8.M3U8, group: str | None) -> tuple[SubtitleTrack, ...]:
    """Those of the variant's group; all where it names none that is listed. Closed captions are inside the picture."""
    listed = [one for one in master.media if (one.type or "").upper() == "SUBTITLES" and one.uri]
    own = [one for one in listed if group and one.group_id == group] or listed
    tracks = [track for one in own if (track := _track(one)) is not None]
    return tuple({track.url: track for track in reversed(tracks)}.values())[::-1]


def _track(one: m3u8.Media) -> SubtitleTrack | None:
    try:
        url = one.absolute_uri
    except (AniworldError, ValueError, TypeError):
        return None
    label = one.name or ""
    traits = (one.characteristics or "").lower()
    forced = (one.forced or "").upper() == "YES" or is_forced_label(label)
    return SubtitleTrack(url, language_of(one.language, label), label[:200], forced, all(t in traits for t in _SDH))
