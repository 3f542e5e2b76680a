"""A socket on which every write is whole, nothing waits for ever, and nobody sends more than is decent."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from gevent import Timeout
from gevent.lock import BoundedSemaphore

from aniworld.web.security.origins import from_here

SEND_WITHIN_S = 10.0
BYTES_A_SECOND, BURST_BYTES = 64 * 1024, 512 * 1024
WIRE = "aniworld.wire"
MAX_POST, PACKETS_AT_ONCE = 64 * 1024, 16
_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")  # 16 bytes
_PACKET = re.compile(rb"[134]")  # close, pong, message: all that a polling client has to say


class Allowance:
    """A bucket that fills by ``rate`` a second up to ``burst``. ``take`` says whether there was enough in it."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left, self._at = float(burst), clock()

    def take(self, amount: float = 1.0) -> bool:
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < amount:
            return False
        self._left -= amount
        return True


class Wire:
    """Stands for a connected socket. The WebSocket library writes with ``send`` and never looks how much went out:
    a frame cut in the middle would spoil all that follow."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._turn = BoundedSemaphore(1)
        self._allowance = Allowance(BYTES_A_SECOND, BURST_BYTES)

    def send(self, data: bytes, flags: int = 0) -> int:
        """Raises OSError when the other side does not read in time."""
        with self._turn:
            try:
                with Timeout(SEND_WITHIN_S, TimeoutError("this client does not read")):
                    self._sock.sendall(data, flags)
            except OSError:
                self.cut()
                raise
        return len(data)

    def recv(self, size: int, flags: int = 0) -> bytes:
        data = self._sock.recv(size, flags)
        if not self._allowance.take(len(data)):
            self.cut()
            raise ConnectionAbortedError("this client sends too much")
        return data

    def cut(self) -> None:
        """Ends the connection for both sides at once; greenlets that wait on it wake up."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class SocketGate:
    """Between the host gate and Socket.IO: hands WebSockets a Wire, and counts connections.

    Compression is not offered: it would cost 300 kB of memory for each client, for messages of a few hundred bytes.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], full: Callable[[], bool], path: str) -> None:
        self._app = app
        self._full = full
        self._path = path
        self.wires: dict[str, Wire] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        polls = environ.get("PATH_INFO", "").startswith(self._path)
        session = _query_value(environ, "sid") if polls else ""
        if polls and not environ.get("HTTP_ORIGIN") and not from_here(None, environ.get("HTTP_SEC_FETCH_SITE"), ""):
            return _of_another_site(start_response)  # a script or a picture there: Engine.IO looks at origins alone
        if polls and not session and self._full():
            return _too_many(start_response)
        if session and environ.get("REQUEST_METHOD") == "POST" and not _is_sound_post(environ):
            return _malformed(start_response)
        upgrades = environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        if upgrades and not _is_sound_upgrade(environ):
            return _no_handshake(start_response)
        if upgrades and "gunicorn.socket" in environ:
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            environ[WIRE] = environ["gunicorn.socket"] = Wire(environ["gunicorn.socket"])
            return self._upgraded(environ, start_response, session)
        return self._app(environ, start_response)

    def _upgraded(self, environ: dict[str, Any], start_response: Callable[..., Any], session: str) -> Iterable[bytes]:
        if session:
            self.wires[session] = environ[WIRE]
        try:
            return self._app(environ, start_response)
        finally:
            self.wires.pop(session, None)


def _query_value(environ: dict[str, Any], name: str) -> str:
    """Read as Engine.IO reads it: a name that is percent-encoded or said twice must not mean one thing here, another
    there.
    """
    try:
        return str(parse_qs(environ.get("QUERY_STRING", "")).get(name, [""])[0])
    except ValueError:  # far too many fields
        return ""


def _is_sound_post(environ: dict[str, Any]) -> bool:
    """Whether a polling client posts a few text packets of a sensible size. Reads the body and hands it on.

    Engine.IO closes a connection over anything else by waiting until its outbox is read, which nobody may ever do.
    """
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MAX_POST:
        return False
    body = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    packets = body.split(b"\x1e")
    return len(packets) <= PACKETS_AT_ONCE and all(_PACKET.match(one) for one in packets) and _is_text(body)


def _is_sound_upgrade(environ: dict[str, Any]) -> bool:
    """Whether a WebSocket is opened as RFC 6455, 4.2.1 says; the libraries behind answer anything else with a fault."""
    asked = {word.strip() for word in environ.get("HTTP_CONNECTION", "").lower().split(",")}
    version, key = environ.get("HTTP_SEC_WEBSOCKET_VERSION"), environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
    return "upgrade" in asked and version == "13" and _KEY.fullmatch(key) is not None


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _malformed(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("400 Bad Request", [("Content-Type", "application/problem+json"), ("Connection", "close")])
    return [b'{"type":"about:blank","title":"Bad Request","status":400,"detail":"These are no packets of a client."}']


def _no_handshake(start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = (
        b'{"type":"about:blank","title":"Bad Request","status":400,"detail":"This opens no WebSocket of version 13."}'
    )
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    start_response("400 Bad Request", [*headers, ("Sec-WebSocket-Version", "13")])
    return [body]


def _of_another_site(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("403 Forbidden", [("Content-Type", "application/problem+json")])
    return [
        b'{"type":"about:blank","title":"Forbidden","status":403,'
        b'"detail":"This request comes from another site and is refused."}'
    ]


def _too_many(start_response: Callable[..., Any]) -> Iterable[bytes]:
    headers = [("Content-Type", "application/problem+json"), ("Retry-After", "10")]
    start_response("503 Service Unavailable", headers)
    return [
        b'{"type":"about:blank","title":"Service Unavailable","status":503,'
        b'"detail":"Too many clients are connected; try again in a moment."}'
    ]
