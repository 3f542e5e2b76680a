"""Metrics are told with every kind of database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import Server

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_metrics_count_the_library(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    server = Server(tmp_path / "instance", ANIWORLD_DATABASE_URL=url, ANIWORLD_METRICS="true").start()
    try:
        answer = server.call("GET", "/metrics")
        assert answer.status_code == 200 and "aniworld_library_series 0.0" in answer.text
    finally:
        server.stop()
