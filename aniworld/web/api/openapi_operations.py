"""The addresses outside of ``/api`` that clients may rely on, as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any

from aniworld.web.http.problems import PROBLEM

_PROBLEM = {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_SYSTEM = ["system"]

HEALTH: dict[str, Any] = {
    "get": {
        "tags": _SYSTEM,
        "summary": "Whether the server is alive, for balancers and containers",
        "security": [],
        "responses": {
            "200": {
                "description": "The server and its database answer.",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "properties": {"status": {"type": "string", "const": "ok"}},
                            "required": ["status"],
                        }
                    }
                },
            },
            "400": {"description": "Unknown host.", **_PROBLEM},
            "503": {"description": "The database does not answer.", **_PROBLEM},
        },
    }
}

METRICS: dict[str, Any] = {
    "get": {
        "tags": _SYSTEM,
        "summary": "Counters in Prometheus' text format",
        "responses": {
            "200": {"description": "The metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}},
            "400": {"description": "Unknown host.", **_PROBLEM},
            "401": {"description": "Not signed in.", **_PROBLEM},
            "404": {"description": "Metrics are off; `ANIWORLD_METRICS=true` turns them on.", **_PROBLEM},
            "503": {"description": "The database does not answer.", **_PROBLEM},
        },
    }
}

WEBSOCKET: dict[str, Any] = {
    "get": {
        "tags": ["events"],
        "summary": "Native WebSocket",
        "description": (
            "Sign in with the session cookie, the `Authorization` header, or a first message "
            '`{"action": "auth", "token": "…"}` within 5 seconds. Then `{"action": "join", "room": "downloads"}`, '
            "`leave` and `ping`. The server sends `{type, timestamp, data}`."
        ),
        "security": [{"token": []}, {"key": []}, {"cookie": []}, {}],
        "responses": {
            "101": {"description": "The connection is a WebSocket from here on."},
            "400": {"description": "Not a WebSocket handshake, or an unknown host.", **_PROBLEM},
            "401": {"description": "The credentials are not valid.", **_PROBLEM},
            "403": {"description": "Another site's request.", **_PROBLEM},
            "503": {"description": "The database does not answer, or too many clients are connected.", **_PROBLEM},
        },
    }
}

PATHS: dict[str, dict[str, Any]] = {"/health": HEALTH, "/metrics": METRICS, "/ws/connect": WEBSOCKET}
TAGS = ({"name": "events", "description": "What happens, live."},)
