"""Access tokens: what they state, which of them count, and that a refused one is a 401 and nothing else."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from flask import Flask
from flask_jwt_extended import create_access_token, create_refresh_token, jwt_required, verify_jwt_in_request
from flask_jwt_extended import exceptions as refusals
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from aniworld.core.errors import NotSignedIn
from aniworld.models import UserSession
from aniworld.web.security import tokens
from aniworld.web.security.authentication import by_token
from tests.running import PASSWORD
from tests.web.security.conftest import House

FORMER_CLAIMS = ("iss", "jti", "iat", "exp")


def claims_of(house: House, token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, house.token_key, algorithms=["HS256"], issuer="aniworld"))


def former_claims(house: House) -> dict[str, Any]:
    """What a token of an earlier version states: nothing but these four."""
    now = int(datetime.now(UTC).timestamp())
    return {"iss": "aniworld", "jti": claims_of(house, house.token)["jti"], "iat": now, "exp": now + 60}


def signed(key: bytes, header: bytes, payload: bytes) -> str:
    """A token with a right signature, whatever it states."""
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload))
    return (text + b"." + base64.urlsafe_b64encode(hmac.digest(key, text, "sha256")).rstrip(b"=")).decode()


def forgeries(house: House) -> dict[str, str]:
    key, good = house.token_key, former_claims(house)
    now, plain = good["iat"], b'{"alg":"HS256","typ":"JWT"}'
    deep = b"[" * 1200 + b"]" * 1200
    return {
        "unsigned": jwt.encode(good, "", algorithm="none"),
        "no algorithm": signed(key, b'{"typ":"JWT"}', json.dumps(good).encode()),
        "none in another spelling": signed(key, b'{"alg":"nOnE"}', json.dumps(good).encode()),
        "another key": jwt.encode(good, key[::-1], algorithm="HS256"),
        "another algorithm": jwt.encode(good, key * 2, algorithm="HS512"),
        "another issuer": jwt.encode(good | {"iss": "elsewhere"}, key, algorithm="HS256"),
        "expired": jwt.encode(good | {"exp": now - 1}, key, algorithm="HS256"),
        "issued in an hour": jwt.encode(good | {"iat": now + 3600}, key, algorithm="HS256"),
        "an unknown session": jwt.encode(good | {"jti": "0" * 32}, key, algorithm="HS256"),
        "a session id of another form": jwt.encode(good | {"jti": good["jti"].upper()}, key, algorithm="HS256"),
        "a session id with a line end": jwt.encode(good | {"jti": good["jti"] + "\n"}, key, algorithm="HS256"),
        "a session id that is a list": signed(key, plain, json.dumps(good | {"jti": [good["jti"]]}).encode()),
        "an expiry in words": signed(key, plain, json.dumps(good | {"exp": "tomorrow"}).encode()),
        "an endless expiry": signed(key, plain, json.dumps(good | {"exp": float("inf")}).encode()),
        "claims that are a list": signed(key, plain, b'["exp","iat","jti","iss"]'),
        "claims that are not UTF-8": signed(key, plain, b'{"iss":"\xff"}'),
        "deeply nested claims": signed(key, plain, deep),
        "a deeply nested header": signed(key, deep, json.dumps(good).encode()),
        "a refresh token": jwt.encode(good | {"type": "refresh", "exp": now - 1}, key, algorithm="HS256"),
        **{
            f"no {gone}": jwt.encode({n: v for n, v in good.items() if n != gone}, key, algorithm="HS256")
            for gone in FORMER_CLAIMS
        },
        "cut off": house.token[:-3],
        "without signature": house.token.rpartition(".")[0] + ".",
        "two of them": f"{house.token}, {house.token}",
        "one and something else": f"{house.token}, Basic YTpi",
        "over-long": house.token + "A" * 4096,
        "not ASCII": "ü" * 60,
        "empty": "",
        "dots": "." * 40,
    }


def test_signing_in_answers_a_token_that_names_the_session_and_ends_with_it(house: House) -> None:
    signed_in = house.services.auth.login(PASSWORD, remember=True)
    with house.app.app_context():
        token = tokens.token_for(signed_in)
    claims = claims_of(house, token)
    assert claims["jti"] == signed_in.session_id
    assert abs(claims["exp"] - signed_in.expires_at.timestamp()) <= 1
    assert sorted(claims) == ["exp", "fresh", "iat", "iss", "jti", "type"]
    assert house.get(Authorization=f"Bearer {token}").status_code == 200


def test_a_token_of_an_earlier_version_still_counts_everywhere(house: House) -> None:
    token = jwt.encode(former_claims(house), house.token_key, algorithm="HS256")
    assert house.get(Authorization=f"Bearer {token}").status_code == 200
    with house.app.app_context():
        assert by_token(token) == by_token(house.token)


def test_every_spelling_of_the_scheme_counts_for_every_method(house: House) -> None:
    client = house.app.test_client(use_cookies=False)
    for scheme in ("Bearer ", "bearer ", "BEARER  "):
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = client.open(
                "/api/queue/status", method=method, headers={"Authorization": f"{scheme}{house.token}"}
            )
            assert answer.status_code == 200, (scheme, method)


def test_a_forged_token_is_a_401_by_http_and_by_socket(house: House) -> None:
    for name, token in forgeries(house).items():
        for method in ("GET", "OPTIONS"):
            answer = house.app.test_client(use_cookies=False).open(
                "/api/queue/status",
                method=method,
                headers={"Authorization": f"Bearer {token}".encode().decode("latin-1")},
            )
            assert answer.status_code == 401, (name, method)
            assert method == "OPTIONS" or json.loads(answer.data)["code"] == "not_signed_in", name
        with house.app.app_context(), pytest.raises(NotSignedIn):
            by_token(token)


@pytest.mark.parametrize("token", [None, 5, b"bytes", ["list"], {"a": "dict"}, "x" * 1_000_000, "\ud800" * 30])
def test_what_is_no_text_of_a_tokens_length_is_refused_by_sockets(house: House, token: object) -> None:
    with house.app.app_context(), pytest.raises(NotSignedIn):
        by_token(token)


def test_a_token_ends_with_its_session_at_once(house: House) -> None:
    bearer = f"Bearer {house.token}"
    assert house.get(Authorization=bearer).status_code == 200
    house.app.test_client(use_cookies=False).post("/api/auth/logout", headers={"Authorization": bearer})
    answer = house.get(Authorization=bearer)
    assert (answer.status_code, answer.json["detail"]) == (401, "Your session has ended; sign in again.")


def test_a_token_is_no_longer_than_its_row_although_it_states_so(house: House) -> None:
    claims = former_claims(house) | {"exp": int(datetime(2099, 1, 1, tzinfo=UTC).timestamp())}
    token = jwt.encode(claims, house.token_key, algorithm="HS256")
    with house.services.database.writing() as session:
        session.execute(update(UserSession).values(expires_at=datetime(2020, 1, 1, tzinfo=UTC)))
    house.services.auth.ended_afar([])
    assert house.get(Authorization=f"Bearer {token}").status_code == 401


def test_the_row_is_read_once_for_a_request_by_token(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    auth, asked = house.services.auth, []
    real = auth.identity_of_session
    monkeypatch.setattr(auth, "identity_of_session", lambda one: asked.append(one) or real(one))
    assert house.get(Authorization=f"Bearer {house.token}").status_code == 200
    assert len(asked) == 1


def test_a_database_that_is_away_is_no_refused_token(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: str) -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(house.services.auth, "identity_of_session", away)
    for path in ("/api/queue/status", "/api/auth/status", "/", "/login"):
        assert house.get(path, Authorization=f"Bearer {house.token}").status_code == 503, path
    assert house.browser.get("/").status_code == 503
    key = {"X_Api_Key": "aw_" + "x" * 43}
    monkeypatch.setattr(house.services.auth, "identity_of_key", away)
    assert house.get(**key).status_code == 503


def test_a_mistake_of_ours_in_a_loader_is_no_refused_token(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr(house.services.auth, "identity_of_session", broken)
    answer = house.get(Authorization=f"Bearer {house.token}")
    assert (answer.status_code, answer.json["code"]) == (500, "internal")


REFUSED: dict[str, Callable[[], Exception]] = {
    "missing": lambda: refusals.NoAuthorizationError("Missing Authorization Header"),
    "header": lambda: refusals.InvalidHeaderError("Bad Authorization header"),
    "invalid": lambda: jwt.DecodeError("Not enough segments"),
    "claims": lambda: refusals.JWTDecodeError("Missing claim: jti"),
    "issuer": lambda: jwt.InvalidIssuerError("Invalid issuer"),
    "future": lambda: jwt.ImmatureSignatureError("not yet valid"),
    "revoked": lambda: refusals.RevokedTokenError({}, {}),
    "not fresh": lambda: refusals.FreshTokenRequired("Fresh token required", {}, {}),
    "verification": lambda: refusals.UserClaimsVerificationError("failed", {}, {}),
    "user": lambda: refusals.UserLookupError("no user", {}, {}),
    "kind": lambda: refusals.WrongTokenError("Only non-refresh tokens are allowed"),
    "csrf": lambda: refusals.CSRFError("CSRF double submit tokens do not match"),
}


@pytest.mark.parametrize("why", [*REFUSED, "expired"])
def test_every_error_of_the_library_is_our_problem_document(house: House, why: str) -> None:
    if why == "expired":
        error: Exception = jwt.ExpiredSignatureError("Signature has expired")
        error.jwt_header = error.jwt_data = {}  # type: ignore[attr-defined]
    else:
        error = REFUSED[why]()
    with house.app.test_request_context("/api/queue/status"):
        answer = house.app.make_response(house.app.handle_user_exception(error))
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    facts = answer.get_json()
    assert sorted(facts) == ["code", "detail", "status", "title", "type"]
    assert (facts["code"], str(error) in facts["detail"]) == ("not_signed_in", False)
    with house.app.test_request_context("/series"):
        page = house.app.make_response(house.app.handle_user_exception(error))
    assert (page.status_code, page.location) == (302, "/login?next=/series")


def test_the_librarys_own_decorator_works_in_this_application(house: House) -> None:
    app: Flask = house.app

    @jwt_required(fresh=True)
    def fresh() -> str:
        return "fresh"

    @jwt_required()
    def any_of_ours() -> str:
        return "ours"

    def asked(view: Callable[[], str], token: str) -> Any:
        with app.test_request_context("/api/queue/status", headers={"Authorization": f"Bearer {token}"}):
            try:
                return view()
            except Exception as error:
                return app.make_response(app.handle_user_exception(error)).status_code

    with app.app_context():
        session_id = claims_of(house, house.token)["jti"]
        newest, refresh = create_access_token(session_id, fresh=True), create_refresh_token(session_id)
        odd = create_access_token("not-a-session")
    assert asked(any_of_ours, house.token) == "ours"
    assert (asked(fresh, newest), asked(fresh, house.token)) == ("fresh", 401)
    assert [asked(any_of_ours, one) for one in (refresh, odd)] == [401, 401]
    house.services.auth.end_all()
    assert asked(any_of_ours, house.token) == 401


def test_tokens_are_read_from_headers_only(house: House) -> None:
    client = house.app.test_client()
    client.set_cookie("access_token_cookie", house.token)
    for path in (f"?jwt={house.token}", f"?access_token={house.token}", ""):
        assert client.get("/api/queue/status" + path).status_code == 401
    with (
        house.app.test_request_context(json={"access_token": house.token}),
        pytest.raises(refusals.NoAuthorizationError),
    ):
        verify_jwt_in_request()
