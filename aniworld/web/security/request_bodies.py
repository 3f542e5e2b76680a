"""What a request may carry: JSON of a sensible size and depth, and only where it is taken; no word too much in its
address.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NoReturn

from flask import Flask, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from aniworld.core.errors import InvalidInput
from aniworld.web.http.problems import BadBody, NotJson

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40
MAX_FIELDS = 1000  # of one object; each unknown one is a line of the answer
MAX_QUERY = 8192
_METHODS = ("POST", "PUT", "PATCH", "DELETE")


def install(app: Flask) -> None:
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BYTES
    app.config["MAX_FORM_PARTS"] = 100
    app.wsgi_app = BodyGate(app.wsgi_app)  # type: ignore[method-assign]


class BodyGate:
    """Hands the application bodies as ``Sent``."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.input"] = Sent(environ["wsgi.input"])
        return self._app(environ, start_response)


class Sent:
    """A body as it comes in. One that is cut badly into chunks is an OSError, which Werkzeug answers with 400."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """Raises OSError."""
        try:
            return bytes(self._stream.read(size))
        except OSError:
            raise
        except Exception as error:  # the wall: each server has errors of its own for what it cannot read
            raise OSError("the body broke off, or is not what was announced") from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def check() -> None:
    """Refuses what no view should ever see. Raises BadBody, NotJson, InvalidInput, 413."""
    if len(request.query_string) > MAX_QUERY:
        raise BadBody(f"The query string is longer than {MAX_QUERY} bytes; send a shorter one.")
    if not request.path.startswith("/api/"):
        return
    _check_query()
    if request.method not in _METHODS:
        return
    content = request.get_data(cache=True)
    if len(content) >= MAX_BYTES:  # one sent in chunks is cut there without a word
        raise RequestEntityTooLarge
    if not content:
        if _json_of_view() == "needed":
            raise InvalidInput("This request needs a body: a JSON object.", {"_schema": ["Must be a JSON object."]})
        return
    if not request.is_json:
        raise NotJson("Send the body as application/json.")
    body = _parsed(content)
    if _json_of_view() == "refused" and body not in ({}, None):
        names = list(body) if isinstance(body, dict) else ["_schema"]
        raise InvalidInput("This request takes no body.", {str(name): ["Unknown field."] for name in names[:20]})


def _check_query() -> None:
    """Raises InvalidInput for a query where the view takes none, and for a field that stands there twice."""
    if not request.args or _apidoc() is None:
        return
    if not any(one["in"] == "query" for one in _parameters()):
        found = {name: ["Unknown field."] for name in list(request.args)[:20]}
        raise InvalidInput("This request takes no query parameters.", found)
    twice = {name: ["Must be sent once only."] for name, values in request.args.lists() if len(values) > 1}
    if twice:
        raise InvalidInput("The query string contains a parameter more than once.", twice)


def _parsed(content: bytes) -> Any:
    try:
        body = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant, object_pairs_hook=_object)
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadBody("The body is not valid Unicode text: it contains a lone surrogate.") from None
    except (ValueError, RecursionError):
        raise BadBody("The body is not valid JSON.") from None
    if _deeper_than(body, MAX_DEPTH):
        raise BadBody(f"The body is nested deeper than {MAX_DEPTH} levels.")
    return body


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises BadBody: two readers of a field that stands there twice may take another one each."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadBody("The body contains a field more than once.")
    if len(fields) > MAX_FIELDS:
        raise BadBody(f"The body contains more than {MAX_FIELDS} fields.")
    return fields


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _deeper_than(body: Any, limit: int) -> bool:
    level = [body]
    for _ in range(limit):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return any(isinstance(inner, dict | list) for inner in level)


def _json_of_view() -> Literal["needed", "taken", "refused"]:
    """What the view asked for says of its body."""
    view = _view()
    if view is None:
        return "taken"  # there is nothing at this address, which is what the answer shall say
    if getattr(view, "takes_json", False):
        return "needed"
    bodies = [one["required"] for one in _parameters() if one["in"] == "json"]
    return "refused" if not bodies else "needed" if bodies[0] else "taken"


def _view() -> Callable[..., Any] | None:
    return current_app.view_functions.get(request.endpoint or "")


def _apidoc() -> Mapping[str, Any] | None:
    """What the view declares of itself; None for those that are no operation of the REST interface."""
    return getattr(_view(), "_apidoc", None)


def _parameters() -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = (_apidoc() or {}).get("arguments", {}).get("parameters", [])
    return found
