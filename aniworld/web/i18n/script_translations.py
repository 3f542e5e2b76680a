"""What the modules under static/ say, as one script for each language, under an address that changes with it: kept for
good.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from functools import cache
from typing import NamedTuple

from flask import Response, abort, current_app, request, url_for

from aniworld.web.http import static_files as assets
from aniworld.web.i18n import language as tongue
from aniworld.web.i18n.script_messages import script_messages


class _Script(NamedTuple):
    stamp: str
    text: bytes
    packed: bytes


def spoken_address() -> str:
    """The address of the script in the visitor's language."""
    language = tongue.language()
    return url_for("pages.spoken", language=language, stamp=_script(language).stamp)


def spoken(language: str, stamp: str) -> Response:
    """The script in ``language``; one of an earlier version's address is answered with the present one, and not
    kept.
    """
    if language not in tongue.LANGUAGES:
        abort(404)
    script = _script(language)
    packs = request.accept_encodings["gzip"] > 0
    response = current_app.response_class(script.packed if packs else script.text, mimetype="text/javascript")
    if packs:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    current = stamp == script.stamp
    response.cache_control.max_age = assets.KEEP_S if current else 0
    response.cache_control.public = response.cache_control.immutable = current
    return response


@cache
def _script(language: str) -> _Script:
    with tongue.speaking(language):
        said = json.dumps(script_messages(), ensure_ascii=False, separators=(",", ":"))
    text = f"globalThis.aniworldWords = {said};\n".encode()
    return _Script(hashlib.blake2s(text, digest_size=6).hexdigest(), text, gzip.compress(text, 6))


ROUTES = (("/spoken/<stamp>/<language>.js", spoken),)
