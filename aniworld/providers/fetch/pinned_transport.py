"""One try at one address, over connections that go only where the rule allows.

Loaded with the first request: requests and urllib3 cost a tenth of a second and several megabytes.
The name is resolved here, every address is checked, and the socket goes to a checked address: what urllib3, requests
or a redirect make of the text of a link does not matter (A14 to A17). Certificates are checked against the name.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from aniworld.core.addresses import AddressRule
from aniworld.core.errors import AddressRefused, SiteUnreachable, TooLarge
from aniworld.providers.fetch.page import Page, is_media_type

Resolver = Callable[..., list[tuple[Any, ...]]]

_PIECE = 65_536
_ADDRESSES_TRIED = 4


class Faulty(SiteUnreachable):
    """The connection broke or never stood: another try may help."""


class Attempt:
    """A deadline over everything in one try: connecting, TLS, headers, body. A site that drips is cut off at it."""

    def __init__(self, seconds: float) -> None:
        self.late = False
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def hold(self, sock: socket.socket) -> None:
        """Keeps a second handle on the connection: TLS takes the first one away, and pools close it."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
            self._handle = socket.fromfd(sock.fileno(), sock.family, sock.type)

    def end(self) -> None:
        self._timer.cancel()
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    def _cut(self) -> None:
        with self._lock:
            self.late = True
            if self._handle is None:
                return
            try:
                self._handle.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already, which is what was wanted


class Dialer:
    """Opens sockets: resolves, checks every address, connects to a checked one."""

    def __init__(self, rule: AddressRule, resolver: Resolver) -> None:
        self.rule = rule
        self.resolver = resolver
        self.here = threading.local()

    def dial(self, host: str, port: int, timeout: float | None) -> socket.socket:
        addresses = self._checked(host, port)
        for number, (family, kind, protocol, address) in enumerate(addresses, 1):
            try:
                return self._connect(family, kind, protocol, address, timeout)
            except OSError as error:
                if number == len(addresses):
                    raise Faulty(f"{host} does not accept a connection ({_reason(error)}); try again later.") from error
        raise SiteUnreachable(_unresolved(host))

    def hold(self, sock: socket.socket) -> None:
        attempt = getattr(self.here, "attempt", None)
        if attempt is not None:
            attempt.hold(sock)

    def _checked(self, host: str, port: int) -> list[tuple[Any, ...]]:
        try:
            found = self.resolver(host, port, 0, socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise SiteUnreachable(_unresolved(host)) from error
        for _, _, _, _, address in found:
            if not self.rule.allows(host, str(address[0]), port):
                raise AddressRefused(
                    f"{host} leads to the private address {address[0]} and is not fetched; if that machine is "
                    "yours, name it in ANIWORLD_PRIVATE_HOSTS."
                )
        return [(family, kind, protocol, address) for family, kind, protocol, _, address in found[:_ADDRESSES_TRIED]]

    def _connect(self, family: int, kind: int, protocol: int, address: Any, timeout: float | None) -> socket.socket:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(timeout)
            self.hold(sock)
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            sock.close()
            raise
        return sock


class Wire:
    """A pool of checked connections. ``fetch`` gives what came; it neither retries nor follows."""

    def __init__(self, rule: AddressRule, resolver: Resolver) -> None:
        self._dialer = Dialer(rule, resolver)
        self._session = _Session()
        self._session.trust_env = False
        self._session.headers.clear()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(self._dialer))

    def fetch(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: Mapping[str, str] | bytes | None,
        *,
        timeout_s: float,
        deadline_s: float,
        max_bytes: int,
        skip_media: bool,
    ) -> Page:
        """One answer, whatever its status. Raises Faulty, SiteUnreachable, AddressRefused, TooLarge."""
        attempt = Attempt(deadline_s)
        self._dialer.here.attempt = attempt
        host = urlsplit(url).hostname or url
        try:
            with self._session.request(
                method,
                url,
                headers=dict(headers),
                data=data,
                timeout=(min(timeout_s, 10.0), timeout_s),
                stream=True,
                allow_redirects=False,
            ) as response:
                page = _read(response, max_bytes, skip_media)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            if attempt.late:
                raise SiteUnreachable(f"{host} answers too slowly; try again later.") from error
            raise Faulty(f"{host} did not answer properly ({_reason(error)}); try again later.") from error
        finally:
            self._dialer.here.attempt = None
            attempt.end()
        if attempt.late:
            raise SiteUnreachable(f"{host} answers too slowly; try again later.")
        return page

    def close(self) -> None:
        self._session.close()


def _read(response: requests.Response, max_bytes: int, skip_media: bool) -> Page:
    headers = {name.lower(): value for name, value in response.headers.items()}
    cookies = tuple(response.raw.headers.getlist("Set-Cookie"))
    page = Page(str(response.url), response.status_code, headers, cookies=cookies)
    if skip_media and response.status_code < 300 and _is_media(page):
        return replace(page, media=True)
    announced = headers.get("content-length", "")[:18]
    if announced.isascii() and announced.isdigit() and int(announced) > max_bytes and response.request.method != "HEAD":
        raise _too_large(page.url, max_bytes)
    body = bytearray()
    while piece := response.raw.read1(_PIECE, decode_content=True):
        body += piece
        if len(body) > max_bytes:
            raise _too_large(page.url, max_bytes)
    return replace(page, body=bytes(body))


def _is_media(page: Page) -> bool:
    kind, path = page.content_type, page.url.split("?", 1)[0].split("#", 1)[0].lower()
    named = path.endswith((".mp4", ".m4v", ".webm", ".mkv", ".m3u8", ".mov"))
    return is_media_type(kind) or kind in {"application/octet-stream", "binary/octet-stream"} or (named and not kind)


def _too_large(url: str, max_bytes: int) -> TooLarge:
    return TooLarge(f"{url.split('?', 1)[0][:200]} is larger than {max_bytes // 1024} kB and was not read.")


def _unresolved(host: str) -> str:
    return (
        f"The name {host} cannot be resolved. Some internet providers block such sites in their DNS: use another DNS "
        "resolver, or configure a mirror of the site in the settings."
    )


def _reason(error: BaseException) -> str:
    text = str(error).lower()
    if isinstance(error, TimeoutError) or "timed out" in text:
        return "no answer in time"
    if "refused" in text:
        return "connection refused"
    if "certificate" in text:
        return "its certificate is not valid"
    if "reset" in text or "aborted" in text or "incompleteread" in text or "broken" in text:
        return "the connection broke off"
    return type(error).__name__


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: even when told not to follow, requests would read a redirect's whole body to look ahead."""


class _Adapter(HTTPAdapter):
    def __init__(self, dialer: Dialer) -> None:
        self._classes = _pool_classes(dialer)
        super().__init__(pool_connections=32, pool_maxsize=8, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._classes


def _pool_classes(dialer: Dialer) -> dict[str, type[HTTPConnectionPool]]:
    """urllib3's pools with connections that dial through ``dialer``."""

    class Checked(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return dialer.dial(self._dns_host, self.port, self.timeout)

        def request(self, *args: Any, **kwargs: Any) -> None:
            if self.sock is not None:
                dialer.hold(self.sock)
            super().request(*args, **kwargs)

    class CheckedTls(Checked, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Checked

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = CheckedTls

    return {"http": Pool, "https": TlsPool}
