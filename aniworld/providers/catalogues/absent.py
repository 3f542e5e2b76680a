"""What both engines write on the page of an episode that has no video."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup

from aniworld.core.errors import NothingThere
from aniworld.providers.fetch.html import spaced, without_lookalikes

_WHAT = r"\b(?:episode|folge|film|movie|special)s?\b"
_NOT_YET = r"\bnoch\s+nicht\b[^.!?]{0,40}?\b(?:veröffentlicht|erschienen|verfügbar|ausgestrahlt|draußen)"
_NO_PLAYER = r"\bkein(?:e|en)?\s+(?:video-?\s*player|player|videos?|streams?|hoster)\b"
_WITHIN = r"[^.!?]{0,60}?"
_NOT_OUT = re.compile(
    "|".join(
        pattern for said in (_NOT_YET, _NO_PLAYER) for pattern in (f"{_WHAT}{_WITHIN}{said}", f"{said}{_WITHIN}{_WHAT}")
    ),
    re.IGNORECASE,
)


def check_out(soup: BeautifulSoup, url: str) -> None:
    """Raises NothingThere where a page says that its episode is not out, or has no player."""
    if _NOT_OUT.search(without_lookalikes(spaced(soup.body or soup))):
        raise NothingThere(f"The catalogue has no video of this episode yet ({url}).")
