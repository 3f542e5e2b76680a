"""Libraries that do not read pages on this Python are seen after the start, by real child processes."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest

from aniworld.app import build_services, create_app
from aniworld.config.environment import Environment
from aniworld.core.errors import Unavailable
from aniworld.services.health.parsers import ParserCheck
from tests.running import PASSWORD, Server, until

FAULTS = [["AniWorld series", "SelectorSyntaxError: Invalid character 'd' position 0"], ["player", "it reads nothing"]]


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", code)


def says(faults: list[list[str]]) -> tuple[str, ...]:
    return python(f"print({json.dumps(faults)!r})")


def test_libraries_that_work_are_in_order() -> None:
    assert ParserCheck().run().level == "ok"


def test_pages_that_are_not_read_right_are_an_error_with_versions_and_what_to_do(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        found = ParserCheck(says(FAULTS)).run()
    assert found.level == "error"
    assert "AniWorld series (SelectorSyntaxError: Invalid character 'd' position 0); player" in found.message
    assert f"Python {sys.version.split()[0]}" in found.message
    assert "soupsieve 2." in found.message
    assert "pip install -r requirements.txt" in found.advice
    assert "SelectorSyntaxError" in caplog.text


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import a_library_that_is_missing", "ModuleNotFoundError: No module named 'a_library_that_is_missing'"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "(code -11)"),
    ],
)
def test_a_library_that_cannot_be_loaded_or_crashes_is_an_error(code: str, why: str) -> None:
    found = ParserCheck(python(code)).run()
    assert (found.level, why in found.message) == ("error", True), found.message


@pytest.mark.parametrize("command", [python("import time; time.sleep(60)"), ("/does/not/exist",)], ids=["slow", "none"])
def test_what_could_not_be_found_out_is_a_warning(command: tuple[str, ...]) -> None:
    assert ParserCheck(command, within_s=0.5).run().level == "warning"


def test_the_child_runs_once(tmp_path: Path) -> None:
    count = tmp_path / "count"
    check = ParserCheck(python(f"open({str(count)!r}, 'a').write('x'); print('[]')"))
    assert check.run() is check.run()
    assert count.read_text() == "x"


def test_the_api_and_the_system_page_show_it(tmp_path: Path) -> None:
    app = create_app({"ANIWORLD_INSTANCE": str(tmp_path / "instance"), "ANIWORLD_MASTER_PASSWORD": PASSWORD})
    services = app.extensions["aniworld"]
    broken = ParserCheck(says(FAULTS))
    services.system.health.add(broken.check)
    broken.run()
    client = app.test_client()
    token = client.post("/api/auth/login", json={"password": PASSWORD}).json["access_token"]
    health = client.get("/api/health", headers={"Authorization": f"Bearer {token}"}).json
    (found,) = (one for one in health["checks"] if one["name"] == "parsers")
    assert (health["status"], found["level"]) == ("error", "error")
    page = client.get("/system", headers={"Accept-Language": "de"})  # signed in by the cookie of the login
    text = page.text
    assert page.status_code == 200
    assert "Lesen von Seiten" in text
    assert "starte den Server neu" in text
    services.close()


def test_a_worker_that_could_read_no_page_does_not_start(tmp_path: Path) -> None:
    from dataclasses import replace

    from aniworld.workers.worker_process import run_worker

    services = build_services(Environment(instance=tmp_path / "instance"))
    with pytest.raises(Unavailable, match=r"This worker does not start\. .* do not read these pages"):
        run_worker(replace(services, parsers=ParserCheck(says(FAULTS))), "one")
    services.close()


def test_a_running_server_has_read_the_bundled_pages(server: Server) -> None:
    def parsers() -> dict | None:
        return next((one for one in server.get("/api/health")["checks"] if one["name"] == "parsers"), None)

    assert until(parsers)["level"] == "ok"
