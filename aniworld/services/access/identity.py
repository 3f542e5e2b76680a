"""Who signed in, and who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aniworld.models import ApiKey, UserSession
from aniworld.services.access.views import ApiKeyView, SessionView


@dataclass(frozen=True)
class SignedIn:
    session_id: str
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


def session_view(row: UserSession, current: str | None) -> SessionView:
    return SessionView(
        row.id, row.created_at, row.last_seen_at, row.expires_at, row.user_agent, row.address, row.id == current
    )


def key_view(row: ApiKey, key: str | None = None) -> ApiKeyView:
    """``key``: the key itself, in the answer that makes it."""
    return ApiKeyView(row.id, row.name, row.scope, row.hint, row.created_at, row.last_used_at, key)


def printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())
