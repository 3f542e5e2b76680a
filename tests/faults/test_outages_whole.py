"""A whole server whose own disk is full, or whose database file goes: the disk's own message, and all continues
after.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Server, until

LINE = "The disk of the database is full"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a small disk needs the rights to mount one")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    path = folder / "ballast"
    with path.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                return path


def add_until_refused(server: Server) -> int:
    """The first status that is not 2xx. Early writes find room in what is already there."""
    for number in range(200):
        body = {"serie_id": f"s{number}", "serie_name": "x" * 200, "episodes": [f"S01E{e:02}" for e in range(1, 60)]}
        answer = server.call("POST", "/api/queue/add", body)
        if answer.status_code >= 300:
            return answer.status_code
    raise AssertionError("the disk takes everything")


@pytest.mark.slow
def test_a_full_disk_under_the_instance(small_disk: Path, tmp_path: Path) -> None:
    server = Server(small_disk / "instance", ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9")
    server.log = tmp_path / "server.log"
    server.start()
    try:
        server.configure(download={"auto_start": False})
        ballast = fill(small_disk)
        assert add_until_refused(server) in (503, 507)
        for _ in range(3):
            refused = server.call(
                "POST",
                "/api/queue/add",
                {"serie_id": "a", "serie_name": "x" * 200, "episodes": [f"S01E{number:02}" for number in range(1, 99)]},
            )
            assert refused.status_code in (503, 507)
            assert "disk" in refused.json()["detail"]
            assert "full" in refused.json()["detail"]
            assert int(refused.headers["Retry-After"]) >= 1
        settings = server.call("PUT", "/api/config/", {"download": {"history_limit": 77}})
        assert settings.status_code in (503, 507), settings.text
        assert "disk is full" in settings.json()["detail"]
        levels = {check["name"]: check["level"] for check in server.get("/api/health")["checks"]}
        assert levels["database"] == "error"
        ballast.unlink()
        server.post("/api/queue/add", {"serie_id": "a", "serie_name": "A", "episodes": ["S02E01"]})
        server.configure(download={"history_limit": 77})
        said = server.log.read_text()
        assert "Traceback" not in said, said[-3000:]
        assert said.count(LINE) == 1
    finally:
        server.stop()


def test_a_database_that_is_deleted_while_the_server_runs(tmp_path: Path) -> None:
    server = Server(tmp_path / "instance", ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9").start()
    try:
        path = server.instance / "aniworld.db"
        kept = path.with_name("kept.db")
        os.rename(path, kept)
        answer = server.call("POST", "/api/queue/start")
        assert answer.status_code == 503
        assert "deleted or replaced" in answer.json()["detail"]
        assert server.session.get(server.url + "/health", timeout=20).status_code == 503
        health = server.call("GET", "/api/health")
        assert "deleted or replaced" in health.text
        assert not path.exists()
        os.rename(kept, path)
        until(lambda: server.call("POST", "/api/queue/start").status_code == 200)
        assert "deleted or replaced" in server.log.read_text()
    finally:
        server.stop()
