"""The optional second factor of signing in."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_login import current_user

from aniworld.services.access.second_factor import Enrolment, RecoveryCodes, SecondFactorState
from aniworld.web.api import Blueprint
from aniworld.web.api.auth import attempt
from aniworld.web.http.json_response import answer, nothing
from aniworld.web.http.services import services
from aniworld.web.schemas.from_dataclass import schema_of
from aniworld.web.schemas.requests import PasswordProof, SecondFactorProof, TotpCode

blueprint = Blueprint("totp", __name__, url_prefix="/api/auth/totp", description="The second factor of signing in.")


@blueprint.get("")
@blueprint.response(200, schema_of(SecondFactorState))
def state() -> Response:
    """Whether a second factor is on, and how many recovery codes are left"""
    return answer(services().auth.second_factor.state())


@blueprint.post("")
@blueprint.arguments(PasswordProof)
@blueprint.response(201, schema_of(Enrolment))
def begin(wish: dict[str, Any]) -> Response:
    """Make a secret for an authenticator; shown in this answer only, and in force once a code confirmed it"""
    with attempt():
        made = services().auth.begin_second_factor(wish["password"])
    return answer(made, 201)


@blueprint.post("/confirm")
@blueprint.arguments(TotpCode)
@blueprint.response(200, schema_of(RecoveryCodes))
def confirm(wish: dict[str, Any]) -> Response:
    """Turn the second factor on; the recovery codes are shown in this answer only, and every other session ends"""
    who = current_user.identity
    with attempt():
        codes = services().auth.enable_second_factor(wish["code"], who.session_id if who else None)
    return answer(codes)


@blueprint.delete("")
@blueprint.arguments(SecondFactorProof)
@blueprint.response(204)
def disable(wish: dict[str, Any]) -> Response:
    """Turn the second factor off, with the password and a code"""
    with attempt():
        services().auth.disable_second_factor(wish["password"], wish["code"])
    return nothing()
