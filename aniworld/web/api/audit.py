"""The audit log."""

from __future__ import annotations

from typing import Any

from flask import Response

from aniworld.services.access.views import AuditView
from aniworld.web.api import Blueprint
from aniworld.web.http.json_response import answer
from aniworld.web.http.services import services
from aniworld.web.schemas.from_dataclass import schema_of
from aniworld.web.schemas.requests import AuditQuery

blueprint = Blueprint("audit", __name__, url_prefix="/api/auth/audit", description="Who did what about access.")


@blueprint.get("")
@blueprint.arguments(AuditQuery, location="query")
@blueprint.response(200, schema_of(AuditView)(many=True))
def entries(wish: dict[str, Any]) -> Response:
    """Sign-ins, failures, changed settings, deletions and use of keys, newest first; totals are in X-Pagination"""
    found, paging = services().audit.entries(wish["page"], wish["page_size"], wish["kind"])
    return answer(found, paging=paging)
