"""Downloads on several workers: each exactly once, whoever dies, sleeps, or is away."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis

from aniworld.demo.site import DemoSite
from tests.app.test_main_job import BAKERY, COPPER, FOG, add, finished, plays
from tests.cluster.crew import LEASE_S, PROMPTLY_S, Crew, Worker
from tests.cluster.machines import PostgreSQL, Redis
from tests.cluster.webs import listening
from tests.running import Server, is_alive, until

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(400)]

SLOWLY = 15_000  # bytes a second for one connection: a whole episode takes minutes
A_WHILE = 60_000  # half a minute


@pytest.fixture
def crew(tmp_path: Path, library: Path, postgresql_url: str, redis_url: str, demo_site: DemoSite) -> Iterator[Crew]:
    made = Crew(tmp_path, library, postgresql_url, redis_url, demo_site)
    with closing(made):
        yield made


def wish(crew: Crew, key: str, *numbers: int) -> list[str]:
    """Queues episodes of the first season; their ids."""
    add(crew.webs[0], crew.site, key)
    episodes = [f"S01E{number:02d}" for number in numbers]
    added = crew.webs[0].post("/api/queue/add", {"serie_id": key, "episodes": episodes})["added"]
    assert len(added) == len(numbers)
    return [item["id"] for item in added]


def active(web: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = web.get("/api/queue/status")["active_downloads"]
    return found


def moving(web: Server, number: int) -> Callable[[], list[dict[str, Any]] | None]:
    """Holds when so many downloads have bytes."""

    def holds() -> list[dict[str, Any]] | None:
        items = [item for item in active(web) if item["downloaded_bytes"] > 50_000]
        return items if len(items) == number else None

    return holds


def all_done(crew: Crew, number: int, within_s: float = 120) -> list[dict[str, Any]]:
    """The completed items, once all have ended; each was completed, and stands in the library once."""
    status = until(lambda: finished(crew.webs[0], number), within_s, 0.3)
    assert status["failed_downloads"] == []
    done: list[dict[str, Any]] = status["completed_downloads"]
    assert sorted(Path(item["file"]).name for item in done) == crew.files()
    assert all(plays(crew.library / item["file"]) for item in done)
    return done


def halted(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def test_two_webs_and_four_workers_complete_everything_exactly_once(crew: Crew) -> None:
    one, other = crew.web(), crew.web()
    for name in ("a", "b", "c", "d"):
        crew.worker(name, "--concurrency", "2")
    crew.gathered()
    crew.site.throttle = 400_000
    ids = wish(crew, BAKERY, *range(1, 9)) + wish(crew, COPPER, 1, 2) + wish(crew, FOG, 1, 2)
    with (
        listening(one.url, one.token, "downloads", "download_progress") as here,
        listening(other.url, one.token, "downloads", "download_progress") as there,
    ):
        other.post("/api/queue/start")
        all_done(crew, len(ids), 200)
        for ear in (here, there):
            until(lambda ear=ear: len(ear.told("download_complete")) >= len(ids))
            assert Counter(data["download_id"] for data in ear.told("download_complete")) == Counter(ids)
            assert {data["download_id"] for data in ear.told("download_progress")} == set(ids)
    assert {line["name"] for line in crew.seen()} == set(crew.workers)
    folders = {path.parent.parent for path in crew.library.glob("*/Season*/*.*")}
    until(lambda: all((folder / "poster.png").is_file() for folder in folders), 20)  # covers lie with one web process
    assert all("Traceback" not in worker.log.read_text() for worker in crew.workers.values())


def test_wishes_at_any_web_reach_the_workers_promptly(crew: Crew) -> None:
    one, other = crew.web(), crew.web()
    worker = crew.worker("a")
    crew.gathered()
    crew.site.throttle = SLOWLY
    first, second, *_ = wish(crew, BAKERY, 1, 2, 3, 4)
    one.post("/api/queue/start")
    until(moving(other, 2), 60)

    other.post("/api/queue/pause")
    until(lambda: len(worker.transfers()) == 2 and all(map(halted, worker.transfers())), PROMPTLY_S)
    one.post("/api/queue/resume")
    until(lambda: not any(map(halted, worker.transfers())), PROMPTLY_S)

    other.configure(download={"concurrency": 3})
    until(lambda: len(active(one)) == 3, PROMPTLY_S)

    began = time.monotonic()
    assert other.call("DELETE", f"/api/queue/{first}").status_code == 204
    assert time.monotonic() - began < PROMPTLY_S
    until(lambda: not (crew.library / ".incoming" / first).exists(), PROMPTLY_S)

    began = time.monotonic()
    status = other.post("/api/queue/stop")
    assert status["active_downloads"] == []
    until(lambda: worker.transfers() == [], PROMPTLY_S)
    assert {item["id"] for item in one.get("/api/queue/status")["pending_queue"]} >= {second}
    crew.site.throttle = None
    one.post("/api/queue/start")
    all_done(crew, 3)


def test_a_killed_workers_items_go_on_elsewhere_from_the_bytes_on_disk(crew: Crew) -> None:
    web = crew.web()
    dying = crew.worker("dying")
    crew.gathered()
    crew.site.throttle = SLOWLY
    wish(crew, BAKERY, 1, 2)
    web.post("/api/queue/start")
    until(moving(web, 2), 60)
    crew.worker("living")
    crew.gathered()
    children = dying.kill()
    began = time.monotonic()
    until(lambda: not any(map(is_alive, children)), 3)
    crew.site.requests.clear()
    until(lambda: {item["worker"] for item in active(web)} == {"living"}, LEASE_S + 15)
    assert time.monotonic() - began < LEASE_S + 15
    crew.site.throttle = None
    all_done(crew, 2)
    ranges = [seen.headers["range"] for seen in crew.site.requests if "range" in seen.headers]
    assert any(not text.startswith("bytes=0-") for text in ranges)


def test_a_worker_that_slept_beyond_its_lease_places_nothing(crew: Crew) -> None:
    web = crew.web()
    sleeper = crew.worker("sleeper")
    crew.gathered()
    crew.site.throttle = SLOWLY
    (item,) = wish(crew, BAKERY, 1)
    with listening(web.url, web.token, "downloads") as ear:
        web.post("/api/queue/start")
        until(moving(web, 1), 60)
        crew.worker("watchful")
        crew.gathered()
        sleeper.pause()
        until(lambda: [one["worker"] for one in active(web)] == ["watchful"], LEASE_S + 30)
        sleeper.resume()
        until(lambda: sleeper.transfers() == [], 20)
        crew.site.throttle = None
        all_done(crew, 1, 90)
        assert [data["download_id"] for data in ear.told("download_complete")] == [item]
    until(lambda: "another worker's now" in sleeper.log.read_text(), 10)


def test_a_database_that_is_away_for_longer_than_a_lease_loses_nothing(crew: Crew, postgresql: PostgreSQL) -> None:
    web = crew.web()
    for name in ("a", "b"):
        crew.worker(name)
    crew.gathered()
    crew.site.throttle = A_WHILE
    wish(crew, BAKERY, 1, 2, 3, 4)
    web.post("/api/queue/start")
    until(lambda: len(active(web)) == 4, 60)
    until(lambda: sum(len(worker.transfers()) for worker in crew.workers.values()) == 4, 30)
    children = {pid for worker in crew.workers.values() for pid in worker.transfers()}
    postgresql.stop()
    try:
        until(lambda: web.call("GET", "/health").status_code == 503, 30)
        crew.site.throttle = None
        until(lambda: not any(map(is_alive, children)), 60)  # they end while nobody can be told
        time.sleep(2 * LEASE_S)
        assert crew.files() == [], "nothing is placed by a worker that cannot make sure that it still may"
    finally:
        postgresql.start()
    done = all_done(crew, 4)
    assert {item["retry_count"] for item in done} == {0}


def test_downloads_go_on_without_redis(crew: Crew, redis: Redis) -> None:
    web = crew.web()
    worker = crew.worker("a")
    crew.gathered()
    crew.site.throttle = A_WHILE
    wish(crew, BAKERY, 1, 2)
    web.post("/api/queue/start")
    until(moving(web, 2), 60)
    redis.stop()
    try:
        crew.site.throttle = None
        all_done(crew, 2)
        began = time.monotonic()
        wish(crew, COPPER, 1)
        assert time.monotonic() - began < 15
        all_done(crew, 3)
        assert worker.stop() < 12
    finally:
        redis.start()
    until(lambda: web.call("GET", "/health").status_code == 200)


def test_a_source_that_rests_at_a_worker_is_asked_again_by_a_wish_at_a_web(crew: Crew, redis_url: str) -> None:
    web = crew.web()
    worker = crew.worker("a")
    crew.gathered()
    wish(crew, BAKERY, 1)
    check = crew.site.fault(protection=True)
    web.post("/api/queue/start")
    rests = worker.instance / "rests.json"
    until(lambda: rests.is_file() and web.get("/api/queue/status")["pending_queue"], 30)
    rested = time.monotonic()
    crew.site.heal(check)
    with closing(redis.Redis.from_url(redis_url)) as client:
        for hostile in ('{"kind": "wake", "payload": {"site": []}}', '{"kind": "wake", "payload": {"site": "nobody"}}'):
            client.publish("aniworld:0:messages", hostile)
    time.sleep(2)
    assert active(web) == [], "it rests for a minute"
    assert web.post("/api/system/wake", {}) == {"woken": []}, "none rests at the web process"
    all_done(crew, 1, 40)
    assert time.monotonic() - rested < 55
    assert "Traceback" not in worker.log.read_text()


def test_a_worker_stops_promptly_and_its_name_is_free_again(crew: Crew) -> None:
    web = crew.web()
    worker = crew.worker("a")
    crew.gathered()
    crew.site.throttle = SLOWLY
    wish(crew, BAKERY, 1, 2)
    web.post("/api/queue/start")
    until(moving(web, 2), 60)
    namesake = Worker("a", worker.instance, **crew.environment).start()
    assert namesake.process is not None
    assert namesake.process.wait(40) == 1
    assert "The worker a (process" in namesake.log.read_text()
    assert worker.process is not None
    worker.process.terminate()
    until(lambda: active(web) == [] and worker.transfers() == [], 5)
    worker.process.wait(10)
    assert crew.seen() == []
    checks = {check["name"]: check for check in web.get("/api/health")["checks"]}
    assert checks["workers"]["level"] == "error"
    crew.site.throttle = None
    crew.worker("a")
    all_done(crew, 2)


HOSTILE = (
    ("application/x-python-serialize", "aniworld.work", "gASVIAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpQu"),
    ("application/x-yaml", "aniworld.work", "ISFweXRob24vb2JqZWN0L2FwcGx5Om9zLnN5c3RlbSBbdHJ1ZV0="),
    ("application/json", "os.system", "W1sidHJ1ZSJdLCB7fSwge31d"),
    ("application/json", "aniworld.work", "W1siYSIsICJiIl0sIHsieCI6IDF9LCB7fV0="),
    ("application/json", "aniworld.work", "not base64 at all"),
)


def ticket(kind: str, task: str, body: str) -> str:
    """A message as Celery sends it."""
    properties = {
        "correlation_id": "x",
        "delivery_mode": 2,
        "delivery_info": {"exchange": "", "routing_key": "work"},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": "1",
    }
    headers = {
        "lang": "py",
        "task": task,
        "id": "x",
        "argsrepr": "()",
        "kwargsrepr": "{}",
        "origin": "y",
        "root_id": "x",
    }
    return json.dumps(
        {"body": body, "content-encoding": "utf-8", "content-type": kind, "headers": headers, "properties": properties}
    )


def test_tickets_that_are_none_harm_nobody(crew: Crew, redis_url: str) -> None:
    web = crew.web()
    worker = crew.worker("a")
    crew.gathered()
    with closing(redis.Redis.from_url(redis_url)) as client:
        for text in (*(ticket(*one) for one in HOSTILE), "{", "null", "[]", "\0"):
            client.lpush("aniworld:work", text)
        until(lambda: client.llen("aniworld:work") == 0, 60)
    wish(crew, BAKERY, 1)
    web.post("/api/queue/start")
    all_done(crew, 1)
    assert worker.process is not None
    assert worker.process.poll() is None
