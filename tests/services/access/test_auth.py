"""Signing in, and that it really ends."""

from __future__ import annotations

import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from aniworld.config.environment import Environment
from aniworld.core.errors import Conflict, Forbidden, InvalidInput, NotFound, NotSignedIn, WrongPassword
from aniworld.models import ApiKey, Database, MasterPassword, UserSession
from aniworld.services.access.identity_cache import Recent
from aniworld.services.access.service import KEYS_LIMIT, AuthService
from aniworld.services.access.tokens import derived, read_secret

PASSWORD = "korrektes Pferd 🐎"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def auth(database: Database, tmp_path: Path) -> AuthService:
    """With a password set."""
    service = AuthService(database, Environment(instance=tmp_path / "instance"))
    service.set_password(PASSWORD)
    return service


def alive(auth: AuthService, session_id: str) -> bool:
    try:
        auth.identity_of_session(session_id)
    except NotSignedIn:
        return False
    return True


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    secret = read_secret(tmp_path / "instance")
    assert read_secret(tmp_path / "instance") == secret
    assert len(secret) == 64
    assert stat.S_IMODE((tmp_path / "instance" / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "instance").stat().st_mode) == 0o700
    assert derived(secret, "cookie") != derived(secret, "token")


def test_first_setup_from_this_machine_needs_no_token_and_happens_once(database: Database, tmp_path: Path) -> None:
    auth = AuthService(database, Environment(instance=tmp_path))
    assert not auth.configured()
    with pytest.raises(Conflict, match="set one first"):
        auth.login(PASSWORD)
    with pytest.raises(InvalidInput):
        auth.setup("short", None, True)
    signed_in = auth.setup(PASSWORD, None, True)
    assert auth.configured()
    assert alive(auth, signed_in.session_id)
    with pytest.raises(Conflict):
        auth.setup("another password", None, True)


def test_from_another_machine_the_setup_token_is_needed(database: Database, tmp_path: Path) -> None:
    auth = AuthService(database, Environment(instance=tmp_path))
    for wrong in (None, "", "x", auth.setup_token[:-1], "\ud800"):
        with pytest.raises(Forbidden):
            auth.setup(PASSWORD, wrong, False)
    auth.setup(PASSWORD, auth.setup_token, False)


def test_a_setup_token_has_128_bits_also_where_processes_share_it(database: Database, tmp_path: Path) -> None:
    alone, shared = Environment(instance=tmp_path), Environment(instance=tmp_path, redis_url="redis://x")
    assert len(AuthService(database, alone).setup_token) >= 22  # base64
    tokens = {AuthService(database, shared).setup_token for _ in range(2)}
    assert [len(bytes.fromhex(token)) for token in tokens] == [16]


def test_the_environment_sets_the_password_on_first_start_only(database: Database, tmp_path: Path) -> None:
    assert AuthService(
        database, Environment(instance=tmp_path, master_password=PASSWORD)
    ).set_password_from_environment()
    later = AuthService(database, Environment(instance=tmp_path, master_password="a changed one"))
    assert not later.set_password_from_environment()
    later.login(PASSWORD)
    with pytest.raises(WrongPassword):
        later.login("a changed one")


def test_a_bad_password_in_the_environment_is_said_without_saying_it(database: Database, tmp_path: Path) -> None:
    auth = AuthService(database, Environment(instance=tmp_path, master_password="kurz"))
    with pytest.raises(InvalidInput, match="ANIWORLD_MASTER_PASSWORD") as refused:
        auth.set_password_from_environment()
    assert "kurz" not in str(refused.value)


def test_the_password_is_kept_as_argon2id_only(auth: AuthService, database: Database) -> None:
    with database.reading() as session:
        row = session.scalar(select(MasterPassword))
    assert row is not None
    assert row.digest.startswith("$argon2id$")
    assert PASSWORD not in row.digest


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1025, "x" * 2_000_000, "x" * 10 + "\ud800"])
def test_passwords_that_are_none_are_refused(auth: AuthService, password: str) -> None:
    with pytest.raises(InvalidInput):
        auth.set_password(password)
    with pytest.raises(WrongPassword):
        auth.login(password)


def test_long_and_odd_passwords_count_to_their_last_letter(auth: AuthService) -> None:
    long = "ü" * 1023
    auth.set_password(long + "a")
    auth.login(long + "a")
    with pytest.raises(WrongPassword):
        auth.login(long + "b")


def test_signing_in_opens_a_session_that_says_where_from(auth: AuthService) -> None:
    signed_in = auth.login(PASSWORD, agent="Browser\r\n\x1b[31m", address="192.0.2.1")
    assert auth.identity_of_session(signed_in.session_id).scope == "full"
    (view,) = auth.sessions(signed_in.session_id)
    assert (view.user_agent, view.address, view.current) == ("Browser[31m", "192.0.2.1", True)


