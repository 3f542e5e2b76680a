"""That a change was wished by our own pages: a token in a header or form, and where the browser says it came from."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, request
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms import ValidationError

from aniworld.core.errors import Forbidden

from .wiring import services

HEADER, FIELD = "X-CSRFToken", "csrf_token"


def install(app: Flask) -> None:
    app.config.setdefault(
        "WTF_CSRF_TIME_LIMIT", None
    )  # a page may stand open for days; the token dies with the session
    app.config.setdefault("WTF_CSRF_SSL_STRICT", False)  # the origin is checked below, on http as well
    app.jinja_env.globals["csrf_token"] = generate_csrf


def token() -> str:
    """The token of this browser's session."""
    return str(generate_csrf())


def check_token() -> None:
    """Raises Forbidden unless the request carries this session's token."""
    sent = request.headers.get(HEADER) or (request.form.get(FIELD, "") if not request.is_json else "")
    try:
        validate_csrf(sent, secret_key=current_app.secret_key)
    except ValidationError:
        raise Forbidden(f"The {HEADER} header is missing or stale; load the page again.") from None


def check_origin() -> None:
    """Raises Forbidden for a request that a browser sends on behalf of another site."""
    if not from_here(request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site"), request.host):
        raise Forbidden("This request comes from another site and is refused.")


def from_here(origin: str | None, fetch_site: str | None, host: str) -> bool:
    """Whether a browser's request comes from this server's pages, or from an origin that the owner named.

    Programs send neither header: they prove themselves otherwise.
    """
    if origin is not None:
        if origin.lower().rstrip("/") in services().environment.origins:
            return True
        return same_host(origin, host) and fetch_site not in ("cross-site", "same-site")
    return fetch_site in (None, "same-origin", "none")


def same_host(origin: str, host: str) -> bool:
    """Whether an ``Origin`` names the host and port that were asked for; behind a proxy the scheme may differ."""
    try:
        parts = urlsplit(origin)
        standard = {"http": 80, "https": 443}[parts.scheme]
        asked = urlsplit(f"//{host}")
        port = parts.port or standard
        return bool(parts.hostname) and parts.hostname == asked.hostname and port == (asked.port or standard)
    except (ValueError, KeyError):
        return False
