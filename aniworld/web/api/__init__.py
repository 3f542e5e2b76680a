"""The REST interface under /api: who may, what comes in, what goes out, and one service each."""

from __future__ import annotations

import flask_smorest
from webargs.flaskparser import FlaskParser


class _Parser(FlaskParser):
    """Schemas decide what is unknown, in queries as in bodies: it is refused."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {"json": None, "query": None}  # noqa: RUF012 - webargs' own


class Blueprint(flask_smorest.Blueprint):
    ARGUMENTS_PARSER = _Parser()
