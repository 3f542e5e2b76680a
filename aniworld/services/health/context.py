"""What checks look at, and the words in which they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from aniworld.config.environment import Environment
from aniworld.config.settings import Settings
from aniworld.core.health import HealthCheck
from aniworld.core.sentences import Sentence
from aniworld.models import Database


class RestingSources(Protocol):
    """Whoever knows which sources rest: each with ``site``, ``seconds`` that are left, and ``why``."""

    def resting(self) -> Iterable[Any]: ...


@dataclass(frozen=True)
class Circumstances:
    """``clock_offset()``: seconds that this machine's clock is ahead of the last site that answered, None before one
    did.

    ``ffmpeg_version()``: None where there is no ffmpeg. ``misunderstood()``: names of settings that make no sense.
    """

    database: Database
    settings: Callable[[], Settings]
    misunderstood: Callable[[], Sequence[str]]
    environment: Environment
    rest: RestingSources
    clock: Callable[[], datetime]
    ffmpeg_version: Callable[[], str | None]
    clock_offset: Callable[[], float | None]

    @property
    def instance(self) -> Path:
        return self.environment.instance

    @property
    def root(self) -> Path | None:
        """The library's folder; None while none is set."""
        root = self.settings().library.root
        return Path(root) if root else None


Check = Callable[[Circumstances], Iterable[HealthCheck]]


def ok(name: str, form: str, **values: Any) -> HealthCheck:
    return HealthCheck(name, "ok", Sentence(form, **values))


def notice(name: str, message: Sentence, advice: Sentence) -> HealthCheck:
    return HealthCheck(name, "notice", message, advice)


def warning(name: str, message: Sentence, advice: Sentence) -> HealthCheck:
    return HealthCheck(name, "warning", message, advice)


def error(name: str, message: Sentence, advice: Sentence) -> HealthCheck:
    return HealthCheck(name, "error", message, advice)
