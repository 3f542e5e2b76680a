"""What a calendar feed has to tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Occasion:
    """One entry of the feed. ``uid`` stays the same for an episode, whatever becomes of its day; ``at``: in UTC."""

    uid: str
    title: str
    key: str
    season: int | None
    day: date
    at: datetime | None = None
    note: str = ""
