"""Style sheets, scripts, icons and the manifest, under an address that changes with their content: kept for good."""

from __future__ import annotations

import gzip
import hashlib
import json
from functools import cache, lru_cache
from pathlib import Path

from flask import Response, current_app, request, send_from_directory, url_for

STATIC = Path(__file__).resolve().parent.parent / "static"
KEEP_S = 365 * 24 * 3600
COMPRESSED = (".css", ".js", ".svg", ".webmanifest")
THEME_COLOR = "#4b53c9"


@cache
def version() -> str:
    """Twelve letters that change when any static file does."""
    seen = hashlib.blake2s(digest_size=6)
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            fact = path.stat()
            seen.update(f"{path.relative_to(STATIC)}:{fact.st_size}:{fact.st_mtime_ns}".encode())
    return seen.hexdigest()


def asset(name: str) -> str:
    """The address of a static file, sub-path and version included."""
    return url_for("pages.static", stamp=version(), filename=name)


def static(stamp: str, filename: str) -> Response:
    """A static file; compressed where that helps and the browser asks for it."""
    current = stamp == version()
    response = send_from_directory(STATIC, filename, max_age=KEEP_S if current else 0)
    response.headers["Vary"] = "Accept-Encoding"
    response.cache_control.immutable = current
    if response.status_code == 200 and filename.endswith(COMPRESSED) and request.accept_encodings["gzip"] > 0:
        _compress(response, filename)
    return response


def manifest() -> Response:
    """What a browser needs to install the application."""
    icons = [
        {"src": asset(f"icons/app-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in (192, 512)
        for purpose in ("any", "maskable")
    ]
    facts = {
        "name": "Aniworld",
        "short_name": "Aniworld",
        "description": "Your anime library, complete.",
        "start_url": url_for("pages.index"),
        "scope": url_for("pages.index"),
        "display": "standalone",
        "background_color": "#f6f6f8",
        "theme_color": THEME_COLOR,
        "icons": icons,
        "shortcuts": [
            {"name": name, "url": url_for(page)}
            for name, page in (("Queue", "pages.queue"), ("Search", "pages.search"))
        ],
    }
    return current_app.response_class(json.dumps(facts, ensure_ascii=False), mimetype="application/manifest+json")


def favicon() -> Response:
    return send_from_directory(STATIC, "icons/app-32.png", max_age=KEEP_S)


def _compress(response: Response, filename: str) -> None:
    response.direct_passthrough = False
    response.set_data(_compressed(filename, version()))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("ETag", None)


@lru_cache(maxsize=64)
def _compressed(filename: str, _version: str) -> bytes:
    return gzip.compress((STATIC / filename).read_bytes(), 6)


ROUTES = (
    ("/static/<stamp>/<path:filename>", static),
    ("/manifest.webmanifest", manifest),
    ("/favicon.ico", favicon),
)
