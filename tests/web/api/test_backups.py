"""Whole backups over the REST interface, on a real server."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from aniworld.services.backup.store import BackupShelf
from tests.running import PASSWORD, Server, until

pytestmark = pytest.mark.slow


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "library").mkdir()
    server = Server(
        tmp_path / "instance",
        ANIWORLD_LIBRARY=str(tmp_path / "library"),
        ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9",
        ANIWORLD_PRIVATE_HOSTS="127.0.0.1",
    )
    server.start()
    yield server
    server.stop()


def ended(server: Server) -> dict[str, Any]:
    return until(lambda: (work := server.get("/api/backups/work"))["status"] != "running" and work, 60)


def made(server: Server, **wish: Any) -> str:
    assert server.post("/api/backups", wish or None, status=202)["status"] == "running"
    work = ended(server)
    assert (work["status"], work["error"]) == ("completed", None)
    return str(work["name"])


def test_a_backup_is_made_checked_taken_away_and_deleted(running: Server) -> None:
    name = made(running)
    (listed,) = [one for one in running.get("/api/backups") if one["name"] == name]
    assert (listed["kind"], listed["created_at"][-1]) == ("manual", "Z")
    got = running.call("GET", f"/api/backups/{name}")
    assert got.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert len(got.content) == listed["size_bytes"]
    with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
        assert {"manifest.json", "config.json", "database/anime_series.jsonl"} <= set(archive.namelist())
    running.post(f"/api/backups/{name}/verify", status=202)
    work = ended(running)
    assert (work["status"], work["facts"]["secrets"], work["percent"]) == ("completed", True, 100.0)
    assert running.call("DELETE", f"/api/backups/{name}").status_code == 204
    assert running.call("GET", f"/api/backups/{name}").status_code == 404


def test_a_damaged_backup_is_told_in_a_sentence(running: Server) -> None:
    name = made(running)
    path = BackupShelf(running.instance).path(name)
    path.write_bytes(path.read_bytes()[:-30])
    running.post(f"/api/backups/{name}/verify", status=202)
    work = ended(running)
    assert (work["status"], work["error_code"]) == ("failed", "invalid_input")
    assert "no backup of Aniworld" in work["error"]


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "%2e%2e",
        "config.json",
        "..%2f..%2fsecret_key",
        "aniworld-20260101-000000-manual-00000000.zip",
        "a" * 3000,
    ],
)
def test_a9_other_names_are_not_found(running: Server, name: str) -> None:
    for method, end in (("GET", ""), ("DELETE", ""), ("POST", "/verify"), ("POST", "/restore")):
        answer = running.call(method, f"/api/backups/{name}{end}")
        assert answer.status_code in (404, 405), (method, end, answer.status_code)


@pytest.mark.parametrize("body", [{"nonsense": 1}, {"without_secrets": "yes"}, [1], "x"])
def test_wrong_wishes_are_refused(running: Server, body: Any) -> None:
    assert running.call("POST", "/api/backups", body).status_code == 422


def test_keys_neither_take_backups_away_nor_bring_them_back(running: Server) -> None:
    name = made(running)
    for scope, make in (("read", 403), ("full", 202)):
        key = running.post("/api/auth/keys", {"name": scope, "scope": scope})["key"]

        def call(method: str, path: str, key: str = key) -> int:
            return requests.request(method, running.url + path, headers={"X-Api-Key": key}, timeout=20).status_code

        assert call("GET", "/api/backups") == 200
        assert call("GET", f"/api/backups/{name}") == 403
        assert call("POST", f"/api/backups/{name}/restore") == 403
        assert call("POST", "/api/backups") == make
        ended(running)
    assert requests.get(f"{running.url}/api/backups", timeout=20).status_code == 401


def test_a_restore_brings_everything_back_without_a_restart(house: Server) -> None:
    house.configure(download={"concurrency": 7})
    name = made(house)
    house.configure(download={"concurrency": 2})
    house.call("POST", "/api/auth/password", {"current": PASSWORD, "new": "another password altogether"})
    before, old = house.tree(), house.session.headers["Authorization"]
    assert house.post(f"/api/backups/{name}/restore", status=202)["what"] == "restore"
    until(lambda: house.call("GET", "/api/backups/work").status_code == 401, 60)
    assert house.tree()[:2] == before[:2], "the same processes go on"
    house.sign_in(PASSWORD)
    assert house.session.headers["Authorization"] != old
    work = ended(house)
    assert (work["status"], work["facts"]["warnings"]) == ("completed", [])
    assert until(lambda: house.get("/api/config/")["download"]["concurrency"] == 7, 5)
    kinds = [one["kind"] for one in house.get("/api/backups")]
    assert sorted(kinds) == ["before-restore", "manual"]
    assert [one["detail"] for one in house.get("/api/auth/audit?kind=backup_restored")] == [name]


def test_one_at_a_time_and_requests_are_answered_meanwhile(house: Server) -> None:
    house.post("/api/backups", status=202)
    answer = house.call("POST", "/api/backups")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_running")
    slowest = 0.0
    while house.get("/api/backups/work")["status"] == "running":
        began = time.monotonic()
        house.get("/api/queue/status")
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 2.0
    assert ended(house)["status"] == "completed"
