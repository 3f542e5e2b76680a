"""Answers that are no plain fact of a service, and the problem document. For the document only."""

from __future__ import annotations

from marshmallow import Schema, fields

from aniworld.services.queue.views import DownloadItem, Skipped
from aniworld.web.schemas.from_dataclass import schema_of


class SignInStatus(Schema):
    configured = fields.Boolean(required=True)
    authenticated = fields.Boolean(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    csrf_token = fields.String(metadata={"description": "For X-CSRFToken; only where a cookie signs in."})


class Token(Schema):
    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_at = fields.DateTime(required=True)
    csrf_token = fields.String(required=True)


class Verdict(Schema):
    valid = fields.Boolean(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


class Added(Schema):
    added = fields.List(fields.Nested(schema_of(DownloadItem)), required=True)
    skipped = fields.List(fields.Nested(schema_of(Skipped)), required=True)


class Refreshing(Schema):
    key = fields.String(required=True)


class Removed(Schema):
    removed = fields.Integer(required=True)


class Health(Schema):
    status = fields.String(required=True, metadata={"description": "The worst level of all checks."})
    checks = fields.List(fields.Raw(), required=True)


class Woken(Schema):
    woken = fields.List(fields.String(), required=True, metadata={"description": "The sources that rest no more."})


class Problem(Schema):
    """RFC 9457."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    scan = fields.Dict(metadata={"description": "The running scan, where that is in the way."})
