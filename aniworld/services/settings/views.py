"""Snapshots of the settings, as the API and the page show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class BackupView:
    """``kind``: auto, manual, before-restore."""

    name: str
    created_at: datetime
    size_bytes: int
    kind: str
