"""The recycle bin."""

from __future__ import annotations

from flask import Response

from aniworld.services.file_management.views import RecycledItem, Restored
from aniworld.web.api import Blueprint
from aniworld.web.http.json_response import answer, nothing
from aniworld.web.http.services import services
from aniworld.web.schemas.from_dataclass import schema_of
from aniworld.web.schemas.responses import Removed

blueprint = Blueprint(
    "recycle", __name__, url_prefix="/api/recycle", description="What was removed or replaced, and its way back."
)


@blueprint.get("")
@blueprint.response(200, schema_of(RecycledItem)(many=True))
def list_items() -> Response:
    """What can be brought back, newest first"""
    return answer(services().recycling.list())


@blueprint.post("/<entry_id>/restore")
@blueprint.response(200, schema_of(Restored))
def restore(entry_id: str) -> Response:
    """Bring a file or folder back to its place, or beside it where that is taken"""
    return answer(services().recycling.restore(entry_id))


@blueprint.delete("/<entry_id>")
@blueprint.response(204)
def remove(entry_id: str) -> Response:
    """Delete an entry for good"""
    services().recycling.remove(entry_id)
    return nothing()


@blueprint.delete("")
@blueprint.response(200, Removed)
def empty() -> Response:
    """Delete everything in the bin for good"""
    return answer({"removed": services().recycling.empty()})
