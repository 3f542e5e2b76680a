"""A database that only reads, as a standby after a failover does: 503 with a sentence, and all continues afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster.machines import DatabaseMachine, MariaDB, PostgreSQL
from tests.running import Server, until

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(300)]


@contextmanager
def postgresql_reads(machine: DatabaseMachine, url: str) -> Iterator[None]:
    name = url.rpartition("/")[2]
    machine.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    machine.execute(end)
    yield
    machine.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


@contextmanager
def mariadb_reads(machine: DatabaseMachine, url: str) -> Iterator[None]:
    machine.execute("SET GLOBAL read_only = 1")
    yield
    machine.execute("SET GLOBAL read_only = 0")


def check(tmp_path: Path, url: str, reads: Callable[[], object]) -> None:
    server = Server(
        tmp_path / "instance",
        ANIWORLD_DATABASE_URL=url,
        ANIWORLD_LIBRARY=str(tmp_path / "library"),
        ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9",
    ).start()
    try:
        with reads():  # type: ignore[attr-defined]
            for _ in range(3):
                answer = server.call("POST", "/api/queue/start")
                assert answer.status_code == 503, answer.text
                assert "read-only" in answer.json()["detail"]
                assert int(answer.headers["Retry-After"]) >= 1
            assert server.call("GET", "/api/anime").status_code == 200
            named = {one["name"]: one for one in server.get("/api/health")["checks"]}
            assert named["database"]["level"] == "error"
            assert "read-only" in named["database"]["message"]
        until(lambda: server.call("POST", "/api/queue/start").status_code == 200)
        said = server.log.read_text()
        assert "Traceback" not in said, said[-3000:]
        assert said.count("The database is read-only at this moment") <= 3
    finally:
        server.stop()


def test_postgresql(tmp_path: Path, postgresql: PostgreSQL, postgresql_url: str) -> None:
    check(tmp_path, postgresql_url, lambda: postgresql_reads(postgresql, postgresql_url))


def test_mariadb(tmp_path: Path, mariadb: MariaDB, mariadb_url: str) -> None:
    check(tmp_path, mariadb_url.replace("//aniworld:", "//plain:"), lambda: mariadb_reads(mariadb, mariadb_url))
