"""The main job, from an empty library to playable files, over a real server, a real site and real children."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import socketio

from aniworld.demo.site import DemoSite
from tests.running import PASSWORD, Server, until

BAKERY = "die-baeckerei-am-ende-der-zeit"
FOG = "lautlos-im-nebelwald"
COPPER = "kupferherz"


def add(server: Server, demo_site: DemoSite, key: str, slug: str | None = None) -> dict:
    server.post("/api/anime/add", {"link": f"{demo_site.url}/anime/stream/{slug or key}"}, 201)
    return until(lambda: detail_with_episodes(server, key))


def detail_with_episodes(server: Server, key: str) -> dict | None:
    detail = server.get(f"/api/anime/{key}")
    return detail if detail["episodes"] else None


def finished(server: Server, number: int) -> dict | None:
    status = server.get("/api/queue/status")
    done = len(status["completed_downloads"]) + len(status["failed_downloads"])
    return status if done >= number else None


def test_from_search_to_playable_files_while_a_client_watches(
    server: Server, demo_site: DemoSite, library: Path
) -> None:
    told: list[tuple[str, dict]] = []
    client = socketio.Client()
    for name in (
        "download_progress",
        "download_complete",
        "download_failed",
        "queue_status",
        "series_added",
        "series_updated",
        "scan_progress",
        "scan_complete",
    ):
        client.on(name, lambda data, name=name: told.append((name, data)))
    client.connect(server.url, auth={"token": server.token})
    rooms = ["downloads", "download_progress", "scan_progress", "library"]
    assert client.call("join", rooms) == {"ok": True, "rooms": rooms}

    hits = server.post("/api/anime/search", {"query": "Bäckerei"})
    (hit,) = [hit for hit in hits if hit["key"] == BAKERY]
    assert not hit["in_library"]
    detail = add(server, demo_site, BAKERY)
    assert detail["title"] == "Die Bäckerei am Ende der Zeit"
    assert {episode["state"] for episode in detail["episodes"]} == {"missing"}

    scan = server.post("/api/anime/rescan", {}, 202)
    until(lambda: server.get("/api/anime/scan")["status"] == "completed")
    assert server.get("/api/anime/scan")["scan_id"] == scan["scan_id"]
    (summary,) = server.get("/api/anime/?missing=true")
    assert summary["missing_episodes"]["1"] == [1, 2, 3, 4, 5, 6, 7, 8]

    answer = server.post(
        "/api/queue/add", {"serie_id": BAKERY, "episodes": ["S01E01", {"season": 1, "episode": 2}]}, 201
    )
    assert [item["status"] for item in answer["added"]] == ["pending", "pending"]
    assert server.post("/api/queue/start")["is_running"]
    status = until(lambda: finished(server, 2), 40)
    assert status["failed_downloads"] == []

    for item in status["completed_downloads"]:
        path = library / item["file"]
        assert path.parent == library / detail["folder"] / "Season 01"
        assert path.name.startswith(f"{detail['title']} - S01E0{item['episode']} - ")
        assert item["language"] == "ger-dub"
        assert plays(path)
    assert not list((library / ".incoming").glob("*/*"))
    states = {episode["episode"]: episode["state"] for episode in server.get(f"/api/anime/{BAKERY}")["episodes"]}
    assert (states[1], states[2], states[3]) == ("present", "present", "missing")
    assert server.post("/api/queue/add", {"serie_id": BAKERY, "episodes": ["S01E01"]})["added"] == []

    names = [name for name, _ in told]
    assert names.count("download_complete") == 2
    assert {"series_added", "queue_status", "scan_complete"} <= set(names)
    for name, data in told:
        assert data["timestamp"].endswith("Z"), name
    progress = [data for name, data in told if name == "download_progress"]
    assert {data["key"] for data in progress} == {BAKERY}
    assert all(0 <= data["percent"] <= 100 for data in progress)
    client.disconnect()


@pytest.mark.slow
def test_films_hls_dead_hosters_and_lying_labels_all_end_well(
    server: Server, demo_site: DemoSite, library: Path
) -> None:
    for key in (FOG, COPPER, "der-letzte-leuchtturm"):
        add(server, demo_site, key)
    server.post("/api/queue/add", {"serie_id": FOG, "episodes": ["S01E01", "S01E05"]})
    server.post("/api/queue/add", {"serie_id": COPPER, "episodes": ["S01E01"]})
    server.post("/api/queue/add", {"serie_id": "der-letzte-leuchtturm", "episodes": ["S00E02"]})
    server.post("/api/queue/start")
    status = until(lambda: finished(server, 3), 60)
    done = {(item["serie_id"], item["episode"]): item for item in status["completed_downloads"]}
    assert done[FOG, 1]["hoster"] == "Vulkan"
    assert plays(library / done[COPPER, 1]["file"])
    assert "/Season 00/" in until(lambda: finished_item(server, "der-letzte-leuchtturm"), 30)["file"]
    failed = until(lambda: item_of(server, FOG, 5, error=True), 30)
    assert "Totholz" in failed["error"] or "Vulkan" in failed["error"]


def finished_item(server: Server, key: str) -> dict | None:
    done = server.get("/api/queue/status")["completed_downloads"]
    return next((item for item in done if item["serie_id"] == key), None)


def item_of(server: Server, key: str, episode: int, *, error: bool = False) -> dict | None:
    items = server.get("/api/queue/items?page_size=200")
    return next(
        (
            item
            for item in items
            if (item["serie_id"], item["episode"]) == (key, episode) and (item["error"] or not error)
        ),
        None,
    )


@pytest.mark.slow
def test_a_language_that_is_not_there_is_said_and_an_allowed_one_is_taken(server: Server, demo_site: DemoSite) -> None:
    add(server, demo_site, "neon-yokai-streife", "Neon_Yokai-Streife")
    server.post("/api/queue/add", {"serie_id": "neon-yokai-streife", "episodes": ["S01E03"], "languages": ["ger-dub"]})
    server.post("/api/queue/start")
    failed = until(lambda: server.get("/api/queue/status")["failed_downloads"], 20)[0]
    assert failed["error_code"] == "nothing_there"
    assert "eng-sub" in failed["error"]
    assert server.call("DELETE", f"/api/queue/{failed['id']}").status_code == 204
    server.post("/api/queue/add", {"serie_id": "neon-yokai-streife", "episodes": ["S01E03"]})
    done = until(lambda: server.get("/api/queue/status")["completed_downloads"], 30)[0]
    assert done["language"] == "eng-sub"


@pytest.mark.slow
def test_a_browser_check_lets_the_source_rest_and_the_item_wait(server: Server, demo_site: DemoSite) -> None:
    add(server, demo_site, BAKERY)
    demo_site.fault("/", protection=True)
    server.post("/api/queue/add", {"serie_id": BAKERY, "episodes": ["S01E01"]})
    server.post("/api/queue/start")
    item = until(
        lambda: next((one for one in server.get("/api/queue/status")["pending_queue"] if one["error"]), None), 20
    )
    assert (item["error_code"], item["retry_count"]) == ("catalogue_blocked", 0)
    assert "browser" in item["error"]
    answer = server.call("POST", "/api/anime/search", {"query": "Glas"})
    assert answer.status_code == 503
    assert "browser" in answer.json()["detail"]


@pytest.mark.slow
def test_removing_stopping_pausing_and_resuming_keep_their_word(
    server: Server, demo_site: DemoSite, library: Path
) -> None:
    demo_site.throttle = 60_000
    add(server, demo_site, BAKERY)
    server.configure(download={"connections": 1})
    added = server.post("/api/queue/add", {"serie_id": BAKERY, "episodes": ["S01E01", "S01E02"]})["added"]
    server.post("/api/queue/start")
    first = until(lambda: moving(server), 20)

    server.post("/api/queue/pause")
    until(lambda: server.get("/api/queue/status")["is_paused"])
    before = bytes_of(server, first["id"])
    assert until(lambda: bytes_of(server, first["id"]) <= before + 120_000, 5)
    server.post("/api/queue/resume")
    until(lambda: bytes_of(server, first["id"]) > before, 10)

    children = [pid for pid in server.tree() if pid != server.process.pid]
    assert children
    status = server.post("/api/queue/stop")
    assert status["active_downloads"] == []
    assert {item["status"] for item in status["pending_queue"]} == {"pending"}
    assert any((library / ".incoming" / first["id"]).rglob("*")), "what is on disk is kept"

    server.post("/api/queue/start")
    until(lambda: moving(server), 20)
    assert server.call("DELETE", f"/api/queue/{first['id']}").status_code == 204
    assert first["id"] not in [item["id"] for item in server.get("/api/queue/items?page_size=50")]
    until(lambda: not (library / ".incoming" / first["id"]).exists(), 5)
    other = next(item for item in added if item["id"] != first["id"])
    demo_site.throttle = None
    until(lambda: (item_of(server, BAKERY, other["episode"]) or {}).get("status") == "completed", 40)


def moving(server: Server) -> dict | None:
    active = server.get("/api/queue/status")["active_downloads"]
    return next((item for item in active if item["downloaded_bytes"] > 0), None)


def bytes_of(server: Server, item_id: str) -> int:
    items = server.get("/api/queue/items?page_size=200")
    return next(item["downloaded_bytes"] for item in items if item["id"] == item_id)


def plays(path: Path) -> bool:
    """Whether ffmpeg decodes the whole file without a complaint."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode == 0 and not done.stderr.strip()


@pytest.mark.slow
def test_the_session_of_a_changed_password_ends(server: Server) -> None:
    server.post("/api/auth/password", {"current": PASSWORD, "new": "another long password"}, 204)
    other = Server(server.instance, port=server.port)
    other.process = server.process
    with pytest.raises(AssertionError):
        other.sign_in(PASSWORD)
    other.sign_in("another long password")
    assert other.get("/api/auth/status")["authenticated"]
