"""Socket.IO and WebSocket clients of a real server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import socketio
import websocket
from socketio.exceptions import ConnectionError as Refused

from tests.running import PASSWORD, Server, until


class Ear:
    """A Socket.IO client that remembers what it hears."""

    def __init__(self, server: Server, **more: Any) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.cut = threading.Event()
        self.client = socketio.Client(reconnection=False)
        self.client.on("*", lambda name, data: self.heard.append((name, data)))
        self.client.on("disconnect", lambda *_: self.cut.set())
        self.client.connect(server.url, **({"auth": {"token": server.token}} | more))

    def names(self) -> list[str]:
        return [name for name, _ in self.heard]


@pytest.fixture
def ear(running: Server) -> Iterator[Ear]:
    made = Ear(running)
    yield made
    made.client.disconnect()


def native(server: Server, **more: Any) -> websocket.WebSocket:
    return websocket.create_connection(server.url.replace("http", "ws") + "/ws/connect", timeout=8, **more)


def say(line: websocket.WebSocket, **wish: Any) -> dict[str, Any]:
    line.send(json.dumps(wish))
    text = line.recv()
    if not text:
        raise ConnectionError("the server closed the connection")
    answer: dict[str, Any] = json.loads(text)
    return answer


@pytest.fixture
def line(running: Server) -> Iterator[websocket.WebSocket]:
    made = native(running, header=[f"Authorization: Bearer {running.token}"])
    yield made
    made.close()


def token_of(server: Server) -> str:
    answer = requests.post(server.url + "/api/auth/login", json={"password": PASSWORD})
    return str(answer.json()["access_token"])


# ── Socket.IO ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]])
def test_joining_gives_the_state_and_then_what_changes(running: Server, transports: list[str]) -> None:
    ear = Ear(running, transports=transports)
    assert ear.client.call("join", "downloads") == {"ok": True, "rooms": ["downloads"]}
    until(lambda: ear.names() == ["queue_status"])
    running.post("/api/queue/start")
    until(lambda: ear.heard[-1][1]["is_running"])
    running.post("/api/queue/stop")
    until(lambda: not ear.heard[-1][1]["is_running"])
    _, data = ear.heard[-1]
    rest = running.get("/api/queue/status")
    assert set(rest) | {"timestamp"} == set(data)
    assert data["timestamp"].endswith("Z")
    ear.client.disconnect()


def test_several_rooms_at_once_and_leaving(ear: Ear) -> None:
    assert ear.client.call("join", ["downloads", "library"])["rooms"] == ["downloads", "library"]
    assert ear.client.call("leave", "downloads") == {"ok": True, "rooms": ["library"]}
    assert ear.client.call("leave", ["downloads"]) == {"ok": True, "rooms": ["library"]}


def test_the_scan_room_says_how_the_last_scan_stands(ear: Ear) -> None:
    ear.client.call("join", "scan_progress")
    ((name, data),) = until(lambda: ear.heard)
    assert name == "scan_progress"
    assert data["status"] in ("idle", "running", "completed", "failed", "cancelled")


@pytest.mark.parametrize("wish", ["nope", [], None, 7, {"room": "downloads"}, ["downloads", "../x"], "x" * 50_000])
def test_a_room_that_is_none_is_refused(ear: Ear, wish: Any) -> None:
    answer = ear.client.call("join", wish)
    assert answer["ok"] is False
    assert answer["error"]


def test_other_events_are_refused(ear: Ear) -> None:
    for name in ("message", "queue_status", "exec", "connect_error"):
        assert ear.client.call(name, {"x": 1})["ok"] is False


def test_a_scan_is_told_to_its_room(running: Server, ear: Ear) -> None:
    ear.client.call("join", "scan_progress")
    assert running.call("POST", "/api/anime/rescan").status_code == 202
    until(lambda: "scan_complete" in ear.names() or "scan_failed" in ear.names())


# ── WebSocket ──────────────────────────────────────────────────────────────


def test_a_script_joins_and_hears_envelopes(running: Server, line: websocket.WebSocket) -> None:
    assert say(line, action="join", room="downloads")["data"] == {"ok": True, "rooms": ["downloads"]}
    state = json.loads(line.recv())
    assert set(state) == {"type", "timestamp", "data"}
    assert (state["type"], state["timestamp"][-1]) == ("queue_status", "Z")
    running.post("/api/queue/start")
    assert json.loads(line.recv())["type"] == "queue_status"
    running.post("/api/queue/stop")


def test_a_script_signs_in_by_its_first_message(running: Server) -> None:
    line = native(running)
    assert say(line, action="auth", token=running.token)["type"] == "authenticated"
    assert say(line, action="ping")["type"] == "pong"
    assert say(line, action="join", room="library")["data"]["ok"]
    assert say(line, action="leave", room="library")["data"] == {"ok": True, "rooms": []}


def test_what_is_not_understood_is_said(line: websocket.WebSocket) -> None:
    for wish in ({}, {"action": "exec"}, {"action": 7}):
        assert say(line, **wish)["type"] == "error"
    for text in ("", "x", "[]", "7", "null", '{"action":"join"', "[" * 5000):
        line.send(text)
        assert json.loads(line.recv())["type"] == "error"
    for room in (None, "nope", ["downloads", 7], {}):
        assert say(line, action="join", room=room)["data"]["ok"] is False


def test_a_key_signs_in_as_well(running: Server) -> None:
    made = running.post("/api/auth/keys", {"name": "Skript", "scope": "read"}, 201)
    line = native(running, header=[f"X-Api-Key: {made['key']}"])
    assert say(line, action="ping")["type"] == "pong"
    running.call("DELETE", f"/api/auth/keys/{made['id']}")
    with pytest.raises((websocket.WebSocketException, OSError)):
        while True:
            say(line, action="ping")


# ── many, slow and loud ────────────────────────────────────────────────────


def test_a_client_that_floods_is_dropped_and_the_others_are_served(running: Server, ear: Ear) -> None:
    loud = Ear(running, transports=["websocket"])
    with pytest.raises(Exception):  # noqa: B017  whichever of the client's own errors comes first
        for _ in range(500):
            loud.client.emit("join", "nope")
            time.sleep(0)
        assert loud.cut.wait(5)
        loud.client.call("join", "downloads", timeout=1)
    assert ear.client.call("join", "downloads")["ok"]


def test_a_script_that_floods_is_dropped(line: websocket.WebSocket) -> None:
    with pytest.raises((websocket.WebSocketException, OSError)):
        for _ in range(500):
            say(line, action="ping")


def test_a_client_that_never_reads_does_not_hold_the_others_up(running: Server, ear: Ear) -> None:
    deaf = [native(running, header=[f"Authorization: Bearer {running.token}"]) for _ in range(20)]
    for one in deaf:
        one.send(json.dumps({"action": "join", "room": "downloads"}))
    ear.client.call("join", "downloads")
    began = time.monotonic()
    for _ in range(10):
        running.post("/api/queue/start")
        running.post("/api/queue/stop")
    assert time.monotonic() - began < 15
    until(lambda: ear.names().count("queue_status") >= 2)
    for one in deaf:
        one.close()


def test_a_client_whose_token_is_no_good_is_refused(running: Server) -> None:
    for auth in ({}, {"token": ""}, {"token": "x"}, {"token": 7}, {"token": None}, {"token": "x" * 10_000}, None):
        with pytest.raises(Refused):
            Ear(running, auth=auth)


def test_a_session_that_ends_cuts_its_sockets_at_once(running: Server) -> None:
    token = token_of(running)
    ears = [Ear(running, auth={"token": token}, transports=[kind]) for kind in ("polling", "websocket")]
    line = native(running, header=[f"Authorization: Bearer {token}"])
    assert say(line, action="ping")["type"] == "pong"
    answer = requests.post(running.url + "/api/auth/logout", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 204
    assert ears[1].cut.wait(2)
    with pytest.raises((websocket.WebSocketException, OSError)):
        line.recv()
    assert ears[0].cut.wait(8)
    with pytest.raises(Refused):
        Ear(running, auth={"token": token})
