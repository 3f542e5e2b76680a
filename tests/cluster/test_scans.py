"""One scan at a time over all processes; any of them tells how far it is, and stops it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from aniworld.models import Database, ScanRun, utcnow
from aniworld.services.cluster.leases import Lease
from aniworld.services.scan.runs import ScanRuns
from aniworld.services.scan.views import ScanStatus
from aniworld.services.tracking.status import TrackingStatus, facts_of
from tests.cluster.webs import Webs, a_worker, listening
from tests.running import until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


@pytest.fixture
def runs(webs: Webs) -> Iterator[ScanRuns]:
    """The scans of a third process."""
    database = Database.at(webs.environment["ANIWORLD_DATABASE_URL"])
    yield ScanRuns(database, "third/1-abcdef")
    with database.writing() as session:
        session.execute(update(ScanRun).where(ScanRun.status == "running").values(status="failed", turn=None))
    database.close()


def a_scan() -> ScanStatus:
    return ScanStatus(str(uuid4()), "running", "walk", 3, 10, 30.0, utcnow())


def test_a_scan_at_one_process_is_told_at_both(webs: Webs) -> None:
    with (
        listening(webs.one.url, webs.one.token, "scan_progress") as here,
        listening(webs.other.url, webs.one.token, "scan_progress") as there,
    ):
        scan = webs.one.post("/api/anime/rescan", {}, status=202)["scan_id"]
        for ear in (here, there):
            until(lambda ear=ear: ear.told("scan_complete", scan_id=scan))
        for server in webs.both:
            assert server.get("/api/anime/scan")["scan_id"] == scan
            assert server.get("/api/anime/scan")["status"] == "completed"


def test_while_a_third_process_scans_nobody_else_begins_and_everybody_sees_it(webs: Webs, runs: ScanRuns) -> None:
    status = a_scan()
    runs.begin(status)
    for server in webs.both:
        told = server.post("/api/anime/rescan", {}, status=409)
        assert told["scan"]["scan_id"] == status.scan_id if "scan" in told else told["scan_id"] == status.scan_id
        assert server.get("/api/anime/scan")["scan_id"] == status.scan_id
    with listening(webs.other.url, webs.one.token, "scan_progress") as late:
        assert late.told("scan_progress", scan_id=status.scan_id, status="running")


def test_a_scan_is_cancelled_from_any_process_at_once(webs: Webs, runs: ScanRuns) -> None:
    heard: list[object] = []
    with a_worker(webs) as third:
        third.subscribe("scan", heard.append)
        status = a_scan()
        runs.begin(status)
        assert webs.other.call("DELETE", "/api/anime/scan").status_code in (200, 202, 204)
        until(lambda: heard, within_s=2)
        assert runs.beat(status) is False, "without Redis the next sign of life would have told"


def test_a_scan_without_a_sign_of_life_for_a_minute_gives_way_and_cannot_come_back(webs: Webs, runs: ScanRuns) -> None:
    status = a_scan()
    runs.begin(status)
    database = Database.at(webs.environment["ANIWORLD_DATABASE_URL"])
    with database.writing() as session:
        long_ago = utcnow() - timedelta(seconds=61)
        session.execute(update(ScanRun).where(ScanRun.id == status.scan_id).values(seen_at=long_ago))
    assert webs.one.get("/api/anime/scan")["status"] == "failed"
    scan = webs.other.post("/api/anime/rescan", {}, status=202)["scan_id"]
    assert runs.beat(status) is False
    runs.end(status)
    with database.reading() as session:
        assert session.get_one(ScanRun, status.scan_id).status == "failed"
    until(lambda: webs.one.get("/api/anime/scan")["status"] == "completed")
    assert webs.one.get("/api/anime/scan")["scan_id"] == scan
    database.close()


def test_one_process_at_a_time_looks_for_new_episodes_and_all_know_how_far_it_is(webs: Webs, runs: ScanRuns) -> None:
    database = Database.at(webs.environment["ANIWORLD_DATABASE_URL"])
    third = Lease(database, "tracking", "third/1-abcdef", 30.0)
    status = TrackingStatus(running=True, started_at=utcnow(), looked=3, total=9)
    assert until(lambda: third.take(facts_of(status)))
    for server in webs.both:
        server.post("/api/tracking/look", status=409)
        told = server.get("/api/tracking")
        assert (told["running"], told["looked"], told["total"]) == (True, 3, 9)
    third.release()
    assert not webs.one.get("/api/tracking")["running"], "a look whose process fell silent does not run"
    webs.one.post("/api/tracking/look", status=202)
    until(lambda: webs.other.get("/api/tracking")["completed_at"])
    database.close()
