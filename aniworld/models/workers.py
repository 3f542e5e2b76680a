"""The download workers of a cluster, as they were last seen."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.models.base import UtcDateTime
from aniworld.models.db import Model


class WorkerSeen(Model):
    """A worker's own word about itself, renewed every few seconds. ``slots``: downloads that it may run at a time,
    ``active``: those that it runs; ``seen_at`` is the database's time, ``clock_ahead_s`` how far the worker's clock was
    ahead of that. The row goes when the worker ends."""

    __tablename__ = "worker_seen"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    version: Mapped[str] = mapped_column(String(40))
    slots: Mapped[int]
    active: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    clock_ahead_s: Mapped[float] = mapped_column(default=0.0, server_default="0")
