"""The limits for one hoster, on a running server."""

from __future__ import annotations

import time

import pytest

from aniworld.demo.site import DemoSite
from tests.app.test_main_job import BAKERY, add, finished
from tests.running import Server, until

pytestmark = pytest.mark.slow


def test_one_download_from_each_hoster_and_the_third_waits_for_a_place(server: Server, demo_site: DemoSite) -> None:
    demo_site.throttle = 60_000
    server.configure(download={"concurrency": 4, "per_hoster": 1, "connections": 2})
    add(server, demo_site, BAKERY)
    server.post("/api/queue/add", {"serie_id": BAKERY, "episodes": ["S01E01", "S01E02", "S01E03"]})
    server.post("/api/queue/start")
    until(lambda: len(_moving(server)) == 2, 40)
    time.sleep(1.5)
    assert _moving(server) == {"Streamwerk", "Vidpol"}
    assert len(server.get("/api/queue/status")["pending_queue"]) == 1
    demo_site.throttle = None
    status = until(lambda: finished(server, 3), 40)
    assert len(status["completed_downloads"]) == 3


def _moving(server: Server) -> set[str]:
    active = server.get("/api/queue/status")["active_downloads"]
    hosters = [item["hoster"] for item in active if item["downloaded_bytes"]]
    assert len(set(hosters)) == len(hosters)
    return set(hosters)


def test_a_hoster_that_is_down_rests_and_the_rest_is_known_after_a_restart(server: Server, demo_site: DemoSite) -> None:
    add(server, demo_site, BAKERY)
    demo_site.fault("/e/", status=500)
    server.configure(download={"concurrency": 1, "retry_limit": 0})
    server.post("/api/queue/add", {"serie_id": BAKERY, "episodes": ["S01E01", "S01E02", "S01E03"]})
    server.post("/api/queue/start")
    resting = until(lambda: _waiting_for_rest(server), 40)
    assert "rests after failures" in resting["error"]
    assert resting["retry_count"] == 0
    server.stop()
    server.start()
    named = [check["message"] for check in server.get("/api/health")["checks"]]
    assert any("hoster Streamwerk rests" in message for message in named), named


def _waiting_for_rest(server: Server) -> dict | None:
    waiting = server.get("/api/queue/status")["pending_queue"]
    return next((item for item in waiting if item["error"] and "rests" in item["error"]), None)
