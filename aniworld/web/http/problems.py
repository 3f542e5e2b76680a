"""Every error as an answer: problem documents (RFC 9457) under /api, pages elsewhere. Never a stack trace."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from aniworld.config.fields import flat
from aniworld.config.instance import disk_error
from aniworld.core.errors import (
    AniworldError,
    CatalogueBlocked,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    NothingThere,
    NotSignedIn,
    SignInError,
    SourceError,
    StorageError,
    TransferError,
    Unavailable,
    WrongPassword,
)
from aniworld.models.outage import OutageLog
from aniworld.web.http.json_response import to_json

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
BASIC = 'Basic realm="Aniworld calendar", charset="UTF-8"'
TRY_AGAIN_S = 5
DATABASE_TROUBLE = (
    "The database does not answer at this moment; try again, and look at the server's log if it stays so."
)
NOT_STORABLE = "A text is longer than the database keeps, or has a character that it cannot keep."
ErrorPage = Callable[[int, str, str], Any]

# The first that fits counts: subclasses stand before their parents.
STATUS: tuple[tuple[type[AniworldError], int], ...] = (
    (InvalidInput, 422),
    (NotFound, 404),
    (NothingThere, 404),
    (Conflict, 409),
    (NotSignedIn, 401),
    (WrongPassword, 401),
    (Forbidden, 403),
    (SignInError, 401),
    (SourceError, 503),
    (StorageError, 503),
    (TransferError, 503),
    (Unavailable, 503),
)

DETAILS = {
    400: "The request is malformed.",
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    413: "The request is larger than 1 MiB.",
    415: "Send the body as application/json.",
    500: (
        "Something went wrong inside. The server's log says what, under the id of this answer's X-Request-Id; please"
        " report it if it happens again."
    ),
}


class TooManyTries(AniworldError):
    code = "too_many_tries"

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BadBody(AniworldError):
    """A body that is no JSON, or no JSON that can be read."""

    code = "bad_body"


class NotJson(AniworldError):
    code = "not_json"


def problem(status: int, detail: str, code: str = "", **more: Any) -> Response:
    """A problem document. ``more``: further members, such as ``errors``."""
    facts = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if code:
        facts["code"] = code
    response = Response(to_json({**facts, **more}) + "\n", status, content_type=PROBLEM)
    if status == 401:  # only the calendar's address takes a password, and its programs ask for it when they hear so
        response.headers["WWW-Authenticate"] = BASIC if request.path == "/api/calendar.ics" else "Bearer"
    return response


def install(app: Flask, error_page: ErrorPage | None = None) -> None:
    """Every error of ``app`` becomes an answer; ``error_page(status, title, detail)`` renders those of pages."""

    def shown(answer: Response, detail: str) -> Any:
        if under_api() or error_page is None:
            return answer
        page = app.make_response(error_page(answer.status_code, HTTPStatus(answer.status_code).phrase, detail))
        page.headers.extend(
            {name: value for name, value in answer.headers if name in ("Allow", "Retry-After", "WWW-Authenticate")}
        )
        return page

    def expected(error: AniworldError) -> Any:
        return shown(answer_to(error), str(error))

    def of_http(error: HTTPException) -> Any:
        return shown(answer_to_http(error), DETAILS.get(error.code or 500, error.description or ""))

    outages = OutageLog()

    def of_database(error: SQLAlchemyError) -> Any:
        outages.write("The database does not answer", getattr(error, "orig", None) or error.__class__.__name__)
        answer = problem(503, DATABASE_TROUBLE, "database")
        answer.headers["Retry-After"] = str(TRY_AGAIN_S)
        return shown(answer, DATABASE_TROUBLE)

    def of_statement(error: DBAPIError) -> Any:
        if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
            return of_database(error)
        if isinstance(error, DataError):
            log.warning("%s %s: %s", request.method, request.path, error.orig)
            return shown(problem(422, NOT_STORABLE, "invalid_input"), NOT_STORABLE)
        return unexpected(error)

    def of_disk(error: OSError) -> Any:
        """A full or read-only disk, wherever in a request it was met."""
        found = disk_error(error)
        if found is None:
            return unexpected(error)
        outages.write(str(found), error)
        return shown(answer_to(found), str(found))

    def unexpected(error: Exception) -> Any:
        log.error("%s %s failed", request.method, request.path, exc_info=error)
        return shown(problem(500, DETAILS[500], "internal"), DETAILS[500])

    app.register_error_handler(AniworldError, expected)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(DBAPIError, of_statement)
    app.register_error_handler(PoolTimeout, of_database)
    app.register_error_handler(OSError, of_disk)
    app.register_error_handler(Exception, unexpected)


def under_api() -> bool:
    return request.path in ("/api", "/health", "/metrics") or request.path.startswith(("/api/", "/ws/"))


def answer_to(error: AniworldError) -> Response:
    """The problem document for an expected error."""
    answer = problem(status_of(error), str(error), error.code, **_members(error))
    wait = getattr(error, "retry_after", None)
    if wait is None and isinstance(error, Unavailable | SourceError) and answer.status_code == 503:
        wait = 60 if isinstance(error, CatalogueBlocked) else TRY_AGAIN_S
    if wait is not None:
        answer.headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return answer


def status_of(error: AniworldError) -> int:
    if isinstance(error, TooManyTries):
        return 429
    if isinstance(error, BadBody):
        return 400
    if isinstance(error, NotJson):
        return 415
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def answer_to_http(error: HTTPException) -> Response:
    """The problem document for what Flask, Werkzeug or webargs refused, with its ``Allow`` and the like."""
    status = error.code if error.code and error.code >= 400 else 500
    if error.response is not None and error.code and error.code < 400:
        return error.response  # type: ignore[return-value]
    told: Mapping[str, Any] = getattr(error, "data", None) or {}
    messages = told.get("messages")
    if messages:
        inner = [flat(part) for part in messages.values()] if isinstance(messages, Mapping) else [flat(messages)]
        fields = {name: texts for part in inner for name, texts in part.items()}
        answer = problem(status, _sentence(fields), "invalid_input", errors=fields)
    else:
        answer = problem(status, DETAILS.get(status, error.description or HTTPStatus(status).phrase))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def _members(error: AniworldError) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if isinstance(error, InvalidInput) and error.fields:
        members["errors"] = error.fields
    status = getattr(error, "status", None)
    if isinstance(error, Conflict) and status is not None:
        members["scan"] = status
    return members


def _sentence(fields: Mapping[str, list[str]]) -> str:
    name, texts = next(iter(fields.items()), ("", ["Is not valid."]))
    return f"{name}: {texts[0]}" if name and name != "_schema" else texts[0]
