"""Keys: the identifier of a series, and how a catalogue's slug becomes one."""

from __future__ import annotations

import re

from aniworld.core.errors import InvalidInput

KEY_LENGTH = 255
KEY_FORM = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SLUG_FORM = re.compile(r"[A-Za-z0-9_-]+")

# What stands beside the keys in addresses (``/api/anime/scan``): a series of such a name gets a word more.
RESERVED = frozenset({"add", "calendar", "rename", "rescan", "scan", "search", "unmatched"})
_OTHERS = re.compile(r"[^a-z0-9]+")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")


def key_from_slug(slug: str) -> str:
    """The key for a slug: lower-cased, every other run of characters one hyphen, trimmed.

    ``D_Cide-Traumerei`` → ``d-cide-traumerei``; ``search``, which an address could not name, →
    ``search-series``. Two slugs may give one key: that is a conflict for the caller.
    Raises InvalidInput where nothing is left.
    """
    key = _OTHERS.sub("-", slug.lower()).strip("-")
    if not key:
        raise InvalidInput(f"{slug[:80]!r} names no series.", {"link": ["Names no series."]})
    return f"{key}-series" if key in RESERVED else key


def gives_key(slug: str) -> bool:
    """Whether a key can be made of the slug: something is left of it, and it is not longer than a key may be."""
    return len(slug) <= KEY_LENGTH and bool(slug.strip("_-"))


def title_from_slug(slug: str) -> str:
    """A title for the eye until the true one is known: ``attack-on-titan`` → ``Attack On Titan``."""
    return " ".join(word[:1].upper() + word[1:] for word in re.split(r"[-_]+", slug) if word) or slug


def year_of(text: str | None) -> int | None:
    """The first year that a text names, e.g. 2020 for ``(2020 - 2024)``; None where there is none."""
    found = _YEAR.search(text or "")
    return int(found[0]) if found else None
