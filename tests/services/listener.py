"""A small server on loopback that keeps what it is sent, and answers as it is told."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Heard:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


class Listener:
    """``answers``: path → Answer, ``otherwise`` for all others. ``silent``: takes requests and never answers."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: dict[str, Answer] = {}
        self.otherwise = Answer()
        self.silent = threading.Event()
        self.news = threading.Condition()
        self._let_go = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count: int, within_s: float = 20.0) -> list[Heard]:
        with self.news:
            assert self.news.wait_for(lambda: len(self.heard) >= count, within_s), f"only {self.heard} came"
        return self.heard

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                heard = Heard(self.command, parts.path, parse_qs(parts.query), dict(self.headers.items()), body)
                with listener.news:
                    listener.heard.append(heard)
                    listener.news.notify_all()
                if listener.silent.is_set():
                    listener._let_go.wait(60)
                    return
                answer = listener.answers.get(parts.path, listener.otherwise)
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *_: Any) -> None:
                """Silence."""

        return Handler
