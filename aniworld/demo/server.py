"""One host of the demo: a threaded HTTP server on loopback with ranges, validators, a throttle and faults."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping, MutableSequence
from dataclasses import dataclass
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from aniworld.core.errors import NotFound, Unavailable
from aniworld.demo import players
from aniworld.demo.answers import HTML, Answer, Asked
from aniworld.demo.faults import Fault

ADDRESS = "127.0.0.1"
FORM_BYTES = 64 * 1024
PIECE = 64 * 1024


@dataclass(frozen=True)
class Seen:
    """A request that came in. ``at``: seconds on the monotonic clock; ``headers`` with lower-case names."""

    host: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    at: float


class Site(Protocol):
    """What a host asks of the site that it belongs to, at each request. ``throttle``: bytes a second, None = as it
    comes.
    """

    requests: MutableSequence[Seen]
    throttle: int | None

    def fault_for(self, path: str) -> Fault | None:
        """The fault that this request shall meet."""


class Host(ThreadingHTTPServer):
    """Bound when made; answers from ``start`` to ``stop``."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, name: str, port: int, site: Site, answer: Callable[[Asked], Answer]) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.name, self.site, self.answer = name, site, answer
        self.url = f"http://{ADDRESS}:{self.server_address[1]}"
        self.ending = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name=f"demo-{name}", daemon=True)

    def server_bind(self) -> None:
        """Binds without asking a name server for this machine's name, which the standard server does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.server_address[1]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.ending.set()
        self.shutdown()
        self.server_close()
        self._thread.join(5)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is everyday life for a media host."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Demo"
    sys_version = ""
    timeout = 60
    disable_nagle_algorithm = True
    server: Host

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.site.requests.append(
            Seen(self.server.name, self.command, address.path, address.query, headers, time.monotonic())
        )
        fields = dict(parse_qsl(address.query)) | self._form()
        fault = self.server.site.fault_for(address.path)
        if fault is not None and fault.delay:
            self.server.ending.wait(fault.delay)
        self._send(self._answer(Asked(self.command, address.path, headers, fields), fault), fault)

    do_POST = do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: ``requests`` of the site keeps them."""

    def _form(self) -> dict[str, str]:
        length = self.headers.get("Content-Length", "0")
        size = int(length) if length.isdecimal() else 0
        if self.command != "POST" or not size:
            return {}
        if size > FORM_BYTES:
            self.close_connection = True
            return {}
        return dict(parse_qsl(self.rfile.read(size).decode("utf-8", "replace")))

    def _answer(self, asked: Asked, fault: Fault | None) -> Answer:
        if fault is not None and fault.protection:
            return Answer.page(players.protection(), fault.status or 403)
        if fault is not None and (fault.status is not None or fault.body is not None):
            headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
            return Answer(fault.status or 200, fault.body or b"<h1>Fault</h1>", HTML, headers)
        try:
            return self.server.answer(asked)
        except NotFound as error:
            return Answer.page(str(error), 404)
        except Unavailable as error:
            return Answer.page(str(error), 503)

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        if answer.file is not None:
            self._send_file(answer.file, answer.kind, fault)
            return
        tag = f'"{blake2b(answer.body, digest_size=8).hexdigest()}"'
        fresh = answer.status == 200 and self.headers.get("If-None-Match") == tag
        body = b"" if fresh else answer.body
        self._head(
            304 if fresh else answer.status, len(body), {"Content-Type": answer.kind, "ETag": tag, **answer.headers}
        )
        self._write(iter((body,)), fault)

    def _send_file(self, path: Path, kind: str, fault: Fault | None) -> None:
        facts = path.stat()
        tag = f'"{facts.st_size:x}-{facts.st_mtime_ns:x}"'
        wanted = self.headers.get("Range") if self.headers.get("If-Range", tag) == tag else None
        span = _span(wanted, facts.st_size) if wanted else (0, facts.st_size)
        shared = {"Content-Type": kind, "ETag": tag, "Accept-Ranges": "bytes"}
        if span is None:
            self._head(416, 0, {**shared, "Content-Range": f"bytes */{facts.st_size}"})
            return
        start, end = span
        if wanted:
            shared["Content-Range"] = f"bytes {start}-{end - 1}/{facts.st_size}"
        self._head(206 if wanted else 200, end - start, shared)
        self._write(_pieces(path, start, end, self._piece()), fault, self.server.site.throttle)

    def _piece(self) -> int:
        throttle = self.server.site.throttle
        return max(1024, min(PIECE, throttle // 8)) if throttle else PIECE

    def _head(self, status: int, length: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _write(self, pieces: Iterator[bytes], fault: Fault | None, throttle: int | None = None) -> None:
        if self.command == "HEAD":
            return
        left = fault.cut_after if fault is not None else None
        for piece in pieces:
            self.wfile.write(piece if left is None else piece[:left])
            if left is not None:
                left -= len(piece)
            if (left is not None and left <= 0) or (throttle and self.server.ending.wait(len(piece) / throttle)):
                self.close_connection = True
                return


def _span(wanted: str, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive) of a single range; None when nothing of it is there."""
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    if not (first or last) or not (first + last).isdecimal():
        return None
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    return (start, end) if start < end else None


def _pieces(path: Path, start: int, end: int, piece: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (body := file.read(min(piece, end - start))):
            start += len(body)
            yield body
