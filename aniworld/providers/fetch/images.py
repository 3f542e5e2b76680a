"""Covers: fetched through the gate, bounded, and told apart by what their first bytes are."""

from __future__ import annotations

from dataclasses import dataclass

from aniworld.core.errors import NothingThere
from aniworld.providers.fetch.client import Gate

COVER_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Cover:
    """An image as it came. ``content_type`` is what the bytes are, never what the site claims."""

    body: bytes
    content_type: str


def image_type(body: bytes) -> str | None:
    """``image/jpeg``, ``image/png``, ``image/webp`` or ``image/gif`` by magic bytes; None for anything else."""
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    if body[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    return None


def fetch_cover(gate: Gate, url: str, *, referer: str | None = None) -> Cover:
    """The image at ``url``. Raises NothingThere where it is none, TooLarge over 5 MiB."""
    page = gate.get(url, headers={"Accept": "image/*"}, referer=referer, max_bytes=COVER_BYTES)
    kind = image_type(page.body)
    if page.status != 200 or kind is None:
        raise NothingThere(f"There is no image at {page.url}.")
    return Cover(page.body, kind)
