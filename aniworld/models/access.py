"""Who may come in: the master password, second factor, sessions and API keys. Secrets are kept as hashes only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.models.base import TimestampMixin, UtcDateTime
from aniworld.models.db import Model


class MasterPassword(TimestampMixin, Model):
    """One row, id 1, once a password is set. ``digest``: argon2id in its encoded form."""

    __tablename__ = "master_password"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(500))


class UserSession(TimestampMixin, Model):
    """One sign-in, over cookie and JWT alike. ``id`` is random and stands in both; a revoked or expired row is dead."""

    __tablename__ = "user_session"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    remember: Mapped[bool] = mapped_column(default=False)
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str] = mapped_column(String(64), default="")


class SecondFactorSecret(TimestampMixin, Model):
    """One row, id 1, once a second factor was begun; it counts when ``confirmed_at`` is set.

    ``secret``: encrypted. ``last_step``: the newest time step whose code was used, so that none is used twice.
    """

    __tablename__ = "second_factor"

    id: Mapped[int] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(String(300))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Model):
    """``digest``: SHA-256 of 130 random bits. Each is good once."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class CalendarToken(TimestampMixin, Model):
    """One row, id 1, while calendar programs may read the calendar. ``digest``: SHA-256 of a 256-bit random token."""

    __tablename__ = "calendar_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class ApiKey(TimestampMixin, Model):
    """A key for programs. ``digest``: SHA-256 of a 256-bit random key. ``scope``: read or full."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    scope: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(12), default="")
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
