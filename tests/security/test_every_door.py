"""Deny by default: every route, every Socket.IO event and every WebSocket action, with each proof that is no longer
one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import jwt
import pytest
import requests
import socketio
import websocket
from socketio.exceptions import ConnectionError as Refused

from aniworld.app import create_app
from aniworld.services.access.tokens import derived
from aniworld.web.live.rooms import ROOMS
from aniworld.web.security.authentication import OWN_SIGN_IN, PUBLIC, SAFE
from tests.running import PASSWORD, Server, until
from tests.security.walking import every_route

Headers = dict[str, str]
SOCKETIO_EVENTS = {"connect", "disconnect", "join", "leave", "*"}
PROOFS = ("nothing", "ended session", "ended cookie", "expired token", "revoked key", "made-up key")


@pytest.fixture(scope="module")
def proofs(running: Server) -> dict[str, Headers]:
    """Each of ``PROOFS`` as headers; what was good once was used once."""
    login = running.url + "/api/auth/login"
    token = requests.post(login, json={"password": PASSWORD}).json()["access_token"]
    browser = requests.Session()
    csrf = browser.post(login, json={"password": PASSWORD}).json()["csrf_token"]
    cookie = {"Cookie": "; ".join(f"{one.name}={one.value}" for one in browser.cookies), "X-CSRFToken": csrf}
    made = running.post("/api/auth/keys", {"name": "gone", "scope": "full"}, 201)
    secret = derived((running.instance / "secret_key").read_bytes(), "token")
    facts = jwt.decode(running.token, secret, algorithms=["HS256"], options={"verify_iss": False})
    old = facts | {"exp": int(datetime.now(UTC).timestamp()) - 1}
    given = {
        "nothing": {},
        "ended session": {"Authorization": f"Bearer {token}"},
        "ended cookie": cookie,
        "expired token": {"Authorization": f"Bearer {jwt.encode(old, secret, algorithm='HS256')}"},
        "revoked key": {"X-Api-Key": made["key"]},
        "made-up key": {"X-Api-Key": "aw_" + "x" * 43},
    }
    for name in ("ended session", "ended cookie", "revoked key"):
        assert requests.get(running.url + "/api/queue/status", headers=given[name]).status_code == 200, name
    for name in ("ended session", "ended cookie"):
        assert requests.post(running.url + "/api/auth/logout", headers=given[name]).status_code == 204
    assert running.call("DELETE", f"/api/auth/keys/{made['id']}").status_code == 204
    return given


@pytest.fixture(scope="module")
def read_key(running: Server) -> Headers:
    return {"X-Api-Key": running.post("/api/auth/keys", {"name": "reader", "scope": "read"}, 201)["key"]}


@pytest.mark.parametrize("proof", PROOFS)
def test_a29_a30_no_route_opens_for_a_proof_that_is_none(
    running: Server, proofs: dict[str, Headers], proof: str
) -> None:
    opened = []
    with requests.Session() as line:
        for endpoint, method, path in every_route():
            if endpoint in PUBLIC | OWN_SIGN_IN:
                continue
            answer = line.request(method, running.url + path, headers=proofs[proof], allow_redirects=False)
            to_login = answer.status_code == 302 and answer.headers["Location"].startswith(("/login", "/setup"))
            line.cookies.clear()
            if answer.status_code != 401 and not (to_login and method == "GET"):
                opened.append((answer.status_code, method, path))
    assert opened == []


def test_a30_a_key_that_may_read_changes_nothing_on_any_route(running: Server, read_key: Headers) -> None:
    before = [running.get(path) for path in ("/api/config/", "/api/auth/keys", "/api/config/backups")]
    wrong = []
    for endpoint, method, path in every_route():
        if method in SAFE or endpoint in OWN_SIGN_IN:
            continue
        answer = requests.request(method, running.url + path, headers=read_key, allow_redirects=False)
        if answer.status_code != 403:
            wrong.append((answer.status_code, method, path))
    assert wrong == []
    now = [running.get(path) for path in ("/api/config/", "/api/auth/keys", "/api/config/backups")]
    assert [one for one in now[1] if one["name"] != "reader"] == [one for one in before[1] if one["name"] != "reader"]
    assert (now[0], now[2]) == (before[0], before[2])


def test_a30_a_key_that_may_read_looks_at_everything_without_a_secret(running: Server, read_key: Headers) -> None:
    running.configure(media_server={"token": "canary-6120"})
    for endpoint, method, path in every_route():
        if method != "GET" or endpoint in OWN_SIGN_IN:
            continue
        answer = requests.get(running.url + path, headers=read_key, allow_redirects=False, timeout=30)
        assert answer.status_code not in (401, 500), path
        assert "canary-6120" not in answer.text, path


@pytest.fixture
def client() -> Iterator[socketio.Client]:
    made = socketio.Client(reconnection=False)
    yield made
    made.disconnect()


def test_a30_these_are_all_the_events_that_socket_io_takes(tmp_path_factory: pytest.TempPathFactory) -> None:
    app = create_app({"ANIWORLD_INSTANCE": str(tmp_path_factory.mktemp("events"))})
    handlers = app.extensions["socketio"].server.handlers
    app.extensions["aniworld"].close()
    assert {space: set(known) for space, known in handlers.items()} == {"/": SOCKETIO_EVENTS}


@pytest.mark.parametrize("proof", PROOFS)
def test_a30_no_socket_opens_for_a_proof_that_is_none(
    running: Server, proofs: dict[str, Headers], client: socketio.Client, proof: str
) -> None:
    headers = proofs[proof]
    with pytest.raises(Refused):
        client.connect(running.url, headers=dict(headers))  # the client takes the cookie out of what it is given
    text = headers.get("X-Api-Key") or headers.get("Authorization", "").removeprefix("Bearer ")
    for auth in ({"token": text}, {"token": [text]}, {"token": None}, [text], text, {"token": "x" * 5000}):
        with pytest.raises(Refused):
            client.connect(running.url, auth=auth)
    address = running.url.replace("http", "ws") + "/ws/connect"
    if headers and "Cookie" not in headers:
        with pytest.raises(websocket.WebSocketBadStatusException):
            websocket.create_connection(address, header=headers, timeout=10)
    for first in ({"action": "auth", "token": text}, {"action": "join", "room": "downloads"}, {"action": "ping"}, {}):
        line = websocket.create_connection(address, timeout=10, header={"Cookie": headers.get("Cookie", "x=y")})
        line.send(json.dumps(first))
        assert json.loads(line.recv())["type"] == "error"
        assert line.recv() == ""  # closed
        line.close()


EVENTS = (
    "made_up",
    "download_progress",
    "queue_status",
    "message",
    "error",
    "__proto__",
    "start",
    "stop",
    "auth",
    "unreadable",
    "",
)


@pytest.mark.parametrize("signed", ["owner", "reader"])
def test_a30_no_event_does_more_than_join_and_leave(
    running: Server, read_key: Headers, client: socketio.Client, signed: str
) -> None:
    client.connect(running.url, headers={"Authorization": f"Bearer {running.token}"} if signed == "owner" else read_key)
    heard: list[tuple[str, object]] = []
    client.on("*", lambda event, *told: heard.append((event, told)))
    before = running.get("/api/config/"), running.get("/api/queue/status")["is_running"]
    for event in EVENTS:
        told = client.call(event, {"room": "downloads", "action": "start"}, timeout=10)
        assert told is None or told["ok"] is False, event
    for wish in (
        None,
        1,
        {},
        [],
        ["downloads", 1],
        "made-up",
        "__proto__",
        ["downloads"] * 50,
        {"room": "downloads"},
        "/",
        "downloads\0",
    ):
        assert client.call("join", wish, timeout=10)["ok"] is False, wish
    assert client.call("join", list(ROOMS), timeout=10) == {"ok": True, "rooms": list(ROOMS)}
    assert (running.get("/api/config/"), running.get("/api/queue/status")["is_running"]) == before
    assert {name for name, _ in heard} <= {"queue_status", "scan_progress", "download_progress"}
    assert "Traceback" not in running.log.read_text()


RESERVED = ("connect", "disconnect", "connect_error", "*")


@pytest.mark.parametrize("event", RESERVED)
def test_a28_a_client_that_plays_the_server_is_cut_with_its_session_all_the_same(
    running: Server, client: socketio.Client, event: str
) -> None:
    """An event named ``disconnect`` once took a client out of the list of those that end with their session."""
    token = requests.post(running.url + "/api/auth/login", json={"password": PASSWORD}).json()["access_token"]
    client.connect(running.url, headers={"Authorization": f"Bearer {token}"})
    client.emit(event, {"token": running.token})
    assert client.call("join", "downloads", timeout=10)["ok"]
    assert (
        requests.post(running.url + "/api/auth/logout", headers={"Authorization": f"Bearer {token}"}).status_code == 204
    )
    until(lambda: not client.connected, 10)
    assert "Traceback" not in running.log.read_text()


def test_a30_there_is_no_other_namespace(running: Server, client: socketio.Client) -> None:
    for space in ("/admin", "/api", "/socket.io"):
        with pytest.raises(Refused):
            client.connect(running.url, headers={"Authorization": f"Bearer {running.token}"}, namespaces=[space])


def test_a28_open_sockets_end_with_their_session_key_or_all_others(running: Server) -> None:
    address = running.url.replace("http", "ws") + "/ws/connect"
    login = {"password": PASSWORD}
    ended = requests.post(running.url + "/api/auth/login", json=login).json()["access_token"]
    made = running.post("/api/auth/keys", {"name": "cut", "scope": "full"}, 201)
    signs = ({"Authorization": f"Bearer {ended}"}, {"X-Api-Key": made["key"]})
    clients, lines = [], []
    for sign in signs:
        clients.append(socketio.Client(reconnection=False))
        clients[-1].connect(running.url, headers=sign)
        lines.append(websocket.create_connection(address, header=sign, timeout=10))
    assert running.call("DELETE", "/api/auth/sessions").json()["removed"] >= 1
    until(lambda: not clients[0].connected, 10)
    assert clients[1].connected  # a key is no session
    assert running.call("DELETE", f"/api/auth/keys/{made['id']}").status_code == 204
    until(lambda: not clients[1].connected, 10)
    for line in lines:
        with pytest.raises((websocket.WebSocketException, OSError, ValueError)):
            line.send('{"action": "ping"}')
            json.loads(line.recv())
