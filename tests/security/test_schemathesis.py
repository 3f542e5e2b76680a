"""schemathesis reads the OpenAPI document and asks the running server whatever it can think of, for a minute."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import Server

# Held: no 500, every status documented, every answer of the documented kind and shape, bad payloads refused.
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,negative_data_rejection"
# These end the session that asks, or stop the server's answers to it.
ENDING = (
    "/api/auth/logout",
    "/api/auth/sessions/{session_id}",
    "/api/auth/password",
    "/api/auth/login",
    "/api/auth/setup",
)
SECONDS = 45


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_whatever_is_asked_is_answered_as_documented(server: Server, tmp_path: Path) -> None:
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert program, "schemathesis is not installed; make test installs it"
    left_out = [part for path in ENDING for part in ("--exclude-path", path)]
    command = [
        program, "run", f"{server.url}/api/openapi.json", "--checks", CHECKS, "--max-time", str(SECONDS),
        "--request-timeout", "20", "--seed", "1", "--no-color", "--phases", "examples,coverage,fuzzing",
        "-H", f"Authorization: Bearer {server.token}", *left_out,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=220, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "Traceback" not in server.log.read_text()
