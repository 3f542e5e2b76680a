"""Signing in and out, sessions and API keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, current_app, request
from flask_login import current_user

from aniworld.services.access.service import SignedIn
from aniworld.services.access.views import ApiKeyView, SessionView
from aniworld.web.api import Blueprint
from aniworld.web.http.json_response import answer, nothing
from aniworld.web.http.services import services
from aniworld.web.schemas.from_dataclass import schema_of
from aniworld.web.schemas.requests import Login, NewKey, NewPassword, PasswordChange
from aniworld.web.schemas.responses import Removed, SignInStatus, Token
from aniworld.web.security import authentication as guards
from aniworld.web.security import tokens
from aniworld.web.security.sign_in_limiter import SignInLimit

LIMIT = "aniworld.sign_in_limit"

blueprint = Blueprint("auth", __name__, url_prefix="/api/auth", description="Signing in, sessions and API keys.")


@blueprint.get("/status")
@blueprint.response(200, SignInStatus)
def status() -> Response:
    """Whether a password is set, and whether you are signed in"""
    who = current_user.identity
    facts: dict[str, Any] = {
        "configured": services().auth.configured(),
        "authenticated": who is not None,
        "expires_at": who and who.expires_at,
    }
    return answer(facts | _csrf_of_cookie())


@blueprint.post("/setup")
@blueprint.arguments(NewPassword)
@blueprint.response(201, Token)
def setup(wish: dict[str, Any]) -> Response:
    """Set the first password, and sign in"""
    token = wish.get("setup_token")
    with attempt():
        signed_in = services().auth.setup(wish["password"], token, guards.is_local(), agent(), address())
    return _welcome(signed_in, 201)


@blueprint.post("/login")
@blueprint.arguments(Login)
@blueprint.response(200, Token)
def login(wish: dict[str, Any]) -> Response:
    """Sign in with the password, and a code where the second factor is on (401 with code totp_required says so)"""
    with attempt():
        signed_in = services().auth.login(wish["password"], wish["remember"], agent(), address(), wish["code"])
    return _welcome(signed_in, 200)


@blueprint.post("/logout")
@blueprint.response(204)
def logout() -> Response:
    """End this session, at once and everywhere"""
    guards.let_out()
    return nothing()


@blueprint.post("/password")
@blueprint.arguments(PasswordChange)
@blueprint.response(204)
def change_password(wish: dict[str, Any]) -> Response:
    """Change the password; every other session ends"""
    who = current_user.identity
    with attempt():
        services().auth.change_password(wish["current"], wish["new"], who.session_id if who else None)
    return nothing()


@blueprint.get("/sessions")
@blueprint.response(200, schema_of(SessionView)(many=True))
def sessions() -> Response:
    """The open sessions"""
    who = current_user.identity
    return answer(services().auth.sessions(who.session_id if who else None))


@blueprint.delete("/sessions")
@blueprint.response(200, Removed)
def end_other_sessions() -> Response:
    """End every session but this one"""
    who = current_user.identity
    return answer({"removed": services().auth.end_others(who.session_id if who else None)})


@blueprint.delete("/sessions/<session_id>")
@blueprint.response(204)
def end_session(session_id: str) -> Response:
    """End one session"""
    services().auth.end_session(session_id)
    return nothing()


@blueprint.get("/keys")
@blueprint.response(200, schema_of(ApiKeyView)(many=True))
def keys() -> Response:
    """The API keys, without the keys themselves"""
    return answer(services().auth.keys())


@blueprint.post("/keys")
@blueprint.arguments(NewKey)
@blueprint.response(201, schema_of(ApiKeyView))
def create_key(wish: dict[str, Any]) -> Response:
    """Make an API key; it is shown in this answer only"""
    return answer(services().auth.create_key(wish["name"], wish["scope"]), 201)


@blueprint.delete("/keys/<key_id>")
@blueprint.response(204)
def revoke_key(key_id: str) -> Response:
    """Revoke an API key"""
    services().auth.revoke_key(key_id)
    return nothing()


@contextmanager
def attempt() -> Iterator[None]:
    """One try to prove oneself, for REST and pages alike: too many failed ones raise TooManyTries."""
    limit: SignInLimit = current_app.extensions[LIMIT]
    with limit.attempt(address()):
        yield


def agent() -> str:
    return request.headers.get("User-Agent", "")[:300]


def address() -> str:
    return request.remote_addr or ""


def _welcome(signed_in: SignedIn, status: int) -> Response:
    guards.let_in(signed_in)
    facts = {
        "access_token": tokens.token_for(signed_in),
        "token_type": "Bearer",
        "expires_at": signed_in.expires_at,
        "csrf_token": guards.csrf_token(),
    }
    return answer(facts, status)


def _csrf_of_cookie() -> dict[str, str]:
    return {"csrf_token": guards.csrf_token()} if current_user.by_cookie else {}
