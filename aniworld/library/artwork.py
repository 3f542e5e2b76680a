"""The cover as a poster in the series folder, where media servers look for it."""

from __future__ import annotations

from pathlib import Path

from aniworld.core.naming import inside

from .disk import storage_errors, write_new

LARGEST = 10 * 1024 * 1024
_NAMES = ("poster", "folder", "cover")
_KINDS = ((b"\xff\xd8\xff", "jpg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"RIFF", "webp"))


def write_poster(root: Path, series_folder: Path, image: bytes) -> Path | None:
    """The poster that was written; None where there is one already, no folder for it, or no image in ``image``.

    Raises UnsafePath and StorageError.
    """
    kind = _kind(image)
    folder = inside(root, series_folder)
    if kind is None or not folder.is_dir() or _has_one(folder):
        return None
    target = folder / f"poster.{kind}"
    with storage_errors(root):
        return target if write_new(target, image) else None


def _kind(image: bytes) -> str | None:
    if not image or len(image) > LARGEST:
        return None
    kind = next((ext for magic, ext in _KINDS if image.startswith(magic)), None)
    return None if kind == "webp" and image[8:12] != b"WEBP" else kind


def _has_one(folder: Path) -> bool:
    return any(entry.stem.casefold() in _NAMES and entry.suffix for entry in folder.iterdir())
