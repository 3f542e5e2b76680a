"""What came back for an address: a page, decoded and bounded."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aniworld.core.errors import PageChanged

PLAYLIST_TYPES = frozenset(
    f"{kind}/{name}" for kind in ("application", "audio") for name in ("vnd.apple.mpegurl", "x-mpegurl", "mpegurl")
)
GONE = frozenset({404, 410, 451})

_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class Page:
    """``url``: where it was found, after redirects. ``headers``: names in lower case. ``body``: decompressed bytes.

    ``media``: the address is itself a video or playlist file; its body was not read (playlists: empty as well).
    ``cookies``: its ``Set-Cookie`` headers, each by itself.
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    media: bool = False
    cookies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The body as text: by mark, header, meta element, UTF-8 or Windows-1252. Never raises."""
        for charset in self._charsets():
            try:
                return self.body.decode(charset).replace("\x00", "")
            except (UnicodeDecodeError, LookupError):
                continue
        return self.body.decode("utf-8", "replace").replace("\x00", "")

    def json(self) -> Any:
        """The body as JSON. Raises PageChanged."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            raise PageChanged(f"{self.url} was expected to answer with JSON and did not.") from None

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").split(";", 1)[0].strip().lower()

    @property
    def not_modified(self) -> bool:
        return self.status == 304

    @property
    def gone(self) -> bool:
        return self.status in GONE

    def _charsets(self) -> list[str]:
        marks = [name for mark, name in _MARKS if self.body.startswith(mark)]
        named = re.search(r"charset\s*=\s*[\"']?([\w:.-]+)", self.headers.get("content-type", ""), re.IGNORECASE)
        meta = _META_CHARSET.search(self.body[:4096])
        stated = [named[1]] if named else []
        stated += [meta[1].decode("ascii")] if meta else []
        return [*marks, *(_as_browsers_read(name) for name in stated), "utf-8", "cp1252"]


def _as_browsers_read(charset: str) -> str:
    """Latin-1 and ASCII mean Windows-1252 on the web (WHATWG Encoding Standard); other names stay."""
    return "cp1252" if charset.lower().replace("_", "-") in {"iso-8859-1", "latin1", "latin-1", "us-ascii"} else charset


def is_media_type(content_type: str) -> bool:
    """Whether a content type says that the address is a video, sound or playlist file."""
    return content_type.startswith(("video/", "audio/")) or content_type in PLAYLIST_TYPES
