"""The OpenAPI document and its page, made when someone first asks: making them costs more than a start may take."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import flask_smorest
from flask import Flask, Response, current_app, request

from aniworld import __version__
from aniworld.config.fields import Amount, Count, Text, Truth, Whole
from aniworld.web.api import Blueprint
from aniworld.web.api import converters as addresses
from aniworld.web.api.openapi_operations import PATHS, TAGS
from aniworld.web.http.json_response import to_json
from aniworld.web.http.problems import PROBLEM
from aniworld.web.schemas.responses import Problem

_METHODS = ("get", "post", "put", "patch", "delete")
_TRIES = ("/api/auth/setup", "/api/auth/login", "/api/auth/password", "/api/auth/totp", "/api/auth/totp/confirm")
_OPEN = ("/api/auth/status", "/api/auth/setup", "/api/auth/login")
_BY_FOLDER = "/api/anime/{anime_id}"
_TEXT = {"schema": {"type": "string"}}
_RETRY = {"Retry-After": {"description": "Seconds after which to try again.", "schema": {"type": "integer"}}}
_PAGES = {
    "X-Pagination": {
        "description": (
            "JSON: total, total_pages, page, page_size, first_page, last_page; previous_page and next_page where there"
            " is one."
        ),
        **_TEXT,
    }
}
_SUCCESSOR = {
    "Deprecation": {"description": "true where the series was asked for by its folder.", **_TEXT},
    "Link": {"description": "Then the address by its key, as successor-version.", **_TEXT},
}
_MEANING = {
    400: "Malformed, or an unknown host.",
    401: "Not signed in, or the password is wrong.",
    403: "Not allowed: no CSRF token, another site's request, or a key that may read only.",
    404: "There is no such thing.",
    409: "Not now, because of what is already there.",
    413: "Larger than 1 MiB.",
    415: "The body is no JSON.",
    422: "The payload is wrong; `errors` says where.",
    429: "Too many failed tries; see Retry-After.",
    503: "Something that is needed does not answer; `detail` says what to do.",
}
_making = threading.Lock()


class _Api(flask_smorest.Api):
    """Makes the document and nothing else: errors are answered by ``web.errors``, blueprints stand already."""

    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = Problem

    def _register_error_handlers(self) -> None:
        return None


def install(app: Flask, blueprints: Iterable[Blueprint]) -> None:
    app.config.setdefault("API_TITLE", "Aniworld")
    app.config.setdefault("API_VERSION", __version__)
    app.config.setdefault("OPENAPI_VERSION", "3.1.0")
    app.config["OPENAPI_URL_PREFIX"] = None
    app.extensions["aniworld.api_blueprints"] = tuple(blueprints)
    app.add_url_rule("/api/openapi.json", "openapi", openapi, methods=["GET"])
    app.add_url_rule("/api/docs", "docs", docs, methods=["GET"])


def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    return Response(
        to_json({**document(), "servers": [{"url": request.script_root or "/"}]}), mimetype="application/json"
    )


def docs() -> str:
    from aniworld.web.api.openapi_page import render  # only for those who read it

    return render(document(), request.script_root)


def document() -> dict[str, Any]:
    """The document of this application, made once."""
    extensions = current_app.extensions
    with _making:
        if "aniworld.document" not in extensions:
            extensions["aniworld.document"] = _made(current_app._get_current_object())  # type: ignore[attr-defined]
    found: dict[str, Any] = extensions["aniworld.document"]
    return found


def _made(app: Flask) -> dict[str, Any]:
    api = _Api()
    for field, like in (
        (Text, "string"),
        (Whole, "integer"),
        (Count, "integer"),
        (Amount, "number"),
        (Truth, "boolean"),
    ):
        api.register_field(field, like, None)
    for converter in addresses.CONVERTERS.values():
        api.register_converter(converter, addresses.documented)
    api.init_app(app)
    for blueprint in app.extensions["aniworld.api_blueprints"]:
        blueprint.register_views_in_doc(api, app, api.spec, name=blueprint.name, parameters=None)
        api.spec.tag({"name": blueprint.name, "description": blueprint.description})
    made: dict[str, Any] = api.spec.to_dict()
    _secure(made, app.config["SESSION_COOKIE_NAME"])
    for path, operations in made["paths"].items():
        for method in _METHODS:
            if method in operations:
                _complete(path, method, operations)
    made["paths"] |= PATHS
    made["tags"] += TAGS
    plain: dict[str, Any] = _with_plain_patterns(made)
    return plain


def _secure(made: dict[str, Any], cookie: str) -> None:
    made["components"]["securitySchemes"] = {
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie,
            "description": "The browser's session. A request that changes something needs the header X-CSRFToken, too.",
        },
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    }
    made["security"] = [{"token": []}, {"key": []}, {"cookie": []}]


def _complete(path: str, method: str, operations: dict[str, Any]) -> None:
    """Names every status that an operation may answer with; the same few for all of a kind."""
    operation = operations[method]
    statuses = [400, 401, 403, 404, 422, 503]
    if method != "get":
        statuses += [409, 413, 415]
    if path in _TRIES:
        statuses += [429]
    if path in _OPEN:
        operation["security"] = []
    reference = {"$ref": "#/components/schemas/Problem"}
    for status in statuses:
        operation["responses"][str(status)] = {
            "description": _MEANING[status],
            "content": {PROBLEM: {"schema": reference}},
            **({"headers": _RETRY} if status in (429, 503) else {}),
        }
    if any(one.get("name") == "page" for one in operation.get("parameters", ())):
        operation["responses"]["200"]["headers"] = _PAGES
    if path == _BY_FOLDER and method == "get":
        operation["responses"]["200"]["headers"] = _SUCCESSOR


def _with_plain_patterns(part: Any) -> Any:
    """The document with patterns as its readers know them: ``$`` is the end there, and ``\\Z`` is Python's alone."""
    if isinstance(part, dict):
        return {
            name: (
                inner.replace("\\Z", "$")
                if name == "pattern" and isinstance(inner, str)
                else _with_plain_patterns(inner)
            )
            for name, inner in part.items()
        }
    return [_with_plain_patterns(inner) for inner in part] if isinstance(part, list) else part
