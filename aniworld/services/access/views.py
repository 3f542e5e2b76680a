"""Sessions, API keys and the audit log, as the API and the pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SessionView:
    id: str
    created_at: datetime
    last_seen: datetime
    expires_at: datetime
    user_agent: str
    address: str
    current: bool


@dataclass(frozen=True)
class AuditView:
    """``kind``: what was done; ``who``: a hint of the session or key; ``detail``: names, never values."""

    at: datetime
    kind: str
    address: str
    who: str
    detail: str


@dataclass(frozen=True)
class ApiKeyView:
    """``key`` is there only in the answer that makes it."""

    id: str
    name: str
    scope: str
    hint: str
    created_at: datetime
    last_used: datetime | None
    key: str | None = None
