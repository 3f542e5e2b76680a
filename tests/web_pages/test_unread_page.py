"""Files that a scan did not understand, over REST and on the series' page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from aniworld.app import create_app
from aniworld.models import utcnow
from aniworld.services import AnimeSeriesService
from aniworld.services.container import Services
from tests.running import PASSWORD

HOSTILE = "<img src=x onerror=alert()>"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    (tmp_path / "library" / "Nebel").mkdir(parents=True)
    made = create_app(
        {
            "ANIWORLD_INSTANCE": tmp_path / "instance",
            "ANIWORLD_LIBRARY": tmp_path / "library",
            "ANIWORLD_MASTER_PASSWORD": PASSWORD,
            "ANIWORLD_CATALOGUE_URL": "http://127.0.0.1:9",
            "TESTING": True,
        }
    )
    yield made
    made.extensions["aniworld"].close()


@pytest.fixture
def owner(app: Flask) -> FlaskClient:
    client = app.test_client()
    assert client.post("/api/auth/login", json={"password": PASSWORD}).status_code == 200
    return client


def scanned(app: Flask, *names: str) -> None:
    """A series whose folder holds files of these names, after a scan."""
    services: Services = app.extensions["aniworld"]
    folder = Path(services.config.current.library.root) / "Nebel"
    for name in names:
        (folder / name).write_bytes(b"film")
    facts = {"key": "nebel", "name": "Nebel", "site": "s.to", "link": "https://s.to/serie/nebel", "folder": "Nebel"}
    with services.database.writing() as session:
        AnimeSeriesService.create(session, facts | {"refreshed_at": utcnow()})
    services.scan.start()
    assert services.scan.wait(20)


def test_the_answer_and_the_page_list_them_as_text(app: Flask, owner: FlaskClient) -> None:
    scanned(app, f"{HOSTILE}.mkv", "S01E01.mkv")
    found = owner.get("/api/anime/nebel").get_json()
    reason = "No episode number was found in the name."
    assert found["unread_files"] == [{"file": f"{HOSTILE}.mkv", "reason": reason}] and found["unread_count"] == 1
    shown = owner.get("/series/nebel").text
    assert "Files that were not understood" in shown and reason in shown
    assert "1 video in the folder of this series counts as no episode." in shown and "press Rescan" in shown
    assert HOSTILE not in shown and "&lt;img src=x onerror=alert()&gt;.mkv" in shown


def test_the_page_lists_them_in_german(app: Flask, owner: FlaskClient) -> None:
    scanned(app, "Irgendwas.mkv", "Noch etwas.mkv")
    shown = owner.get("/series/nebel", headers={"Accept-Language": "de"}).text
    assert "Nicht erkannte Dateien" in shown and "Im Namen steht keine Folgennummer." in shown
    assert "2 Videos im Ordner dieser Serie konnten keiner Folge zugeordnet werden." in shown


def test_a_long_list_says_how_many_more_there_are(app: Flask, owner: FlaskClient) -> None:
    scanned(app, *(f"Wort {'x' * number}.mkv" for number in range(1, 112)))
    shown = owner.get("/series/nebel").text
    assert shown.count('class="unread-name"') == 100 and "and 11 more" in shown and "111 videos" in shown


def test_a_series_whose_files_are_all_understood_has_no_such_list(app: Flask, owner: FlaskClient) -> None:
    scanned(app, "S01E01.mkv")
    found = owner.get("/api/anime/nebel").get_json()
    assert (found["unread_files"], found["unread_count"]) == ([], 0)
    assert "data-unread" not in owner.get("/series/nebel").text


def test_the_document_describes_the_list(owner: FlaskClient) -> None:
    schemas = owner.get("/api/openapi.json").get_json()["components"]["schemas"]
    assert set(schemas["UnreadFile"]["properties"]) == {"file", "reason"}
    assert {"unread_files", "unread_count"} <= set(schemas["AnimeDetail"]["properties"])