def test_logging_out_kills_the_session_at_once_although_it_was_just_seen(auth: AuthService) -> None:
    signed_in = auth.login(PASSWORD)
    identity = auth.identity_of_session(signed_in.session_id)
    told: list[str] = []
    auth.on_session_ended(told.append)
    auth.logout(identity)
    assert told == [signed_in.session_id]
    assert not alive(auth, signed_in.session_id)
    assert not auth.is_alive(identity)


def test_a_new_password_ends_every_other_session(auth: AuthService) -> None:
    mine, other = auth.login(PASSWORD), auth.login(PASSWORD)
    assert alive(auth, mine.session_id)
    assert alive(auth, other.session_id)
    with pytest.raises(WrongPassword):
        auth.change_password("a wrong one", "a new password", mine.session_id)
    auth.change_password(PASSWORD, "a new password", mine.session_id)
    assert (alive(auth, mine.session_id), alive(auth, other.session_id)) == (True, False)
    with pytest.raises(WrongPassword):
        auth.login(PASSWORD)


def test_sessions_end_by_age_and_by_idleness(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    auth = AuthService(database, Environment(instance=tmp_path), clock=clock)
    auth.set_password(PASSWORD)
    short, long = auth.login(PASSWORD), auth.login(PASSWORD, remember=True)
    clock.forward(hours=11)
    assert alive(auth, short.session_id)
    auth._recent.clear()
    clock.forward(hours=12.5)
    assert not alive(auth, short.session_id)
    assert alive(auth, long.session_id)
    auth._recent.clear()
    clock.forward(days=31)
    assert not alive(auth, long.session_id)
    assert auth.sessions() == []
    auth.purge()
    with database.reading() as session:
        assert session.scalars(select(UserSession)).all() == []


def test_that_someone_was_here_is_written_once_a_minute(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    auth = AuthService(database, Environment(instance=tmp_path), clock=clock)
    auth.set_password(PASSWORD)
    signed_in = auth.login(PASSWORD)
    seen = set()
    for _ in range(10):
        clock.forward(seconds=20)
        alive(auth, signed_in.session_id)
        seen.add(auth.sessions()[0].last_seen)
    assert 3 <= len(seen) <= 4


def test_ending_one_session_leaves_the_others(auth: AuthService) -> None:
    one, other = auth.login(PASSWORD), auth.login(PASSWORD)
    auth.end_session(one.session_id)
    assert (alive(auth, one.session_id), alive(auth, other.session_id)) == (False, True)
    for unknown in (one.session_id, "", "x" * 1000, "%"):
        with pytest.raises(NotFound):
            auth.end_session(unknown)


def test_a_key_is_shown_once_and_kept_as_a_hash(auth: AuthService, database: Database) -> None:
    made = auth.create_key("Skript", "read")
    assert made.key is not None
    assert auth.identity_of_key(made.key).scope == "read"
    assert auth.keys()[0].key is None
    assert made.key not in repr(auth.keys())
    with database.reading() as session:
        row = session.scalar(select(ApiKey))
    assert row is not None
    assert made.key not in (row.digest, row.hint)
    auth.revoke_key(made.id)
    for bad in (made.key, "", "aw_", "x" * 100_000, "\ud800"):
        with pytest.raises(NotSignedIn):
            auth.identity_of_key(bad)
    with pytest.raises(NotFound):
        auth.revoke_key(made.id)


def test_keys_have_known_scopes_and_a_limit(auth: AuthService) -> None:
    with pytest.raises(InvalidInput):
        auth.create_key("x", "admin")
    for number in range(KEYS_LIMIT):
        auth.create_key(str(number), "read")
    with pytest.raises(Conflict):
        auth.create_key("one more", "read")


def test_a_look_up_that_a_revocation_overtook_is_not_remembered() -> None:
    recent: Recent[str] = Recent()

    def overtaken(name: str) -> str:
        recent.clear()
        return "alive"

    assert recent.put("session", overtaken) == "alive"
    assert recent.get("session") is None


def test_what_is_remembered_is_bounded() -> None:
    recent: Recent[str] = Recent(limit=10)
    for number in range(1000):
        recent.put(str(number), str)
    assert len(recent._values) <= 10


def test_setup_at_once_by_two_gives_one_password(database: Database, tmp_path: Path) -> None:
    auth = AuthService(database, Environment(instance=tmp_path))
    outcomes: list[str] = []

    def try_it(password: str) -> None:
        try:
            auth.setup(password, None, True)
            outcomes.append("set")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=try_it, args=(f"password {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict"] * 3 + ["set"]
