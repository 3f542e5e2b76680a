"""Headers that keep browsers from being talked into anything."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, g, request

PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
        "browsing-topics",
    )
)
OPEN_FILES = frozenset({"pages.static", "pages.spoken", "pages.favicon"})  # the same for everybody, signed in or not
HTTPS_ONLY_S = 365 * 24 * 3600
# What no view answers: Socket.IO's own words, a refused host. None of it is a page.
BARE = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class HeaderGate:
    """Outside of every route, so that no answer goes out bare. ``https_only``: the owner has said that this server is
    reached over https and never otherwise, which browsers may then remember."""

    def __init__(self, app: Callable[..., Iterable[bytes]], https_only: bool = False) -> None:
        self._app = app
        self._https_only = https_only

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            known = {name.lower() for name, _ in headers}
            headers = [*headers, *(one for one in BARE.items() if one[0].lower() not in known)]
            if self._https_only and environ.get("wsgi.url_scheme") == "https":
                headers.append(("Strict-Transport-Security", f"max-age={HTTPS_ONLY_S}"))
            return start_response(status, headers, *more)

        return self._app(environ, begin)


def install(app: Flask) -> None:
    app.before_request(_give_nonce)
    app.after_request(guard)
    app.context_processor(lambda: {"csp_nonce": nonce()})


def nonce() -> str:
    """This answer's own word that makes a script lawful: 128 random bits."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _give_nonce() -> None:
    nonce()


def guard(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", PERMISSIONS)
    if request.method == "OPTIONS":  # has no body, and so no kind of one
        headers.pop("Content-Type", None)
    _keep_from_others(response)
    return response


def _keep_from_others(response: Response) -> None:
    """Nobody keeps an answer; what was given a time is kept by the browser that asked, our own files by anybody."""
    kept = response.cache_control
    if request.endpoint in OPEN_FILES and kept:
        return
    if kept.max_age or kept.private:
        kept.public = False
        kept.private = True
    else:
        response.headers["Cache-Control"] = "no-store"


def _policy() -> str:
    host = request.host
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce()}'",
            f"style-src 'self' 'nonce-{nonce()}'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self' ws://{host} wss://{host}",
            "manifest-src 'self'",
            "media-src 'self'",
            "worker-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
