"""schemathesis reads the OpenAPI document and asks the running server whatever it can think of, for a minute."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.running import Server

# Held: no 500, every status documented, every answer of the documented kind and shape, bad payloads refused.
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    ",negative_data_rejection"
)
# These end the session that asks, or stop the server's answers to it: they have servers of their own.
ENDING = (
    "/api/auth/logout",
    "/api/auth/sessions",
    "/api/auth/sessions/{session_id}",
    "/api/auth/password",
    "/api/auth/login",
    "/api/auth/setup",
)
SECOND_FACTOR = ("/api/auth/totp", "/api/auth/totp/confirm")
KEYS = ("/api/auth/keys", "/api/auth/keys/{key_id}")
SECONDS = 45


def ask_whatever(url: str, headers: dict[str, str], seconds: int, folder: Path, *more: str, document: str = "") -> None:
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert program, "schemathesis is not installed; make test installs it"
    sent = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = [
        program,
        "run",
        document or f"{url}/api/openapi.json",
        "--url",
        url,
        "--checks",
        CHECKS,
        "--max-time",
        str(seconds),
        "--request-timeout",
        "30",
        "--seed",
        "1",
        "--no-color",
        "--phases",
        "examples,coverage,fuzzing",
        *sent,
        *more,
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=260, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "tested" in done.stdout.lower() and "No operations" not in done.stdout


def parts(flag: str, paths: tuple[str, ...]) -> list[str]:
    return [part for path in paths for part in (flag, path)]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_whatever_is_asked_is_answered_as_documented(server: Server, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {server.token}"}
    ask_whatever(server.url, headers, SECONDS, tmp_path, *parts("--exclude-path", ENDING))
    assert "Traceback" not in server.log.read_text()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("paths", [ENDING, SECOND_FACTOR, KEYS], ids=["sessions", "second factor", "keys"])
def test_calls_that_end_something_are_answered_as_documented_too(tmp_path: Path, paths: tuple[str, ...]) -> None:
    """By an API key, which outlives every session. Tries that prove nothing come to 429 soon, which is documented."""
    server = Server(tmp_path / "instance", ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9").start()
    try:
        key = server.post("/api/auth/keys", {"name": "stays", "scope": "full"}, 201)["key"]
        ask_whatever(server.url, {"X-Api-Key": key}, 20, tmp_path, *parts("--include-path", paths))
        assert requests.get(server.url + "/health").status_code == 200
        assert "Traceback" not in server.log.read_text()
    finally:
        server.stop()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_server_without_a_password_answers_whatever_is_asked(tmp_path: Path) -> None:
    """The document is that of a server which has one: this one shows it to nobody."""
    served = Server(tmp_path / "first", ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9").start()
    document = tmp_path / "openapi.json"
    document.write_text(served.call("GET", "/api/openapi.json").text)
    served.stop()
    server = Server(tmp_path / "instance", ANIWORLD_MASTER_PASSWORD="").start(sign_in=False)
    try:
        paths = ("/api/auth/setup", "/api/auth/status", "/api/auth/login", "/api/queue/status")
        ask_whatever(server.url, {}, 15, tmp_path, *parts("--include-path", paths), document=str(document))
        assert "Traceback" not in server.log.read_text()
    finally:
        server.stop()
