"""How far a look for new episodes is, as JSON and back: what a process says of it to the others of its cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class TrackingStatus:
    """The look for new episodes that runs, or the last one. ``looked`` of ``total`` series were read again.

    ``reason``: why none was; None where some were.
    """

    running: bool = False
    started_at: datetime | None = None
    completed_at: datetime | None = None
    looked: int = 0
    total: int = 0
    new_episodes: int = 0
    queued: int = 0
    upgrades: int = 0
    warnings: tuple[str, ...] = ()
    reason: str | None = None


_MOMENTS = ("started_at", "completed_at")


def facts_of(status: TrackingStatus) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(status).items()}


def status_of(facts: Mapping[str, Any], running: bool) -> TrackingStatus:
    """``running``: whether its process still gives signs of life."""
    known = {one.name: facts[one.name] for one in fields(TrackingStatus) if one.name in facts}
    moments = {name: datetime.fromisoformat(known[name]) for name in _MOMENTS if known.get(name)}
    return TrackingStatus(**{**known, **moments, "warnings": tuple(known.get("warnings", ())), "running": running})
