"""The folder that a person names, or the catalogue's title suggests, as it is on the disk."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from aniworld.config.settings import LibrarySettings
from aniworld.core.errors import InvalidInput
from aniworld.core.naming import is_ignored_folder, path_component, same_name
from aniworld.core.offload import offload
from aniworld.core.validators import sanitize_filename
from aniworld.library.files.folders import existing
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.library.files.safe_io import check_root
from aniworld.models import AnimeSeries


def on_disk(root: str, name: str) -> str | None:
    """The folder of the library that ``name`` means, as it is spelled there; None where there is none."""
    if not root or not name or "/" in name or name == ".." or is_ignored_folder(name):
        return None
    found = existing(Path(root), name)
    return found if found and (Path(root) / found).is_dir() else None


def chosen(library: LibrarySettings, wish: str, stored: str) -> str:
    """The folder that ``wish`` names: one that exists as it is, the present one where a form sent it back, one that is
    only spelled otherwise than we would, else a new one with a name that every file system takes. Raises InvalidInput
    for a path, for a name that no scan reads, and where nothing of the name can be used.
    """
    if wish == stored:
        return stored
    found = offload(on_disk, library.root, wish)
    if found:
        return found
    if stored and _typed(wish) == _typed(stored):
        return stored
    _check_new(_typed(wish))
    return suggested(sanitize_filename(wish, field="folder"), folders_of(library))


def _check_new(name: str) -> None:
    if "/" in name or "\\" in name:
        raise _refused(
            "A folder is one name in the library, without / and \\; write the name only, such as Attack on Titan"
            " (2013)."
        )
    if name.strip(". ") and (is_ignored_folder(name) or is_ignored_folder(name.rstrip(". "))):
        raise _refused("Scans skip folders of this name; choose another one, such as Attack on Titan (2013).")


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, {"folder": [message]})


def _typed(name: str) -> str:
    """What is left of a name in a form's field: no line breaks, and nothing around it."""
    return unicodedata.normalize("NFC", name.replace("\r", "").replace("\n", "")).strip()


def suggested(name: str, folders: Sequence[str]) -> str:
    """The folder for a title: one of ``folders``, those in the library, whose name is the same or only spelled
    otherwise than we would, else ``name``.
    """
    if name in folders:
        return name
    alike = (
        folder for folder in folders if same_name(folder, name) or same_name(path_component(folder, fallback=""), name)
    )
    return next(alike, name)


def folders_of(library: LibrarySettings) -> list[str]:
    """The folders of the library, sorted; none where it is not there."""
    return offload(_folders_of, library.root) if library.root else []


def _folders_of(root: str) -> list[str]:
    try:
        with os.scandir(root) as entries:
            return sorted(entry.name for entry in entries if not is_ignored_folder(entry.name) and entry.is_dir())
    except OSError:
        return []


def recycle(
    library: LibrarySettings, series: AnimeSeries, languages: dict[str, str], files: dict[str, str]
) -> tuple[bool, str]:
    """Whether a series' folder was moved into the recycle bin, and a sentence about files that were not, "" where all
    were.

    ``languages`` and ``files``: of its episodes, by their codes, for the way back. Raises StorageError, also where the
    library is not there.
    """
    if library.root:
        check_root(Path(library.root))
    folder = series.folder
    found = on_disk(library.root, folder)
    if found is None:
        return False, f"There is no folder {folder!r} in the library; no file was moved."
    path = Path(library.root) / found
    linked = path.is_symlink()
    RecycleBin(Path(library.root), library.recycle_days, links=library.link_roots).put(
        path, reason=f"{series.name} was removed", languages=languages, series=series.key, files=files
    )
    return True, f"The folder {folder!r} is a link: it was moved, the files that it leads to stay." if linked else ""
