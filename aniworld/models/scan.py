"""Scans, and what they remember of the disk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.models.base import UtcDateTime
from aniworld.models.db import Model

PATH_LENGTH = 768  # the longest text that MariaDB takes as a key; a folder with a longer path is read by every scan


class ScanRun(Model):
    """One scan: its last known phase and its result. ``id`` is a UUID text.

    ``seen_at``: the last sign of life of the one that runs. ``cancelled``: somebody wants it to stop.
    ``process``: which one runs it. ``turn``: 1 while it runs, else None; being unique, it lets only one scan run,
    whichever process asks.
    """

    __tablename__ = "scan_run"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    status: Mapped[str] = mapped_column(String(20))
    phase: Mapped[str] = mapped_column(String(20), default="")
    current: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    cancelled: Mapped[bool] = mapped_column(default=False)
    process: Mapped[str | None] = mapped_column(String(120), default=None)
    turn: Mapped[int | None] = mapped_column(default=None, unique=True)
    series_found: Mapped[int] = mapped_column(default=0)
    episodes_found: Mapped[int] = mapped_column(default=0)
    missing_total: Mapped[int] = mapped_column(default=0)
    warnings: Mapped[list[str]] = mapped_column(JSON, default=list)
    error: Mapped[str | None] = mapped_column(Text, default=None)


class SeenFolder(Model):
    """A folder of the root as the last scan saw it, so that an unchanged one is skipped; "" is the root itself.

    ``mtime_ns`` of the folder, 0 = read it again; ``content``: what it was, as services/scan/repository.py wrote it.
    """

    __tablename__ = "seen_folder"

    path: Mapped[str] = mapped_column(String(1000).with_variant(String(PATH_LENGTH), "mysql"), primary_key=True)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[list[Any]] = mapped_column(JSON, default=list)
