"""Whole backups: made, checked and brought back in the background; ``/api/backups/work`` tells how far that is."""

from __future__ import annotations

from typing import Any

from flask import Response, send_file
from flask_login import current_user

from aniworld.core.errors import Forbidden
from aniworld.services.backup.service import BackupWork
from aniworld.services.settings.views import BackupView
from aniworld.web.api import Blueprint
from aniworld.web.http.json_response import answer, nothing
from aniworld.web.http.services import services
from aniworld.web.schemas.from_dataclass import schema_of
from aniworld.web.schemas.requests import BackupWish

blueprint = Blueprint(
    "backups", __name__, url_prefix="/api/backups", description="Everything but the videos as one file, and back."
)


@blueprint.get("")
@blueprint.response(200, schema_of(BackupView)(many=True))
def backups() -> Response:
    """The backups, newest first"""
    return answer(services().backups.list())


@blueprint.post("")
@blueprint.arguments(BackupWish, required=False)
@blueprint.response(202, schema_of(BackupWork))
def create(wish: dict[str, Any]) -> Response:
    """Make a backup, in the background; 409 while one is made, checked or restored"""
    return answer(services().backups.begin_create(secrets=not wish["without_secrets"]), 202)


@blueprint.get("/work")
@blueprint.response(200, schema_of(BackupWork))
def work() -> Response:
    """How far the making, checking or restoring is that runs, or how the last one ended"""
    return answer(services().backups.work())


@blueprint.get("/<name>")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/zip")
def download(name: str) -> Response:
    """The file itself, secrets and all; not for API keys"""
    _sit_there()
    path = services().backups.path(name)
    services().audit.record("backup_downloaded", name)
    return send_file(path, "application/zip", as_attachment=True, download_name=name, max_age=0)


@blueprint.delete("/<name>")
@blueprint.response(204)
def delete(name: str) -> Response:
    """Delete a backup"""
    services().backups.delete(name)
    return nothing()


@blueprint.post("/<name>/verify")
@blueprint.response(202, schema_of(BackupWork))
def verify(name: str) -> Response:
    """Check a backup by restoring it on trial, in the background; changes nothing"""
    return answer(services().backups.begin_verify(name), 202)


@blueprint.post("/<name>/restore")
@blueprint.response(202, schema_of(BackupWork))
def restore(name: str) -> Response:
    """Restore everything in the background; downloads stop meanwhile, and everybody signs in again afterwards"""
    _sit_there()
    audit = services().audit
    who = audit.origin()

    def note() -> None:
        """Called at the end: the entries of now go with the tables of now."""
        audit.record("backup_restored", name, origin=who)

    return answer(services().backups.begin_restore(name, note), 202)


def _sit_there() -> None:
    """Raises Forbidden for an API key: a backup holds, and brings back, what says who may come in."""
    who = current_user.identity
    if who is None or not who.session_id:
        raise Forbidden("An API key may not do this with backups; sign in with the password.")
