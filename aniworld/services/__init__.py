"""User actions: check, change, commit, publish."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aniworld.services.library_import.legacy import DataMigrationService
    from aniworld.services.queue.repository import QueueRepository
    from aniworld.services.series.repository import AnimeSeriesService

__all__ = ["AnimeSeriesService", "DataMigrationService", "QueueRepository"]

_MODULES = {
    "AnimeSeriesService": "aniworld.services.series.repository",
    "DataMigrationService": "aniworld.services.library_import.legacy",
    "QueueRepository": "aniworld.services.queue.repository",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
