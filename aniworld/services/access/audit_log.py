"""AuditService: who signed in, failed to, changed settings, deleted, used a key. Names only, never a value."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from aniworld.config.settings import Settings, walk
from aniworld.core.errors import Unavailable
from aniworld.core.paging import Paging
from aniworld.models import AuditEntry, Database, utcnow
from aniworld.services.access.views import AuditView

log = logging.getLogger(__name__)

ENTRIES_LIMIT = 100_000
KINDS = (
    "signed_in",
    "sign_in_failed",
    "code_asked",
    "proof_failed",
    "signed_out",
    "session_ended",
    "sessions_ended",
    "password_set",
    "password_changed",
    "key_created",
    "key_revoked",
    "key_used",
    "totp_enabled",
    "totp_disabled",
    "recovery_code_used",
    "settings_changed",
    "settings_restored",
    "backup_deleted",
    "backup_downloaded",
    "backup_restored",
    "series_removed",
    "download_removed",
    "history_cleared",
    "recycle_removed",
    "recycle_emptied",
    "calendar_opened",
    "calendar_closed",
)


@dataclass(frozen=True)
class Origin:
    """Where a wish comes from. ``who``: a hint of the session or key; empty address = this machine's command line."""

    address: str = ""
    who: str = ""


class AuditService:
    """``days``: how long entries are kept. ``origin`` gives who asks at this moment; the web puts its own in place."""

    def __init__(
        self, database: Database, *, days: Callable[[], int] = lambda: 90, clock: Callable[[], datetime] = utcnow
    ) -> None:
        self.origin: Callable[[], Origin] = Origin
        self._database = database
        self._days = days
        self._clock = clock

    def record(self, kind: str, detail: str = "", *, origin: Origin | None = None) -> None:
        """Keeps that it happened. What cannot be written stands in the log, and keeps nobody from what they did."""
        where = origin or self.origin()
        entry = AuditEntry(
            at=self._clock(), kind=kind, address=where.address[:64], who=where.who[:40], detail=_plain(detail)[:500]
        )
        try:
            with self._database.writing() as session:
                session.add(entry)
        except (Unavailable, SQLAlchemyError) as error:
            log.warning("An entry of the audit log could not be written (%s): %s", kind, type(error).__name__)

    def entries(self, page: int = 1, page_size: int = 50, kind: str | None = None) -> tuple[list[AuditView], Paging]:
        """Newest first."""
        wanted = () if kind is None else (AuditEntry.kind == kind,)
        with self._database.reading() as session:
            total = session.scalar(select(func.count()).select_from(AuditEntry).where(*wanted)) or 0
            newest = select(AuditEntry).where(*wanted).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
            rows = session.scalars(newest.offset((page - 1) * page_size).limit(page_size))
            found = [AuditView(row.at, row.kind, row.address, row.who, row.detail) for row in rows]
        return found, Paging(page, page_size, total)

    def purge(self) -> None:
        """Entries past their days go, and the oldest beyond a hundred thousand."""
        before = self._clock() - timedelta(days=self._days())
        with self._database.writing() as session:
            session.execute(delete(AuditEntry).where(AuditEntry.at < before))
            oldest = session.scalar(select(AuditEntry.id).order_by(AuditEntry.id.desc()).offset(ENTRIES_LIMIT).limit(1))
            if oldest is not None:
                session.execute(delete(AuditEntry).where(AuditEntry.id <= oldest))


def changed(old: Settings, new: Settings) -> list[str]:
    """The dotted names of settings that differ, never their values."""
    return [
        f"{section}.{name}"
        for section, name, _ in walk()
        if getattr(getattr(old, section), name) != getattr(getattr(new, section), name)
    ]


def hint(identity: str) -> str:
    """Enough of a session's or key's id to tell it from others in a list, too little to use it."""
    return identity[:6] + "…" if identity else ""


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "�" for char in text)
