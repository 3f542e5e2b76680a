"""Access tokens, by Flask-JWT-Extended. A token only names a row of ``user_session``, which decides on every request.

Claims: ``iss``, ``jti`` (the session's id), ``iat``, ``exp``, and the library's own ``type`` and ``fresh``, which
tokens of earlier versions do not have.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app, g
from flask_jwt_extended import create_access_token, decode_token, get_current_user, verify_jwt_in_request
from flask_jwt_extended.exceptions import RevokedTokenError, UserClaimsVerificationError
from werkzeug.wrappers import Response

from aniworld.core.errors import NotSignedIn
from aniworld.models import utcnow
from aniworld.services.access.service import Identity, SignedIn
from aniworld.web.http.extensions import jwt
from aniworld.web.http.services import services

log = logging.getLogger(__name__)

ISSUER, ALGORITHM = "aniworld", "HS256"
SHORTEST, LONGEST = 21, 4096
MISSING = "Sign in first."
ENDED = "Your session has ended; sign in again."
NO_TOKEN = "This is no valid token; sign in again."  # noqa: S105 - a sentence
NOT_VALID = "This token is not valid; sign in again."
NOT_ANY_MORE = "This token is not valid, or no longer; sign in again."
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_SESSION = re.compile(r"[0-9a-f]{32}")


def install(app: Flask, key: bytes) -> None:
    """``app`` signs and reads tokens with ``key``, and answers what the library refuses as it answers every 401."""
    app.config.update(
        JWT_SECRET_KEY=key,
        JWT_ALGORITHM=ALGORITHM,
        JWT_DECODE_ALGORITHMS=[ALGORITHM],
        JWT_ENCODE_ISSUER=ISSUER,
        JWT_DECODE_ISSUER=ISSUER,
        JWT_IDENTITY_CLAIM="jti",
        JWT_ENCODE_NBF=False,
        JWT_TOKEN_LOCATION=["headers"],
        JWT_COOKIE_CSRF_PROTECT=False,  # a claim for tokens in cookies, which there are none of
    )
    jwt.token_in_blocklist_loader(_is_revoked)
    jwt.token_verification_loader(_is_ours)
    jwt.user_lookup_loader(_identity)
    jwt.unauthorized_loader(lambda reason: _refused(MISSING))
    jwt.invalid_token_loader(lambda reason: _refused(NOT_ANY_MORE))
    jwt.expired_token_loader(lambda header, claims: _refused(NOT_ANY_MORE))
    jwt.revoked_token_loader(lambda header, claims: _refused(ENDED))
    jwt.user_lookup_error_loader(lambda header, claims: _refused(ENDED))
    jwt.needs_fresh_token_loader(lambda header, claims: _refused(NOT_VALID))
    jwt.token_verification_failed_loader(lambda header, claims: _refused(NOT_VALID))
    jwt.init_app(app)


def token_for(signed_in: SignedIn) -> str:
    """A token that names the session and expires with it."""
    expires = signed_in.expires_at - utcnow()
    return str(create_access_token(identity=signed_in.session_id, expires_delta=expires))


def identity_by_request(token: str) -> Identity:
    """Who sent ``token`` in this request's Authorization header. Raises NotSignedIn."""
    _check_form(token)
    try:
        # Optional, since the library reads no token of OPTIONS, nor after a ``bearer`` in lower case.
        verified = verify_jwt_in_request(optional=True)
    except RevokedTokenError:
        raise NotSignedIn(ENDED) from None
    except UserClaimsVerificationError:
        raise NotSignedIn(NOT_VALID) from None
    except Exception as error:
        if error is g.get("trouble_with_row"):  # the database's, not the token's
            raise
        raise _refusal(error) from None
    if verified is None:
        return identity_by_token(token)
    identity: Identity = get_current_user()
    return identity


def identity_by_token(token: object) -> Identity:
    """Who holds ``token``, as a socket's message states it. Raises NotSignedIn."""
    return services().auth.identity_of_session(_session_id(token))


def _session_id(token: object) -> str:
    """The session that a token names. Raises NotSignedIn for anything but a whole, unexpired token of ours."""
    try:
        claims = decode_token(_check_form(token))
    except NotSignedIn:
        raise
    except Exception as error:
        raise _refusal(error) from None
    if not _is_ours({}, claims):
        raise NotSignedIn(NOT_VALID)
    return str(claims["jti"])


def _check_form(token: object) -> str:
    """``token``, if it has a token's length and letters: the library would take the first of a list. Raises
    NotSignedIn.
    """
    if not isinstance(token, str) or not SHORTEST <= len(token) <= LONGEST:
        raise NotSignedIn(NO_TOKEN)
    if not _FORM.fullmatch(token):
        raise NotSignedIn(NOT_ANY_MORE)
    return token


def _refusal(error: Exception) -> NotSignedIn:
    """Any error of the library: a forged token makes its parsers raise more than its own errors, e.g.
    RecursionError.
    """
    log.debug("A token is refused: %s", type(error).__name__)
    return NotSignedIn(NOT_ANY_MORE)


def _is_ours(header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    """Whether nothing is missing that our tokens have; the library demands the issuer and the session's id."""
    session_id = claims.get("jti")
    stated = {"exp", "iat", "iss"} <= claims.keys()
    return stated and isinstance(session_id, str) and _SESSION.fullmatch(session_id) is not None


def _is_revoked(header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    if not _is_ours(header, claims):
        return False  # the library asks about the claims next
    try:
        g.identity_of_token = services().auth.identity_of_session(claims["jti"])
    except NotSignedIn:
        return True
    except Exception as error:
        g.trouble_with_row = error
        raise
    return False


def _identity(header: Mapping[str, Any], claims: Mapping[str, Any]) -> Identity | None:
    """What the row has just said, so that it is read once for each request."""
    found: Identity | None = g.pop("identity_of_token", None)
    return found


def _refused(sentence: str) -> Response:
    """As if a view had raised it: a problem document under /api, a page elsewhere."""
    return current_app.make_response(current_app.handle_user_exception(NotSignedIn(sentence)))
