"""The optional second factor: time-based codes (RFC 6238) and recovery codes, each good for one use."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import delete, func, select, update

from aniworld.core.errors import Conflict, Unavailable, WrongCode
from aniworld.models import Database, RecoveryCode, SecondFactorSecret, utcnow

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

SECRET_BYTES = 20  # RFC 4226, section 4: 160 bits
STEP_S, DIGITS = 30, 6
DRIFT = 1  # steps that a clock may be off, as RFC 6238, section 5.2 recommends
RECOVERY_CODES = 10
QUIET_ZONE = 4  # units, ISO/IEC 18004
_CODE, _RECOVERY = re.compile(r"[0-9]{6}"), re.compile(r"[A-Z2-7]{26}")


@dataclass(frozen=True)
class QrCode:
    """``uri`` as a picture: ``path`` is that of an SVG, ``size`` by ``size`` units with the quiet zone around it."""

    size: int
    path: str


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator application needs; shown once. It counts only after a code has confirmed it."""

    secret: str
    uri: str
    qr: QrCode


@dataclass(frozen=True)
class SecondFactorState:
    enabled: bool
    recovery_codes_left: int


@dataclass(frozen=True)
class RecoveryCodes:
    """Shown once; kept as hashes."""

    recovery_codes: tuple[str, ...]


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a time step: HMAC-SHA-1, dynamically truncated (RFC 4226, section 5.3)."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def qr_code(text: str) -> QrCode:
    """Dark squares as one path of horizontal lines, each a unit high."""
    import segno  # a quarter of a second for a picture that is drawn once in the life of an instance

    rows = segno.make(text, error="m", micro=False).matrix
    edge = QUIET_ZONE
    lines = [f"M{x + edge} {y + edge}h{length}v1h-{length}z" for y, row in enumerate(rows) for x, length in _runs(row)]
    return QrCode(len(rows) + 2 * edge, "".join(lines))


def _runs(row: Iterable[int]) -> Iterator[tuple[int, int]]:
    """(start, length) of each run of dark squares."""
    for dark, run in groupby(enumerate(row), key=lambda one: bool(one[1])):
        places = [place for place, _ in run]
        if dark:
            yield places[0], len(places)


class SecondFactor:
    """``key``: 32 bytes that encrypt the secret in the database, so that a stolen database makes no codes."""

    def __init__(self, database: Database, key: bytes, clock: Callable[[], datetime] = utcnow) -> None:
        self._database = database
        self._key = key
        self._clock = clock

    def state(self) -> SecondFactorState:
        with self._database.reading() as session:
            row = session.get(SecondFactorSecret, 1)
            unused = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.used_at.is_(None))
            enabled = row is not None and row.confirmed_at is not None
            return SecondFactorState(enabled, (session.scalar(unused) or 0) if enabled else 0)

    def begin(self) -> Enrolment:
        """A new secret that waits for its first code. Raises Conflict while a second factor is on."""
        secret = secrets.token_bytes(SECRET_BYTES)
        with self._database.writing() as session:
            row = session.get(SecondFactorSecret, 1)
            if row is not None and row.confirmed_at is not None:
                raise Conflict("The second factor is on already; turn it off first.")
            session.merge(SecondFactorSecret(id=1, secret=self._sealed(secret), confirmed_at=None, last_step=0))
        text = base64.b32encode(secret).decode()
        query = f"secret={text}&issuer=Aniworld&algorithm=SHA1&digits={DIGITS}&period={STEP_S}"
        uri = f"otpauth://totp/{quote('Aniworld:owner')}?{query}"
        return Enrolment(text, uri, qr_code(uri))

    def confirm(self, code: str) -> RecoveryCodes:
        """It counts from now on. Raises Conflict without a ``begin``, WrongCode."""
        codes = tuple(_new_recovery_code() for _ in range(RECOVERY_CODES))
        with self._database.writing() as session:
            row = session.get(SecondFactorSecret, 1)
            if row is None or row.confirmed_at is not None:
                raise Conflict("There is no second factor that waits for its first code; begin anew.")
            row.last_step = self._step_of(row, code)
            row.confirmed_at = self._clock()
            session.execute(delete(RecoveryCode))
            session.add_all(RecoveryCode(digest=_digest(one)) for one in codes)
        return RecoveryCodes(codes)

    def spend(self, code: str) -> bool:
        """Uses ``code`` up; whether it was a recovery code. Raises WrongCode, also for one that was used before."""
        recovery = code.replace("-", "").replace(" ", "").upper()
        with self._database.writing() as session:
            if _RECOVERY.fullmatch(recovery):
                unused = RecoveryCode.digest == _digest(recovery), RecoveryCode.used_at.is_(None)
                done = session.execute(update(RecoveryCode).where(*unused).values(used_at=self._clock()))
            else:
                row = session.get(SecondFactorSecret, 1)
                step = self._step_of(row, code)
                fresh = SecondFactorSecret.id == 1, SecondFactorSecret.last_step < step
                done = session.execute(update(SecondFactorSecret).where(*fresh).values(last_step=step))
            if not done.rowcount:  # type: ignore[attr-defined]
                raise _wrong()
        return bool(_RECOVERY.fullmatch(recovery))

    def disable(self) -> None:
        """Secret and recovery codes are gone. May be called twice."""
        with self._database.writing() as session:
            session.execute(delete(SecondFactorSecret))
            session.execute(delete(RecoveryCode))

    def _step_of(self, row: SecondFactorSecret | None, code: str) -> int:
        """The newest step that ``code`` belongs to. Raises WrongCode."""
        digits = code.replace(" ", "")
        if row is None or not _CODE.fullmatch(digits):
            raise _wrong()
        secret, now = self._opened(row.secret), int(self._clock().timestamp()) // STEP_S
        steps = [step for step in range(now - DRIFT, now + DRIFT + 1) if step > row.last_step]
        fitting = [step for step in steps if hmac.compare_digest(code_at(secret, step), digits)]
        if not fitting:
            raise _wrong()
        return fitting[-1]

    def _sealed(self, secret: bytes) -> str:
        return str(self._fernet().encrypt(secret).decode())

    def _opened(self, sealed: str) -> bytes:
        from cryptography.fernet import InvalidToken  # see _fernet

        try:
            return bytes(self._fernet().decrypt(sealed.encode()))
        except InvalidToken:
            raise Unavailable(
                "The second factor belongs to another secret_key and cannot be checked; turn it off on the server "
                "itself with: aniworld password --disable-totp"
            ) from None

    def _fernet(self) -> Fernet:
        """Loaded at the first use: 9 MB that a server without a second factor does without."""
        from cryptography.fernet import Fernet

        return Fernet(base64.urlsafe_b64encode(self._key))


def _new_recovery_code() -> str:
    """128 random bits and a little, in groups that can be typed."""
    text = base64.b32encode(secrets.token_bytes(17)).decode()[:26]
    return "-".join(text[start : start + 5] for start in range(0, 26, 5))


def _digest(code: str) -> str:
    return hashlib.sha256(code.replace("-", "").encode()).hexdigest()


def _wrong() -> WrongCode:
    return WrongCode("The code is wrong, or it was used before.")
