"""Where a browser says that a request comes from."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import request

from aniworld.core.errors import Forbidden
from aniworld.web.http.services import services

_STANDARD_PORTS = {"http": 80, "https": 443}


def check() -> None:
    """Raises Forbidden for a request that a browser sends on behalf of another site."""
    headers, named = request.headers, services().environment.origins
    if not from_here(headers.get("Origin"), headers.get("Sec-Fetch-Site"), request.host, named):
        raise Forbidden("This request comes from another site and is refused.")


def from_here(origin: str | None, fetch_site: str | None, host: str, named: Collection[str] = ()) -> bool:
    """Whether a browser's request comes from this server's pages, or from an origin that the owner ``named``.

    Programs send neither header: they prove themselves otherwise.
    """
    if origin is None:
        return fetch_site in (None, "same-origin", "none")
    if origin.lower().rstrip("/") in named:
        return True
    return same_host(origin, host) and fetch_site not in ("cross-site", "same-site")


def same_host(origin: str, host: str) -> bool:
    """Whether an ``Origin`` names the host and port that were asked for; behind a proxy the scheme may differ."""
    try:
        parts, asked = urlsplit(origin), urlsplit(f"//{host}")
        standard = _STANDARD_PORTS[parts.scheme]
        port = parts.port or standard
        plain = "@" not in parts.netloc and not (parts.path or parts.query or parts.fragment)
        same = parts.hostname == asked.hostname and port == (asked.port or standard)
        return plain and bool(parts.hostname) and same
    except (ValueError, KeyError):
        return False
