"""kill -9 at any moment: no item lost, nothing partial in the library, no process left, the bytes on disk go on."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from aniworld.demo.site import DemoSite
from tests.app.test_main_job import BAKERY, add, finished, plays
from tests.running import Server, is_alive, until

pytestmark = pytest.mark.slow

EPISODES = ["S01E01", "S01E02", "S01E03", "S01E04"]


def begin_four(server: Server, demo_site: DemoSite) -> None:
    demo_site.throttle = 50_000
    server.configure(download={"concurrency": 4, "connections": 2, "retry_limit": 5})
    add(server, demo_site, BAKERY)
    server.post("/api/queue/add", {"serie_id": BAKERY, "episodes": EPISODES})
    server.post("/api/queue/start")
    until(lambda: all_move(server), 30)


def all_move(server: Server) -> bool:
    active = server.get("/api/queue/status")["active_downloads"]
    return len(active) == 4 and all(item["downloaded_bytes"] > 100_000 for item in active)


def media_in(library: Path) -> list[Path]:
    return [
        path
        for path in library.rglob("*.*")
        if path.is_file()
        and not path.relative_to(library).parts[0].startswith(".")
        and path.suffix in (".mp4", ".mkv", ".webm", ".part", ".ts")
    ]


def test_killing_everything_in_the_middle_of_four_downloads_loses_nothing(
    server: Server, demo_site: DemoSite, library: Path
) -> None:
    begin_four(server, demo_site)
    children = server.kill()
    until(lambda: not any(map(is_alive, children)), 2)
    assert media_in(library) == []
    kept = sum(path.stat().st_blocks * 512 for path in (library / ".incoming").rglob("*") if path.is_file())
    assert kept > 200_000

    demo_site.throttle = None
    demo_site.requests.clear()
    server.start()
    status = until(lambda: finished(server, 4), 60)
    assert status["failed_downloads"] == []
    assert len(status["completed_downloads"]) == 4
    for item in status["completed_downloads"]:
        assert plays(library / item["file"])
    ranges = [seen.headers.get("range", "") for seen in demo_site.requests if "range" in seen.headers]
    assert any(not text.startswith("bytes=0-") for text in ranges), "the next start goes on from the bytes on disk"


def test_a_server_whose_first_process_alone_was_killed_starts_again_at_once(
    server: Server, demo_site: DemoSite, library: Path
) -> None:
    begin_four(server, demo_site)
    below = server.tree()[1:]
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    until(lambda: not any(map(is_alive, below)), 1)
    demo_site.throttle = None
    server.start()
    status = until(lambda: finished(server, 4), 60)
    assert len(status["completed_downloads"]) == 4
    assert all(plays(library / item["file"]) for item in status["completed_downloads"])


def test_a_stop_while_a_hoster_does_not_answer_is_no_failure(server: Server, demo_site: DemoSite) -> None:
    add(server, demo_site, BAKERY)
    demo_site.fault("/e/", delay=60)
    server.post("/api/queue/add", {"serie_id": BAKERY, "episodes": ["S01E01"]})
    server.post("/api/queue/start")
    until(lambda: any(seen.path.startswith("/e/") for seen in demo_site.requests), 20)
    (item,) = server.post("/api/queue/stop")["pending_queue"]
    assert (item["retry_count"], item["error"], item["not_before"]) == (0, None, None)
    assert "Traceback" not in server.log.read_text()


def test_stopping_the_server_is_quick_and_puts_downloads_back(
    server: Server, demo_site: DemoSite, library: Path
) -> None:
    begin_four(server, demo_site)
    tree = server.tree()
    assert server.stop() < 5
    until(lambda: not any(map(is_alive, tree)), 2)
    assert media_in(library) == []
    demo_site.throttle = None
    server.start()
    assert len(until(lambda: finished(server, 4), 60)["completed_downloads"]) == 4


def test_a_killed_child_is_no_lost_item(server: Server, demo_site: DemoSite) -> None:
    begin_four(server, demo_site)
    victims = [pid for pid in server.tree() if b"transfer" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert victims
    os.kill(victims[0], signal.SIGKILL)
    item = until(lambda: next((one for one in server.get("/api/queue/items?page_size=9") if one["error"]), None), 10)
    assert item["status"] == "pending"
    assert item["retry_count"] == 1


def test_a_second_server_on_the_same_instance_refuses_in_a_clear_sentence(server: Server) -> None:
    second = Server(server.instance, **server.environment)
    with pytest.raises(AssertionError, match="already runs on"):
        second.start(sign_in=False)
    assert server.get("/api/queue/status")


@pytest.mark.slow
def test_killing_the_server_at_random_moments_never_loses_an_item(
    server: Server, demo_site: DemoSite, library: Path
) -> None:
    moments = random.Random(7)
    begin_four(server, demo_site)
    for _ in range(8):
        time.sleep(moments.uniform(0.0, 1.5))
        children = server.kill()
        until(lambda children=children: not any(map(is_alive, children)), 2)
        for path in media_in(library):
            assert plays(path)
        server.start()
        counts = server.get("/api/queue/status")["statistics"]
        assert counts["total"] == 4
    demo_site.throttle = None
    status = until(lambda: finished(server, 4), 90)
    assert len(status["completed_downloads"]) == 4
    assert all(plays(library / item["file"]) for item in status["completed_downloads"])
