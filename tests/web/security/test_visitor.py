"""``current_user`` is the visitor, whatever proves who they are; a proof in a header counts before the cookie."""

from __future__ import annotations

from typing import Any

import pytest
from flask_login import current_user, login_required
from flask_login.utils import encode_cookie

from aniworld.services.access.audit_log import hint
from aniworld.web.security.authentication import PUBLIC
from aniworld.web.security.headers import OPEN_FILES
from tests.running import PASSWORD
from tests.web.security.conftest import House

STATUS = "/api/queue/status"


@pytest.fixture
def key(house: House) -> Any:
    return house.services.auth.create_key("a script", "read")


def visitor(house: House, client: Any, **headers: str) -> tuple[bool, str, str, bool]:
    """(signed in, scope, what ``get_id`` says, by cookie), as a view of ours sees it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with client:
        client.get(STATUS, headers=named)
        who = current_user.identity
        return (
            current_user.is_authenticated,
            who.scope if who else "",
            current_user.get_id() or "",
            current_user.by_cookie,
        )


def session_id_of(house: House) -> str:
    (session,) = house.services.auth.sessions()
    return session.id


def test_current_user_is_right_by_cookie_token_and_key(house: House, key: Any) -> None:
    session_id = session_id_of(house)
    stranger = house.app.test_client(use_cookies=False)
    assert visitor(house, house.browser) == (True, "full", session_id, True)
    assert visitor(house, stranger, Authorization=f"Bearer {house.token}") == (True, "full", session_id, False)
    assert visitor(house, stranger, X_Api_Key=key.key) == (True, "read", key.id, False)
    assert visitor(house, stranger, Authorization=f"Bearer {key.key}") == (True, "read", key.id, False)
    assert visitor(house, stranger) == (False, "", "", False)


def test_a_header_counts_before_a_good_cookie(house: House, key: Any) -> None:
    assert visitor(house, house.browser, X_Api_Key=key.key) == (True, "read", key.id, False)
    assert visitor(house, house.browser, Authorization=f"Bearer {key.key}") == (True, "read", key.id, False)
    assert visitor(house, house.browser, Authorization=f"Bearer {house.token}")[2:] == (session_id_of(house), False)
    assert visitor(house, house.browser, Authorization="Basic YTpi")[3], (
        "which is no proof of ours, so the cookie counts"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Api-Key": "aw_" + "x" * 43},
        {"X-Api-Key": ""},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "bearer"},
    ],
)
def test_a_bad_header_is_refused_beside_a_good_cookie_and_is_nobody_on_public_addresses(
    house: House, headers: dict[str, str]
) -> None:
    assert house.browser.get(STATUS, headers=headers).status_code == 401
    assert house.browser.get("/", headers=headers).location == "/login?next=/"
    assert house.browser.get("/api/auth/status", headers=headers).json["authenticated"] is False
    assert house.browser.get("/login", headers=headers).status_code == 200, "the form, not the way past it"
    assert house.browser.get("/api/auth/status").json["authenticated"] is True
    login = house.browser.post("/api/auth/login", json={"password": PASSWORD}, headers=headers)
    assert login.status_code == 200


def test_a_change_by_header_needs_no_csrf_token_and_one_by_cookie_does(house: House) -> None:
    change = {"name": "x", "scope": "read"}
    bearer = {"Authorization": f"Bearer {house.token}"}
    assert house.browser.post("/api/auth/keys", json=change).status_code == 403
    assert house.browser.post("/api/auth/keys", json=change, headers=bearer).status_code == 201
    assert "csrf_token" in house.browser.get("/api/auth/status").json
    assert "csrf_token" not in house.browser.get("/api/auth/status", headers=bearer).json


def test_an_ended_session_empties_the_cookie(house: House) -> None:
    house.services.auth.end_all()
    answer = house.browser.get(STATUS)
    assert (answer.status_code, "Expires=Thu, 01 Jan 1970" in answer.headers["Set-Cookie"]) == (401, True)


def test_the_second_cookie_of_flask_login_opens_and_breaks_nothing(house: House, key: Any) -> None:
    session_id = session_id_of(house)
    with house.app.app_context():
        remembered = encode_cookie(session_id, house.app.secret_key)
    for value in (remembered, "junk", "a|\u00fc"):
        client = house.app.test_client()
        client.set_cookie("remember_token", value)
        assert client.get(STATUS).status_code == 401
        assert client.get(STATUS, headers={"X-Api-Key": key.key}).status_code == 200


def test_our_own_files_ask_nobody_who_they_are(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise AssertionError("a session was looked up")

    monkeypatch.setattr(house.services.auth, "identity_of_session", fail)
    monkeypatch.setattr(house.services.auth, "identity_of_key", fail)
    for headers in ({}, {"X-Api-Key": "x"}, {"Authorization": f"Bearer {house.token}"}):
        answer = house.browser.get("/favicon.ico", headers=headers)
        assert answer.status_code == 200
    assert OPEN_FILES < PUBLIC


def test_who_asks_is_noted_for_keys_too(house: House) -> None:
    full = house.services.auth.create_key("automation", "full")
    client = house.app.test_client(use_cookies=False)
    answer = client.post("/api/auth/keys", json={"name": "y", "scope": "read"}, headers={"X-Api-Key": full.key})
    assert answer.status_code == 201
    entry = next(one for one in house.services.audit.entries()[0] if one.detail == "y (read)")
    assert entry.who == hint(full.id)


def test_login_required_of_the_library_lets_the_same_people_in(house: House, key: Any) -> None:
    @login_required
    def view() -> str:
        return "in"

    for headers, expected in (({"X-Api-Key": key.key}, "in"), ({"Authorization": f"Bearer {house.token}"}, "in")):
        with house.app.test_request_context(STATUS, headers=headers):
            assert view() == expected
