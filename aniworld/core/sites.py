"""Which catalogue site a host belongs to: its own address, its mirrors, and the bare addresses it is reached at.

A site's name (``aniworld.to``, ``s.to``) is an identifier that is stored with series; it need not be an address.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

ENGINE_1, ENGINE_2 = "aniworld.to", "s.to"
HOMES = {ENGINE_1: "https://aniworld.to", ENGINE_2: "https://serienstream.to"}

# Mirrors come and go under other top-level domains. A link is only ever fetched from a configured address, so a wide
# pattern costs nothing.
_HOSTS = {
    ENGINE_1: re.compile(r"aniworld\.[a-z]{2,18}|186\.2\.175\.111"),
    ENGINE_2: re.compile(r"s\.to|serien(?:stream)?\.[a-z]{2,18}|186\.2\.175\.5"),
}
_DEAD = {"s.to": HOMES[ENGINE_2]}  # does not resolve since 2026-10


def site_of_host(host: str) -> str | None:
    """The site that a host name or address (without a port) belongs to; None for an unknown one."""
    name = host.strip().lower().rstrip(".").removeprefix("www.")
    return next((site for site, hosts in _HOSTS.items() if hosts.fullmatch(name)), None)


def successor_of(address: str) -> str | None:
    """The address to use instead of one that was a site's default and is dead; None for any other address."""
    text = address.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        usual = parts.port in (None, 80, 443)
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".").removeprefix("www.")
    return _DEAD.get(host) if usual and parts.path in ("", "/") else None
