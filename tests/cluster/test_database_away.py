"""The database stops, freezes and restarts under a running server: a clear answer each time, and all goes on
afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.cluster.machines import DatabaseMachine, MariaDB, PostgreSQL, running
from tests.running import Server, until

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(300)]
WISHES = (
    ("GET", "/api/queue/status", None),
    ("GET", "/api/anime", None),
    ("GET", "/api/auth/sessions", None),
    ("GET", "/api/queue/items?q=a", None),
    ("POST", "/api/queue/start", None),
    ("POST", "/api/queue/add", {"serie_id": "some-series", "serie_name": "Some", "episodes": ["S01E01"]}),
    ("DELETE", "/api/queue/failed", None),
)
PATIENCE_S = 25.0  # ten for an answer, five for a new connection, and a slow machine


@pytest.fixture(params=[PostgreSQL, MariaDB], ids=["postgresql", "mariadb"])
def machine(request: pytest.FixtureRequest) -> Iterator[DatabaseMachine]:
    """One of its own: nobody else shall wait for it."""
    with running(request.param) as made:
        yield made


@pytest.fixture
def server(machine: DatabaseMachine, tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "library").mkdir()
    made = Server(
        tmp_path / "instance",
        ANIWORLD_DATABASE_URL=machine.new_database(),
        ANIWORLD_LIBRARY=str(tmp_path / "library"),
        ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9",
    )
    made.start()
    yield made
    made.stop()


def refused(server: Server) -> None:
    """Every wish is answered with 503 in good time, and /health says so too."""
    for method, path, body in WISHES:
        began = time.monotonic()
        answer = server.call(method, path, body)
        took = time.monotonic() - began
        assert answer.status_code == 503, f"{method} {path}: {answer.status_code} {answer.text}"
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert int(answer.headers["Retry-After"]) >= 1
        assert "database" in answer.json()["detail"]
        assert took < PATIENCE_S, f"{method} {path} took {took:.1f} s"
    assert requests.get(server.url + "/health", timeout=30).status_code == 503
    page = server.call("GET", "/", headers={"Accept": "text/html"})
    assert page.status_code == 503


def granted(server: Server) -> None:
    for method, path, body in WISHES[:-1]:
        answer = server.call(method, path, body)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"


def test_a_stopped_database(server: Server, machine: DatabaseMachine) -> None:
    granted(server)
    machine.stop()
    refused(server)
    machine.start()
    until(server.answers)
    granted(server)
    assert "Traceback" not in server.call("GET", "/api/queue/status").text


def test_a_frozen_database(server: Server, machine: DatabaseMachine) -> None:
    granted(server)
    machine.pause()
    began = time.monotonic()
    assert server.call("GET", "/api/queue/status").status_code == 503
    assert requests.get(server.url + "/health", timeout=30).status_code == 503
    assert requests.get(server.url + "/static/css/styles.css", timeout=5).status_code in (200, 404)
    assert time.monotonic() - began < 2 * PATIENCE_S
    machine.resume()
    until(server.answers)
    granted(server)


def test_connections_that_a_restart_ended_are_replaced_before_anybody_notices(
    server: Server, machine: DatabaseMachine
) -> None:
    granted(server)
    for _ in range(2):
        machine.stop()
        machine.start()
        granted(server)


def test_a_server_does_not_start_without_its_database_and_says_why(tmp_path: Path) -> None:
    server = Server(tmp_path / "instance", ANIWORLD_DATABASE_URL="postgresql://aniworld:geheimes@127.0.0.1:9/aniworld")
    with pytest.raises(AssertionError, match="cannot be used"):
        server.start()
    said = server.log.read_text()
    assert "127.0.0.1" in said
    assert "geheimes" not in said
