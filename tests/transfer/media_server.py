"""A hoster's media host on loopback: honest by default, with a fault for each path where a test wishes one."""

from __future__ import annotations

import re
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Fault = Callable[["Request"], bool]


class Request(BaseHTTPRequestHandler):
    """One request. A fault answers with the helpers below and returns True, or returns False to be honest."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def do_GET(self) -> None:
        host = self.server.host
        path = self.path.partition("?")[0]
        with host.lock:
            host.count[path] += 1
            self.number = host.count[path]
            host.requests.append((self.path, dict(self.headers)))
        fault = host.faults.get(path)
        try:
            if fault and fault(self):
                return
            self.honest(path)
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def honest(self, path: str) -> None:
        data = self.server.host.files.get(path)
        if data is None:
            self.answer(404, b"not here")
            return
        self.media(data)

    def media(self, data: bytes, **headers: str) -> None:
        """The file or the range of it that was asked for, as nginx would."""
        etag = headers.get("ETag") or f'"{sha256(data).hexdigest()[:16]}"'
        span = self.span(len(data))
        fresh = self.headers.get("If-Range", etag) == etag
        known = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Type": "video/mp4"} | headers
        if span is None or not fresh:
            self.answer(200, data, **known)
        elif span[0] >= len(data):
            self.answer(416, b"", **{"Content-Range": f"bytes */{len(data)}"})
        else:
            known["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{len(data)}"
            self.answer(206, data[span[0] : span[1]], **known)

    def span(self, length: int) -> tuple[int, int] | None:
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not found:
            return None
        return int(found[1]), min(length, int(found[2]) + 1 if found[2] else length)

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.head(status, **({"Content-Length": str(len(body))} | headers))
        self.send(body)

    def head(self, status: int, **headers: str) -> None:
        self.send_response_only(status)
        self.send_header("Date", formatdate(usegmt=True))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send(self, body: bytes) -> None:
        """At the host's pace, if it has one."""
        host = self.server.host
        step = 16 * 1024 if host.rate else len(body) or 1
        for start in range(0, len(body), step):
            self.wfile.write(body[start : start + step])
            if host.rate and host.closed.wait(step / host.rate):
                return

    def wait(self, seconds: float) -> None:
        """Silence; ended early when the host closes."""
        self.server.host.closed.wait(seconds)

    def drop(self) -> None:
        """The connection is cut, without a goodbye."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.close()

    def log_message(self, *args: object) -> None:
        return None


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    host: MediaHost
    tls: ssl.SSLContext | None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """On the connection's own thread, so that a handshake keeps nobody waiting."""
        self.host.connections += 1
        if self.tls is not None:
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, *args: object) -> None:
        return None


class MediaHost:
    """``files``: path to bytes. ``faults``: path to fault. ``rate``: bytes a second for each connection, 0 = any.

    ``tls``: it speaks https. ``connections``: how many were made.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, Fault] = {}
        self.rate = self.connections = 0
        self._scheme = "https" if tls else "http"
        self.count: Counter[str] = Counter()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.lock = threading.Lock()
        self.closed = threading.Event()
        self._server = _Listener(("127.0.0.1", 0), Request)
        self._server.host, self._server.tls = self, tls
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def url(self, path: str) -> str:
        return f"{self._scheme}://{self.address}{path}"

    def close(self) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()
