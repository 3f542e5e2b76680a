"""The attacks of the security table on the web edge, each under its row's number."""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import re
import socket
import sys
import time
from datetime import UTC, datetime
from typing import Any

import jwt
import psutil
import pytest
import requests
import socketio
import websocket
from flask import Flask
from socketio.exceptions import ConnectionError as Refused

from aniworld.services.access.tokens import derived
from tests.running import PASSWORD, Server

FOREIGN = "https://evil.example"


def raw(
    server: Server, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> tuple[int, str, bytes]:
    """One request exactly as written: no client tidies the path or the headers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in ({"Host": f"127.0.0.1:{server.port}"} | (headers or {})).items():
        connection.putheader(name, value)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    answer = connection.getresponse()
    return answer.status, answer.headers.get("Content-Type", ""), answer.read()


def browser(server: Server) -> tuple[requests.Session, dict[str, str]]:
    """A signed-in browser, and the header that its own pages send with changes."""
    session = requests.Session()
    session.trust_env = False
    token = session.post(server.url + "/api/auth/login", json={"password": PASSWORD}).json()["csrf_token"]
    return session, {"X-CSRFToken": token}


def test_a01_without_a_password_only_setup_answers_and_a_stranger_needs_the_token(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = Server(tmp_path_factory.mktemp("new") / "instance", ANIWORLD_MASTER_PASSWORD="")
    server.start(sign_in=False)
    try:
        assert requests.get(server.url + "/api/auth/status").json()["configured"] is False
        assert requests.get(server.url + "/health").status_code == 200
        for path in ("/api/queue/status", "/api/config/", "/api/anime/", "/api/docs", "/api/openapi.json"):
            assert requests.get(server.url + path).status_code == 401
        assert requests.post(server.url + "/api/auth/login", json={"password": "admin"}).status_code in (401, 409)
        relayed = {"X-Forwarded-For": "203.0.113.5"}
        wish = {"password": "a new password"}
        for headers in ({"X-Forwarded-Proto": "https"}, {"Via": "1.1 x"}, {"Host": socket.gethostname()}):
            assert requests.post(server.url + "/api/auth/setup", json=wish, headers=headers).status_code == 403
        assert requests.post(server.url + "/api/auth/setup", json=wish, headers=relayed).status_code == 403
        token = re.search(r"setup token: (\S+)", server.log.read_text())
        assert token is not None
        assert len(token[1]) >= 22
        wish["setup_token"] = token[1]
        assert requests.post(server.url + "/api/auth/setup", json=wish, headers=relayed).status_code == 201
        assert requests.post(server.url + "/api/auth/setup", json=wish).status_code == 409
    finally:
        server.stop()


@pytest.mark.parametrize(
    "path", ["/health", "/api/auth/status", "/socket.io/?EIO=4&transport=polling", "/ws/connect", "/", "/static/x"]
)
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "169.254.169.254", "", "localhost@evil.example"]
)
def test_a03_a_foreign_host_gets_nothing_on_any_route(running: Server, path: str, host: str) -> None:
    status, kind, body = raw(running, "GET", path, {"Host": host})
    assert status == 400
    assert b"sid" not in body
    if host:
        assert kind == "application/problem+json"


def test_a04_rotating_forwarded_addresses_is_no_way_past_the_limit(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = Server(tmp_path_factory.mktemp("limit") / "instance").start()
    try:
        statuses = []
        for number in range(8):
            headers = {
                "X-Forwarded-For": f"203.0.113.{number}",
                "X-Real-IP": f"203.0.113.{number}",
                "Forwarded": f"for=203.0.113.{number}",
            }
            answer = requests.post(server.url + "/api/auth/login", json={"password": "wrong"}, headers=headers)
            statuses.append(answer.status_code)
        assert statuses == [401] * 5 + [429] * 3
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert requests.post(server.url + "/api/auth/login", json={"password": PASSWORD}).status_code == 429
        assert server.get("/api/queue/status")
    finally:
        server.stop()


def test_a05_no_header_changes_the_cookie(running: Server) -> None:
    for headers in ({}, {"X-Forwarded-Proto": "https"}, {"X-Forwarded-Proto": "http", "X-Forwarded-Prefix": "/evil"}):
        cookie = requests.post(running.url + "/api/auth/login", json={"password": PASSWORD}, headers=headers).headers[
            "Set-Cookie"
        ]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/;" in cookie + ";"
        assert "Secure" not in cookie


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-CSRFToken": "x"}, 403),
        ({"X-CSRFToken": "mine", "Origin": FOREIGN}, 403),
        ({"X-CSRFToken": "mine", "Origin": "null"}, 403),
        ({"X-CSRFToken": "mine", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"X-CSRFToken": "mine", "Sec-Fetch-Site": "same-site"}, 403),
        ({"X-CSRFToken": "mine", "Origin": "http://127.0.0.1:1"}, 403),
        ({"X-CSRFToken": "mine"}, 200),
        ({"X-CSRFToken": "mine", "Origin": "ours", "Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_a06_a_change_by_cookie_needs_the_token_and_our_origin(
    running: Server, headers: dict[str, str], status: int
) -> None:
    session, mine = browser(running)
    sent = {
        name: {"mine": mine["X-CSRFToken"], "ours": running.url}.get(value, value) for name, value in headers.items()
    }
    assert session.post(running.url + "/api/queue/stop", headers=sent).status_code == status
    assert session.get(running.url + "/api/queue/status").status_code == 200


def test_a06_the_token_of_another_session_does_not_count(running: Server) -> None:
    (session, _), (_, other) = browser(running), browser(running)
    assert session.post(running.url + "/api/queue/stop", headers=other).status_code == 403


def test_a06_another_site_cannot_sign_our_browser_in(running: Server) -> None:
    answer = requests.post(running.url + "/api/auth/login", json={"password": PASSWORD}, headers={"Origin": FOREIGN})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a07_sockets_of_other_origins_and_of_nobody_are_refused(running: Server) -> None:
    session, _ = browser(running)
    cookie = "; ".join(f"{one.name}={one.value}" for one in session.cookies)
    client = socketio.Client(reconnection=False)
    with pytest.raises(Refused):
        client.connect(running.url, headers={"Cookie": cookie, "Origin": FOREIGN})
    with pytest.raises(Refused):
        client.connect(running.url)
    address = running.url.replace("http", "ws") + "/ws/connect"
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(address, cookie=cookie, origin=FOREIGN, timeout=5)
    assert refused.value.status_code == 403
    client.connect(running.url, headers={"Cookie": cookie, "Origin": running.url})
    client.disconnect()
    line = websocket.create_connection(address, cookie=cookie, timeout=5)
    line.send('{"action": "ping"}')
    assert json.loads(line.recv())["type"] == "pong"
    line.close()


TRAVERSALS = [
    "../config.json",
    "..%2fconfig.json",
    "%2e%2e%2fconfig.json",
    "....//config.json",
    "..%5cconfig.json",
    "..\\config.json",
    "%252e%252e%252fconfig.json",
    "..%00/config.json",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "..;/config.json",
    "..%c0%afconfig.json",
]


@pytest.mark.parametrize("attack", TRAVERSALS)
@pytest.mark.parametrize("base", ["/api/config/backups/", "/api/anime/", "/static/x/", "/static/"])
def test_a09_a10_no_path_leaves_its_folder(running: Server, base: str, attack: str) -> None:
    headers = {"Authorization": f"Bearer {running.token}"}
    for path in (base + attack, base + attack + "/cover"):
        status, _, body = raw(running, "GET", path, headers)
        assert status in (301, 302, 308, 400, 404, 405), (path, status)
        assert b"root:" not in body
        assert b"base_url" not in body


def test_a20_no_setting_runs_anything(running: Server) -> None:
    for section, name in (
        ("download", "exec"),
        ("download", "ffmpeg_path"),
        ("download", "yt_dlp_options"),
        ("catalogue", "proxy"),
        ("catalogue", "verify_tls"),
        ("library", "post_script"),
        ("__proto__", "x"),
        ("download", "__class__"),
    ):
        answer = running.call("PUT", "/api/config/", {section: {name: "/bin/sh"}})
        assert answer.status_code == 422


@pytest.mark.parametrize(
    "root",
    [
        "/",
        "/etc",
        "/usr/lib",
        "/proc",
        "/var/backups/x",
        "~/.ssh/x",
        "~/.config",
        "~/.local/lib/x",
        "instance",
        "package",
        "python",
    ],
)
def test_a21_the_library_is_never_our_own_or_the_systems(running: Server, root: str) -> None:
    import aniworld

    path = {"instance": str(running.instance), "package": str(aniworld.__path__[0]), "python": sys.base_prefix}.get(
        root, root
    )
    answer = running.call("PUT", "/api/config/", {"library": {"root": path}})
    assert answer.status_code == 422
    assert "library.root" in answer.json()["errors"]


@pytest.mark.parametrize("root", ["~nobody-of-this-name/x", "~nobody-of-this-name", "~\0/x", "~/\n"])
def test_a21_a_library_in_the_home_of_nobody_is_refused_with_a_sentence(running: Server, root: str) -> None:
    for method, path, status in (("PUT", "/api/config/", 422), ("POST", "/api/config/validate", 200)):
        answer = running.call(method, path, {"library": {"root": root}})
        assert answer.status_code == status
        assert "library.root" in answer.json()["errors"]


def test_a23_a_packet_that_is_too_large_ends_its_sender_only(running: Server) -> None:
    line = websocket.create_connection(
        running.url.replace("http", "ws") + "/ws/connect", header=[f"Authorization: Bearer {running.token}"], timeout=5
    )
    line.send("x" * 200_000)
    with pytest.raises((websocket.WebSocketException, OSError)):
        while line.recv():
            continue
        raise ConnectionError("closed")
    opened = requests.get(running.url + "/socket.io/?EIO=4&transport=polling").text
    sid = json.loads(opened[1:])["sid"]
    answer = requests.post(f"{running.url}/socket.io/?EIO=4&transport=polling&sid={sid}", data="4" + "x" * 200_000)
    assert answer.status_code == 400
    assert running.get("/api/queue/status")


@pytest.mark.parametrize(
    "packet",
    [
        "42",
        "42{}",
        '451-["join",{"_placeholder":true,"num":0}]',
        '459999999-["x"]',
        "4" + "2" * 500,
        "4[" * 100,
        "b" * 100,
        "\x1e" * 50,
    ],
)
def test_a23_odd_packets_hurt_nobody(running: Server, packet: str) -> None:
    opened = requests.get(running.url + "/socket.io/?EIO=4&transport=polling").text
    address = f"{running.url}/socket.io/?EIO=4&transport=polling&sid={json.loads(opened[1:])['sid']}"
    requests.post(address, data="40" + json.dumps({"token": running.token}))
    requests.post(address, data=packet.encode())
    assert running.get("/api/queue/status")
    assert "Traceback" not in running.log.read_text()


def test_a27_secrets_do_not_leave_the_process(running: Server) -> None:
    canaries = ["canary-token-7731", "canary-hook-7732"]
    running.configure(media_server={"token": canaries[0]}, notifications={"urls": [f"discord://x/{canaries[1]}"]})
    running.call("PUT", "/api/config/", {"media_server": {"token": canaries[0] + "\0"}})
    running.call("PUT", "/api/config/", {"notifications": {"urls": [f"exec://{canaries[1]}"]}})
    backup = running.post("/api/config/backups", status=201)["name"]
    texts = [
        running.call("GET", path).text
        for path in (
            "/api/config/",
            f"/api/config/backups/{backup}",
            "/api/config/backups",
            "/api/system",
            "/api/health",
            "/api/openapi.json",
            "/settings/notifications",
            "/settings/media_server",
            "/settings/backups",
            "/api/auth/keys",
            "/api/auth/sessions",
        )
    ]
    texts.append(running.log.read_text())
    texts += [path.read_text() for path in (running.instance / "logs").glob("*.log")]
    for secret in (*canaries, PASSWORD, running.token):
        assert not [text[:100] for text in texts if secret in text], secret
    for path in ("config.json", f"backups/{backup}", "secret_key", "aniworld.db"):
        assert (running.instance / path).stat().st_mode & 0o077 == 0, path


def test_a28_a_dead_session_is_dead_everywhere(running: Server) -> None:
    session, mine = browser(running)
    cookie = dict(session.cookies)
    token = requests.post(running.url + "/api/auth/login", json={"password": PASSWORD}).json()["access_token"]
    assert session.post(running.url + "/api/auth/logout", headers=mine).status_code == 204
    assert requests.get(running.url + "/api/queue/status", cookies=cookie).status_code == 401
    assert (
        requests.get(running.url + "/api/queue/status", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    )
    new = {"current": PASSWORD, "new": "an entirely new one"}
    assert running.call("POST", "/api/auth/password", new).status_code == 204
    assert (
        requests.get(running.url + "/api/queue/status", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    )
    assert running.call("GET", "/api/queue/status").status_code == 200
    assert running.call("POST", "/api/auth/password", {"current": new["new"], "new": PASSWORD}).status_code == 204


def test_a29_a30_every_route_of_the_map_is_shut_to_strangers(running: Server) -> None:
    from aniworld.web.security.authentication import PUBLIC
    from tests.security.walking import every_route

    open_routes = set()
    for endpoint, method, path in every_route():
        answer = requests.request(method, running.url + path, allow_redirects=False)
        shut = answer.status_code == 401 or (
            answer.status_code == 302 and re.search(r"/(login|setup)(\?|$)", answer.headers["Location"])
        )
        if not shut:
            open_routes.add(endpoint)
    assert open_routes <= PUBLIC | {"websocket"}, open_routes - PUBLIC


@pytest.mark.parametrize(
    "goal", ["https://evil.example", "//evil.example", "/\\evil.example", "/%09/evil.example", "\thttps://evil.example"]
)
def test_a31_signing_in_leads_nowhere_else(running: Server, goal: str) -> None:
    session = requests.Session()
    page = session.get(running.url + "/login", params={"next": goal}).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    answer = session.post(
        running.url + "/login", data={"password": PASSWORD, "csrf_token": token[1], "next": goal}, allow_redirects=False
    )
    assert answer.status_code == 302
    assert re.fullmatch(r"/([^/\\].*)?", answer.headers["Location"])


def test_a32_a_log_line_cannot_be_forged(running: Server) -> None:
    running.call("GET", "/api/anime/x%0d%0aERROR forged%1b[31m%e2%80%ae")
    headers = {"User-Agent": "x\x1b[31mERROR forged"}
    requests.get(running.url + "/api/nowhere", headers=headers)
    text = running.log.read_text()
    assert "\x1b" not in text
    assert not [line for line in text.splitlines() if line.startswith("ERROR forged")]


def test_a33_made_up_ids_do_not_pile_up() -> None:
    from aniworld.web.api import series_lookup as identifiers

    identifiers._told.clear()
    with Flask("a33").test_request_context():
        for number in range(3000):
            identifiers._deprecate(f"made up {number}", "key")
    assert len(identifiers._told) == identifiers.REMEMBERED
    identifiers._told.clear()


@pytest.mark.slow
def test_a33_a_crowd_of_made_up_ids_leaves_the_servers_memory_as_it_was(running: Server) -> None:
    """Over a real connection: series, items, sessions, keys, polls and host names that never were, each once."""
    assert running.process is not None

    def resident() -> int:
        return sum(psutil.Process(pid).memory_info().rss for pid in running.tree())

    def crowd(start: int, number: int) -> None:
        for n in range(start, start + number):
            running.call("GET", f"/api/anime/made up {n} {'x' * 200}")
            running.call("DELETE", f"/api/queue/{n:032x}")
            running.session.get(running.url + "/api/auth/status", headers={"Authorization": f"Bearer x{n}"})
            running.session.get(running.url + f"/socket.io/?EIO=4&transport=polling&sid={n}")
            running.session.get(running.url + "/health", headers={"Host": f"h{n}.example", "User-Agent": f"{n}" * 50})

    crowd(0, 100)
    before = resident()
    crowd(100, 400)
    assert resident() - before < 12_000_000


def test_a35_forged_tokens_open_nothing(running: Server) -> None:
    key = derived((running.instance / "secret_key").read_bytes(), "token")
    now = int(datetime.now(UTC).timestamp())
    session_id = jwt.decode(running.token, key, algorithms=["HS256"], options={"verify_iss": False})["jti"]
    good: dict[str, Any] = {"iss": "aniworld", "jti": session_id, "iat": now, "exp": now + 60}
    forged = [
        jwt.encode(good, "", algorithm="none"),
        jwt.encode(good, key * 2, algorithm="HS256"),
        jwt.encode(good | {"iss": "evil"}, key, algorithm="HS256"),
        jwt.encode(good | {"exp": now - 10}, key, algorithm="HS256"),
        *[
            jwt.encode({name: value for name, value in good.items() if name != gone}, key, algorithm="HS256")
            for gone in good
        ],
    ]
    for token in forged:
        assert (
            requests.get(running.url + "/api/queue/status", headers={"Authorization": f"Bearer {token}"}).status_code
            == 401
        )
    right = {"Authorization": f"Bearer {jwt.encode(good, key, algorithm='HS256')}"}
    assert requests.get(running.url + "/api/queue/status", headers=right).status_code == 200
    for where in (f"?token={running.token}", f"?access_token={running.token}", f"?jwt={running.token}"):
        assert requests.get(running.url + "/api/queue/status" + where).status_code == 401


def test_a37_every_answer_forbids_framing_and_sniffing(running: Server) -> None:
    for path in ("/api/queue/status", "/api/nowhere", "/login", "/health", "/api/docs", "/nowhere"):
        headers = running.call("GET", path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"


def test_a38_what_must_not_be_guessed_is_long_and_never_twice(running: Server) -> None:
    made = [running.post("/api/auth/keys", {"name": "x", "scope": "read"}, 201) for _ in range(5)]
    assert len({one["key"] for one in made}) == 5
    assert all(len(one["key"]) >= 43 for one in made)
    nonces = {
        re.search(r"'nonce-([^']+)'", running.call("GET", "/login").headers["Content-Security-Policy"])[1]
        for _ in range(5)
    }  # type: ignore[index]
    assert len(nonces) == 5
    assert min(map(len, nonces)) >= 22
    for one in made:
        running.call("DELETE", f"/api/auth/keys/{one['id']}")


@pytest.mark.slow
def test_a40_signing_in_by_many_does_not_stop_the_server(running: Server) -> None:
    def sign_in(_: int) -> int:
        return requests.post(running.url + "/api/auth/login", json={"password": PASSWORD}).status_code

    waits = []
    with concurrent.futures.ThreadPoolExecutor(12) as crowd:
        attempts = [crowd.submit(sign_in, number) for number in range(24)]
        while not all(attempt.done() for attempt in attempts):
            began = time.monotonic()
            assert running.call("GET", "/api/queue/status").status_code == 200
            waits.append(time.monotonic() - began)
    assert {attempt.result() for attempt in attempts} == {200}
    assert sorted(waits)[len(waits) // 2] < 0.5


def test_a42_a_password_is_never_too_long_for_the_server(running: Server) -> None:
    for password, status in (
        ("x" * 73, 401),
        ("ü" * 1024, 401),
        ("x" * 1025, 422),
        ("x" * 900_000, 422),
        ("x" * 1_200_000, 413),
    ):
        answer = requests.post(running.url + "/api/auth/login", json={"password": password})
        assert answer.status_code == status
    answer = running.call("POST", "/api/auth/password", {"current": PASSWORD, "new": "short"})
    assert answer.status_code == 422
