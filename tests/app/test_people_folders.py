"""Downloads into folders as people have them, over a real server, a real site and real children."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from aniworld.demo.site import DemoSite
from tests.app.test_main_job import BAKERY, FOG, add, finished, item_of, plays
from tests.running import Server, until

FOLDER = unicodedata.normalize("NFD", 'Die  Bäckerei: am "Ende"? der Zeit...')


def download(server: Server, key: str, code: str, number: int = 1) -> dict:
    server.post("/api/queue/add", {"serie_id": key, "episodes": [code]}, 201)
    server.post("/api/queue/start")
    return until(lambda: finished(server, number), 60)


def test_a_folder_of_another_spelling_takes_a_download_keeps_its_name_and_goes_into_the_bin(
    server: Server, demo_site: DemoSite, library: Path
) -> None:
    season = library / FOLDER / "Staffel 1"
    season.mkdir(parents=True)
    (season / "Folge 2.mkv").write_bytes(b"mine")
    link = f"{demo_site.url}/anime/stream/{BAKERY}"
    assert server.post("/api/anime/add", {"link": link, "folder": FOLDER}, 201)["folder"] == FOLDER
    until(lambda: server.get(f"/api/anime/{BAKERY}")["episodes"])

    status = download(server, BAKERY, "S01E01")
    assert status["failed_downloads"] == []
    (item,) = status["completed_downloads"]
    path = library / item["file"]
    assert path.parent == season and plays(path)
    assert [one.name for one in (library / FOLDER).iterdir() if one.is_dir()] == ["Staffel 1"]
    assert [name for name in os.listdir(library) if not name.startswith(".")] == [FOLDER]

    changed = server.call("PATCH", f"/api/anime/{BAKERY}", {"name": "Neu", "folder": FOLDER}).json()
    assert (changed["title"], changed["folder"]) == ("Neu", FOLDER)
    server.post("/api/anime/rescan", {}, 202)
    until(lambda: server.get("/api/anime/scan")["status"] == "completed")
    states = {one["episode"]: one["state"] for one in server.get(f"/api/anime/{BAKERY}")["episodes"]}
    assert (states[1], states[2], states[3]) == ("present", "present", "missing")

    assert server.call("DELETE", f"/api/anime/{BAKERY}?files=recycle").status_code == 204
    assert not (library / FOLDER).exists()
    (entry,) = server.get("/api/recycle/")
    assert server.post(f"/api/recycle/{entry['id']}/restore")["path"] == FOLDER
    assert (season / "Folge 2.mkv").read_bytes() == b"mine"


def test_a_linked_folder_is_refused_before_anything_is_fetched_and_taken_once_it_is_allowed(
    server: Server, demo_site: DemoSite, library: Path, tmp_path: Path
) -> None:
    second = tmp_path / "second disk"
    (second / "Nebel").mkdir(parents=True)
    (library / "Nebel").symlink_to(second / "Nebel")
    link = f"{demo_site.url}/anime/stream/{FOG}"
    server.post("/api/anime/add", {"link": link, "folder": "Nebel"}, 201)
    until(lambda: server.get(f"/api/anime/{FOG}")["episodes"])
    server.post("/api/anime/rescan", {}, 202)
    scan = until(lambda: (told := server.get("/api/anime/scan"))["status"] == "completed" and told)
    assert any(f"Nebel is a link to {second}/Nebel, outside of the library" in one for one in scan["warnings"])
    checks = {one["name"]: one for one in server.get("/api/health")["checks"]}
    assert checks["library_links"]["level"] == "warning" and str(second) in checks["library_links"]["message"]

    server.post("/api/queue/add", {"serie_id": FOG, "episodes": ["S01E01"]}, 201)
    server.post("/api/queue/start")
    failed = until(lambda: item_of(server, FOG, 1, error=True), 30)
    assert failed["status"] == "failed" and "outside of the library" in failed["error"]
    assert failed["downloaded_bytes"] == 0 and not list((library / ".incoming").glob("*/*"))
    assert os.listdir(second / "Nebel") == []

    wrong = server.call("PUT", "/api/config/", {"library": {"link_roots": ["/etc"]}})
    assert wrong.status_code == 422 and "library.link_roots" in wrong.json()["errors"]
    server.configure(library={"link_roots": [str(second)]})
    server.post("/api/queue/retry")
    server.post("/api/queue/start")
    status = until(lambda: (told := server.get("/api/queue/status"))["completed_downloads"] and told, 60)
    file = status["completed_downloads"][0]["file"]
    assert file.startswith("Nebel/Season 01/") and plays(second / file)
    checks = {one["name"]: one for one in server.get("/api/health")["checks"]}
    assert checks["library_links"]["level"] == "ok", checks["library_links"]


def test_a_series_that_gets_another_folder_has_its_files_and_no_others(
    server: Server, demo_site: DemoSite, library: Path
) -> None:
    for path in ("Alt/S01E01.mkv", "Neu: 2/S01E02.mkv"):
        (library / path).parent.mkdir()
        (library / path).write_bytes(b"mine")
    link = f"{demo_site.url}/anime/stream/{FOG}"
    server.post("/api/anime/add", {"link": link, "folder": "Alt"}, 201)
    until(lambda: server.get(f"/api/anime/{FOG}")["episodes"])
    server.post("/api/anime/rescan", {}, 202)

    def files() -> list[str]:
        return [one["file"] for one in server.get(f"/api/anime/{FOG}")["episodes"] if one["state"] == "present"]

    until(lambda: files() == ["S01E01.mkv"] and server.get("/api/anime/scan")["status"] == "completed")
    changed = server.call("PATCH", f"/api/anime/{FOG}", {"folder": "Neu - 2"}).json()
    assert changed["folder"] == "Neu: 2" and changed["episodes"][0]["state"] == "missing"
    until(lambda: files() == ["S01E02.mkv"])
    server.call("PATCH", f"/api/anime/{FOG}", {"folder": "Nicht da"})
    assert files() == []
    refused = server.call("PATCH", f"/api/anime/{FOG}", {"folder": "../x"})
    assert refused.status_code == 422 and "without /" in str(refused.json()["errors"]["folder"])


def test_a_removal_that_found_no_folder_says_so(server: Server, demo_site: DemoSite) -> None:
    add(server, demo_site, BAKERY)
    answer = server.call("DELETE", f"/api/anime/{BAKERY}?files=recycle")
    assert answer.status_code == 200 and "no file was moved" in answer.json()["message"]
