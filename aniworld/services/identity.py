"""Who signed in, and who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SignedIn:
    session_id: str
    access_token: str
    expires_at: datetime
    remember: bool


@dataclass(frozen=True)
class Identity:
    """Who asks: a session or an API key. ``scope``: read or full. ``expires_at``: None = does not expire."""

    scope: str
    expires_at: datetime | None
    session_id: str | None = None
    key_id: str | None = None

    @property
    def id(self) -> str:
        return self.session_id or self.key_id or ""
