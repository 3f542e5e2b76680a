"""The cover as a poster in the series folder, for the series and for its seasons, where media servers look for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from aniworld.core.media import SPECIALS
from aniworld.core.naming import inside
from aniworld.library.files.folders import folder_of_season
from aniworld.library.files.safe_io import storage_errors, write_new

LARGEST = 10 * 1024 * 1024
_NAMES = ("poster", "folder", "cover")
_KINDS = ((b"\xff\xd8\xff", "jpg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"RIFF", "webp"))


def write_poster(root: Path, series_folder: Path, image: bytes, links: Sequence[str] = ()) -> Path | None:
    """The poster that was written; None where there is one already, no folder for it, or no image in ``image``.

    ``links``: folders outside of the root that links in it may lead to. Raises UnsafePath and StorageError.
    """
    folder = inside(root, series_folder, links)
    return None if not folder.is_dir() or _has_one(folder, _NAMES) else _write(root, folder, "poster", image)


def write_season_poster(
    root: Path, series_folder: Path, season: int, image: bytes, links: Sequence[str] = ()
) -> Path | None:
    """As ``write_poster``: ``season01-poster.jpg`` in the series folder, ``season-specials-poster.jpg`` for season 0.

    None too where the season's own folder has a picture.
    """
    folder = inside(root, series_folder, links)
    if not folder.is_dir() or _has_season_picture(folder, season):
        return None
    return _write(root, folder, f"{_season_name(season)}-poster", image)


def lacks_poster(root: Path, series_folder: Path, season: int, links: Sequence[str] = ()) -> bool:
    """Whether the series, or this season, has no picture yet. Raises UnsafePath, StorageError."""
    folder = inside(root, series_folder, links)
    with storage_errors(root):
        return folder.is_dir() and not (_has_one(folder, _NAMES) and _has_season_picture(folder, season))


def _has_season_picture(folder: Path, season: int) -> bool:
    name = _season_name(season)
    own = folder / folder_of_season(folder, season)
    return _has_one(folder, (f"{name}-poster", name)) or (own.is_dir() and _has_one(own, _NAMES))


def _season_name(season: int) -> str:
    return f"season{season:02d}" if season != SPECIALS else "season-specials"


def _write(root: Path, folder: Path, stem: str, image: bytes) -> Path | None:
    kind = _kind(image)
    if kind is None:
        return None
    target = folder / f"{stem}.{kind}"
    with storage_errors(root):
        return target if write_new(target, image) else None


def _kind(image: bytes) -> str | None:
    if not image or len(image) > LARGEST:
        return None
    kind = next((ext for magic, ext in _KINDS if image.startswith(magic)), None)
    return None if kind == "webp" and image[8:12] != b"WEBP" else kind


def _has_one(folder: Path, stems: Collection[str]) -> bool:
    return any(entry.stem.casefold() in stems and entry.suffix for entry in folder.iterdir())
