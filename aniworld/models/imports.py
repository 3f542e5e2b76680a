"""Imports of an existing library: runs, and what each unmatched folder may be."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.models.base import TimestampMixin, UtcDateTime
from aniworld.models.db import Model

CERTAIN, LIKELY, UNKNOWN, CHOSEN, IGNORED, IMPORTED = "certain", "likely", "unknown", "chosen", "ignored", "imported"
STATES = (CERTAIN, LIKELY, UNKNOWN, CHOSEN, IGNORED, IMPORTED)


class ImportRun(TimestampMixin, Model):
    """One matching or importing run. ``id``: a UUID text; ``kind``: match or import.

    ``status``: running, completed, failed, cancelled, undone. ``active``: 1 while it runs, else None; being unique, it
    allows only one run at a time, in whichever process. ``seen_at``: the last sign of life of the process that runs it.
    ``folder_ids``: the candidates that it is about; None = all that qualify. ``added``: keys of the series that it
    added, for undo. ``failures``: [{"folder_id", "folder", "error"}].
    """

    __tablename__ = "import_run"
    __table_args__ = (Index("ix_import_run_started_at", "started_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default="running")
    phase: Mapped[str] = mapped_column(String(20), default="")
    current: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    imported: Mapped[int] = mapped_column(default=0)
    folder_ids: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True), default=None)
    added: Mapped[list[str]] = mapped_column(JSON, default=list)
    failures: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    error: Mapped[str | None] = mapped_column(Text, default=None)
    cancelled: Mapped[bool] = mapped_column(default=False)
    process: Mapped[str | None] = mapped_column(String(120), default=None)
    active: Mapped[int | None] = mapped_column(default=None, unique=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class ImportCandidate(TimestampMixin, Model):
    """A folder of the library that belonged to no series when it was matched, or that a person decided about.

    ``state``: certain, likely, unknown, chosen, ignored, imported. ``reason``: id, legacy, title, alternative_title,
    near_title, chosen. ``candidates``: [{"link", "title", "site", "year", "score"}], best first.
    ``series_key``, ``link``: the series that the folder is, by key, by the catalogue's page, or by both. ``mode``:
    merge or add_folder, where that series has a folder already. ``earlier_folder``: the folder that the series had
    until then, for the way back. ``run_id``: the import run that took the folder. ``files``, ``episodes``: videos, and
    episodes that they were read as.
    """

    __tablename__ = "import_candidate"
    __table_args__ = (Index("ix_import_candidate_state", "state", "folder"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    folder: Mapped[str] = mapped_column(String(255), unique=True)
    state: Mapped[str] = mapped_column(String(20), default="unknown")
    reason: Mapped[str | None] = mapped_column(String(20), default=None)
    files: Mapped[int] = mapped_column(default=0)
    episodes: Mapped[int] = mapped_column(default=0)
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    series_key: Mapped[str | None] = mapped_column(String(255), default=None)
    link: Mapped[str | None] = mapped_column(String(2000), default=None)
    mode: Mapped[str | None] = mapped_column(String(20), default=None)
    earlier_folder: Mapped[str | None] = mapped_column(String(255), default=None)
    run_id: Mapped[str | None] = mapped_column(String(36), default=None)
    error: Mapped[str | None] = mapped_column(Text, default=None)
    matched_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


# Candidates that say whose a folder is. One that was chosen by its link only has no series in the library yet.
DECIDED = (ImportCandidate.state == IGNORED) | (
    ImportCandidate.state.in_([CHOSEN, IMPORTED]) & ImportCandidate.series_key.is_not(None)
)


def folder_id(folder: str) -> str:
    """The id of a folder's candidate: the same whenever the folder is found."""
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:32]
