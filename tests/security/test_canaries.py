"""Canary secrets are set everywhere and looked for in everything that leaves the process (A27)."""

from __future__ import annotations

import os
import re
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import pytest
import requests

from aniworld.services.access.tokens import derived
from tests.running import Server, command_line
from tests.security.test_second_factor import now_code
from tests.security.walking import every_route

CANARY = "canary-5e1f"
PASSWORD = f"{CANARY}-password"
ENDLESS = {"websocket"}


class Canaries:
    """What must not be seen, by name; ``look`` says where one is."""

    def __init__(self, server: Server) -> None:
        self.server = server
        key = derived((server.instance / "secret_key").read_bytes(), "token")
        session_id = jwt.decode(server.token, key, algorithms=["HS256"], issuer="aniworld")["jti"]
        made = server.post("/api/auth/keys", {"name": "x", "scope": "full"}, 201)
        calendar = server.post("/api/calendar/access", None, 201)
        totp = server.post("/api/auth/totp", {"password": PASSWORD}, 201)
        codes = server.post("/api/auth/totp/confirm", {"code": now_code(totp["secret"])}, 200)["recovery_codes"]
        self.code = codes.pop()  # for the browser that signs in
        server.configure(
            media_server={"kind": "jellyfin", "url": "http://127.0.0.1:9", "token": f"{CANARY}-token"},
            notifications={"urls": [f"json://u:{CANARY}-hook@127.0.0.1:9/{CANARY}-path"]},
        )
        self.session_id = session_id
        self.secrets = {
            "canary": CANARY,
            "token": server.token,
            "api key": made["key"],
            "totp": totp["secret"],
            **{f"recovery code {number}": code for number, code in enumerate(codes)},
            "calendar password": calendar["password"],
            "secret key": (server.instance / "secret_key").read_bytes().hex(),
        }

    def look(self, where: str, text: str) -> list[str]:
        return [f"{name} in {where}" for name, secret in self.secrets.items() if secret in text]


