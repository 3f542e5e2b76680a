"""Covers in the instance folder: named by our own hash, typed by their bytes, never by what a site says (A12)."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from aniworld.providers.fetch.images import Cover

ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}
_TYPES = {ending: kind for kind, ending in ENDINGS.items()}
_NAME = re.compile(r"[0-9a-f]{64}\.(jpg|png|webp|gif)")


class CoverFolder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, cover: Cover) -> str:
        """The name under which the image is kept from now on. Raises OSError."""
        name = f"{hashlib.sha256(cover.body).hexdigest()}.{ENDINGS[cover.content_type]}"
        path = self._folder / name
        if path.exists():
            return name
        self._folder.mkdir(parents=True, exist_ok=True)
        waiting = self._folder / f".{secrets.token_hex(8)}.part"
        try:
            waiting.write_bytes(cover.body)
            os.replace(waiting, path)
        finally:
            waiting.unlink(missing_ok=True)
        return name

    def find(self, name: str | None) -> tuple[Path, str] | None:
        """The file and its type, or None where there is none."""
        found = _NAME.fullmatch(name or "")
        path = self._folder / (name or "")
        return (path, _TYPES[found[1]]) if found and path.is_file() else None

    def drop(self, name: str) -> None:
        if _NAME.fullmatch(name):
            (self._folder / name).unlink(missing_ok=True)
