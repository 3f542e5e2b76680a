"""The child's way to the network: one pool of kept-alive connections for each host, bytes read straight into a buffer.

On the standard library's http.client, which starts in half the time of urllib3 (docs/decisions/0012). Redirects are
followed here, each judged anew; nothing from the environment counts. What a host sets as cookies it hears again, for as
long as the transfer lasts.

    Interrupted      the connection broke or never stood: try again
    Refused          the server answered with a status that is no success
"""

from __future__ import annotations

import re
import socket
import threading
import zlib
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import Any
from urllib.parse import urlsplit

from aniworld.core.addresses import as_browsers_ask, check_url
from aniworld.core.cookies import Cookies
from aniworld.core.errors import LinkDead, SiteUnreachable, TooLarge, TransferFailed, WrongMedia
from aniworld.core.placeholders import is_placeholder

REDIRECTS = 10
BUFFER = 512 * 1024
CONNECT_TIMEOUT_S = 15.0
_MOVED = frozenset({301, 302, 303, 307, 308})
_ENDED = "The transfer was ended."
_PRIVATE_HEADERS = frozenset({"cookie", "authorization"})
_OWN_HEADERS = frozenset({"accept-encoding", "host", "range", "connection", "content-length", "transfer-encoding"})
_CONTENT_RANGE = re.compile(r"\s*bytes\s+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)\s*", re.IGNORECASE)


class Interrupted(Exception):
    """The connection broke; the text is a sentence."""


class Refused(Exception):
    """A status that is no success, with what the server asked to wait (seconds), if it did."""

    def __init__(self, status: int, host: str, retry_after: float | None) -> None:
        super().__init__(f"{host} answers with status {status}.")
        self.status, self.host, self.retry_after = status, host, retry_after


class _Body(HTTPResponse):
    """A response whose body goes into the caller's buffer as it comes, without a copy between."""

    def readinto1(self, buffer: Any) -> int:
        view = memoryview(buffer)
        if self.fp is None:
            return 0
        if self.chunked or self.length is None:
            data = self.read1(len(view))
            view[: len(data)] = data
            return len(data)
        view = view[: self.length]
        count = self.fp.readinto1(view)
        if not count and view:
            raise IncompleteRead(b"", self.length)
        self.length -= count
        if not self.length:
            self._close_conn()  # type: ignore[attr-defined]
        return count


class Response:
    """An answer whose head has come. ``length``: bytes of the body, None if not stated; ``taken``: read so far."""

    def __init__(self, client: Client, connection: HTTPConnection, raw: HTTPResponse, url: str) -> None:
        self._client, self._connection, self._raw = client, connection, raw
        self.url, self.status = url, raw.status
        self.host = urlsplit(url).hostname or url
        self.length = None if raw.chunked else raw.length
        self.taken = 0
        self._ended = False
        self._decoder = self._choose_decoder()

    def header(self, name: str) -> str:
        return self._raw.headers.get(name, "") or ""

    @property
    def kind(self) -> str:
        """The media type, in lower case, without its parameters."""
        return self.header("Content-Type").split(";", 1)[0].strip().lower()

    @property
    def coded(self) -> bool:
        """Whether the body came compressed although that was not asked for."""
        return self._decoder is not None

    @property
    def content_range(self) -> tuple[int, int, int | None] | None:
        """First byte, byte after the last, and whole length if stated."""
        found = _CONTENT_RANGE.fullmatch(self.header("Content-Range"))
        if not found:
            return None
        return int(found[1]), int(found[2]) + 1, None if found[3] == "*" else int(found[3])

    def readinto(self, view: memoryview) -> int:
        """How many bytes came into ``view``; 0 at the end. Raises Interrupted, also for a body shorter than stated."""
        try:
            count = self._raw.readinto1(view)
        except IncompleteRead:
            self.close()
            raise Interrupted(f"{self.host} ended the connection before everything had come.") from None
        except (OSError, HTTPException, ValueError) as error:
            self.close()
            raise _interrupted(self.host, error) from error
        self.taken += count
        if not count:
            self.close()
        return count

    def decoded(self, data: memoryview, most: int) -> bytes:
        """The media in compressed ``data``, at most ``most`` bytes. Raises TooLarge and WrongMedia."""
        assert self._decoder is not None
        try:
            out = self._decoder.decompress(data, most)
        except zlib.error:
            raise WrongMedia(f"{self.host} sends a compressed file that cannot be opened.") from None
        if self._decoder.unconsumed_tail:
            raise TooLarge(f"What {self.host} sends grows beyond measure when it is unpacked.")
        return bytes(out)

    def read(self, most: int) -> bytes:
        """The whole body, unpacked if it was packed. Raises TooLarge beyond ``most`` bytes."""
        parts, size, view = [], 0, memoryview(bytearray(64 * 1024))
        while count := self.readinto(view):
            part = self.decoded(view[:count], most) if self.coded else bytes(view[:count])
            size += len(part)
            if size > most:
                self.close()
                raise TooLarge(f"{self.host} sends more than {most // 1024} kB where a small text was expected.")
            parts.append(part)
        return b"".join(parts)

    def abort(self) -> None:
        """Wakes whoever reads from this response on another thread; that one gets Interrupted."""
        _shut(self._connection)

    def close(self) -> None:
        """The connection is kept only if the body was read to its end. Given back once: others may have it by now."""
        if not self._ended:
            self._ended = True
            self._client.give_back(self._connection, self.url, self._raw)

    def _choose_decoder(self) -> Any:
        coding = self.header("Content-Encoding").strip().lower()
        if coding in ("", "identity"):
            return None
        if coding in ("gzip", "x-gzip", "deflate"):
            return zlib.decompressobj(47 if "gzip" in coding else zlib.MAX_WBITS)
        raise WrongMedia(f"{self.host} sends the file packed as {coding[:20]}, which was not asked for.")


