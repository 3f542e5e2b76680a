"""Names of files that are there, looked at, changed and taken back."""

from __future__ import annotations

from typing import Any

from flask import Response

from aniworld.services.file_management.views import EarlierRename, Rename, RenameOutcome, RenameStatus
from aniworld.web.api import Blueprint
from aniworld.web.http.json_response import answer
from aniworld.web.http.services import services
from aniworld.web.schemas.from_dataclass import schema_of
from aniworld.web.schemas.requests import RenameQuery, RenameWish, RunsQuery, UndoWish

blueprint = Blueprint(
    "rename", __name__, url_prefix="/api/anime/rename", description="Files named as the template wants it."
)


@blueprint.get("")
@blueprint.arguments(RenameQuery, location="query")
@blueprint.response(200, schema_of(Rename)(many=True))
def preview(query: dict[str, Any]) -> Response:
    """What would be renamed, and what cannot be with its reason; changes nothing"""
    return answer(services().renaming.preview(query["key"]))


@blueprint.post("")
@blueprint.arguments(RenameWish, required=False)
@blueprint.response(200, schema_of(RenameOutcome))
@blueprint.alt_response(202, schema=schema_of(RenameStatus), success=True)
def apply(wish: dict[str, Any]) -> Response:
    """Rename the files of these series, or of all; 202 at once with `background`; 409 while a scan or a rename runs"""
    if wish["background"]:
        return answer(services().renamings.begin(wish["keys"]), 202)
    return answer(services().renaming.apply(wish["keys"]))


@blueprint.get("/run")
@blueprint.response(200, schema_of(RenameStatus))
def status() -> Response:
    """The renaming in the background that runs, or the last one"""
    return answer(services().renamings.status())


@blueprint.delete("/run")
@blueprint.response(200, schema_of(RenameStatus))
def cancel() -> Response:
    """Stop the renaming in the background; what has its new name keeps it, and can be taken back"""
    return answer(services().renamings.cancel())


@blueprint.get("/runs")
@blueprint.arguments(RunsQuery, location="query")
@blueprint.response(200, schema_of(EarlierRename)(many=True))
def runs(query: dict[str, Any]) -> Response:
    """Earlier renamings, newest first; each of them can be taken back"""
    return answer(services().renamings.earlier(query["limit"]))


@blueprint.get("/runs/<item:run_id>")
@blueprint.response(200, schema_of(Rename)(many=True))
def files(run_id: str) -> Response:
    """What an earlier renaming did to each file"""
    return answer(services().renamings.files(run_id.lower()))


@blueprint.post("/<item:run_id>/undo")
@blueprint.arguments(UndoWish, required=False)
@blueprint.response(200, schema_of(RenameOutcome))
@blueprint.alt_response(202, schema=schema_of(RenameStatus), success=True)
def undo(wish: dict[str, Any], run_id: str) -> Response:
    """Give the files of a renaming their old names back; 202 at once with `background`"""
    if wish["background"]:
        return answer(services().renamings.begin_undo(run_id.lower()), 202)
    return answer(services().renaming.undo(run_id.lower()))
