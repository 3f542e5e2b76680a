"""Which series an address means: by key, and for old clients by folder. The only place that looks up by folder."""

from __future__ import annotations

import logging

from flask import Flask, Response, g, request
from sqlalchemy import select

from aniworld.core.errors import InvalidInput, NotFound
from aniworld.core.validators import validate_series_key_or_folder
from aniworld.models import AnimeSeries
from aniworld.web.http.services import services

log = logging.getLogger(__name__)

REMEMBERED = 1000
_UNKNOWN = "There is no series of this key in the library."
_told: set[str] = set()


def install(app: Flask) -> None:
    app.after_request(_note_deprecation)


def key_of(anime_id: str) -> str:
    """The key of the series that ``anime_id`` names. Raises NotFound.

    A folder names a series only when exactly one has it; the answer then says that this way of asking will go.
    """
    try:
        anime_id, _ = validate_series_key_or_folder(anime_id)
    except InvalidInput:
        raise NotFound(_UNKNOWN) from None
    with services().database.reading() as session:
        alive = AnimeSeries.deleted_at.is_(None)
        if session.scalar(select(AnimeSeries.id).where(AnimeSeries.key == anime_id, alive)) is not None:
            return anime_id
        keys = list(session.scalars(select(AnimeSeries.key).where(AnimeSeries.folder == anime_id, alive).limit(2)))
    if len(keys) != 1:
        raise NotFound(_UNKNOWN)
    _deprecate(anime_id, keys[0])
    return keys[0]


def _deprecate(folder: str, key: str) -> None:
    g.successor = f"{request.script_root}/api/anime/{key}"
    if folder in _told or len(_told) >= REMEMBERED:
        return
    _told.add(folder)
    log.warning("A client asked for the series %s by its folder; that will go, ask by the key %s", ascii(folder), key)


def _note_deprecation(response: Response) -> Response:
    if successor := g.get("successor"):
        response.headers["Deprecation"] = "true"
        response.headers["Link"] = f'<{successor}>; rel="successor-version"'
    return response
