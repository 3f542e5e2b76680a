"""Which network addresses may be fetched: public ones, and those that the owner named.

The rule stands on the address that is really connected to, after name resolution, never on the
text of a link. Server and transfer process share it. Ranges: IANA special-purpose registries
(RFC 6890 and successors), read through ``ipaddress``, plus the wrappers that carry an IPv4 address.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from aniworld.core.errors import AddressRefused

SCHEMES = {"http": 80, "https": 443}

_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "::/96",
        "::ffff:0:0/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
    )
)
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4")
)

_MALFORMED = re.compile(r"[\x00-\x20\\\x7f]")

_ENDS = "".join(map(chr, range(0x21)))  # C0 controls and the space, which browsers drop at both ends
_DROPPED = str.maketrans("", "", "\t\n\r")
_PATH_SAFE = "%!$&'()*+,-./:;=@[]_|~"
_QUERY_SAFE = "%!$&()*+,-./:;=?@[]^_`{|}~"  # a quote is encoded in a query only; braces and ``^`` in a path only
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_QUERY = re.compile(r"[?#]")
_AUTHORITY = re.compile(r"(https?:)?//[^/?]*", re.IGNORECASE)


def is_public(address: str) -> bool:
    """Whether an IP address, as a resolver or socket states it, belongs to the open internet."""
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    refused = _REFUSED_V6 if ip.version == 6 else _REFUSED_V4
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in refused)


@dataclass(frozen=True)
class AddressRule:
    """Public addresses are open; ``exceptions`` are ``host`` or ``host:port`` that the owner named."""

    exceptions: frozenset[str] = frozenset()

    @classmethod
    def of(cls, hosts: Iterable[str]) -> AddressRule:
        return cls(frozenset(host.strip().lower().rstrip(".") for host in hosts if host.strip()))

    def excepts(self, host: str, port: int) -> bool:
        """Whether ``host`` (a name or an address, without brackets) is named, alone or with its port."""
        name = host.lower().rstrip(".").strip("[]")
        forms = {name, f"{name}:{port}", f"[{name}]", f"[{name}]:{port}"}
        return not forms.isdisjoint(self.exceptions)

    def allows(self, host: str, address: str, port: int) -> bool:
        """Whether a connection for ``host`` may go to ``address``."""
        return is_public(address) or self.excepts(host, port) or self.excepts(address, port)


def check_url(url: str) -> tuple[str, int]:
    """Host and port of an http(s) address that is worth resolving. Raises AddressRefused.

    Refused: other schemes, user names in the address, control characters, backslashes, odd
    number forms of an IPv4 host (``0x7f.1``, ``2130706433``, ``0177.0.0.1``).
    """
    if not isinstance(url, str) or len(url) > 8192 or _MALFORMED.search(url):
        raise AddressRefused("This address is malformed and is not fetched.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise AddressRefused("This address is malformed and is not fetched.") from None
    if parts.scheme.lower() not in SCHEMES:
        raise AddressRefused(f"Only http and https are fetched, not {parts.scheme or 'an address without a scheme'}.")
    if not host or "@" in parts.netloc or "%" in host:
        raise AddressRefused("This address names no plain host and is not fetched.")
    if _odd_number(host):
        raise AddressRefused(f"{host} writes an address in an odd form and is not fetched.")
    return host, port or SCHEMES[parts.scheme.lower()]


def as_browsers_ask(address: str, base: str = "") -> str:
    """``address`` as a browser requests it from a page at ``base``: the full address.

    Spaces, quotes, umlauts and control characters are percent-encoded in UTF-8, backslashes before the query become
    slashes, tabs and line breaks are dropped; what is encoded already stays as it is. The host is left alone.
    Source: WHATWG URL Standard, the path and special-query percent-encode sets. Raises AddressRefused for a malformed
    host.
    """
    cleaned = address.strip(_ENDS).translate(_DROPPED)
    scheme = _SCHEME.match(cleaned)
    if scheme and scheme[1].lower() not in SCHEMES:
        return cleaned
    place, mark, rest = _divided(cleaned)
    full = place.replace("\\", "/") + mark + rest
    try:
        place, mark, rest = _divided(urljoin(base, full) if base else full)
    except ValueError:
        raise AddressRefused("This address is malformed and is not fetched.") from None
    authority = _AUTHORITY.match(place)
    host = authority[0] if authority else ""
    path = quote(place[len(host) :], safe=_PATH_SAFE, errors="replace")
    return host + path + mark + quote(rest, safe=_QUERY_SAFE + "#", errors="replace")


def _divided(address: str) -> tuple[str, str, str]:
    """What comes before the query or fragment, its mark, and the rest."""
    found = _QUERY.search(address)
    return (address[: found.start()], found[0], address[found.end() :]) if found else (address, "", "")


def _odd_number(host: str) -> bool:
    last = host.rstrip(".").rsplit(".", 1)[-1].lower()
    if ":" in host or not (last.isdigit() or last.startswith("0x")):
        return False
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return True
    return False
