"""Redis or a web process goes away: everything goes on, and in the end everybody sees the true state."""

from __future__ import annotations

import time

import pytest

from aniworld.models import AnimeSeries, Database
from tests.cluster.webs import Webs, listening, sign_in, status_of
from tests.running import until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


@pytest.mark.parametrize("how", ["stopped", "frozen"])
def test_redis_away_holds_nobody_up_and_once_it_is_back_clients_get_the_state_unasked(webs: Webs, how: str) -> None:
    with listening(webs.other.url, webs.one.token, "downloads", "scan_progress") as ear:
        (webs.redis.stop if how == "stopped" else webs.redis.pause)()
        try:
            for server in webs.both:
                began = time.monotonic()
                assert status_of(server.url, sign_in(server.url)) == 200
                server.get("/api/queue/status")
                assert time.monotonic() - began < 8
            webs.one.post("/api/queue/start")
            assert webs.other.get("/api/queue/status")["is_running"]
            time.sleep(11 if how == "frozen" else 3)  # until a frozen one is known to be away
            told = len(ear.heard)
        finally:
            (webs.redis.start if how == "stopped" else webs.redis.resume)()
        until(lambda: any(data["is_running"] for data in ear.told("queue_status")[-1:]))
        until(lambda: any(name == "scan_progress" for name, _ in ear.heard[told:]))
    assert "Redis is away" in webs.other.log.read_text()


def test_series_that_changed_while_redis_was_away_are_told_once_it_is_back(webs: Webs) -> None:
    database = Database.at(webs.environment["ANIWORLD_DATABASE_URL"])
    with listening(webs.other.url, webs.one.token, "library", "downloads") as ear:
        webs.redis.stop()
        try:
            with database.writing() as session:
                session.add(
                    AnimeSeries(key="came-meanwhile", name="Came", site="s", folder="Came", link="", description="")
                )
                gone = AnimeSeries(key="left-meanwhile", name="Left", site="s", folder="Left", link="", description="")
                gone.soft_delete()
                session.add(gone)
            until(lambda: "Redis is away" in webs.other.log.read_text())
        finally:
            webs.redis.start()
        until(lambda: ear.told("series_updated", key="came-meanwhile", removed=False))
        until(lambda: ear.told("series_updated", key="left-meanwhile", removed=True))
    database.close()


def test_a_client_of_a_killed_process_finds_the_other_and_the_true_state(webs: Webs) -> None:
    headers = {"X-Seat": webs.seat_at(webs.one)}
    with listening(webs.url, webs.other.token, "downloads", headers=headers) as ear:
        webs.one.kill()
        assert ear.cut.wait(10)
        webs.other.post("/api/queue/start")
        until(lambda: any(data["is_running"] for data in ear.told("queue_status")[-1:]), within_s=40)
        assert status_of(webs.url, webs.other.token) == 200
