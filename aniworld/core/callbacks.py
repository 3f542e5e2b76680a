"""How the core tells what it does, without knowing who listens."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

log = logging.getLogger(__name__)


class Operation(StrEnum):
    DOWNLOAD = "download"
    SCAN = "scan"
    SEARCH = "search"
    REFRESH = "refresh"


@dataclass(frozen=True)
class ProgressContext:
    """A step of a long work. ``current`` of ``total``; ``total`` 0 = not known yet."""

    operation: Operation
    operation_id: str
    phase: str
    current: int = 0
    total: int = 0
    message: str = ""
    key: str | None = None
    folder: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def percent(self) -> float:
        """0.0 to 100.0; 0.0 while the total is not known."""
        return round(min(100.0, 100.0 * self.current / self.total), 1) if self.total > 0 else 0.0


@dataclass(frozen=True)
class ErrorContext:
    """Something went wrong inside a long work. ``recoverable``: the work goes on all the same."""

    operation: Operation
    operation_id: str
    error: BaseException
    message: str
    recoverable: bool = False
    key: str | None = None
    folder: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CompletionContext:
    """A long work ended, well or not. ``result``: JSON-able facts about it."""

    operation: Operation
    operation_id: str
    success: bool
    message: str = ""
    key: str | None = None
    folder: str | None = None
    result: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class ProgressCallback(Protocol):
    def on_progress(self, context: ProgressContext) -> None: ...


@runtime_checkable
class ErrorCallback(Protocol):
    def on_error(self, context: ErrorContext) -> None: ...


@runtime_checkable
class CompletionCallback(Protocol):
    def on_completion(self, context: CompletionContext) -> None: ...


class CallbackManager:
    """Hands each context to everyone registered for it. Safe from any thread.

    A listener is an object with ``on_progress``, ``on_error`` or ``on_completion``, one or several.
    One that raises is logged and does not keep the others, or the work itself, from going on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: tuple[object, ...] = ()

    def register(self, listener: ProgressCallback | ErrorCallback | CompletionCallback) -> None:
        with self._lock:
            if listener not in self._listeners:
                self._listeners = (*self._listeners, listener)

    def unregister(self, listener: object) -> None:
        with self._lock:
            self._listeners = tuple(known for known in self._listeners if known is not listener)

    def clear(self) -> None:
        with self._lock:
            self._listeners = ()

    def progress(self, context: ProgressContext) -> None:
        self._tell("on_progress", context)

    def error(self, context: ErrorContext) -> None:
        self._tell("on_error", context)

    def completion(self, context: CompletionContext) -> None:
        self._tell("on_completion", context)

    def _tell(self, method: str, context: object) -> None:
        for listener in self._listeners:
            hear = getattr(listener, method, None)
            if hear is None:
                continue
            try:
                hear(context)
            except Exception:  # the wall to foreign code: a broken listener must not stop the work
                log.exception("A listener failed in %s", method)
