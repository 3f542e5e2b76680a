"""Each request has an id: in its answer, in the problem that it meets, and in every line that it makes the log say."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g

from aniworld.services.health.log_files import request_id

HEADER = "X-Request-Id"


def install(app: Flask) -> None:
    """First of all, so that whatever follows is logged with it."""
    app.before_request(_begin)
    app.after_request(_name)
    app.teardown_request(_end)


def _begin() -> None:
    g.request_token = request_id.set(secrets.token_hex(6))


def _name(response: Response) -> Response:
    if asked := request_id.get():
        response.headers[HEADER] = asked
    return response


def _end(_: BaseException | None) -> None:
    token = g.pop("request_token", None)
    if token is not None:
        request_id.reset(token)
