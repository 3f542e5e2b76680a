"""The child's client, where its end comes at a bad moment."""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from aniworld.transfer.engine.http_client import Client, Interrupted
from tests.running import until


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue of connections is told by Linux alone")
def test_a_connection_that_stands_only_after_the_end_asks_for_nothing() -> None:
    """Nobody would wake whoever waits for its answer."""
    ended: list[BaseException] = []
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        stack.enter_context(socket.create_connection(address))
        stack.enter_context(_half_open(address))
        client = Client({}, "test", 60)
        asking = threading.Thread(target=lambda: ended.append(_open(client, address)), daemon=True)
        asking.start()
        until(lambda: _connecting(address[1]) == 2)
        client.abort()
        listener.settimeout(0.2)
        until(lambda: _taken(stack, listener) and not asking.is_alive())
    assert isinstance(ended[0], Interrupted)


def _open(client: Client, address: tuple[str, int]) -> BaseException:
    try:
        client.open(f"http://{address[0]}:{address[1]}/v.mp4").close()
    except Interrupted as error:
        return error
    return AssertionError("it was answered")


def _half_open(address: tuple[str, int]) -> socket.socket:
    sock = socket.socket()
    sock.setblocking(False)
    sock.connect_ex(address)
    return sock


def _taken(stack: ExitStack, listener: socket.socket) -> bool:
    """True, after whoever stood first in the queue has been let in."""
    with suppress(TimeoutError):
        stack.enter_context(listener.accept()[0])
    return True


def _connecting(port: int) -> int:
    """How many connections to the port are still asked for (SYN_SENT)."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "02" for row in rows)
