"""Requests byte for byte as they are written: no client that tidies them stands between."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import Any

from tests.running import Server

WITHIN_S = 20.0


@dataclass(frozen=True)
class Heard:
    """What came back: ``status`` 0 where nothing did."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


def send(server: Server, message: bytes) -> Heard:
    """One connection, one message, and what comes back: as much as was announced, else until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=WITHIN_S) as line:
        line.sendall(message)
        pieces = []
        try:
            while piece := line.recv(65536):
                pieces.append(piece)
                if _is_whole(b"".join(pieces)):
                    break
        except ConnectionResetError:  # it closed while some of the body was still on its way
            pass
    return _read(b"".join(pieces))


def ask(server: Server, first: str, *headers: str, body: bytes = b"", host: str | None = "ours") -> Heard:
    """``first``: the request line. ``host``: None for none; ``headers`` are lines, in Latin-1."""
    name = f"127.0.0.1:{server.port}" if host == "ours" else host
    lines = [first, *([f"Host: {name}"] if name is not None else []), *headers, "Connection: close", "", ""]
    return send(server, "\r\n".join(lines).encode("latin-1") + body)


def owner(server: Server) -> str:
    return f"Authorization: Bearer {server.token}"


def tell(server: Server, method: str, path: str, body: bytes | str | Any, *headers: str) -> Heard:
    """A JSON body as it is written, or what is to become one, signed in as the owner unless ``headers`` say
    otherwise.
    """
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return ask(
        server,
        f"{method} {path} HTTP/1.1",
        *(headers or (owner(server),)),
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        body=content,
    )


def _is_whole(answer: bytes) -> bool:
    heard = _read(answer)
    return "content-length" in heard.headers and len(heard.body) >= int(heard.headers["content-length"])


def _read(answer: bytes) -> Heard:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    parts = first.split(" ")
    return Heard(int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0, headers, body)
