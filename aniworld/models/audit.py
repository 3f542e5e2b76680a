"""What was done about access, settings and deletions, and by whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.models.base import UtcDateTime
from aniworld.models.db import Model


class AuditEntry(Model):
    """``who``: a hint of the session or key, never the whole of it. ``detail``: names and keys, never values."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    address: Mapped[str] = mapped_column(String(64), default="")
    who: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(String(500), default="")
