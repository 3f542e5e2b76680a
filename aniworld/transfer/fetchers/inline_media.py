"""``data:`` addresses (RFC 2397), in which a playlist states a key, a map or a short list itself."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from aniworld.core.errors import WrongMedia

_SPACE = re.compile(rb"[ \t\n\f\r]+")
_BASE64 = re.compile(r";\s*base64\s*$", re.IGNORECASE)
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def is_inline(url: str) -> bool:
    return url[:5].lower() == "data:"


def inline(url: str) -> bytes | None:
    """What a ``data:`` address holds; None for any other address. Raises WrongMedia for one that is malformed."""
    if not is_inline(url):
        return None
    kind, comma, content = url[5:].partition(",")
    data = unquote_to_bytes(content)
    if comma and not _BASE64.search(kind):
        return data
    try:
        packed = _SPACE.sub(b"", data).rstrip(b"=").translate(_URL_SAFE)
        if comma:
            return base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        pass
    raise WrongMedia("The playlist holds a data: address that cannot be read.")