@pytest.fixture(scope="module")
def canaries(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("canaries")
    (folder / "library").mkdir()
    server = Server(
        folder / "instance",
        ANIWORLD_LIBRARY=str(folder / "library"),
        ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9",
        ANIWORLD_MASTER_PASSWORD=PASSWORD,
        ANIWORLD_PRIVATE_HOSTS="127.0.0.1",
    )
    server.start(sign_in=False)
    server.sign_in(PASSWORD)
    yield Canaries(server)
    server.stop()


def test_a27_no_answer_to_any_look_holds_a_secret(canaries: Canaries) -> None:
    """By token and by a browser's cookie; in bodies and in headers but for the cookie itself."""
    server = canaries.server
    browser = requests.Session()
    signed_in = browser.post(server.url + "/api/auth/login", json={"password": PASSWORD, "code": canaries.code})
    assert signed_in.status_code == 200
    paths = {path for endpoint, method, path in every_route() if method == "GET" and endpoint not in ENDLESS}
    paths |= {f"/settings/{part}" for part in ("notifications", "media_server", "backups", "access", "logging")}
    paths |= {f"/api/config/backups/{one['name']}" for one in server.get("/api/config/backups")}
    found = []
    for path in sorted(paths):
        for session in (server.session, browser):
            answer = session.get(server.url + path, timeout=30, allow_redirects=False)
            assert answer.status_code != 500, path
            headers = " ".join(value for name, value in answer.headers.items() if name != "Set-Cookie")
            found += canaries.look(path, answer.text + headers)
            if path != "/api/auth/sessions":  # the list of sessions names them, for the owner to end
                found += [f"session id in {path}"] if canaries.session_id in answer.text else []
    assert found == []


def test_a27_no_error_repeats_what_was_sent_in_secret(canaries: Canaries) -> None:
    wishes = (
        ("POST", "/api/auth/login", {"password": f"{CANARY}-wrong"}),
        ("POST", "/api/auth/login", {"password": [f"{CANARY}-list"]}),
        ("POST", "/api/auth/login", {"password": PASSWORD, "code": f"{CANARY}-code"}),
        ("POST", "/api/auth/totp/confirm", {"code": CANARY}),
        ("DELETE", "/api/auth/totp", {"password": f"{CANARY}-wrong", "code": CANARY}),
        ("POST", "/api/auth/password", {"current": f"{CANARY}-wrong", "new": CANARY}),
        ("PUT", "/api/config/", {"media_server": {"token": [CANARY]}}),
        ("PUT", "/api/config/", {"notifications": {"urls": [f"exec://{CANARY}"]}}),
        ("POST", "/api/config/validate", {"notifications": {"urls": [f"nope://{CANARY}", 7]}}),
        ("POST", "/api/notifications/test", {"urls": [f"json://u:{CANARY}@127.0.0.1:9/{CANARY}"]}),
        ("POST", "/api/notifications/test", None),
        ("POST", "/api/media-server/test", None),
    )
    for method, path, body in wishes:
        answer = canaries.server.call(method, path, body)
        assert canaries.look(f"{method} {path} {answer.status_code}", answer.text) == []


def test_a27_no_log_and_no_process_list_shows_a_secret(canaries: Canaries) -> None:
    server = canaries.server
    requests.get(server.url + f"/api/queue/status?token={CANARY}&api_key={CANARY}")
    requests.get(server.url + "/api/queue/status", headers={"X-Api-Key": f"aw_{CANARY}"})
    requests.get(server.url + "/api/queue/status", headers={"Authorization": f"Bearer {CANARY}.{CANARY}.{CANARY}"})
    logs = [server.log, *(server.instance / "logs").glob("*")]
    found = [one for path in logs for one in canaries.look(path.name, path.read_text())]
    found += [one for pid in server.tree() for one in canaries.look(f"process {pid}", command_line(pid).decode())]
    assert found == []
    assert not [path for path in logs if canaries.session_id in path.read_text()]


def test_a27_what_lies_on_disk_is_the_owners_alone(canaries: Canaries) -> None:
    instance = canaries.server.instance
    assert instance.stat().st_mode & 0o077 == 0
    secret = [path for path in _files(instance) if any(s.encode() in path.read_bytes() for s in (CANARY,))]
    assert secret
    assert [path.name for path in secret if path.stat().st_mode & 0o077] == []
    database = b"".join(path.read_bytes() for path in instance.glob("aniworld.db*"))
    for name in canaries.secrets.keys() - {"canary"}:
        assert canaries.secrets[name].encode() not in database, name
        assert canaries.secrets[name].replace("-", "").encode() not in database, name
    assert PASSWORD.encode() not in database


def test_a27_no_child_process_inherits_a_secret_or_leaves_one_in_a_file(canaries: Canaries) -> None:
    """A notification that nobody answers keeps its child alive for as long as it takes to look at it."""
    server = canaries.server
    before = {path for path in Path(tempfile.gettempdir()).iterdir() if path.is_file()}
    with socket.create_server(("127.0.0.1", 0)) as deaf, ThreadPoolExecutor(1) as other:
        deaf.settimeout(30)
        url = f"json://u:{CANARY}-hook@127.0.0.1:{deaf.getsockname()[1]}/{CANARY}-path"
        trial = other.submit(server.call, "POST", "/api/notifications/test", {"urls": [url]})
        connection, _ = deaf.accept()
        children = [pid for pid in server.tree() if b"notification" in command_line(pid)]
        assert children
        for pid in children:
            shown = command_line(pid).decode() + Path(f"/proc/{pid}/environ").read_text()
            assert canaries.look(f"process {pid}", shown) == []
            assert "ANIWORLD_MASTER_PASSWORD" not in shown
        connection.close()
        assert canaries.look("trial", trial.result().text) == []
    left = {path for path in Path(tempfile.gettempdir()).iterdir() if path.is_file()} - before
    assert not [path for path in left if os.access(path, os.R_OK) and CANARY.encode() in path.read_bytes()]


@pytest.mark.slow
def test_a27_the_setup_token_stands_in_the_log_and_nowhere_else(tmp_path: Path) -> None:
    server = Server(tmp_path / "instance", ANIWORLD_MASTER_PASSWORD="").start(sign_in=False)
    afar = {"X-Forwarded-For": "203.0.113.5"}
    try:
        found = re.search(r"setup token: (\S+)", server.log.read_text())
        assert found is not None
        for endpoint, method, path in every_route():
            if endpoint not in ENDLESS:
                answer = requests.request(method, server.url + path, allow_redirects=False, headers=afar)
                assert found[1] not in answer.text + str(answer.headers), path
        wrong = {"password": "a long password", "setup_token": found[1][:-1] + "~"}
        refused = requests.post(server.url + "/api/auth/setup", json=wrong, headers=afar)
        assert refused.status_code == 403 and wrong["setup_token"] not in refused.text
        kept = [path for path in _files(server.instance) if path.parent.name != "logs"]
        assert not [path for path in kept if found[1].encode() in path.read_bytes()]
    finally:
        server.stop()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
