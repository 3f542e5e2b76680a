"""A restore waits for requests that change something, and later ones are refused until its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from aniworld.app import create_app
from aniworld.models.restore_hold import Hold
from aniworld.services.backup.service import RESTORE_RUNS
from aniworld.services.container import Services
from tests.running import PASSWORD


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(
        {
            "ANIWORLD_INSTANCE": tmp_path / "instance",
            "ANIWORLD_MASTER_PASSWORD": PASSWORD,
            "ANIWORLD_CATALOGUE_URL": "http://127.0.0.1:9",
        }
    )
    yield made
    made.extensions["aniworld"].close()


@pytest.fixture
def hold(app: Flask) -> Hold:
    services: Services = app.extensions["aniworld"]
    return services.downloads.hold


@pytest.fixture
def seen(app: Flask, hold: Hold) -> list[bool]:
    """What the hold said inside each request: whether all changes had ended."""
    found: list[bool] = []

    def change() -> str:
        found.append(hold.drained(0))
        return "done"

    def fail() -> str:
        found.append(hold.drained(0))
        raise RuntimeError("planted")

    app.add_url_rule("/api/made-up/change", "made_up_change", change, methods=["GET", "POST"])
    app.add_url_rule("/api/made-up/fail", "made_up_fail", fail, methods=["POST"])
    return found


@pytest.fixture
def owner(app: Flask, seen: list[bool]) -> FlaskClient:
    client = app.test_client()
    answer = client.post("/api/auth/login", json={"password": PASSWORD})
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {answer.get_json()['access_token']}"
    return client


def test_a_restore_waits_for_a_request_that_changes_something(owner: FlaskClient, hold: Hold, seen: list[bool]) -> None:
    assert owner.post("/api/made-up/change").status_code == 200
    assert owner.post("/api/made-up/fail").status_code == 500
    assert seen == [False, False] and hold.drained(0)


def test_a_request_that_reads_keeps_no_restore_waiting(owner: FlaskClient, hold: Hold, seen: list[bool]) -> None:
    assert owner.get("/api/made-up/change").status_code == 200
    assert seen == [True]


def test_during_a_restore_changes_are_refused_and_leave_nothing_behind(
    owner: FlaskClient, hold: Hold, seen: list[bool]
) -> None:
    with hold.closed(RESTORE_RUNS):
        refused = owner.post("/api/made-up/change")
        assert refused.status_code == 409 and refused.get_json()["detail"] == RESTORE_RUNS
        assert owner.get("/api/made-up/change").status_code == 200
        assert hold.drained(0)
    assert owner.post("/api/made-up/change").status_code == 200 and hold.drained(0)
