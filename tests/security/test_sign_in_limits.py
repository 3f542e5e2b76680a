"""An attacker is slowed, the owner is never locked out; sessions begin anew, and end by idleness and by age."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from aniworld.config.environment import Environment
from aniworld.core.errors import WrongPassword
from aniworld.models import Database, UserSession
from aniworld.services.access.service import IDLE, REMEMBERED, SESSION, AuthService
from aniworld.web.security import sign_in_limiter as limits
from aniworld.web.security.sign_in_limiter import SLOWEST_S, SignInLimit
from tests.running import PASSWORD, Server
from tests.services.access.test_auth import Clock, alive


def fail(limit: SignInLimit, address: str) -> None:
    with pytest.raises(WrongPassword), limit.attempt(address):
        raise WrongPassword("wrong")


def test_many_addresses_slow_strangers_down_but_not_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "pause", lambda seconds: None)
    limit = SignInLimit()
    with limit.attempt("192.0.2.1"):
        pass
    for number in range(30):
        fail(limit, f"198.51.100.{number}")
    assert limit.delay("203.0.113.1") == 0
    for number in range(200):
        fail(limit, f"203.0.{number}.1")
    assert limit.delay("203.0.113.1") == SLOWEST_S
    assert limit.delay("192.0.2.1") == 0
    with limit.attempt("192.0.2.1"):
        pass
    with limit.attempt("192.0.2.77"):  # the owner at a new place waits, and comes in
        pass
    for number in range(500):
        with limit.attempt(f"10.0.{number // 250}.{number % 250}"):
            pass
    assert len(limit._welcome) == limits.WELCOME_LIMIT


def test_a_stranger_is_really_held_up() -> None:
    limit = SignInLimit()
    for number in range(34):
        fail(limit, f"198.51.100.{number}")
    began = time.monotonic()
    with limit.attempt("203.0.113.9"):
        pass
    assert 0.15 <= time.monotonic() - began < 2


@pytest.mark.slow
def test_an_attack_from_one_address_leaves_the_owners_session_and_keys_alone(running: Server) -> None:
    key = running.post("/api/auth/keys", {"name": "x", "scope": "read"}, 201)["key"]
    for _ in range(8):
        requests.post(running.url + "/api/auth/login", json={"password": "wrong wrong"})
    assert requests.post(running.url + "/api/auth/login", json={"password": PASSWORD}).status_code == 429
    assert running.get("/api/queue/status")
    assert requests.get(running.url + "/api/queue/status", headers={"X-Api-Key": key}).status_code == 200


@pytest.mark.slow
def test_a_crowd_behind_a_trusted_proxy_is_slowed_and_the_owner_comes_in_from_anywhere(tmp_path: Path) -> None:
    """Over a real connection: each visitor is counted by the address that the proxy names, an IPv6 network as one."""
    server = Server(
        tmp_path / "instance", ANIWORLD_TRUSTED_PROXIES="127.0.0.1", ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9"
    )
    server.start()
    login = server.url + "/api/auth/login"

    def sign_in(address: str, password: str) -> tuple[int, float]:
        began = time.monotonic()
        answer = requests.post(login, json={"password": password}, headers={"X-Forwarded-For": address}, timeout=60)
        return answer.status_code, time.monotonic() - began

    try:
        assert sign_in("192.0.2.1", PASSWORD)[0] == 200
        with ThreadPoolExecutor(6) as crowd:
            guesses = list(crowd.map(lambda n: sign_in(f"203.0.113.{n}", "a wrong guess")[0], range(60)))
        assert guesses == [401] * 60
        held_up = sign_in("198.51.100.1", "a wrong guess")
        assert held_up[0] == 401 and held_up[1] >= 1.0
        assert sign_in("192.0.2.1", PASSWORD)[0] == 200  # where the owner was before
        status, waited = sign_in("198.51.100.2", PASSWORD)  # and somewhere new
        assert status == 200 and waited < 20
        assert [sign_in(f"2001:db8::{n}", "a wrong guess")[0] for n in range(1, 8)] == [401] * 5 + [429] * 2
        assert sign_in("2001:db8:0:1::1", PASSWORD)[0] == 200
        assert server.get("/api/queue/status")
        addresses = {one["address"] for one in server.get("/api/auth/sessions")}
        assert {"192.0.2.1", "198.51.100.2", "2001:db8:0:1::1"} <= addresses
    finally:
        server.stop()


@pytest.mark.slow
def test_signing_in_begins_a_new_session_and_forgets_what_the_browser_brought(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = Server(
        tmp_path_factory.mktemp("rotation") / "instance", ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9"
    ).start()
    try:
        browser = requests.Session()
        browser.get(server.url + "/login")
        (planted,) = [one.value for one in browser.cookies]
        cookies, ids = {planted}, set()
        for _ in range(3):
            answer = browser.post(server.url + "/api/auth/login", json={"password": PASSWORD})
            assert answer.status_code == 200
            cookies |= {one.value for one in browser.cookies}
            ids |= {one["id"] for one in browser.get(server.url + "/api/auth/sessions").json() if one["current"]}
        assert (len(cookies), len(ids)) == (4, 3)
        name = next(iter(browser.cookies)).name
        assert requests.get(server.url + "/api/queue/status", cookies={name: planted}).status_code == 401
    finally:
        server.stop()


@pytest.mark.slow
@pytest.mark.parametrize(("remember", "age"), [(False, SESSION), (True, REMEMBERED)])
def test_a_session_that_is_used_all_the_time_still_ends_by_age(
    database: Database, tmp_path: Path, remember: bool, age: object
) -> None:
    clock = Clock()
    auth = AuthService(database, Environment(instance=tmp_path), clock=clock)
    auth.set_password(PASSWORD)
    signed_in, began = auth.login(PASSWORD, remember=remember), clock()
    while alive(auth, signed_in.session_id):
        clock.forward(hours=6)
        auth._recent.clear()
        assert clock() - began <= age + IDLE  # type: ignore[operator]
    assert clock() - began >= age  # type: ignore[operator]


@pytest.mark.slow
def test_a_session_that_nobody_uses_ends_before_its_age(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    auth = AuthService(database, Environment(instance=tmp_path), clock=clock)
    auth.set_password(PASSWORD)
    signed_in = auth.login(PASSWORD)
    clock.forward(hours=IDLE.total_seconds() / 3600 + 0.1)
    assert not alive(auth, signed_in.session_id)
    with database.reading() as session:
        row = session.get(UserSession, signed_in.session_id)
    assert row is not None and row.expires_at > clock()
