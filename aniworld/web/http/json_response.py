"""Facts as JSON answers. One way for REST and for events, quick enough for lists of hundreds.

Frozen dataclasses become objects, moments become ISO 8601 in UTC with ``Z``, days ``2026-10-12``, paths and enums their
text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import PurePath
from typing import Any

from flask import Response

from aniworld.core.paging import Paging


def answer(facts: Any = None, status: int = 200, *, paging: Paging | None = None) -> Response:
    """``facts`` as a JSON answer; ``paging`` goes into the ``X-Pagination`` header."""
    response = Response(to_json(facts) + "\n", status, mimetype="application/json")
    if paging is not None:
        response.headers["X-Pagination"] = to_json(pages(paging))
    return response


def nothing() -> Response:
    """204: done, and there is nothing to say."""
    response = Response(status=204)
    response.headers.pop("Content-Type", None)
    return response


def to_json(facts: Any) -> str:
    return json.dumps(facts, default=_plain, separators=(",", ":"), ensure_ascii=False)


def plain(facts: Any) -> Any:
    """``facts`` as dicts, lists and scalars, for those who encode by themselves (Socket.IO)."""
    if isinstance(facts, str | int | float | bool | None):
        return facts
    if isinstance(facts, Mapping):
        return {str(name): plain(value) for name, value in facts.items()}
    if isinstance(facts, list | tuple | set | frozenset):
        return [plain(value) for value in facts]
    return plain(_plain(facts))


def moment(value: datetime) -> str:
    """``2025-10-17T10:30:00.000Z``."""
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"


def pages(paging: Paging) -> dict[str, int]:
    """What the ``X-Pagination`` header says; page numbers that do not exist are left out."""
    last = max(1, -(-paging.total // max(paging.page_size, 1)))
    told = {
        "total": paging.total,
        "total_pages": last,
        "page": paging.page,
        "page_size": paging.page_size,
        "first_page": 1,
        "last_page": last,
    }
    if paging.page > 1:
        told["previous_page"] = min(paging.page - 1, last)
    if paging.page < last:
        told["next_page"] = paging.page + 1
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return vars(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
