"""The settings and their backups."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from aniworld.config.schema import settings_schema
from aniworld.services.file_management.rename_targets import example_names
from aniworld.services.file_management.views import NameExamples
from aniworld.services.settings.views import BackupView
from aniworld.web.api import Blueprint
from aniworld.web.http.json_response import answer, nothing
from aniworld.web.http.services import services
from aniworld.web.schemas.from_dataclass import schema_of
from aniworld.web.schemas.requests import NameTrial
from aniworld.web.schemas.responses import Verdict

blueprint = Blueprint("config", __name__, url_prefix="/api/config", description="The settings and their backups.")

SETTINGS = settings_schema()


@blueprint.get("")
@blueprint.response(200, SETTINGS)
def show() -> Response:
    """The settings, secrets hidden"""
    return answer(services().config.masked())


@blueprint.put("")
@blueprint.doc(requestBody={"content": {"application/json": {"schema": SETTINGS}}, "required": True})
@blueprint.response(200, SETTINGS)
def change() -> Response:
    """Change a part of the settings, or the whole; a backup of the old ones is kept"""
    return answer(services().config.update(_sent()))


@blueprint.post("/validate")
@blueprint.doc(requestBody={"content": {"application/json": {"schema": {}}}, "required": True})
@blueprint.response(200, Verdict)
def validate() -> Response:
    """What would be said of a change; changes nothing"""
    errors = services().config.validate(_sent())
    return answer({"valid": not errors, "errors": errors})


@blueprint.post("/preview-name")
@blueprint.arguments(NameTrial)
@blueprint.response(200, schema_of(NameExamples))
def preview_name(wish: dict[str, Any]) -> Response:
    """What a template makes of an invented episode"""
    return answer(example_names(wish["template"], season_folders=wish["season_folders"]))


@blueprint.get("/backups")
@blueprint.response(200, schema_of(BackupView)(many=True))
def backups() -> Response:
    """The backups, newest first"""
    return answer(services().config.backups())


@blueprint.post("/backups")
@blueprint.response(201, schema_of(BackupView))
def back_up() -> Response:
    """Keep the settings as they are now"""
    return answer(services().config.backup(), 201)


@blueprint.post("/backups/<name>/restore")
@blueprint.response(200, SETTINGS)
def restore(name: str) -> Response:
    """Bring the settings of a backup back; those before are kept as a backup first"""
    return answer(services().config.restore(name))


@blueprint.get("/backups/<name>")
@blueprint.response(200, SETTINGS)
def download_backup(name: str) -> Response:
    """A backup as a file, secrets hidden"""
    response = answer(services().config.read_backup(name))
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.delete("/backups/<name>")
@blueprint.response(204)
def delete_backup(name: str) -> Response:
    """Delete a backup"""
    services().config.delete_backup(name)
    return nothing()


def _sent() -> Any:
    """The body as it came: ConfigService knows which secrets were sent back hidden, and checks the rest."""
    return request.get_json(silent=True) if request.data else {}


for view in (change, validate):
    view.takes_json = True
