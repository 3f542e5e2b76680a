"""The second factor: codes by the RFC's own vectors, one use each, recovery codes, and the way back in for the
owner.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from aniworld.config.environment import Environment
from aniworld.core.errors import Conflict, TotpRequired, Unavailable, WrongCode, WrongPassword
from aniworld.models import Database, RecoveryCode, SecondFactorSecret
from aniworld.services.access.second_factor import STEP_S, code_at, qr_code
from aniworld.services.access.service import AuthService
from tests.running import PASSWORD, ROOT, Server
from tests.services.access.test_auth import Clock

VECTORS = (  # RFC 6238, appendix B, SHA-1
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
)


@pytest.mark.parametrize(("moment", "code"), VECTORS)
def test_codes_are_those_of_the_rfc(moment: int, code: str) -> None:
    assert code_at(b"12345678901234567890", moment // STEP_S, digits=8) == code
    assert code_at(b"12345678901234567890", moment // STEP_S) == code[2:]


def test_the_picture_holds_the_address_in_whole_squares_with_a_quiet_zone() -> None:
    """The finder patterns stand in three corners, four units in, and nothing else does in the fourth."""
    made = qr_code("otpauth://totp/Aniworld%3Aowner?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&issuer=Aniworld")
    squares = {
        (int(x) + more, int(y))
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", made.path)
        for more in range(int(length))
    }
    assert re.fullmatch(r"(M\d+ \d+h(\d+)v1h-\2z)+", made.path)
    last = made.size - 5
    ring = {(x, y) for x in range(4, 11) for y in range(4, 11) if x in (4, 10) or y in (4, 10)}
    mirrored = {(last + 4 - x, y) for x, y in ring} | {(x, last + 4 - y) for x, y in ring}
    assert ring | mirrored <= squares
    assert min(min(one) for one in squares) == 4 and max(max(one) for one in squares) == last
    assert not {(last + 4 - x, last + 4 - y) for x, y in ring} <= squares


class Phone:
    """The owner's authenticator."""

    def __init__(self, secret: str) -> None:
        self.secret = base64.b32decode(secret)

    def code(self, at: datetime) -> str:
        return code_at(self.secret, int(at.timestamp()) // STEP_S)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def auth(database: Database, tmp_path: Path, clock: Clock) -> AuthService:
    service = AuthService(database, Environment(instance=tmp_path / "instance"), clock=clock)
    service.set_password(PASSWORD)
    return service


@pytest.fixture
def phone(auth: AuthService, clock: Clock) -> Phone:
    """The second factor is on, and its first code was some minutes ago."""
    made = Phone(auth.begin_second_factor(PASSWORD).secret)
    auth.enable_second_factor(made.code(clock()))
    clock.forward(minutes=5)
    return made


def test_it_counts_only_after_a_code_has_confirmed_it(auth: AuthService, clock: Clock) -> None:
    with pytest.raises(WrongPassword):
        auth.begin_second_factor("a wrong password")
    with pytest.raises(Conflict):
        auth.enable_second_factor("123456")
    begun = auth.begin_second_factor(PASSWORD)
    assert begun.uri.startswith("otpauth://totp/") and begun.secret in begun.uri
    assert auth.login(PASSWORD)
    with pytest.raises(WrongCode):
        auth.enable_second_factor("000000" if Phone(begun.secret).code(clock()) != "000000" else "111111")
    again = Phone(auth.begin_second_factor(PASSWORD).secret)
    assert len(auth.enable_second_factor(again.code(clock())).recovery_codes) == 10
    with pytest.raises(Conflict):
        auth.begin_second_factor(PASSWORD)
    with pytest.raises(TotpRequired):
        auth.login(PASSWORD)


def test_turning_it_on_ends_the_sessions_that_came_in_without_it(auth: AuthService, clock: Clock) -> None:
    mine, other = auth.login(PASSWORD), auth.login(PASSWORD)
    auth.enable_second_factor(Phone(auth.begin_second_factor(PASSWORD).secret).code(clock()), mine.session_id)
    assert [one.id for one in auth.sessions()] == [mine.session_id]
    assert other.session_id != mine.session_id


def test_a_code_is_good_once_and_for_a_clock_that_is_half_a_minute_off(
    auth: AuthService, phone: Phone, clock: Clock
) -> None:
    code = phone.code(clock())
    with pytest.raises(WrongPassword):
        auth.login("a wrong password", code=code)
    assert auth.login(PASSWORD, code=code)
    with pytest.raises(WrongCode):
        auth.login(PASSWORD, code=code)
    late = phone.code(clock())
    clock.forward(seconds=10)
    for text in (late, "", "12345", "1234567", "abcdef", "１２３４５６", "0" * 40):
        with pytest.raises((WrongCode, TotpRequired)):
            auth.login(PASSWORD, code=text)
    clock.forward(seconds=STEP_S)
    just_gone = phone.code(clock())
    clock.forward(seconds=STEP_S)
    assert auth.login(PASSWORD, code=f" {just_gone[:3]} {just_gone[3:]} ")
    clock.forward(seconds=STEP_S * 2)
    old = phone.code(clock())
    clock.forward(seconds=STEP_S * 2)
    with pytest.raises(WrongCode):
        auth.login(PASSWORD, code=old)


def test_a_recovery_code_is_long_kept_as_a_hash_and_good_once(
    auth: AuthService, database: Database, clock: Clock
) -> None:
    phone = Phone(auth.begin_second_factor(PASSWORD).secret)
    codes = auth.enable_second_factor(phone.code(clock())).recovery_codes
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([A-Z2-7]{5}-){5}[A-Z2-7]", one) for one in codes)
    assert auth.login(PASSWORD, code=codes[0].lower())
    with pytest.raises(WrongCode):
        auth.login(PASSWORD, code=codes[0])
    assert auth.second_factor.state().recovery_codes_left == 9
    with database.reading() as session:
        kept = " ".join(row.digest for row in session.scalars(select(RecoveryCode)))
        sealed = session.get(SecondFactorSecret, 1)
    assert sealed is not None
    assert codes[1] not in kept and codes[1].replace("-", "") not in kept
    assert base64.b32encode(phone.secret).decode() not in sealed.secret


def test_with_another_secret_key_nobody_gets_in_by_the_password_alone(
    auth: AuthService, phone: Phone, database: Database, tmp_path: Path, clock: Clock
) -> None:
    other = AuthService(database, Environment(instance=tmp_path / "other"), clock=clock)
    with pytest.raises(TotpRequired):
        other.login(PASSWORD)
    with pytest.raises(Unavailable, match="disable-totp"):
        other.login(PASSWORD, code=phone.code(clock()))


# ── over a real connection ──────────────────────────────────────────────────


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "instance", ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9").start()
    yield server
    server.stop()


def now_code(secret: str, later: int = 0) -> str:
    return Phone(secret).code(datetime.fromtimestamp(time.time() + later * STEP_S, UTC))


@pytest.mark.slow
def test_from_begin_to_lost_phone_over_rest_form_and_command_line(fresh: Server) -> None:
    sign_in = fresh.url + "/api/auth/login"
    assert fresh.call("POST", "/api/auth/totp", {"password": "a wrong one"}).status_code == 401
    secret = fresh.post("/api/auth/totp", {"password": PASSWORD}, 201)["secret"]
    codes = fresh.post("/api/auth/totp/confirm", {"code": now_code(secret)}, 200)["recovery_codes"]
    assert fresh.get("/api/auth/totp") == {"enabled": True, "recovery_codes_left": 10}

    needed = requests.post(sign_in, json={"password": PASSWORD})
    assert (needed.status_code, needed.json()["code"]) == (401, "totp_required")
    assert "Set-Cookie" not in needed.headers
    replayed = requests.post(sign_in, json={"password": PASSWORD, "code": now_code(secret)})
    assert (replayed.status_code, replayed.json()["code"]) == (401, "wrong_code")
    assert requests.post(sign_in, json={"password": PASSWORD, "code": now_code(secret, 1)}).status_code == 200

    browser = requests.Session()
    form = {"password": PASSWORD, "csrf_token": _csrf(browser.get(fresh.url + "/login").text)}
    asked = browser.post(fresh.url + "/login", data=form, allow_redirects=False)
    assert asked.status_code == 401
    assert re.search(r"<div data-code\s*>", asked.text)
    form |= {"code": codes[0], "csrf_token": _csrf(asked.text)}
    assert browser.post(fresh.url + "/login", data=form, allow_redirects=False).status_code == 302

    texts = [fresh.call("GET", path).text for path in ("/api/auth/totp", "/api/auth/audit", "/api/config/")]
    assert not [text for text in [*texts, fresh.log.read_text()] if secret in text or codes[1] in text]

    done = subprocess.run(
        [sys.executable, "-m", "aniworld", "password", "--disable-totp"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, **fresh.environment},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert requests.post(sign_in, json={"password": PASSWORD}).status_code == 200


@pytest.mark.slow
def test_wrong_codes_are_counted_like_wrong_passwords(fresh: Server) -> None:
    secret = fresh.post("/api/auth/totp", {"password": PASSWORD}, 201)["secret"]
    fresh.post("/api/auth/totp/confirm", {"code": now_code(secret)}, 200)
    wrong = [
        requests.post(fresh.url + "/api/auth/login", json={"password": PASSWORD, "code": "x"}).status_code
        for _ in range(6)
    ]
    assert wrong == [401] * 5 + [429]


@pytest.mark.slow
def test_it_is_turned_off_with_the_password_and_a_code(fresh: Server) -> None:
    secret = fresh.post("/api/auth/totp", {"password": PASSWORD}, 201)["secret"]
    fresh.post("/api/auth/totp/confirm", {"code": now_code(secret)}, 200)

    def off(**proof: str) -> tuple[int, str]:
        answer = fresh.call("DELETE", "/api/auth/totp", proof or None)
        return answer.status_code, answer.json().get("code", "") if answer.content else ""

    assert off()[0] == 422
    assert off(password="a wrong one", code=now_code(secret, 1)) == (401, "wrong_password")
    assert off(password=PASSWORD) == (401, "totp_required")
    assert off(password=PASSWORD, code=now_code(secret)) == (401, "wrong_code")  # spent when it was turned on
    assert fresh.get("/api/auth/totp")["enabled"]
    assert off(password=PASSWORD, code=now_code(secret, 1)) == (204, "")
    kinds = [one["kind"] for one in fresh.get("/api/auth/audit")]
    assert kinds[:4] == ["totp_disabled", "proof_failed", "code_asked", "proof_failed"]
    assert requests.post(fresh.url + "/api/auth/login", json={"password": PASSWORD}).status_code == 200


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found[1]
