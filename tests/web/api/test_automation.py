"""What happens by itself, over the REST interface: tried by hand, and never telling a secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from aniworld.app import create_app
from aniworld.services import AnimeSeriesService
from aniworld.services.background import EXTRA, build_automation
from aniworld.services.container import Services
from tests.running import PASSWORD
from tests.services.listener import Answer, Listener

SECRET = "canary-9b1e44"


class Owner:
    """A signed-in client of an application whose background work waits in ``waiting``."""

    def __init__(self, client: FlaskClient, services: Services, listener: Listener) -> None:
        self.client = client
        self.waiting: list[Any] = []
        self.services = services
        self.listener = listener
        services.extras[EXTRA] = build_automation(
            database=services.database,
            bus=services.bus,
            registry=services.registry,
            anime=services.anime,
            downloads=services.downloads,
            progress=services.progress,
            settings=lambda: services.config.current,
            private_hosts=(listener.host,),
            user_agent="Aniworld/1",
            spawn=self.waiting.append,
            audit=services.audit,
            checks=services.system.checks,
        )
        answer = client.post("/api/auth/login", json={"password": PASSWORD})
        self.headers = {"Authorization": f"Bearer {answer.get_json()['access_token']}"}

    def call(self, method: str, path: str, json: Any = None) -> Any:
        client = self.client.application.test_client(use_cookies=False)
        return client.open(path, method=method, json=json, headers=self.headers)


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with Listener() as made:
        yield made


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> Iterator[Owner]:
    folder: Path = tmp_path_factory.mktemp("automation")
    app = create_app(
        {
            "ANIWORLD_INSTANCE": folder / "instance",
            "ANIWORLD_MASTER_PASSWORD": PASSWORD,
            "ANIWORLD_CATALOGUE_URL": "http://127.0.0.1:9",
            "TESTING": True,
        }
    )
    services: Services = app.extensions["aniworld"]
    yield Owner(app.test_client(), services, listener)
    services.close()


def test_notifications_are_tried_and_no_secret_comes_back(owner: Owner, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    owner.listener.answers["/bad"] = Answer(500, SECRET.encode())
    urls = [f"json://{owner.listener.host}/good", f"json://u:{SECRET}@{owner.listener.host}/bad?+X={SECRET}"]
    answer = owner.call("POST", "/api/notifications/test", {"urls": urls})
    assert answer.status_code == 200
    assert [one["ok"] for one in answer.get_json()] == [True, False]
    owner.services.config.update({"notifications": {"urls": urls[:1]}})
    assert [one["ok"] for one in owner.call("POST", "/api/notifications/test").get_json()] == [True]
    assert SECRET not in answer.text + caplog.text


@pytest.mark.parametrize(
    "body",
    [
        {"urls": []},
        {"urls": ["x" * 2001]},
        {"urls": ["json://x"] * 21},
        {"urls": "json://x"},
        {"url": "json://x"},
        {"urls": ["********"]},
    ],
)
def test_a_wish_that_is_none_is_refused(owner: Owner, body: Any) -> None:
    answer = owner.call("POST", "/api/notifications/test", body)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")


def test_the_media_server_is_tried(owner: Owner) -> None:
    assert owner.call("POST", "/api/media-server/test").status_code == 422
    server = {"kind": "jellyfin", "url": owner.listener.url, "token": SECRET}
    owner.services.config.update({"media_server": server})
    answer = owner.call("POST", "/api/media-server/test")
    assert answer.get_json() == {"target": "Jellyfin", "ok": True, "message": "Jellyfin answers and takes the token."}
    owner.listener.answers["/System/Info"] = Answer(401, SECRET.encode())
    refused = owner.call("POST", "/api/media-server/test")
    assert (refused.status_code, refused.get_json()["ok"]) == (200, False)
    assert SECRET not in refused.text


def test_a_look_begins_once_and_its_end_can_be_seen(owner: Owner) -> None:
    begun = owner.call("POST", "/api/tracking/look")
    assert (begun.status_code, begun.get_json()["running"]) == (202, True)
    assert owner.call("POST", "/api/tracking/look").status_code == 409
    assert owner.call("GET", "/api/tracking").get_json()["running"]
    owner.waiting.pop()()
    assert owner.call("GET", "/api/tracking").get_json() == {
        **begun.get_json(),
        "running": False,
        "completed_at": owner.call("GET", "/api/tracking").get_json()["completed_at"],
    }


def test_the_calendar_is_a_list_and_no_series(owner: Owner) -> None:
    assert owner.call("GET", "/api/anime/calendar").get_json() == []


def test_nobody_else_sets_anything_off(owner: Owner) -> None:
    stranger = owner.client.application.test_client(use_cookies=False)
    for path in ("/api/notifications/test", "/api/media-server/test", "/api/tracking/look"):
        assert stranger.post(path).status_code == 401
        assert owner.call("GET", path).status_code in (404, 405)
    assert stranger.get("/api/anime/calendar").status_code == 401


def test_a_series_is_told_whether_its_new_episodes_are_queued(owner: Owner) -> None:
    with owner.services.database.writing() as session:
        facts = {"key": "nebel", "name": "Nebel", "site": "aniworld.to", "link": "http://127.0.0.1:9/x"}
        AnimeSeriesService.create(session, facts)
    changed = owner.call("PATCH", "/api/anime/nebel", {"auto_download": True, "upgrade": True}).get_json()
    assert (changed["auto_download"], changed["upgrade"]) == (True, True)
    assert owner.call("PATCH", "/api/anime/nebel", {"auto_download": "yes"}).status_code == 422


def test_a_process_without_automation_says_so(owner: Owner) -> None:
    kept = owner.services.extras.pop(EXTRA)
    assert owner.call("POST", "/api/tracking/look").status_code == 503
    owner.services.extras[EXTRA] = kept
