"""SIGTERM ends a server as soon as its work is put down, whatever sockets are open, and leaves one whole database
file.
"""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
import simple_websocket
import socketio

from tests.running import Server


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "instance", ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9").start()


def test_a_stop_does_not_wait_for_open_sockets(server: Server) -> None:
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
    idle[0].sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert idle[0].recv(100).startswith(b"HTTP/1.1 200")
    websocket = simple_websocket.Client.connect(f"ws://127.0.0.1:{server.port}/ws/connect?token={server.token}")
    clients = []
    for transport in ("websocket", "polling"):
        client = socketio.Client(reconnection=False)
        client.connect(server.url, auth={"token": server.token}, transports=[transport])
        clients.append(client)
    time.sleep(0.5)  # the polling client's next question is on its way by then
    try:
        assert server.stop() < 1.5
        assert "Traceback" not in server.log.read_text(), server.log.read_text()
    finally:
        for client in clients:
            with contextlib.suppress(Exception):
                client.disconnect()
        with contextlib.suppress(Exception):
            websocket.close()
        for one in idle:
            one.close()


def test_an_answer_that_is_being_made_is_finished(server: Server) -> None:
    """The password's hash takes a while on purpose."""
    statuses: list[int] = []
    asking = Thread(
        target=lambda: statuses.append(
            server.session.post(server.url + "/api/auth/login", json={"password": "wrong"}, timeout=20).status_code
        )
    )
    asking.start()
    time.sleep(0.03)
    server.stop()
    asking.join()
    assert statuses == [401]


def test_after_a_stop_the_database_is_one_file(server: Server) -> None:
    server.configure(download={"auto_start": False})
    server.post("/api/queue/add", {"serie_id": "a", "serie_name": "A", "episodes": ["S01E01"]})
    server.stop()
    path = server.instance / "aniworld.db"
    wal = path.with_name("aniworld.db-wal")
    assert not wal.exists() or wal.stat().st_size == 0
    copy = server.instance / "copy.db"
    copy.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM download_queue_item").fetchall() == [(1,)]