class Buffer(threading.local):
    """``view``: this thread's own bytes to read into, used again and again."""

    def __init__(self) -> None:
        self.view = memoryview(bytearray(BUFFER))


class Client:
    """Opens addresses with a transfer's headers. Safe from any thread; ``abort`` wakes all that wait."""

    def __init__(self, headers: Mapping[str, str], user_agent: str, timeout_s: float) -> None:
        self._headers = {"User-Agent": user_agent} | {
            name: value for name, value in headers.items() if name.lower() not in _OWN_HEADERS
        }
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, str, int], list[HTTPConnection]] = {}
        self._busy: set[HTTPConnection] = set()
        self._aborted = False
        self._cookies = Cookies()
        self._tls: Any = None

    def open(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """The answer with status 200 or 206 for ``url``, redirects followed.

        Raises Refused, Interrupted, AddressRefused, SiteUnreachable (no such host), TransferFailed (redirect loop).
        """
        wanted = self._headers | dict(headers or {}) | {"Accept-Encoding": "identity"}
        url = as_browsers_ask(url)
        for _ in range(REDIRECTS + 1):
            response = self._ask(url, wanted)
            if response.status in (200, 206):
                return response
            if response.status not in _MOVED or not response.header("Location"):
                raise self._refusal(response)
            target = as_browsers_ask(_utf8(response.header("Location")), url)
            response.close()
            wanted = _for_redirect(wanted, url, target)
            if is_placeholder(target) and not is_placeholder(url):
                raise LinkDead(f"{urlsplit(target).hostname} no longer has this file; another hoster has to be used.")
            url = target
        raise TransferFailed(f"{urlsplit(url).hostname} redirects in a circle.")

    def give_back(self, connection: HTTPConnection, url: str, raw: HTTPResponse) -> None:
        reusable = raw.isclosed() and not raw.will_close and not self._aborted
        with self._lock:
            if connection not in self._busy:
                return
            self._busy.discard(connection)
            if reusable:
                self._idle.setdefault(_origin(url), []).append(connection)
        if not reusable:
            raw.close()
            connection.close()

    def abort(self) -> None:
        """Ends every connection; whoever reads gets Interrupted, and nothing new is opened."""
        with self._lock:
            self._aborted = True
            connections = [*self._busy, *(one for idle in self._idle.values() for one in idle)]
        for connection in connections:
            _shut(connection)

    def _ask(self, url: str, headers: Mapping[str, str]) -> Response:
        _origin(url)
        kept = self._kept(url)
        if kept:
            try:
                return self._exchange(kept, url, headers)
            except Interrupted:
                pass  # the server closed the kept connection meanwhile: once more on a fresh one
        return self._exchange(self._fresh(url), url, headers)

    def _exchange(self, connection: HTTPConnection, url: str, headers: Mapping[str, str]) -> Response:
        with self._lock:
            ended = self._aborted  # while it connected: nobody would wake who waits on it from here on
            if not ended:
                self._busy.add(connection)
        if ended:
            connection.close()
            raise Interrupted(_ENDED)
        try:
            connection.request("GET", _target(url), headers=self._cookies.told(url, headers))
            raw = connection.getresponse()
            self._cookies.hear(url, raw.headers.get_all("Set-Cookie") or ())
            return Response(self, connection, raw, url)
        except BaseException as error:
            with self._lock:
                self._busy.discard(connection)
            connection.close()
            if isinstance(error, (OSError, HTTPException, ValueError)) and not isinstance(error, WrongMedia):
                raise _interrupted(urlsplit(url).hostname or url, error) from error
            raise

    def _kept(self, url: str) -> HTTPConnection | None:
        with self._lock:
            idle = self._idle.get(_origin(url))
            return idle.pop() if idle else None

    def _fresh(self, url: str) -> HTTPConnection:
        if self._aborted:
            raise Interrupted(_ENDED)
        scheme, host, port = _origin(url)
        timeout = min(CONNECT_TIMEOUT_S, self._timeout_s)
        connection = (
            HTTPSConnection(host, port, timeout=timeout, context=self._trust())
            if scheme == "https"
            else HTTPConnection(host, port, timeout=timeout)
        )
        connection.response_class = _Body
        try:
            connection.connect()
        except OSError as error:
            raise _interrupted(host, error) from error
        connection.sock.settimeout(self._timeout_s)
        connection.auto_open = 0
        return connection

    def _trust(self) -> Any:
        with self._lock:
            if self._tls is None:
                self._tls = _trusted()
            return self._tls

    def _refusal(self, response: Response) -> Refused:
        refusal = Refused(response.status, response.host, _seconds(response.header("Retry-After")))
        response.close()
        return refusal


def _trusted() -> Any:
    """The system's certificates; those of certifi where the system has none."""
    import ssl  # 20 ms and 3 MB that a plain http transfer need not pay

    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"] and not ssl.get_default_verify_paths().capath:
        import certifi

        context.load_verify_locations(certifi.where())
    return context


@lru_cache(maxsize=256)  # asked several times for each request; a refusal is not kept
def _origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port. Raises AddressRefused."""
    host, port = check_url(url)
    return urlsplit(url).scheme.lower(), host, port


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _utf8(header: str) -> str:
    """Headers are read as Latin-1; hosts send UTF-8 in them."""
    with suppress(UnicodeError):
        return header.encode("latin-1").decode("utf-8")
    return header


def _for_redirect(headers: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    if _origin(old) == _origin(new):
        return dict(headers)
    return {name: value for name, value in headers.items() if name.lower() not in _PRIVATE_HEADERS}


def _interrupted(host: str, error: Exception) -> Exception:
    if isinstance(error, socket.gaierror):
        return SiteUnreachable(f"The name {host} is not found. If your provider blocks it, another DNS server helps.")
    if type(error).__name__ == "SSLCertVerificationError":
        return SiteUnreachable(f"The certificate of {host} is not valid, so nothing is fetched from it.")
    if isinstance(error, TimeoutError):
        return Interrupted(f"{host} did not answer in time.")
    if isinstance(error, ConnectionRefusedError):
        return Interrupted(f"{host} refuses the connection.")
    return Interrupted(f"The connection to {host} broke.")


def _seconds(retry_after: str) -> float | None:
    """Seconds that ``Retry-After`` asks for; its date form counts as half a minute, for the clocks may differ."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), 86_400.0)
    return 30.0 if text else None


def _shut(connection: HTTPConnection) -> None:
    sock = connection.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it was closed already, which is what was wanted
