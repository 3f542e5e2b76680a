"""Every kind of answer over a real connection, and the headers that it must bear: the score list of
docs/security.md.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from werkzeug.serving import make_server

from aniworld.app import create_app
from aniworld.demo.site import DemoSite
from tests.conftest import environment_for
from tests.running import PASSWORD, Server, until
from tests.security.talking import Heard, ask, owner, tell

PROXY = ("X-Forwarded-Proto: https", "X-Forwarded-For: 203.0.113.7")
DEMO = "lautlos-im-nebelwald"
ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, media_folder: Path) -> Iterator[Server]:
    """Behind a trusted proxy that speaks HTTPS, with one series and its cover."""
    folder = tmp_path_factory.mktemp("sealed")
    (folder / "library").mkdir()
    with DemoSite(media_folder) as site:
        server = Server(
            folder / "instance",
            ANIWORLD_TRUSTED_PROXIES="127.0.0.1",
            ANIWORLD_SECURE_COOKIES="true",
            ANIWORLD_METRICS="true",
            **environment_for(site, folder / "library"),
        ).start()
        server.post("/api/anime/add", {"link": f"{site.url}/anime/stream/{DEMO}"}, 201)
        until(lambda: server.call("GET", f"/api/anime/{DEMO}/cover").status_code == 200, 40)
        yield server
        server.stop()


class Kind(NamedTuple):
    """``first``: the request line; ``signed``: as the owner. ``kept``: a browser may keep it."""

    first: str
    status: int
    signed: bool = True
    headers: tuple[str, ...] = ()
    kept: bool = False


KINDS = {
    "page": Kind("GET / HTTP/1.1", 200),
    "fragment": Kind("GET / HTTP/1.1", 200, headers=("HX-Request: true",)),
    "settings": Kind("GET /settings/access HTTP/1.1", 200),
    "sign-in": Kind("GET /login HTTP/1.1", 200, signed=False),
    "led to sign in": Kind("GET /queue HTTP/1.1", 302, signed=False, headers=("Accept: text/html",)),
    "json": Kind("GET /api/queue/status HTTP/1.1", 200),
    "open json": Kind("GET /health HTTP/1.1", 200, signed=False),
    "refused": Kind("GET /api/queue/status HTTP/1.1", 401, signed=False),
    "forbidden": Kind("POST /api/auth/login HTTP/1.1", 403, signed=False, headers=("Origin: https://evil.example",)),
    "nothing there": Kind("GET /api/nowhere HTTP/1.1", 404),
    "no page": Kind("GET /nowhere HTTP/1.1", 404, headers=("Accept: text/html",)),
    "wrong method": Kind("DELETE /api/queue/status HTTP/1.1", 405),
    "too large": Kind(
        "PUT /api/config/ HTTP/1.1", 413, headers=("Content-Type: application/json", "Content-Length: 2000000")
    ),
    "no json": Kind("PUT /api/config/ HTTP/1.1", 415, headers=("Content-Type: text/plain", "Content-Length: 2")),
    "not valid": Kind("GET /api/anime/?page=x HTTP/1.1", 422),
    "unknown host": Kind("GET http://evil.example/ HTTP/1.1", 400),
    "openapi": Kind("GET /api/openapi.json HTTP/1.1", 200),
    "documentation": Kind("GET /api/docs HTTP/1.1", 200),
    "metrics": Kind("GET /metrics HTTP/1.1", 200),
    "cover": Kind(f"GET /api/anime/{DEMO}/cover HTTP/1.1", 200, kept=True),
    "no cover": Kind("GET /api/anime/made-up/cover HTTP/1.1", 404),
    "icon": Kind("GET /favicon.ico HTTP/1.1", 200, signed=False, kept=True),
    "manifest": Kind("GET /manifest.webmanifest HTTP/1.1", 200, signed=False),
    "style": Kind("GET /static/x/styles.css HTTP/1.1", 200, signed=False, kept=True),
    "unchanged": Kind(
        "GET /static/x/styles.css HTTP/1.1",
        304,
        signed=False,
        kept=True,
        headers=("If-Modified-Since: Fri, 31 Dec 2060 23:59:59 GMT",),
    ),
    "no file": Kind("GET /static/x/nothing.css HTTP/1.1", 404, signed=False),
    "handshake": Kind("GET /socket.io/?EIO=4&transport=polling HTTP/1.1", 200, signed=False),
    "handshake of another site": Kind(
        "GET /socket.io/?EIO=4&transport=polling HTTP/1.1", 400, headers=("Origin: https://evil.example",)
    ),
    "no such poll": Kind("GET /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1", 400),
    "odd packets": Kind("POST /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1", 400, headers=("Content-Length: 2",)),
    "websocket of another site": Kind(
        "GET /ws/connect HTTP/1.1",
        403,
        headers=(
            "Origin: https://evil.example",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ),
    ),
    "allowed methods": Kind("OPTIONS /api/queue/status HTTP/1.1", 200),
    "a look": Kind("HEAD /api/queue/status HTTP/1.1", 200),
}


def hear(server: Server, kind: Kind, *more: str) -> Heard:
    sign = (owner(server),) if kind.signed else ()
    body = b"{}" if "Content-Length: 2" in kind.headers else b""
    return ask(server, kind.first, *sign, *kind.headers, *more, body=body)


def is_private(heard: Heard) -> bool:
    return heard.headers.get("cache-control", "") == "no-store"


@pytest.mark.parametrize("name", KINDS)
def test_a37_every_kind_of_answer_is_kept_from_being_misused(sealed: Server, name: str) -> None:
    kind = KINDS[name]
    heard = hear(sealed, kind, *PROXY)
    assert heard.status == kind.status, heard.body[:300]
    assert {header: heard.headers.get(header) for header in ALWAYS} == ALWAYS
    policy = {part.split(" ")[0]: part.split(" ")[1:] for part in heard.headers["content-security-policy"].split("; ")}
    assert policy["default-src"] == ["'none'"] and policy["frame-ancestors"] == ["'none'"]
    assert not [
        word for words in policy.values() for word in words if "unsafe" in word or word in ("*", "http:", "https:")
    ]
    assert heard.headers["strict-transport-security"] == "max-age=31536000"
    assert is_private(heard) or ((kind.kept and "max-age" in heard.headers["cache-control"]) or kind.status == 304)
    assert (
        not kind.signed or "public" not in heard.headers["cache-control"]
    )  # a proxy keeps nothing that needs a sign-in
    assert not kind.kept or kind.status == 304 or "no-store" not in heard.headers["cache-control"]
    assert not set(heard.headers) & {"x-powered-by", "access-control-allow-credentials", "x-aspnet-version", "x-debug"}
    assert heard.headers.get("server", "gunicorn") == "gunicorn"  # its name, without a version
    if "set-cookie" in heard.headers:
        assert_cookie(heard.headers["set-cookie"])


@pytest.mark.parametrize("name", ["page", "settings", "sign-in", "documentation", "no page"])
def test_a37_a_page_runs_our_scripts_only_and_features_are_off(sealed: Server, name: str) -> None:
    first, second = hear(sealed, KINDS[name], *PROXY), hear(sealed, KINDS[name], *PROXY)
    policy = first.headers["content-security-policy"]
    for part in ("base-uri 'none'", "form-action 'self'", "img-src 'self' data:"):
        assert part in policy
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert nonce not in second.headers["content-security-policy"] and nonce.encode() not in second.body
    page = first.body.decode()
    assert all(f'nonce="{nonce}"' in tag or "application/json" in tag for tag in tags(page, "<script"))
    assert not [tag for tag in tags(page, "<") if " onclick=" in tag or " style=" in tag or " onload=" in tag]
    assert not [tag for tag in tags(page, "<") if 'src="http' in tag or ("<link" in tag and 'href="http' in tag)]
    assert (
        "camera=()" in first.headers["permissions-policy"] and "geolocation=()" in first.headers["permissions-policy"]
    )


def tags(page: str, start: str) -> list[str]:
    return [start + part.split(">")[0] for part in page.split(start)[1:]]


def assert_cookie(cookie: str) -> None:
    name, *flags = cookie.split("; ")
    assert name.startswith("__Host-aniworld_")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert not [flag for flag in flags if flag.startswith("Domain")]


def test_a05_the_cookie_is_ours_alone_whatever_the_proxy_says(sealed: Server) -> None:
    for proto in ("https", "http"):
        heard = tell(sealed, "POST", "/api/auth/login", {"password": PASSWORD}, f"X-Forwarded-Proto: {proto}")
        assert heard.status == 200
        assert_cookie(heard.headers["set-cookie"])
        assert ("strict-transport-security" in heard.headers) == (proto == "https")
    cookie = heard.headers["set-cookie"].split(";")[0]
    assert ask(sealed, "GET /api/queue/status HTTP/1.1", f"Cookie: {cookie}").status == 200
    planted = cookie.removeprefix("__Host-")
    assert ask(sealed, "GET /api/queue/status HTTP/1.1", f"Cookie: {planted}").status == 401


def test_a_backup_comes_as_a_file_that_nobody_keeps(sealed: Server) -> None:
    name = sealed.post("/api/config/backups", status=201)["name"]
    heard = ask(sealed, f"GET /api/config/backups/{name} HTTP/1.1", owner(sealed), *PROXY)
    assert heard.status == 200
    assert is_private(heard)
    assert {header: heard.headers.get(header) for header in ALWAYS} == ALWAYS
    sealed.post("/api/backups/", {}, 202)
    (whole,) = until(lambda: sealed.get("/api/backups/"), 60)
    heard = ask(sealed, f"GET /api/backups/{whole['name']} HTTP/1.1", owner(sealed), *PROXY)
    assert (heard.status, is_private(heard)) == (200, True)
    assert heard.headers["content-disposition"].startswith("attachment")


def test_browsers_are_told_https_only_where_the_owner_said_so(running: Server) -> None:
    for headers in ((), PROXY):
        heard = ask(running, "GET /login HTTP/1.1", *headers)
        assert "strict-transport-security" not in heard.headers
        assert heard.headers["x-content-type-options"] == "nosniff"


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/api/auth/status", "/login"])
def test_an_answer_to_our_own_mistake_is_sealed_and_tells_nothing(
    tmp_path: Path, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app({"ANIWORLD_INSTANCE": str(tmp_path), "ANIWORLD_MASTER_PASSWORD": PASSWORD})
    canary = "canary-4410"

    def broken() -> str:
        raise RuntimeError(f"{canary} in {__file__}")

    app.view_functions["auth.status"] = app.view_functions["pages.login"] = broken
    with make_server("127.0.0.1", 0, app, threaded=True) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        heard = ask(Server(tmp_path, port=server.port), f"GET {path} HTTP/1.1", "Accept: text/html")
        server.shutdown()
    app.extensions["aniworld"].close()
    assert heard.status == 500
    assert {header: heard.headers.get(header) for header in ALWAYS} == ALWAYS
    assert is_private(heard)
    assert not [word for word in (canary, "Traceback", "RuntimeError", __file__) if word.encode() in heard.body]
    assert canary in caplog.text
