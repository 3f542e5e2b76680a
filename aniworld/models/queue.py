"""The download queue: one row for each wished episode, and one row for the queue as a whole."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import JSON, BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.core.queue import DownloadPriority, DownloadStatus
from aniworld.models.base import TimestampMixin, UtcDateTime, utcnow
from aniworld.models.db import Model


class DownloadQueueItem(TimestampMixin, Model):
    """The wish for one episode. ``serie_id`` is the series' key.

    ``position`` orders items of one priority; only its order counts, numbers have gaps for what is moved between.

    ``not_before``: not to be claimed earlier (back-off). ``worker`` and ``lease_until``: who holds it, and until when.
    ``notice``: a sentence on what a completed item lacks, such as subtitles that could not be had.
    ``cancelled``: its worker shall stop and the row goes. ``failed_links``: link addresses that failed for this item.
    """

    __tablename__ = "download_queue_item"
    __table_args__ = (
        Index("ix_download_queue_item_claim", "status", text("priority DESC"), "position", "added_at"),
        Index("ix_download_queue_item_episode", "serie_id", "season", "episode"),
        Index("ix_download_queue_item_totals", "status", "downloaded_bytes"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    serie_id: Mapped[str] = mapped_column(String(255))
    serie_folder: Mapped[str] = mapped_column(String(255), default="")
    serie_name: Mapped[str] = mapped_column(String(500), default="")
    season: Mapped[int]
    episode: Mapped[int]
    source: Mapped[str | None] = mapped_column(String(255), default=None)
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    status: Mapped[str] = mapped_column(String(20), default=DownloadStatus.PENDING)
    priority: Mapped[int] = mapped_column(default=int(DownloadPriority.NORMAL))
    position: Mapped[int] = mapped_column(BigInteger, default=0)
    progress: Mapped[float] = mapped_column(default=0.0)
    downloaded_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    total_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    speed_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    eta_seconds: Mapped[int | None] = mapped_column(default=None)
    error: Mapped[str | None] = mapped_column(Text, default=None)
    error_code: Mapped[str | None] = mapped_column(String(50), default=None)
    notice: Mapped[str | None] = mapped_column(Text, default=None)
    retry_count: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    language: Mapped[str | None] = mapped_column(String(20), default=None)
    hoster: Mapped[str | None] = mapped_column(String(255), default=None)
    file: Mapped[str | None] = mapped_column(String(2000), default=None)
    failed_links: Mapped[list[str]] = mapped_column(JSON, default=list)
    worker: Mapped[str | None] = mapped_column(String(255), default=None)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    cancelled: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class QueueState(Model):
    """One row, id 1: whether items begin, and whether transfers halt (and until when)."""

    __tablename__ = "queue_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    is_running: Mapped[bool] = mapped_column(default=False)
    is_paused: Mapped[bool] = mapped_column(default=False)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    reason: Mapped[str | None] = mapped_column(Text, default=None)
