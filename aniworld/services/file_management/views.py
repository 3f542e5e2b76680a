"""Renaming and the recycle bin, as the API and the pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Rename:
    """A file and the name that it should have; paths below the series folder. ``reason``: why it is left alone."""

    key: str
    season: int
    episode: int
    old: str
    new: str
    reason: str | None = None


@dataclass(frozen=True)
class RenameOutcome:
    """What a renaming did. ``id``: by which it is undone; ``done``: how many files have their new name."""

    id: str
    done: int
    skipped: tuple[Rename, ...] = ()
    cancelled: bool = False


@dataclass(frozen=True)
class RenameStatus:
    """The renaming in the background that runs, or the last one. ``status``: idle, running, completed, cancelled,
    failed.
    """

    id: str | None = None
    status: str = "idle"
    current: int = 0
    total: int = 0
    percent: float = 0.0
    key: str = ""
    done: int = 0
    skipped: tuple[Rename, ...] = ()
    error: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True)
class EarlierRename:
    """A renaming of the past. ``files``: how many have their new name by it; ``undoes``: the one that it took back.

    ``status``: running, completed, undone. ``can_undo``: whether there is something to take back.
    """

    id: str
    status: str
    started_at: datetime
    keys: tuple[str, ...]
    files: int
    failed: int
    undoes: str | None
    can_undo: bool


@dataclass(frozen=True)
class NameExamples:
    """What a template makes of invented episodes: an ordinary one, one without a title, a film, several in one file."""

    example: str
    untitled: str
    special: str
    several: str


@dataclass(frozen=True)
class RecycledItem:
    """Something in the recycle bin. ``path``: where it stood, below the library; ``expires_at``: None = kept.

    ``damaged``: its note is not understood, so that it can be deleted, and not restored.
    """

    id: str
    path: str
    name: str
    removed_at: datetime
    expires_at: datetime | None
    size_bytes: int
    reason: str
    is_folder: bool
    damaged: bool = False


@dataclass(frozen=True)
class Restored:
    """``path``: where it stands now, below the library. ``episodes``: the codes of those that have their file again.
    ``series_restored``: the series had been removed, and is back in the library with its history."""

    path: str
    key: str | None
    episodes: tuple[str, ...]
    series_restored: bool = False
