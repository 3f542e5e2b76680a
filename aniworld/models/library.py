"""The journal of what the application did to files of the library."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.models.base import TimestampMixin
from aniworld.models.db import Model


class RenameRun(TimestampMixin, Model):
    """One series' part of a renaming run, written before the first file moves. ``run_id``: a UUID text.

    ``steps``: [{"old", "new", "ids", "beside"}], paths below the library root, ids of episodes, further files as
    [[old, new], ...]. The first ``done`` of them were tried; ``failed``: the places of those that did not succeed.
    ``status``: running, completed, undone. ``undoes``: the run that this one takes back.
    """

    __tablename__ = "rename_run"
    __table_args__ = (Index("ix_rename_run_run_id", "run_id"), Index("ix_rename_run_status", "status"))

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(String(36))
    key: Mapped[str] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(20), default="running")
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    done: Mapped[int] = mapped_column(default=0)
    failed: Mapped[list[int]] = mapped_column(JSON, default=list)
    undoes: Mapped[str | None] = mapped_column(String(36), default=None)
