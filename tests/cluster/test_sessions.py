"""A session that ends at one process is over at every other, for requests and for sockets."""

from __future__ import annotations

import json

import pytest
import requests
import websocket

from tests.cluster.webs import Webs, listening, sign_in, status_of
from tests.running import PASSWORD, Server, until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
NEW = "another correct horse battery staple"


def native(server: Server, token: str) -> websocket.WebSocket:
    line = websocket.create_connection(
        server.url.replace("http", "ws") + "/ws/connect", timeout=10, header=[f"Authorization: Bearer {token}"]
    )
    line.send(json.dumps({"action": "ping"}))
    assert json.loads(line.recv())["type"] == "pong"
    return line


def is_cut(line: websocket.WebSocket) -> bool:
    try:
        return not line.recv()
    except (websocket.WebSocketException, OSError):
        return True


def logout(server: Server, token: str) -> None:
    answer = requests.post(server.url + "/api/auth/logout", headers={"Authorization": f"Bearer {token}"}, timeout=20)
    assert answer.status_code == 204


def test_whoever_signs_in_at_one_is_signed_in_at_the_other(webs: Webs) -> None:
    token = sign_in(webs.one.url)
    assert status_of(webs.other.url, token) == 200


def test_signing_out_at_one_counts_at_the_other_with_the_very_next_request(webs: Webs) -> None:
    for _ in range(5):
        token = sign_in(webs.one.url)
        assert status_of(webs.other.url, token) == 200
        logout(webs.one, token)
        assert status_of(webs.other.url, token) == 401


def test_sockets_of_a_session_that_ended_elsewhere_are_cut_at_once(webs: Webs) -> None:
    token = sign_in(webs.one.url)
    with listening(webs.other.url, token, "downloads") as ear, listening(webs.other.url, webs.one.token) as bystander:
        line = native(webs.other, token)
        line.settimeout(2)
        ear.client.reconnection = False
        logout(webs.one, token)
        assert ear.cut.wait(2)
        assert is_cut(line)
        assert not bystander.cut.is_set()


def test_a_new_password_ends_the_other_sessions_everywhere(webs: Webs) -> None:
    token = sign_in(webs.one.url)
    with listening(webs.other.url, token) as ear:
        webs.one.post("/api/auth/password", {"current": PASSWORD, "new": NEW})
        try:
            assert status_of(webs.other.url, token) == 401
            assert ear.cut.wait(2)
            assert status_of(webs.other.url, webs.one.token) == 200, "who changed it stays signed in"
            sign_in(webs.other.url, NEW)
        finally:
            webs.one.post("/api/auth/password", {"current": NEW, "new": PASSWORD})


def test_without_redis_sockets_of_an_ended_session_are_cut_within_seconds(webs: Webs) -> None:
    token = sign_in(webs.one.url)
    with listening(webs.other.url, token) as ear:
        webs.redis.stop()
        try:
            logout(webs.one, token)
            assert status_of(webs.other.url, token) == 401
            until(ear.cut.is_set, within_s=10)
        finally:
            webs.redis.start()
