"""Aniworld keeps an anime library complete: it scans, compares, queues and downloads."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

__all__ = [
    "CallbackManager",
    "CompletionCallback",
    "ErrorCallback",
    "ProgressCallback",
    "Serie",
    "SerieList",
    "SerieScanner",
    "SeriesApp",
    "__version__",
]

_MODULES = {  # imported on first use: the command line answers before the services are loaded
    "CallbackManager": "aniworld.core.callbacks",
    "CompletionCallback": "aniworld.core.callbacks",
    "ErrorCallback": "aniworld.core.callbacks",
    "ProgressCallback": "aniworld.core.callbacks",
    "Serie": "aniworld.legacy.serie",
    "SerieList": "aniworld.services.series_app",
    "SerieScanner": "aniworld.library.scan.scanner",
    "SeriesApp": "aniworld.services.series_app",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
