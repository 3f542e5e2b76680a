"""The scan and the folders that it found, as the API and the pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ScanStatus:
    """``status``: idle, running, completed, failed, cancelled."""

    scan_id: str | None = None
    status: str = "idle"
    phase: str = ""
    current: int = 0
    total: int = 0
    percent: float = 0.0
    started_at: datetime | None = None
    completed_at: datetime | None = None
    series_found: int = 0
    episodes_found: int = 0
    missing_total: int = 0
    warnings: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class UnmatchedFolder:
    """A folder of no known series. ``candidates``: [{"key", "name", "score"}], best first."""

    folder: str
    files: int
    candidates: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class FolderChoice:
    """What a person chose for a folder. ``key`` None: it is nobody's; ``name``: of the series, empty for none."""

    folder: str
    key: str | None
    name: str
    chosen_at: datetime
