"""Requests that no honest client writes: odd names, targets, methods, bodies. Each is refused, none leads anywhere
else.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest
import requests
import websocket

from aniworld.web.security.headers import BARE
from tests.running import PASSWORD, Server
from tests.security.talking import Heard, ask, owner, send, tell
from tests.security.walking import every_route

STATUS = "GET /api/queue/status HTTP/1.1"

NAMES = (
    "user@localhost",
    "localhost:99999",
    "localhost:",
    "localhost:80:80",
    "localhost,evil.example",
    "localhost evil.example",
    "localhost..",
    ".localhost",
    "..",
    "localhost/",
    "localhost#",
    "localhost?x",
    "localhost\\x",
    "local\thost",
    "xn--localhost",
    "[::1%lo]",
    "[::1",
    "[::ffff:192.0.2.1]",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "127.0.0.1.evil.example",
    "\u2460\u2461".encode().decode("latin-1"),
    "\xff",
    "a" * 300,
    "",
)


@pytest.mark.parametrize("name", NAMES)
def test_a03_a_host_that_only_looks_like_ours_is_refused_with_a_key_in_hand(running: Server, name: str) -> None:
    for first in (STATUS, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1", "GET /ws/connect HTTP/1.1"):
        assert ask(running, first, owner(running), host=name).status == 400


def test_a03_two_names_or_none_are_refused(running: Server) -> None:
    mine = f"127.0.0.1:{running.port}"
    assert ask(running, STATUS, owner(running), host=None).status == 400
    assert ask(running, "GET /api/queue/status HTTP/1.0", owner(running), host=None).status == 400
    assert ask(running, STATUS, owner(running), "Host: evil.example").status == 400
    assert ask(running, STATUS, owner(running), f"Host: {mine}", host="evil.example").status == 400
    assert ask(running, STATUS, owner(running), f"Host: {mine}").status == 400


@pytest.mark.parametrize(
    "start",
    [
        "http://evil.example",
        "https://evil.example:443",
        "http://localhost@evil.example",
        "http://",
        "HTTP://EVIL.EXAMPLE",
        "ftp://127.0.0.1",
        "http://127.0.0.1.evil.example",
    ],
)
def test_a03_a_whole_address_in_the_request_line_has_to_name_us_too(running: Server, start: str) -> None:
    assert ask(running, f"GET {start}/api/queue/status HTTP/1.1", owner(running)).status == 400
    assert ask(running, f"GET http://127.0.0.1:{running.port}/api/queue/status HTTP/1.1", owner(running)).status == 200


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-Host: evil.example",
        "X_Forwarded_Host: evil.example",
        "X-Forwarded-Prefix: /evil",
        "SCRIPT_NAME: /evil",
        "SCRIPT_NAME: /api",
        "PATH_INFO: /api/config/",
        "X-Original-URL: /api/config/",
        "X-Rewrite-URL: /api/config/",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Ssl: on",
        "X-Forwarded-Proto: http\r\nX-Forwarded-Ssl: on",
        "Forwarded: host=evil.example",
    ],
)
def test_a04_a_header_of_a_stranger_moves_no_request(running: Server, header: str) -> None:
    plain, moved = ask(running, "GET /api/auth/status HTTP/1.1"), ask(running, "GET /api/auth/status HTTP/1.1", header)
    assert (moved.status, moved.body) == (plain.status, plain.body)
    sent_on = ask(running, "GET / HTTP/1.1", "Accept: text/html", header)
    assert (sent_on.status, sent_on.headers["location"]) == (302, "/login")
    assert "strict-transport-security" not in moved.headers


@pytest.mark.parametrize(
    "header", ["X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE", "Method: DELETE"]
)
def test_a06_no_header_or_field_changes_the_method(running: Server, header: str) -> None:
    made = running.post("/api/auth/keys", {"name": "stays", "scope": "read"}, 201)["id"]
    for first in (f"GET /api/auth/keys/{made} HTTP/1.1", f"GET /api/auth/keys/{made}?_method=DELETE HTTP/1.1"):
        assert ask(running, first, owner(running), header).status == 405
    assert tell(running, "POST", f"/api/auth/keys/{made}", {"_method": "DELETE"}, owner(running), header).status == 405
    assert made in [one["id"] for one in running.get("/api/auth/keys")]


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND", "DEBUG", "FOO", "get", "Q" * 60])
def test_a06_an_unknown_method_gets_nothing_and_nothing_back(running: Server, method: str) -> None:
    for path in ("/api/queue/status", "/login", "/health", "/", "/socket.io/?EIO=4&transport=polling"):
        heard = ask(running, f"{method} {path} HTTP/1.1", owner(running), "X-Canary: canary-9c1d")
        assert heard.status in (400, 405), path
        assert b"canary-9c1d" not in heard.body
        assert ask(running, f"{method} {path} HTTP/1.1").status in (400, 401, 405)


def test_a06_a_look_without_a_body_changes_nothing_anywhere(running: Server) -> None:
    """HEAD is a look, as GET is: on every address, also those whose form is sent to the same one."""
    settings = running.get("/api/config/")
    for _, method, path in every_route():
        if method != "GET" or path == "/ws/connect":
            continue
        for sign in ((), (owner(running),)):
            heard = ask(running, f"HEAD {path} HTTP/1.1", *sign)
            assert (heard.status, heard.body) == (ask(running, f"GET {path} HTTP/1.1", *sign).status, b""), path
    assert running.get("/api/config/") == settings
    assert running.get("/api/anime/scan")["status"] == "idle"
    for _ in range(8):
        assert ask(running, "HEAD /login HTTP/1.1").status == 200
    assert requests.post(running.url + "/api/auth/login", json={"password": PASSWORD}).status_code == 200


PATHS = (
    "/api//queue/status",
    "/./api/queue/status",
    "/x/../api/queue/status",
    "/health/../api/config/",
    "/static/../api/config/",
    "/health;/../api/config/",
    "/api/queue/status;x",
    "/api/queue;x/status",
    "/api/queue/status%00",
    "/api/queue/status%0a",
    "/API/queue/status",
    "/api%5cqueue%5cstatus",
    "/api/queue/status%2f..",
    "/api/config/%2e%2e%2f",
    "/api/anime/%ed%a0%80",
    "/api/anime/%ff",
    "/api/anime/a%00b",
    "/settings/%00",
    "/series/%00",
    "//evil.example",
    "/%2f%2fevil.example",
)


@pytest.mark.parametrize("path", PATHS)
def test_a10_an_address_has_one_form(running: Server, path: str) -> None:
    heard = ask(running, f"GET {path} HTTP/1.1", owner(running))
    assert heard.status == 404
    assert "location" not in heard.headers
    shut = ask(running, f"GET {path} HTTP/1.1")
    assert shut.status in (401, 404) or shut.headers.get("location", "").startswith("/login")


@pytest.mark.parametrize(
    "path", ["/%61pi/queue/status", "/api%2fqueue%2fstatus", "//api/queue/status", "/api/queue/status/"]
)
def test_a29_an_address_written_otherwise_is_as_shut(running: Server, path: str) -> None:
    assert ask(running, f"GET {path} HTTP/1.1").status == 401
    assert ask(running, f"POST {path.replace('status', 'stop')} HTTP/1.1", "Content-Length: 0").status == 401


@pytest.mark.parametrize("target", ["x", "?x", "\\", "*", "http:", "", "/ x", "/\x7f x"])
def test_a_target_that_is_none_is_malformed(running: Server, target: str) -> None:
    assert ask(running, f"GET {target} HTTP/1.1", owner(running)).status in (400, 404)


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=0",
        "page=1e5",
        "page=" + "9" * 30,
        "page=9223372036854775808",
        "q=%00",
        "sort_by=name%00",
        "page_size=2147483648",
        "made=up",
        "q=" + "x" * 2000,
    ],
)
def test_odd_queries_are_refused_and_break_nothing(running: Server, query: str) -> None:
    assert ask(running, f"GET /api/anime/?{query} HTTP/1.1", owner(running)).status == 422


DEEP = 100_000
BODIES: dict[str, tuple[bytes, set[int]]] = {
    "a field twice": (b'{"ui": {"theme": "dark", "theme": "light"}}', {400}),
    "a section twice": (b'{"ui": {}, "ui": {"theme": "light"}}', {400}),
    "no number": (b'{"ui": NaN}', {400}),
    "endless": (b'{"download": {"concurrency": Infinity}}', {400}),
    "overflow": (b'{"download": {"concurrency": 1e999}}', {422}),
    "many digits": (b'{"download": {"concurrency": ' + b"9" * 5000 + b"}}", {400}),
    "too large": (b'{"download": {"concurrency": ' + b"9" * 400 + b"}}", {422}),
    "truth for number": (b'{"download": {"concurrency": true}}', {422}),
    "minus zero": (b'{"download": {"concurrency": -0}}', {422}),
    "deep lists": (b"[" * DEEP + b"]" * DEEP, {400}),
    "deep objects": (b'{"a":' * 60 + b"1" + b"}" * 60, {400}),
    "half a character": (b'{"ui": {"theme": "\\ud800"}}', {400}),
    "half a name": (b'{"\\ud800": 1}', {400}),
    "escaped nul": (b'{"ui": {"theme": "a\\u0000b"}}', {422}),
    "nul": (b'{"ui": {"theme": "a\x00b"}}', {400}),
    "latin": (b'{"ui": {"theme": "\xe4"}}', {400}),
    "utf-16": ('{"ui": {"theme": "light"}}'.encode("utf-16"), {400}),
    "utf-32": ('{"ui": {"theme": "light"}}'.encode("utf-32"), {400}),
    "packed": (gzip.compress(b'{"ui": {"theme": "light"}}'), {400}),
    "two": (b"{}{}", {400}),
    "comment": (b"/**/{}", {400}),
    "list": (b"[]", {422}),
    "nothing": (b"null", {422}),
    "prototype": (b'{"__proto__": {"x": 1}, "constructor": 1}', {422}),
    "many fields": (("{" + ",".join(f'"k{n}":1' for n in range(50_000)) + "}").encode(), {400}),
    "a long name": (b'{"' + b"k" * 900_000 + b'": 1}', {422}),
}


@pytest.mark.parametrize("name", BODIES)
def test_no_odd_body_is_taken_or_breaks_anything(running: Server, name: str) -> None:
    content, expected = BODIES[name]
    before = running.get("/api/config/")
    heard = tell(running, "PUT", "/api/config/", content)
    assert (heard.status in expected, heard.kind) == (True, "application/problem+json"), heard.body[:300]
    assert running.get("/api/config/") == before
    for path in ("/api/auth/login", "/api/queue/add", "/api/anime/add", "/api/anime/search"):
        assert tell(running, "POST", path, content, owner(running)).status in (400, 422), path
    assert "Traceback" not in running.log.read_text()


CHUNKED = ("Content-Type: application/json", "Transfer-Encoding: chunked")
ENDING = b"\r\n0\r\n\r\n"
CUT: dict[str, tuple[tuple[str, ...], bytes, set[int]]] = {
    "no size": (CHUNKED, b"zz\r\n{}" + ENDING, {400}),
    "size below zero": (CHUNKED, b"-2\r\n{}" + ENDING, {400}),
    "a header after the end": (CHUNKED, b"2\r\n{}\r\n0\r\nHost: evil.example\r\n\r\n", {400}),
    "larger than said": (CHUNKED, b"1\r\n{}" + ENDING, {400}),
    "size and chunks": ((*CHUNKED, "Content-Length: 2"), b"2\r\n{}" + ENDING, {400}),
    "chunks in other chunks": ((*CHUNKED, "Transfer-Encoding: identity"), b"2\r\n{}" + ENDING, {400}),
    "unknown coding": ((CHUNKED[0], "Transfer-Encoding: xchunked"), b"2\r\n{}" + ENDING, {400, 501}),
    "two sizes": ((CHUNKED[0], "Content-Length: 2", "Content-Length: 3"), b"{} ", {400}),
    "a signed size": ((CHUNKED[0], "Content-Length: +2"), b"{}", {400}),
    "two kinds": (("Content-Type: text/plain", CHUNKED[0], "Content-Length: 2"), b"{}", {400}),
    "two megabytes": (
        CHUNKED,
        b"".join(b"10000\r\n" + b" " * 65536 + b"\r\n" for _ in range(40)) + b"0\r\n\r\n",
        {413},
    ),
}


@pytest.mark.parametrize("name", CUT)
def test_a_body_that_is_not_what_was_announced_is_malformed(running: Server, name: str) -> None:
    headers, body, expected = CUT[name]
    assert ask(running, "PUT /api/config/ HTTP/1.1", owner(running), *headers, body=body).status in expected
    form = [one.replace("application/json", "application/x-www-form-urlencoded") for one in headers]
    assert ask(running, "POST /login HTTP/1.1", *form, body=body).status in (expected | {403})
    assert "Traceback" not in running.log.read_text()


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "application/json, text/plain",
        "application/xml",
    ],
)
def test_a06_only_json_is_taken_so_that_no_form_of_another_site_is_one(running: Server, kind: str) -> None:
    heard = ask(
        running,
        "POST /api/queue/pause HTTP/1.1",
        owner(running),
        f"Content-Type: {kind}",
        "Content-Length: 2",
        body=b"{}",
    )
    assert heard.status == 415


@pytest.mark.parametrize(
    "sign",
    [
        "Authorization: Bearer a.b.c",
        "Authorization: Bearer ",
        "Authorization: Bearer \xed\xa0\x80",
        "Authorization: Basic eDp5",
        "Authorization: ",
        "X-Api-Key: ",
        "X-Api-Key: aw_\xff",
        "Authorization: Bearer " + "a" * 7000,
        "Cookie: a=\xff; \xff=\x80",
        "Cookie: session=.",
    ],
)
def test_a35_an_odd_proof_is_none(running: Server, sign: str) -> None:
    assert ask(running, STATUS, sign).status == 401


def test_a35_two_proofs_are_none(running: Server) -> None:
    assert ask(running, STATUS, owner(running), "Authorization: Bearer x").status == 401
    assert ask(running, STATUS, "Authorization: Bearer x", owner(running)).status == 401
    assert ask(running, STATUS, "X-Api-Key: aw_x", owner(running)).status == 401


ORIGINS = (
    "null",
    "http://evil.example",
    "http://127.0.0.1:{port}.evil.example",
    "http://x@127.0.0.1:{port}",
    "http://127.1:{port}",
    "http://localhost:{port}",
    "http://127.0.0.1:1",
    "ws://127.0.0.1:{port}",
    "file://",
    "chrome-extension://x",
    "http://127.0.0.1:{port}/x",
    "http://127.0.0.1:{port}, http://evil.example",
    "javascript:1",
    "http://[",
)


@pytest.mark.parametrize("origin", ORIGINS)
def test_a07_no_origin_but_our_own_opens_a_socket(running: Server, origin: str) -> None:
    header = f"Origin: {origin.replace('{port}', str(running.port))}"
    polled = ask(running, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1", owner(running), header)
    assert (polled.status, b"sid" in polled.body) == (400, False)
    assert "access-control-allow-origin" not in polled.headers
    upgrade = (
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    )
    assert ask(running, "GET /ws/connect HTTP/1.1", owner(running), header, *upgrade).status == 403
    changed = ask(
        running,
        "POST /api/auth/login HTTP/1.1",
        header,
        "Content-Type: application/json",
        "Content-Length: 2",
        body=b"{}",
    )
    assert changed.status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("more", ["", "&j=0", "&sid=x"])
def test_a07_a_script_tag_of_another_site_opens_no_session(running: Server, site: str, more: str) -> None:
    """Such a tag sends no origin; browsers say of themselves where it stands."""
    first = f"GET /socket.io/?EIO=4&transport=polling{more} HTTP/1.1"
    heard = ask(running, first, owner(running), f"Sec-Fetch-Site: {site}", "Sec-Fetch-Dest: script")
    assert (heard.status, heard.kind, b"sid" in heard.body) == (403, "application/problem+json", False)
    if not more:
        for ours in ("same-origin", "none"):
            assert ask(running, first, owner(running), f"Sec-Fetch-Site: {ours}").status == 200


def test_a07_two_origins_are_no_way_in(running: Server) -> None:
    ours = f"Origin: http://127.0.0.1:{running.port}"
    for pair in ((ours, "Origin: http://evil.example"), ("Origin: http://evil.example", ours)):
        assert ask(running, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1", owner(running), *pair).status == 400


UPGRADE, KEY, VERSION = (
    "Connection: keep-alive, Upgrade",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Version: 13",
)
NO_HANDSHAKES = {
    "no version": (UPGRADE, KEY),
    "another version": (UPGRADE, KEY, "Sec-WebSocket-Version: 8"),
    "no key": (UPGRADE, VERSION),
    "two versions": (UPGRADE, KEY, VERSION, VERSION),
    "a short key": (UPGRADE, VERSION, "Sec-WebSocket-Key: AAAA"),
    "no upgrade": (KEY, VERSION),
    "another connection": ("Connection: keep-alive", KEY, VERSION),
    "nothing": (),
}


@pytest.mark.parametrize("name", NO_HANDSHAKES)
@pytest.mark.parametrize("path", ["/ws/connect", "/socket.io/?EIO=4&transport=websocket"])
def test_a23_a_websocket_that_is_opened_wrongly_is_no_fault_of_the_server(
    running: Server, path: str, name: str
) -> None:
    for sign in ((), (owner(running),)):
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{running.port}",
            "Upgrade: websocket",
            *sign,
            *NO_HANDSHAKES[name],
        ]
        heard = send(running, "\r\n".join([*lines, "", ""]).encode())
        assert (heard.status, heard.kind) == (400, "application/problem+json")
        assert heard.headers["sec-websocket-version"] == "13"
    assert "Traceback" not in running.log.read_text()


MESSAGES = (
    "",
    "null",
    "[]",
    "1",
    '"x"',
    "{",
    '{"action": null}',
    '{"action": ["join"]}',
    '{"action": "join"}',
    "[" * 30_000,
    '{"action": "join", "room": {"$ne": 1}}',
    '{"action": "join", "room": "__proto__"}',
    '{"action": "\\ud800"}',
    '{"action": "join", "room": NaN}',
    "\x00",
    '{"a":' * 3000,
)


def test_a23_odd_messages_on_the_websocket_are_answered_and_hurt_nobody(running: Server) -> None:
    address = running.url.replace("http", "ws") + "/ws/connect"
    line = websocket.create_connection(address, header=[owner(running)], timeout=10)
    for message in MESSAGES:
        line.send(message)
        told = json.loads(line.recv())
        assert told["type"] == "error" or told["data"]["ok"] is False, message[:40]
    line.send_binary(b"\xff\xfe")
    assert json.loads(line.recv())["type"] == "error"
    line.send('{"action": "join", "room": "downloads", "action": "auth"}')
    assert "token" in json.loads(line.recv())["data"]["error"]
    with pytest.raises((websocket.WebSocketException, OSError, ValueError)):  # a failed proof ends what came in before
        line.send('{"action": "ping"}')
        json.loads(line.recv())
    assert "Traceback" not in running.log.read_text()


@pytest.mark.parametrize(
    "query", ["sid={}", "%73id={}", "s%69d={}", "sid=&sid={}", "sid={}&sid=x", "x=1&%73id={}&sid=x"]
)
@pytest.mark.parametrize("body", [b"4" + b"x" * 100_000, b"4x\x1e" * 40 + b"4", b"7x", b"4\xff"])
def test_a23_a_session_named_in_an_odd_way_has_its_packets_looked_at_like_any(
    running: Server, query: str, body: bytes
) -> None:
    """One that Engine.IO saw and the gate before it did not would wait on itself for as long as it likes."""
    opened = requests.get(running.url + "/socket.io/?EIO=4&transport=polling").text
    address = "/socket.io/?EIO=4&transport=polling&" + query.format(json.loads(opened[1:])["sid"])
    heard = ask(running, f"POST {address} HTTP/1.1", f"Content-Length: {len(body)}", body=body)
    assert (heard.status, heard.kind) == (400, "application/problem+json")
    assert "Traceback" not in running.log.read_text()


def test_what_is_no_request_is_refused_like_any_other_and_told_nothing_of_itself(running: Server) -> None:
    """The line before gunicorn's parser: a request that is none never reaches a view."""
    broken: list[tuple[int, Callable[[], Heard]]] = [
        (400, lambda: ask(running, "GET / HTTP/2.0")),
        (400, lambda: ask(running, "GET / http/1.1")),
        (400, lambda: ask(running, "GET /<script> HTTP/1.1 \x1b[31m")),
        (400, lambda: ask(running, "GET /health HTTP/1.1", "X: y\r\n folded")),
        (431, lambda: ask(running, "GET /health HTTP/1.1", *[f"X{n}: y" for n in range(200)])),
        (414, lambda: ask(running, f"GET /{'a' * 9000} HTTP/1.1")),
        (400, lambda: ask(running, "GET /health HTTP/1.1", "X: <script>alert(1)</script>\x00")),
        (400, lambda: ask(running, "POST /api/auth/login HTTP/1.1", "Content-Length: -1")),
        (417, lambda: ask(running, "GET /health HTTP/1.1", "Expect: <script>")),
        (501, lambda: ask(running, "POST /api/auth/login HTTP/1.1", "Transfer-Encoding: <script>")),
    ]
    before = len(running.log.read_text())
    for status, one in broken:
        heard = one()
        said = json.loads(heard.body)
        assert (heard.status, said["status"], set(said)) == (status, status, {"type", "title", "status", "detail"})
        assert heard.headers["content-type"] == "application/problem+json"
        assert heard.headers["connection"] == "close"
        assert {name: heard.headers.get(name.lower()) for name in BARE} == BARE
        assert b"script" not in heard.body
    log = running.log.read_text()[before:]
    assert "<script" not in log
    assert "\x1b" not in log
    assert "Traceback" not in log
