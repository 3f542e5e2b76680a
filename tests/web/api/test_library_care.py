"""The recycle bin and renaming over the REST interface."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aniworld.app import create_app
from aniworld.core.media import EpisodeEntry, SeriesPage
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.models import AnimeSeries, DownloadQueueItem, Episode
from aniworld.services import AnimeSeriesService
from aniworld.services.container import Services
from aniworld.services.series.page_import import record_page
from tests.running import PASSWORD, until

ITEM = "00000000-0000-4000-8000-000000000001"


class Owner:
    def __init__(self, app: Any, library: Path) -> None:
        self.app, self.library = app, library
        self.services: Services = app.extensions["aniworld"]
        answer = app.test_client().post("/api/auth/login", json={"password": PASSWORD})
        self.headers = {"Authorization": f"Bearer {answer.get_json()['access_token']}"}

    def call(self, method: str, path: str, json: Any = None) -> Any:
        return self.app.test_client(use_cookies=False).open(path, method=method, json=json, headers=self.headers)

    def episode(self, key: str, number: int, file: str) -> Path:
        with self.services.database.writing() as session:
            series = session.query(AnimeSeries).filter_by(key=key).one()
            session.add(Episode(series_id=series.id, season=1, number=number, title=f"Teil {number}", file=file))
        path = self.library / series.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"film")
        return path


@pytest.fixture
def owner(tmp_path: Path, library: Path) -> Iterator[Owner]:
    app = create_app(
        {
            "ANIWORLD_INSTANCE": tmp_path / "instance",
            "ANIWORLD_LIBRARY": library,
            "ANIWORLD_MASTER_PASSWORD": PASSWORD,
            "ANIWORLD_CATALOGUE_URL": "http://127.0.0.1:9",
            "TESTING": True,
        }
    )
    made = Owner(app, library)
    with made.services.database.writing() as session:
        AnimeSeriesService.create(session, {"key": "nebel", "name": "Nebel", "folder": "Nebel"})
    yield made
    made.services.close()


def test_a_file_goes_into_the_bin_and_back(owner: Owner) -> None:
    entry = RecycleBin(owner.library).put(owner.episode("nebel", 1, "Season 01/Nebel - S01E01.mkv"))
    (item,) = owner.call("GET", "/api/recycle").get_json()
    assert (item["id"], item["path"]) == (entry.id, "Nebel/Season 01/Nebel - S01E01.mkv")
    assert item["removed_at"].endswith("Z")
    back = owner.call("POST", f"/api/recycle/{entry.id}/restore")
    assert back.get_json()["path"] == item["path"]
    again = owner.call("POST", f"/api/recycle/{entry.id}/restore")
    assert (again.status_code, again.content_type) == (404, "application/problem+json")


def test_entries_are_deleted_one_by_one_or_all(owner: Owner) -> None:
    entries = [RecycleBin(owner.library).put(owner.episode("nebel", n, f"S01E0{n}.mkv")) for n in (1, 2, 3)]
    assert owner.call("DELETE", f"/api/recycle/{entries[0].id}").status_code == 204
    assert owner.call("DELETE", f"/api/recycle/{entries[0].id}").status_code == 404
    assert owner.call("DELETE", "/api/recycle").get_json() == {"removed": 2}


def test_a_removed_series_can_be_brought_back_with_its_files(owner: Owner) -> None:
    path = owner.episode("nebel", 1, "Season 01/Nebel - S01E01.mkv")
    assert owner.call("DELETE", "/api/anime/nebel?files=recycle").status_code == 204
    assert not path.exists()
    (item,) = owner.call("GET", "/api/recycle").get_json()
    assert item["is_folder"] and item["path"] == "Nebel"
    assert owner.call("POST", f"/api/recycle/{item['id']}/restore").get_json()["episodes"] == ["S01E01"]
    assert owner.call("POST", "/api/anime/nebel/restore").status_code == 200
    (episode,) = owner.call("GET", "/api/anime/nebel").get_json()["episodes"]
    assert (episode["state"], path.exists()) == ("present", True)


def test_names_are_looked_at_changed_and_taken_back(owner: Owner) -> None:
    owner.episode("nebel", 1, "1.mkv")
    (line,) = owner.call("GET", "/api/anime/rename?key=nebel").get_json()
    assert line == {
        "key": "nebel",
        "season": 1,
        "episode": 1,
        "old": "1.mkv",
        "new": "Season 01/Nebel - S01E01 - Teil 1.mkv",
        "reason": None,
    }
    done = owner.call("POST", "/api/anime/rename", {"keys": ["nebel"]}).get_json()
    assert (done["done"], done["skipped"]) == (1, [])
    assert (owner.library / "Nebel" / line["new"]).exists()
    assert owner.call("POST", f"/api/anime/rename/{done['id']}/undo").get_json()["done"] == 1
    assert owner.call("POST", f"/api/anime/rename/{done['id']}/undo").status_code == 409
    assert (owner.library / "Nebel" / "1.mkv").exists()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/anime/rename?key=none-such", None, 404),
        ("GET", "/api/anime/rename?key=..%2F", None, 422),
        ("GET", "/api/anime/rename?folder=x", None, 422),
        ("POST", "/api/anime/rename", {"keys": ["No Key"]}, 422),
        ("POST", "/api/anime/rename", {"keys": "nebel"}, 422),
        ("POST", "/api/anime/rename", {"key": "nebel"}, 422),
        ("POST", "/api/anime/rename/x/undo", None, 404),
        ("POST", "/api/anime/rename/00000000-0000-0000-0000-000000000000/undo", None, 404),
    ],
)
def test_a_wish_that_is_none_is_refused(owner: Owner, method: str, path: str, body: Any, status: int) -> None:
    answer = owner.call(method, path, body)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_a_template_is_tried_before_it_is_kept(owner: Owner) -> None:
    shown = owner.call("POST", "/api/config/preview-name", {"template": "{series} {absolute:03}"})
    assert shown.get_json()["example"] == "Season 01/Steinwacht 002.mkv"
    flat = owner.call("POST", "/api/config/preview-name", {"template": "{absolute}", "season_folders": False})
    assert flat.get_json()["example"] == "2.mkv"
    wrong = owner.call("POST", "/api/config/preview-name", {"template": "{title}"})
    assert (wrong.status_code, list(wrong.get_json()["errors"])) == (422, ["template"])


def test_nobody_else_may(owner: Owner) -> None:
    stranger = owner.app.test_client(use_cookies=False)
    for method, path in (("GET", "/api/recycle"), ("DELETE", "/api/recycle"), ("POST", "/api/recycle/x/restore")):
        assert stranger.open(path, method=method).status_code == 401


def test_specials_get_numbers_of_ones_own(owner: Owner) -> None:
    changed = owner.call("PATCH", "/api/anime/nebel", {"specials": {"2": 5}})
    assert (changed.status_code, changed.get_json()["specials"]) == (200, {"2": 5})
    for wrong in ({"2": 0}, {"a": 1}, {"1": 3, "2": 3}, {"1": "2"}, [], "x"):
        refused = owner.call("PATCH", "/api/anime/nebel", {"specials": wrong})
        assert (refused.status_code, refused.content_type) == (422, "application/problem+json"), wrong
    assert owner.call("PATCH", "/api/anime/nebel", {"specials": {}}).get_json()["specials"] == {}


def test_entries_are_put_elsewhere(owner: Owner) -> None:
    changed = owner.call("PATCH", "/api/anime/nebel", {"numbering": {"https://x/1": "s2e1", "https://x/2": None}})
    assert changed.get_json()["numbering"] == {"https://x/1": "S02E01", "https://x/2": None}
    for wrong in ({"https://x/1": "first"}, {"a": "S01E01", "b": "S1E1"}, {"": None}):
        assert owner.call("PATCH", "/api/anime/nebel", {"numbering": wrong}).status_code == 422


def test_a_folder_is_given_to_a_series_listed_and_taken_back(owner: Owner) -> None:
    (owner.library / "Irgendein Ordner").mkdir()
    (owner.library / "Irgendein Ordner" / "S01E01.mkv").write_bytes(b"film")
    owner.call("POST", "/api/anime/rescan")
    owner.services.scan.wait(20)
    (offered,) = owner.call("GET", "/api/anime/unmatched").get_json()
    assert (offered["folder"], offered["files"]) == ("Irgendein Ordner", 1)
    wish = {"folder": "Irgendein Ordner", "key": "nebel"}
    made = owner.call("POST", "/api/anime/unmatched/match", wish)
    assert (made.status_code, made.get_json()["name"], made.get_json()["chosen_at"][-1]) == (200, "Nebel", "Z")
    owner.services.scan.wait(20)
    assert owner.call("GET", "/api/anime/unmatched").get_json() == []
    assert [one["key"] for one in owner.call("GET", "/api/anime/unmatched/match").get_json()] == ["nebel"]
    assert owner.call("GET", "/api/anime/nebel").get_json()["folder"] == "Irgendein Ordner"
    taken = "/api/anime/unmatched/match?folder=Irgendein%20Ordner"
    assert owner.call("DELETE", taken).status_code == 204
    owner.services.scan.wait(20)
    assert owner.call("DELETE", taken).status_code == 404
    assert owner.call("GET", "/api/anime/nebel").get_json()["folder"] == "Nebel"
    assert [one["folder"] for one in owner.call("GET", "/api/anime/unmatched").get_json()] == ["Irgendein Ordner"]
    assert owner.call("POST", "/api/anime/unmatched", {"folder": "Irgendein Ordner", "key": None}).status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/anime/unmatched/match", {"folder": "../x", "key": None}, 404),
        ("POST", "/api/anime/unmatched/match", {"folder": ".", "key": None}, 404),
        ("POST", "/api/anime/unmatched/match", {"folder": "x"}, 422),
        ("POST", "/api/anime/unmatched/match", {"folder": "x" * 300, "key": None}, 422),
        ("POST", "/api/anime/unmatched/match", {"folder": "x", "key": "No Key"}, 422),
        ("POST", "/api/anime/unmatched/match", [], 422),
        ("DELETE", "/api/anime/unmatched/match", None, 422),
        ("DELETE", "/api/anime/unmatched/match?folder=x&key=y", None, 422),
        ("DELETE", "/api/anime/unmatched/match?folder=%00", None, 422),
    ],
)
def test_a_choice_of_a_folder_that_is_none_is_refused(
    owner: Owner, method: str, path: str, body: Any, status: int
) -> None:
    answer = owner.call(method, path, body)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_a_renaming_in_the_background_is_asked_after_listed_and_taken_back(owner: Owner) -> None:
    owner.episode("nebel", 1, "1.mkv")
    begun = owner.call("POST", "/api/anime/rename", {"keys": ["nebel"], "background": True})
    assert (begun.status_code, begun.get_json()["status"]) == (202, "running")
    ended = until(lambda: (now := owner.call("GET", "/api/anime/rename/run").get_json())["status"] != "running" and now)
    assert (ended["status"], ended["done"], ended["id"]) == ("completed", 1, begun.get_json()["id"])
    (run,) = owner.call("GET", "/api/anime/rename/runs?limit=5").get_json()
    assert (run["files"], run["keys"], run["can_undo"]) == (1, ["nebel"], True)
    (line,) = owner.call("GET", f"/api/anime/rename/runs/{run['id']}").get_json()
    assert (line["old"], line["reason"]) == ("1.mkv", None)
    back = owner.call("POST", f"/api/anime/rename/{run['id']}/undo", {"background": True})
    assert back.status_code == 202
    until(lambda: (owner.library / "Nebel" / "1.mkv").exists())
    until(lambda: owner.call("GET", "/api/anime/rename/run").get_json()["status"] == "completed")
    assert owner.call("POST", f"/api/anime/rename/{run['id']}/undo", {"background": True}).status_code == 409
    assert owner.call("DELETE", "/api/anime/rename/run").get_json()["status"] == "completed"
    for path in ("/api/anime/rename/runs?limit=0", "/api/anime/rename/runs?limit=51", "/api/anime/rename/runs?x=1"):
        assert owner.call("GET", path).status_code == 422
    assert owner.call("GET", "/api/anime/rename/runs/00000000-0000-0000-0000-000000000000").status_code == 404
    assert owner.call("POST", "/api/anime/rename", {"background": "yes"}).status_code == 422


def test_a_special_under_another_number_is_renamed_and_found_again_by_a_scan(owner: Owner) -> None:
    with owner.services.database.writing() as session:
        series = session.query(AnimeSeries).filter_by(key="nebel").one()
        for number in (1, 2, 5):
            session.add(Episode(series_id=series.id, season=0, number=number, link="x", title=f"Film {number}"))
    for number in (2, 5):
        path = owner.library / "Nebel" / "Season 00" / f"Nebel - S00E{number:02d}.mkv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"film {number}".encode())
    _scanned(owner)
    refused = owner.call("PATCH", "/api/anime/nebel", {"specials": {"1": 1, "2": 5, "5": 5}})
    assert (refused.status_code, "specials 2 and 5 cannot both be S00E05" in refused.get_json()["detail"]) == (
        422,
        True,
    )
    assert owner.call("PATCH", "/api/anime/nebel", {"specials": {"1": 1, "2": 5, "5": 7}}).status_code == 200
    _scanned(owner)
    assert owner.call("POST", "/api/anime/rename", {"keys": ["nebel"]}).get_json()["done"] == 2
    with owner.services.database.writing() as session:  # as if the database were new: only the names tell
        session.query(Episode).update({"file": None})
    _scanned(owner)
    found = {one["episode"]: one["file"] for one in owner.call("GET", "/api/anime/nebel").get_json()["episodes"]}
    assert found == {
        1: None,
        2: "Season 00/Nebel - S00E05 - Film 2.mkv",
        5: "Season 00/Nebel - S00E07 - Film 5.mkv",
    }
    assert (owner.library / "Nebel" / found[2]).read_bytes() == b"film 2"
    page = owner.app.test_client(use_cookies=False).get("/series/nebel", headers=owner.headers).get_data(as_text=True)
    assert 'value="7" data-special="5"' in page


def _scanned(owner: Owner) -> None:
    assert owner.call("POST", "/api/anime/rescan").status_code == 202
    owner.services.scan.wait(20)


def test_entries_of_a_list_are_numbered_on_its_page(owner: Owner) -> None:
    with owner.services.database.writing() as session:
        entries = [Episode(season=1, number=n, title=f'Teil <{n}> "', link=f"https://x/{n}?a=1&b=2") for n in (1, 2)]
        session.add(AnimeSeries(key="liste", name="Liste", site="playlists", folder="Liste", episodes=entries))
    numbering = {"https://x/9?'\"<": "S02E01"}
    assert owner.call("PATCH", "/api/anime/liste", {"numbering": numbering}).status_code == 200
    page = owner.app.test_client(use_cookies=False).get("/series/liste", headers=owner.headers).get_data(as_text=True)
    assert 'data-entry="https://x/1?a=1&amp;b=2" data-code="S01E01"' in page
    told = html.unescape(re.search(r'data-entries="([^"]*)"', page)[1])
    assert json.loads(told) == numbering
    twice = {"https://x/1": "S01E05", "https://x/2": "s1e5"}
    refused = owner.call("PATCH", "/api/anime/liste", {"numbering": twice})
    assert (refused.status_code, "cannot both be S01E05" in refused.get_json()["detail"]) == (422, True)


def test_undo_of_a_removal_with_files_brings_both(owner: Owner) -> None:
    path = owner.episode("nebel", 1, "Wie auch immer.mkv")
    assert owner.call("DELETE", "/api/anime/nebel?files=recycle").status_code == 204
    assert not path.exists()
    assert owner.call("POST", "/api/anime/nebel/restore").status_code == 200
    (episode,) = owner.call("GET", "/api/anime/nebel").get_json()["episodes"]
    assert (episode["state"], episode["file"], path.exists()) == ("present", "Wie auch immer.mkv", True)
    assert owner.call("GET", "/api/recycle").get_json() == []


def test_restoring_the_files_of_a_removed_series_brings_both(owner: Owner) -> None:
    path = owner.episode("nebel", 1, "Wie auch immer.mkv")
    owner.call("DELETE", "/api/anime/nebel?files=recycle")
    (item,) = owner.call("GET", "/api/recycle").get_json()
    back = owner.call("POST", f"/api/recycle/{item['id']}/restore").get_json()
    assert back == {"path": "Nebel", "key": "nebel", "episodes": ["S01E01"], "series_restored": True}
    (episode,) = owner.call("GET", "/api/anime/nebel").get_json()["episodes"]
    assert (episode["state"], path.exists()) == ("present", True)


@pytest.mark.parametrize(
    "damage", [{"original": ""}, {"reason": "\ud800"}, {"original": "Nebel/\ud800"}, {"size_bytes": 1e999}]
)
def test_a_damaged_note_ends_neither_the_list_nor_the_page(owner: Owner, damage: dict[str, Any]) -> None:
    sound, odd = (RecycleBin(owner.library).put(owner.episode("nebel", n, f"S01E0{n}.mkv")) for n in (1, 2))
    note = owner.library / ".recycle" / odd.id / "manifest.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), **damage}))
    listed = {one["id"]: one["damaged"] for one in owner.call("GET", "/api/recycle").get_json()}
    assert listed[sound.id] is False and set(listed) == {sound.id, odd.id}
    client = owner.app.test_client()
    client.post("/api/auth/login", json={"password": PASSWORD})
    page = client.get("/settings/recycle")
    assert page.status_code == 200 and b"S01E01.mkv" in page.data
    if listed[odd.id]:
        answer = owner.call("POST", f"/api/recycle/{odd.id}/restore")
        assert answer.status_code == 422 and "damaged" in answer.get_json()["detail"]
        assert sorted(one.name for one in owner.library.parent.iterdir()) == ["instance", "library"]
        assert b"Its note is damaged" in page.data


def renumbered(owner: Owner) -> None:
    """The catalogue lists a new episode in front of two that are there."""
    for number in (1, 2):
        owner.episode("nebel", number, f"Nebel - S01E0{number}.mkv")
    listed = tuple(
        EpisodeEntry(1, n, f"x/staffel-1/episode-{n}", title)
        for n, title in enumerate(("<b>Prolog</b>", "Teil eins", "Teil zwei"), 1)
    )
    with owner.services.database.writing() as session:
        series = session.query(AnimeSeries).one()
        for row, title in zip(series.episodes, ("Teil eins", "Teil zwei"), strict=True):
            row.title = row.file_title = title
        record_page(session, series, SeriesPage("nebel", "Nebel", "aniworld.to", "x", seasons=(1,), episodes=listed))


def test_a_renumbering_is_shown_and_decided(owner: Owner) -> None:
    assert owner.call("GET", "/api/anime/nebel").get_json()["renumbering"] is None
    nothing = owner.call("POST", "/api/anime/nebel/renumbering", {"decision": "apply"})
    assert (nothing.status_code, nothing.get_json()["code"]) == (409, "conflict")
    renumbered(owner)
    found = owner.call("GET", "/api/anime/nebel").get_json()["renumbering"]
    assert (found["status"], found["seasons"], found["found_at"][-1]) == ("undecided", [1], "Z")
    assert found["episodes"][0] == {
        "season": 1,
        "episode": 1,
        "title": "Teil eins",
        "file": "Nebel - S01E01.mkv",
        "new_season": 1,
        "new_episode": 2,
        "new_title": "Teil eins",
    }
    assert found["added"] == [{"season": 1, "episode": 1, "title": "<b>Prolog</b>"}]
    refused = owner.call("POST", "/api/anime/rename", {"keys": ["nebel"]})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "renumbered")
    assert owner.call("POST", "/api/anime/rename", {"keys": ["nebel"], "background": True}).status_code == 409
    queued = owner.call("POST", "/api/queue/add", {"serie_id": "nebel", "episodes": ["S01E03"]}).get_json()
    assert queued["added"] == [] and "renumbered" in queued["skipped"][0]["reason"]
    client = owner.app.test_client()
    client.post("/api/auth/login", json={"password": PASSWORD})
    page = client.get("/series/nebel").get_data(as_text=True)
    assert 'data-renumbering="undecided"' in page and "Keep my numbers" in page and "&lt;b&gt;Prolog" in page
    german = client.get("/series/nebel", headers={"Accept-Language": "de"}).get_data(as_text=True)
    assert "Der Katalog hat diese Staffel neu nummeriert" in german
    for wrong in ({}, {"decision": "perhaps"}, {"decision": None}, {"decision": "keep", "x": 1}):
        assert owner.call("POST", "/api/anime/nebel/renumbering", wrong).status_code == 422
    assert owner.call("POST", "/api/anime/none/renumbering", {"decision": "keep"}).status_code == 404
    kept = owner.call("POST", "/api/anime/nebel/renumbering", {"decision": "keep"}).get_json()
    assert kept["renumbering"]["status"] == "kept" and kept["episodes"][0]["title"] == "Teil eins"
    page = client.get("/series/nebel").get_data(as_text=True)
    assert 'data-renumbering="kept"' in page and "Keep my numbers" not in page
    done = owner.call("POST", "/api/anime/nebel/renumbering", {"decision": "apply"}).get_json()
    assert done["renumbering"] is None
    assert [one["file"] for one in done["episodes"]] == [None, "Nebel - S01E01.mkv", "Nebel - S01E02.mkv"]


def test_history_follows_a_rename_and_its_undo(owner: Owner) -> None:
    owner.episode("nebel", 1, "1.mkv")
    with owner.services.database.writing() as session:
        item = DownloadQueueItem(id=ITEM, serie_id="nebel", season=1, episode=1, status="completed", file="Nebel/1.mkv")
        session.add(item)
        session.add(DownloadQueueItem(serie_id="x", season=1, episode=1, status="completed", file="Nebel/2.mkv"))
    done = owner.call("POST", "/api/anime/rename", {"keys": ["nebel"]}).get_json()
    assert owner.services.downloads.item(ITEM).file == "Nebel/Season 01/Nebel - S01E01 - Teil 1.mkv"
    owner.call("POST", f"/api/anime/rename/{done['id']}/undo")
    assert owner.services.downloads.item(ITEM).file == "Nebel/1.mkv"
