"""Videos that a hoster plays in place of one that is gone (``/video_error.mp4``, ``/deleted.mp4``), told by their names."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_WHAT = r"(?:the|this|video|file|media|movie|content|clip|stream|source|page|no|has|have|is|was|been|and|or|not|sorry|default|static)"
_STATE = (
    r"(?:error|err|fail(?:ed|ure)?|deleted?|removed?|gone|missing|not[-_. ]?found|notfound|not[-_. ]?available|unavailable"
    r"|not[-_. ]?exists?|no[-_. ]?(?:video|file|media|stream|source)|expired|banned|blocked|disabled|dmca|copyright|takedown"
    r"|taken[-_. ]?down|abuse|offline|maintenance|404|403|410|451|500|503)"
)
_NAMED = re.compile(
    rf"(?:{_WHAT}[-_. ]*)*{_STATE}(?:[-_. ]*(?:{_WHAT}|{_STATE}))*[-_. ]*(?:v?\d{{1,2}})?", re.IGNORECASE
)
_GENERAL = re.compile(r"(?:index|master|playlist|video|media|hls|stream|main|v)?", re.IGNORECASE)


def is_placeholder(url: str) -> bool:
    """Whether a media address is named for what it stands for. A playlist's general name counts by its folder's."""
    try:
        parts = unquote(urlsplit(url).path).rstrip("/").split("/")
    except ValueError:
        return False
    stem = parts[-1].rpartition(".")[0] or parts[-1]
    if _GENERAL.fullmatch(stem) and len(parts) > 1:
        stem = parts[-2].removesuffix(".mp4")
    return bool(_NAMED.fullmatch(stem[:80]))
