"""What several processes share that a single one keeps in files or in its memory."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.models.base import TimestampMixin, UtcDateTime
from aniworld.models.db import Model


class StoredSettings(TimestampMixin, Model):
    """One row, ``id`` 1: the settings, as ``config.json`` holds them elsewhere. ``version`` counts the changes.

    ``secret_mark``: tells whether two processes sign with the same secret, and nothing else about it.
    """

    __tablename__ = "stored_settings"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(default=1)
    content: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    secret_mark: Mapped[str] = mapped_column(String(64), default="")


class SettingsBackup(Model):
    """The settings as they were once. ``kind``: auto, manual, before-restore."""

    __tablename__ = "settings_backup"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    size_bytes: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)


class Lease(Model):
    """Work that one process does at a time. ``holder`` has it until ``until``, and longer if it renews in time.

    ``facts``: how far the work is, or how it ended, for the other processes.
    """

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120), default="")
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
