"""Names of files that are there, looked at, changed and taken back."""

from __future__ import annotations

from typing import Any

from flask import Response

from aniworld.services.views import Rename, RenameOutcome
from aniworld.web.answers import answer
from aniworld.web.schemas.facts import schema_of
from aniworld.web.schemas.requests import RenameQuery, RenameWish
from aniworld.web.wiring import services

from . import Blueprint

blueprint = Blueprint(
    "rename", __name__, url_prefix="/api/anime/rename", description="Files named as the template wants it."
)


@blueprint.get("/")
@blueprint.arguments(RenameQuery, location="query")
@blueprint.response(200, schema_of(Rename)(many=True))
def preview(query: dict[str, Any]) -> Response:
    """What would be renamed, and what cannot be with its reason; changes nothing"""
    return answer(services().renaming.preview(query["key"]))


@blueprint.post("/")
@blueprint.arguments(RenameWish, required=False)
@blueprint.response(200, schema_of(RenameOutcome))
def apply(wish: dict[str, Any]) -> Response:
    """Rename the files of these series, or of all; 409 while a scan or another renaming runs"""
    return answer(services().renaming.apply(wish["keys"]))


@blueprint.post("/<item:run_id>/undo")
@blueprint.response(200, schema_of(RenameOutcome))
def undo(run_id: str) -> Response:
    """Give the files of a renaming their old names back"""
    return answer(services().renaming.undo(run_id.lower()))
