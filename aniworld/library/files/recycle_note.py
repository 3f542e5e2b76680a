"""The note of an entry in the recycle bin. It lies among the user's files, so every field of it is foreign data."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

LARGEST = 1_000_000  # bytes; the longest honest note has 2000 episodes with their paths
MOST = 2000  # episodes whose languages and files are written down
_MOST_FILES_BYTES = 600_000
_LATEST = 100_000_000_000  # seconds since 1970: the year 5138
_LARGEST_FILE = 2**63
_LONGEST_LANGUAGE = 20  # characters; what the column of an episode holds


@dataclass(frozen=True)
class Recycled:
    """One entry. ``original``: its path relative to the root. ``removed_at``: seconds since 1970, UTC.

    ``languages``: what no name tells of the episodes in it, ``{"S01E02": "ger-dub"}``; ``files``: their paths below the
    series folder. ``series``: the key of the series whose folder it is. ``damaged``: its note is not understood;
    ``original`` is the name of the content then.
    """

    id: str
    original: str
    removed_at: float
    size_bytes: int
    reason: str = ""
    is_folder: bool = False
    languages: Mapping[str, str] = field(default_factory=dict)
    series: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    damaged: bool = False


def written(entry: Recycled) -> bytes:
    """The note, never longer than ``read_note`` takes."""
    facts = asdict(entry)
    del facts["damaged"]
    facts["languages"] = dict(list(entry.languages.items())[:MOST])
    facts["files"] = dict(list(entry.files.items())[:MOST])
    if len(json.dumps(facts["files"])) > _MOST_FILES_BYTES:
        facts["files"] = {}  # their names say it, too
    return json.dumps(facts).encode()


def read_note(path: Path) -> Any:
    """What the note says; None where it cannot be read. Nothing but a plain file is opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            content = file.read(LARGEST + 1)
        return json.loads(content) if len(content) <= LARGEST else None
    except (OSError, ValueError, RecursionError):
        return None


def parsed(note: Any, entry_id: str) -> Recycled | None:
    """The entry of a sound note; None for a damaged one. Fields of a newer program are passed over."""
    if not isinstance(note, dict) or note.get("id") != entry_id:
        return None
    known = {one.name for one in fields(Recycled)} - {"damaged", "languages", "files"}
    try:
        entry = Recycled(**{name: value for name, value in note.items() if name in known})
    except TypeError:  # a field is missing
        return None
    if not _sound(entry):
        return None
    languages, files = _texts(note.get("languages")), _texts(note.get("files"))
    languages = {code: language for code, language in languages.items() if len(language) <= _LONGEST_LANGUAGE}
    files = {code: path for code, path in files.items() if is_inside(path)}
    series = _stored_form(entry.series)
    return Recycled(**{**asdict(entry), "series": series, "languages": languages, "files": files})


def _stored_form(key: str) -> str:
    """The key as text that every database accepts: surrogates and NUL become escapes, so that it matches no series."""
    return key.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _sound(entry: Recycled) -> bool:
    return (
        isinstance(entry.original, str)
        and is_inside(entry.original)
        and not entry.original.startswith(".")
        and isinstance(entry.reason, str)
        and isinstance(entry.series, str)
        and isinstance(entry.is_folder, bool)
        and _is_number(entry.size_bytes, int)
        and 0 <= entry.size_bytes < _LARGEST_FILE
        and _is_number(entry.removed_at, int | float)
        and 0 <= entry.removed_at < _LATEST
    )


def is_inside(path: str) -> bool:
    """Whether it is a plain relative path that can name a file: nothing empty, absolute, or leading up."""
    parts = path.split("/")
    return all(part not in ("", ".", "..") and _can_be_a_name(part) for part in parts)


def _can_be_a_name(part: str) -> bool:
    try:
        return len(os.fsencode(part)) <= 255 and "\0" not in part
    except UnicodeEncodeError:  # a surrogate that stands for no byte of a name
        return False


def _texts(value: Any) -> dict[str, str]:
    """Pairs of texts; others are left out, for the entry itself is sound."""
    if not isinstance(value, dict):
        return {}
    return {one: other for one, other in value.items() if isinstance(other, str) and other.isprintable()}


def _is_number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
