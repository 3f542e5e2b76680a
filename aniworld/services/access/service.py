"""AuthService: the master password, sessions and API keys. One session row stands behind cookie and token alike."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.exc import OperationalError

from aniworld.config.environment import Environment
from aniworld.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    NotSignedIn,
    TotpRequired,
    Unavailable,
    WrongPassword,
)
from aniworld.models import ApiKey, Database, MasterPassword, UserSession, utcnow
from aniworld.services.access.audit_log import AuditService, Origin, hint
from aniworld.services.access.identity import Identity, SignedIn, key_view, printable, session_view
from aniworld.services.access.identity_cache import Recent
from aniworld.services.access.passwords import Passwords, check
from aniworld.services.access.revocations import Endings
from aniworld.services.access.second_factor import Enrolment, RecoveryCodes, SecondFactor
from aniworld.services.access.tokens import derived, new_api_key, new_session_id, read_secret, same, setup_token
from aniworld.services.access.views import ApiKeyView, SessionView

log = logging.getLogger(__name__)

REMEMBERED, SESSION, IDLE = timedelta(days=30), timedelta(hours=24), timedelta(hours=12)
SEEN_EVERY, RECALL_S = timedelta(minutes=1), 1.0
SESSIONS_LIMIT, KEYS_LIMIT = 500, 100
SCOPES = ("read", "full")
__all__ = ["REMEMBERED", "AuthService", "Identity", "SignedIn"]


class AuthService:
    """``clock`` gives the present moment in UTC. ``spawn`` runs what nobody waits for.

    ``recall_s``: how long what the database said of a session counts; 0 where other processes end sessions, too.
    """

    def __init__(
        self,
        database: Database,
        environment: Environment,
        *,
        secret: bytes | None = None,
        clock: Callable[[], datetime] = utcnow,
        spawn: Callable[[Callable[[], None]], object] = lambda work: work(),
        audit: AuditService | None = None,
        recall_s: float = RECALL_S,
    ) -> None:
        self.secret = secret or read_secret(environment.instance, environment.secret_key)
        self.setup_token = setup_token(self.secret if environment.redis_url else None)
        self._database = database
        self._environment = environment
        self._clock = clock
        self._spawn = spawn
        self._passwords = Passwords()
        self._audit = audit or AuditService(database, clock=clock)
        self.second_factor = SecondFactor(database, derived(self.secret, "totp"), clock)
        self._recent: Recent[Identity] = Recent(seconds=recall_s)
        self.endings = Endings()
        self._configured = False
        self._seen: dict[str, datetime] = {}
        self._seen_lock = threading.Lock()

    # ── the password ────────────────────────────────────────────────────────

    def configured(self) -> bool:
        """Whether a master password is set. It is never unset again."""
        if not self._configured:
            with self._database.reading() as session:
                self._configured = session.get(MasterPassword, 1) is not None
        return self._configured

    def set_password_from_environment(self) -> bool:
        """On first start only: whether ``ANIWORLD_MASTER_PASSWORD`` became the password. Raises InvalidInput."""
        password = self._environment.master_password
        if not password or self.configured():
            return False
        try:
            self._set_first(password)
        except InvalidInput as error:
            raise InvalidInput(f"ANIWORLD_MASTER_PASSWORD: {error}") from None
        except Conflict:  # another process of this instance was quicker, with the same environment
            return False
        return True

    def announce_setup(self) -> None:
        """Says in the log how to set the password, while there is none."""
        if not self.configured():
            log.warning(
                "No password is set yet. Open this server in a browser to set it; from another machine "
                "you are asked for this setup token: %s",
                self.setup_token,
            )

    def setup(self, password: str, token: str | None, local: bool, agent: str = "", address: str = "") -> SignedIn:
        """The first sign-in, with the password that it set. Raises Conflict, Forbidden, InvalidInput."""
        if self.configured():
            raise Conflict("The password is set already; sign in.")
        if not local and not same(token or "", self.setup_token):
            raise Forbidden("From another machine the setup token is needed; the server's log shows it.")
        self._set_first(password)
        self._audit.record("password_set", origin=Origin(address))
        return self._begin(False, agent, address)

    def set_password(self, password: str) -> None:
        """The master password is ``password``, and every session ends: for the owner at this machine."""
        self._store(self._passwords.digest(password))
        self.end_all()
        self._audit.record("password_set")

    def change_password(self, current: str, new: str, keep_session: str | None = None) -> None:
        """Every session but ``keep_session`` ends. Raises WrongPassword, InvalidInput."""
        check(new, "new")
        with self._failures("proof_failed"):
            self._verify(current)
        self._store(self._passwords.digest(new))
        self.end_all(keep_session)
        self._audit.record("password_changed")

    # ── the second factor ───────────────────────────────────────────────────

    def begin_second_factor(self, password: str) -> Enrolment:
        """Raises WrongPassword, Conflict."""
        with self._failures("proof_failed"):
            self._verify(password)
        return self.second_factor.begin()

    def enable_second_factor(self, code: str, keep_session: str | None = None) -> RecoveryCodes:
        """Every session but ``keep_session`` ends: they came in without it. Raises WrongCode, Conflict."""
        with self._failures("proof_failed"):
            codes = self.second_factor.confirm(code)
        self.end_all(keep_session)
        self._audit.record("totp_enabled")
        return codes

    def disable_second_factor(self, password: str | None = None, code: str | None = None) -> None:
        """By the password, and a code where it is on; ``None``: for the owner at this machine.

        Raises WrongPassword, WrongCode, TotpRequired.
        """
        if password is not None:
            with self._failures("proof_failed"):
                self._verify(password)
                self._verify_code(code, self._audit.origin())
        self.second_factor.disable()
        self._audit.record("totp_disabled")

    # ── sessions ────────────────────────────────────────────────────────────

    def login(
        self, password: str, remember: bool = False, agent: str = "", address: str = "", code: str | None = None
    ) -> SignedIn:
        """A new session. Raises WrongPassword, WrongCode, TotpRequired, Conflict while no password is set."""
        with self._failures("sign_in_failed", Origin(address)):
            self._verify(password)
            self._verify_code(code, Origin(address))
        return self._begin(remember, agent, address)

    def identity_of_session(self, session_id: str) -> Identity:
        """Raises NotSignedIn for a session that is unknown, ended or expired."""
        identity = self._recent.get(session_id) or self._recent.put(session_id, self._session_identity)
        if identity is None or identity.expires_at is None or identity.expires_at <= self._clock():
            raise NotSignedIn("Your session has ended; sign in again.")
        self._saw(UserSession, session_id)
        return identity

    def identity_of_key(self, key: str) -> Identity:
        """Raises NotSignedIn."""
        digest = _digest(key)
        identity = self._recent.get(digest) or self._recent.put(digest, self._key_identity)
        if identity is None:
            raise NotSignedIn("This API key is not valid, or no longer.")
        self._saw(ApiKey, identity.id)
        return identity

    def is_alive(self, identity: Identity) -> bool:
        """Whether an identity that came in earlier would still come in now."""
        if identity.session_id:
            found = self._session_identity(identity.session_id)
            return found is not None and found.expires_at is not None and found.expires_at > self._clock()
        with self._database.reading() as session:
            row = session.get(ApiKey, identity.key_id)
            return row is not None and row.revoked_at is None

    def logout(self, identity: Identity) -> None:
        """The session of ``identity`` is dead at once. An API key has none: it is revoked by its id."""
        if identity.session_id:
            self._end([identity.session_id])
            self._audit.record("signed_out")

    def sessions(self, current: str | None = None) -> list[SessionView]:
        """The open sessions, last seen first."""
        with self._database.reading() as session:
            rows = session.scalars(select(UserSession).where(*self._open()).order_by(UserSession.last_seen_at.desc()))
            return [session_view(row, current) for row in rows]

    def end_session(self, session_id: str) -> None:
        """Raises NotFound."""
        if not self._end([session_id]):
            raise NotFound("There is no open session of this id.")
        self._audit.record("session_ended", hint(session_id))

    def end_others(self, keep: str | None) -> int:
        """Every open session but ``keep`` is dead at once; how many that were."""
        others = [one.id for one in self.sessions() if one.id != keep]
        self._end(others)
        self._audit.record("sessions_ended", str(len(others)))
        return len(others)

    def end_all(self, keep: str | None = None) -> None:
        """Every session but ``keep`` is dead at once."""
        with self._database.reading() as session:
            known = UserSession.revoked_at.is_(None), UserSession.id != (keep or "")
            ids = list(session.scalars(select(UserSession.id).where(*known)))
        self._end(ids)

    def on_session_ended(self, hear: Callable[[str], None]) -> Callable[[], None]:
        """``hear(id)`` when a session ends or a key is revoked; what you get takes it off again."""
        return self.endings.listen(hear)

    def ended_afar(self, ids: Sequence[str]) -> None:
        """Sessions or keys that another process ended: nothing that was remembered of them counts any more."""
        self._recent.clear()
        self.endings.tell(ids, afar=True)

    def purge(self) -> None:
        """Rows of sessions that ended or expired a while ago go."""
        before = self._clock() - timedelta(days=1)
        with self._database.writing() as session:
            gone = or_(UserSession.expires_at < before, UserSession.revoked_at < before)
            session.execute(delete(UserSession).where(gone))

    # ── API keys ────────────────────────────────────────────────────────────

    def keys(self) -> list[ApiKeyView]:
        """Newest first."""
        with self._database.reading() as session:
            wanted = select(ApiKey).where(ApiKey.revoked_at.is_(None)).order_by(ApiKey.created_at.desc())
            return [key_view(row) for row in session.scalars(wanted)]

    def create_key(self, name: str, scope: str) -> ApiKeyView:
        """The new key, in the only answer that ever shows it. Raises InvalidInput, Conflict."""
        if scope not in SCOPES:
            raise InvalidInput("The scope is read or full.", {"scope": ["Must be read or full."]})
        key = new_api_key()
        row = ApiKey(id=str(uuid4()), name=name, scope=scope, digest=_digest(key), hint=f"{key[:7]}…{key[-4:]}")
        with self._database.writing() as session:
            standing = session.scalar(select(func.count()).select_from(ApiKey).where(ApiKey.revoked_at.is_(None)))
            if (standing or 0) >= KEYS_LIMIT:
                raise Conflict(f"There are {KEYS_LIMIT} keys already; revoke one that you no longer need.")
            session.add(row)
        self._audit.record("key_created", f"{name} ({scope})")
        return key_view(row, key)

    def revoke_key(self, key_id: str) -> None:
        """Raises NotFound."""
        with self._database.writing() as session:
            row = session.get(ApiKey, key_id)
            if row is None or row.revoked_at is not None:
                raise NotFound("There is no API key of this id.")
            row.revoked_at = self._clock()
            name = row.name
        self._tell_ended([key_id])
        self._audit.record("key_revoked", name)

    # ── inside ──────────────────────────────────────────────────────────────

    def _set_first(self, password: str) -> None:
        digest = self._passwords.digest(password)
        with self._database.writing() as session:
            if session.get(MasterPassword, 1) is not None:
                raise Conflict("The password is set already; sign in.")
            session.add(MasterPassword(id=1, digest=digest))
        self.setup_token = setup_token(None)

    def _store(self, digest: str) -> None:
        with self._database.writing() as session:
            session.merge(MasterPassword(id=1, digest=digest))

    def _verify(self, password: str) -> None:
        with self._database.reading() as session:
            row = session.get(MasterPassword, 1)
        if row is None:
            raise Conflict("No password is set yet; set one first.")
        if not self._passwords.matches(row.digest, password):
            raise WrongPassword("The password is wrong.")

    @contextmanager
    def _failures(self, kind: str, origin: Origin | None = None) -> Iterator[None]:
        """What is proved wrong inside is an entry of the audit log, and raised on."""
        try:
            yield
        except WrongPassword as error:
            self._audit.record(kind, error.code, origin=origin)
            raise

    def _verify_code(self, code: str | None, origin: Origin) -> None:
        if not self.second_factor.state().enabled:
            return
        if not code:
            self._audit.record("code_asked", origin=origin)
            raise TotpRequired("Your password is right; enter the code of your authenticator as well.")
        if self.second_factor.spend(code):
            self._audit.record("recovery_code_used", origin=origin)

    def _begin(self, remember: bool, agent: str, address: str) -> SignedIn:
        now = self._clock()
        row = UserSession(
            id=new_session_id(),
            expires_at=now + (REMEMBERED if remember else SESSION),
            last_seen_at=now,
            remember=remember,
            user_agent=printable(agent)[:300],
            address=address[:64],
        )
        with self._database.writing() as session:
            session.add(row)
            session.flush()
            open_ids = select(UserSession.id).where(*self._open()).order_by(UserSession.last_seen_at.desc())
            surplus = list(session.scalars(open_ids.offset(SESSIONS_LIMIT)))
        if surplus:
            self._end(surplus)
        self._audit.record("signed_in", row.user_agent, origin=Origin(address, hint(row.id)))
        return SignedIn(row.id, row.expires_at, remember)

    def _open(self) -> tuple[Any, ...]:
        now = self._clock()
        awake = or_(UserSession.remember.is_(True), UserSession.last_seen_at > now - IDLE)
        return UserSession.revoked_at.is_(None), UserSession.expires_at > now, awake

    def _session_identity(self, session_id: str) -> Identity | None:
        with self._database.reading() as session:
            row = session.scalar(select(UserSession).where(UserSession.id == session_id, *self._open()))
            return None if row is None else Identity("full", row.expires_at, session_id=row.id)

    def _key_identity(self, digest: str) -> Identity | None:
        with self._database.reading() as session:
            row = session.scalar(select(ApiKey).where(ApiKey.digest == digest, ApiKey.revoked_at.is_(None)))
            return None if row is None else Identity(row.scope, None, key_id=row.id)

    def _end(self, ids: Iterable[str]) -> bool:
        ids = list(ids)
        now = self._clock()
        with self._database.writing() as session:
            alive = UserSession.id.in_(ids), UserSession.revoked_at.is_(None)
            ended = list(session.scalars(select(UserSession.id).where(*alive)))
            session.execute(update(UserSession).where(*alive).values(revoked_at=now))
        self._tell_ended(ended)
        return bool(ended)

    def _tell_ended(self, ids: Sequence[str]) -> None:
        self._recent.clear()
        self.endings.tell(ids)

    def _saw(self, table: type[UserSession | ApiKey], row_id: str) -> None:
        """Writes at most once a minute that someone was here; nobody waits for it to succeed."""
        now = self._clock()
        with self._seen_lock:
            if now - self._seen.get(row_id, now - SEEN_EVERY) < SEEN_EVERY:
                return
            if len(self._seen) > 2 * SESSIONS_LIMIT:
                self._seen.clear()
            self._seen[row_id] = now
        origin = self._audit.origin()
        self._spawn(lambda: self._note_seen(table, row_id, now, origin))

    def _note_seen(self, table: type[UserSession | ApiKey], row_id: str, now: datetime, origin: Origin) -> None:
        field = "last_seen_at" if table is UserSession else "last_used_at"
        try:
            with self._database.writing() as session:
                row = session.get(ApiKey, row_id) if table is ApiKey else None
                name = row.name if row and (row.last_used_at is None or row.last_used_at.date() < now.date()) else None
                session.execute(update(table).where(table.id == row_id).values({field: now}))
            if name is not None:  # the first use of this day
                self._audit.record("key_used", name, origin=Origin(origin.address, hint(row_id)))
        except (Unavailable, OperationalError) as error:
            log.info("When a session was last seen could not be written: %s", error)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
