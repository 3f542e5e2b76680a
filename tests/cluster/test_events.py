"""What happens in one process reaches the clients of every other."""

from __future__ import annotations

import pytest

from tests.cluster.webs import Webs, a_worker, listening
from tests.running import until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

PROGRESS = {
    "download_id": "5f0c6b0e-0000-4000-8000-000000000001",
    "key": "some-series",
    "folder": "Some Series",
    "season": 1,
    "episode": 3,
    "percent": 45.2,
    "downloaded_bytes": 450,
    "total_bytes": 1000,
    "speed_mbps": 2.5,
    "speed_bytes": 312500,
    "eta_seconds": 2,
}


def test_two_browsers_at_two_processes_see_the_same_queue(webs: Webs) -> None:
    with (
        listening(webs.one.url, webs.one.token, "downloads") as here,
        listening(webs.other.url, webs.one.token, "downloads") as there,
    ):
        webs.one.post("/api/queue/start")
        for ear in (here, there):
            until(lambda ear=ear: ear.heard[-1][1]["is_running"])
        webs.other.post("/api/queue/stop")
        for ear in (here, there):
            until(lambda ear=ear: not ear.heard[-1][1]["is_running"])
        assert here.heard[-1][1].keys() == there.heard[-1][1].keys()


def test_progress_of_a_worker_reaches_clients_of_both_kinds_everywhere(webs: Webs) -> None:
    with (
        a_worker(webs) as worker,
        listening(webs.one.url, webs.one.token, "download_progress") as here,
        listening(webs.url, webs.one.token, "download_progress", transports=["websocket"]) as there,
    ):
        said = {"name": "download_progress", "facts": PROGRESS}

        def told() -> bool:
            worker.publish("event", said)
            return bool(
                here.told("download_progress", percent=45.2) and there.told("download_progress", key="some-series")
            )

        until(told, every_s=0.2)
        assert PROGRESS.items() <= here.heard[-1][1].items()


def test_what_is_no_event_is_passed_over_and_the_next_one_is_heard(webs: Webs) -> None:
    with a_worker(webs) as worker, listening(webs.one.url, webs.one.token, "downloads", "download_progress") as ear:
        for said in (
            {},
            {"name": "unheard_of", "facts": {}},
            {"name": "download_progress", "facts": {"key": 3}},
            {"name": 7, "facts": []},
            {"name": "download_progress", "facts": None},
        ):
            worker.publish("event", said)
        worker.publish("event", {"name": "download_progress", "facts": {**PROGRESS, "a_new_field": 1}})
        until(lambda: ear.told("download_progress", percent=45.2))
        assert len(ear.told("download_progress")) == 1
