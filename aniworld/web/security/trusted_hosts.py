"""The outermost gate: who really asks, under which name, and whether this server answers to that name.

Stands outside of Flask and Socket.IO alike, so that no route escapes it. Forwarded headers count only from trusted
proxies and are taken away otherwise; what lies behind can believe the environment.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from aniworld.config.environment import Network

log = logging.getLogger(__name__)

WsgiEnviron = dict[str, Any]
WsgiApp = Callable[[WsgiEnviron, Callable[..., Any]], Iterable[bytes]]

_FORWARDED = ("FOR", "PROTO", "HOST", "PREFIX", "PORT", "SERVER", "SSL")
_RELAYED = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_REAL_IP",
    "HTTP_X_CLIENT_IP",
    "HTTP_X_CLUSTER_CLIENT_IP",
    "HTTP_TRUE_CLIENT_IP",
    "HTTP_CF_CONNECTING_IP",
    "HTTP_X_ORIGINAL_HOST",
    "HTTP_X_ORIGINAL_FORWARDED_FOR",
)
_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(?::(?P<port>[0-9]{1,5}))?")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")
OWN_ADDRESSES_FOR_S = 30.0
RELAYED, LOCAL_NAMES = "aniworld.relayed", ("localhost", "127.0.0.1", "::1")


class HostGate:
    """``hosts``: further names that this server answers to; one that begins with a dot stands for all below it."""

    def __init__(self, app: WsgiApp, hosts: Iterable[str] = (), proxies: Iterable[Network] = ()) -> None:
        self._app = app
        found = {host: _HOST.fullmatch(host) for host in hosts}
        for host in (host for host, match in found.items() if match is None):
            log.warning("ANIWORLD_HOSTS names %s, which is no host name; write it like media.example", ascii(host))
        named = {_bare(match["name"]) for match in found.values() if match}
        self._names = named | set(LOCAL_NAMES) | _own_names()
        self._proxies = tuple(proxies)
        self._own: tuple[float, frozenset[str]] = (float("-inf"), frozenset())

    def __call__(self, environ: WsgiEnviron, start_response: Callable[..., Any]) -> Iterable[bytes]:
        self._believe(environ)
        host = environ.get("HTTP_HOST", "")
        if not self.answers_to(host) or not self._is_ours(environ.get("RAW_URI", "/")):
            return _refuse(start_response)
        return self._app(environ, start_response)

    def _is_ours(self, target: str) -> bool:
        """A whole address in the request line counts over ``Host`` (RFC 9112, 3.2.2), so it has to name this server
        too.
        """
        scheme, separator, rest = target.partition("://")
        if target.startswith("/") or not separator:
            return True
        return scheme.lower() in ("http", "https") and self.answers_to(re.split(r"[/?#]", rest, maxsplit=1)[0])

    def answers_to(self, host: str) -> bool:
        """Whether a ``Host`` header names this server."""
        found = _HOST.fullmatch(host)
        if not found or int(found["port"] or 0) > 65535:
            return False
        name = _bare(found["name"])
        if name in self._names or any(known[0] == "." and name.endswith(known) for known in self._names if known):
            return True
        return _is_address(name) and name in self._own_addresses()

    def _believe(self, environ: WsgiEnviron) -> None:
        """Applies what trusted proxies say, and takes away what others claim."""
        said = {what: environ.pop(f"HTTP_X_FORWARDED_{what}", "") for what in _FORWARDED}
        peer = environ.get("REMOTE_ADDR", "")
        trusted = self._trusts(peer)
        stated = any(said.values()) or any(environ.get(name) for name in _RELAYED)
        environ[RELAYED] = trusted or stated or not _is_loopback_name(environ.get("HTTP_HOST", ""))
        if not trusted:
            return
        environ["REMOTE_ADDR"] = self._visitor(said["FOR"], peer)
        if (proto := _last(said["PROTO"]).lower()) in ("http", "https"):
            environ["wsgi.url_scheme"] = proto
        if host := _last(said["HOST"]):
            environ["HTTP_HOST"] = host
        if _PREFIX.fullmatch(prefix := _last(said["PREFIX"]).rstrip("/")) and ".." not in prefix:
            _move_below(environ, prefix)

    def _visitor(self, chain: str, peer: str) -> str:
        """The right-most address that is no trusted proxy; the peer where the chain says nothing usable."""
        seen = peer
        for address in reversed([part.strip() for part in chain.split(",")][-20:]):
            plain = _address(address)
            if not plain:
                return seen
            if not self._trusts(plain):
                return plain
            seen = plain
        return seen

    def _trusts(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        plain = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped else ip
        return any(plain in network for network in self._proxies)

    def _own_addresses(self) -> frozenset[str]:
        """This machine's addresses; looked up when someone names one, since they change with the network."""
        looked_at, known = self._own
        if time.monotonic() - looked_at > OWN_ADDRESSES_FOR_S:
            import psutil  # only when this server is reached by an address that is not loopback

            cards = psutil.net_if_addrs().values()
            known = frozenset(
                _bare(one.address.split("%", 1)[0])
                for card in cards
                for one in card
                if one.family in (socket.AF_INET, socket.AF_INET6)
            )
            self._own = time.monotonic(), known
        return known


def is_this_machine(environ: WsgiEnviron) -> bool:
    """Whether a request comes from this machine itself, and through nobody who speaks for another."""
    try:
        loopback = ipaddress.ip_address(environ.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    return loopback and not environ.get(RELAYED, False)


def _is_loopback_name(host: str) -> bool:
    """Any other name leads to another address than loopback: who comes from there with it comes through a proxy."""
    found = _HOST.fullmatch(host)
    return found is not None and _bare(found["name"]) in LOCAL_NAMES


def _move_below(environ: WsgiEnviron, prefix: str) -> None:
    environ["SCRIPT_NAME"] = prefix
    path = environ.get("PATH_INFO", "")
    if path == prefix or path.startswith(prefix + "/"):
        environ["PATH_INFO"] = path[len(prefix) :] or "/"


def _refuse(start_response: Callable[..., Any]) -> Iterable[bytes]:
    problem = {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "code": "unknown_host",
        "detail": "This server does not answer to this name. Its owner can add it to ANIWORLD_HOSTS.",
    }
    body = json.dumps(problem).encode()
    headers = [
        ("Content-Type", "application/problem+json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Connection", "close"),
    ]
    start_response("400 Bad Request", headers)
    return [body]


def _own_names() -> set[str]:
    name = socket.gethostname().lower()
    return {name, name.split(".", 1)[0], f"{name.split('.', 1)[0]}.local"}


def _bare(host: str) -> str:
    text = host.lower().removesuffix(".").strip("[]")
    return str(ipaddress.ip_address(text)) if _is_address(text) else text


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _address(text: str) -> str:
    """An address as proxies write it, with or without port and brackets; empty for anything else."""
    text = text.strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return text if _is_address(text) else ""


def _last(text: str) -> str:
    return text.rpartition(",")[2].strip()
