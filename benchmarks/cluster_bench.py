"""What a cluster carries: ``python -m benchmarks.cluster_bench`` measures, and rewrites its table in docs/scaling.md.

All of it on this one machine, PostgreSQL, Redis and the load included: a figure is what the machine's cores give, and
what counts is how it changes with the number of processes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from aniworld.models import Database, DownloadQueueItem
from aniworld.models.engines import engine_at
from aniworld.models.upgrade import bring_up_to_date
from aniworld.services.cluster.channel import EVENT, Messages
from aniworld.services.queue.repository import QueueRepository
from benchmarks.__main__ import machine
from tests.cluster.machines import PostgreSQL, Redis, running
from tests.running import ROOT, Server

ITEMS = 400
CLIENTS, SECONDS = 500, 10
DOWNLOADS = 12  # that tell their progress four times a second each
CONNECTIONS = 16
TARGET = ROOT / "docs" / "scaling.md"
BEGIN, END = (
    "<!-- measured: written by python -m benchmarks.cluster_bench -->",
    "<!-- end of what was measured -->",
)
PROGRESS = {
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


def child(*arguments: object) -> subprocess.Popen[str]:
    """Another process of this module, or of the clients'; what it prints can be read."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-m", *map(str, arguments)], cwd=ROOT, **pipes)  # type: ignore[call-overload]


def said(process: subprocess.Popen[str]) -> dict[str, float]:
    """The next line of JSON that it prints."""
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


# ── claims ──────────────────────────────────────────────────────────────────


def claims_a_second(postgresql: PostgreSQL, workers: int) -> float:
    """Items that so many processes claim and complete, a second."""
    url = postgresql.new_database()
    database = Database(engine_at(url))
    bring_up_to_date(database, Path(tempfile.gettempdir()))
    with database.writing() as session:
        session.add_all(
            DownloadQueueItem(serie_id=f"s{n % 50}", serie_name="S", season=1, episode=n, position=n)
            for n in range(ITEMS)
        )
    started = [child("benchmarks.cluster_bench", "claim", url, f"worker-{number}") for number in range(workers)]
    for process in started:
        said(process)  # it is connected
    began = time.monotonic()
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
    count = sum(said(process)["claimed"] for process in started)
    taken = time.monotonic() - began
    database.close()
    postgresql.drop_database(url)
    assert count == ITEMS, f"{count} of {ITEMS} items were claimed"
    return count / taken


def claim(url: str, name: str) -> None:
    """In a child: claims and completes until nothing is left."""
    database = Database(engine_at(url))
    repository = QueueRepository(database.concurrent_writing, database.reading)
    repository.counts()
    print(json.dumps({"ready": 1}), flush=True)
    sys.stdin.read()  # ends when all are to begin
    count = 0
    while (item := repository.claim(name, 30)) is not None:
        repository.report(item.id, name, "completed")
        count += 1
    print(json.dumps({"claimed": count}), flush=True)


# ── web processes ───────────────────────────────────────────────────────────


def webs(stack: ExitStack, folder: Path, postgresql: PostgreSQL, redis: Redis, number: int) -> list[Server]:
    redis.flush()
    environment = {
        "ANIWORLD_DATABASE_URL": postgresql.new_database(),
        "ANIWORLD_REDIS_URL": redis.url(),
        "ANIWORLD_SECRET_KEY": "a secret that all processes of the benchmark share",
    }
    servers = [Server(folder / f"web-{number}-{place}", **environment) for place in range(number)]
    for server in servers:
        stack.callback(server.stop)
        server.start()
    return servers


def requests_a_second(servers: list[Server]) -> float:
    """Queue status that all of them together answer, a second."""
    loads = [child("benchmarks.cluster_bench", "load", server.url, server.token) for server in servers]
    return sum(said(load)["answers"] for load in loads) / SECONDS


def load(url: str, token: str) -> None:
    """In a child: asks over so many connections, one request after the other on each."""
    import requests

    answers, end = [0] * CONNECTIONS, time.monotonic() + SECONDS

    def ask(place: int) -> None:
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {token}"
        while time.monotonic() < end:
            assert session.get(url + "/api/queue/status", timeout=30).status_code == 200
            answers[place] += 1

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"answers": sum(answers)}), flush=True)


def events_a_second(servers: list[Server], redis: Redis) -> tuple[float, float]:
    """Events that reach all clients together, a second; and those that a worker told, a second."""
    share = CLIENTS // len(servers)
    clients = [child("benchmarks.socket_clients", one.url, one.token, share, SECONDS) for one in servers]
    joined = sum(said(one)["joined"] for one in clients)
    assert joined == share * len(servers), f"only {joined} clients came in"
    ended, told = threading.Event(), [0]
    teller = threading.Thread(target=tell, args=(redis, ended, told))
    teller.start()
    heard = sum(said(one)["events"] for one in clients)
    ended.set()
    teller.join()
    return heard / SECONDS, told[0] / SECONDS


def tell(redis: Redis, ended: threading.Event, told: list[int]) -> None:
    """As a worker: the progress of so many downloads, four times a second each."""
    messages = Messages(redis.url())
    while not ended.wait(1 / (4 * DOWNLOADS)):
        number = told[0] % DOWNLOADS
        messages.publish(EVENT, {"name": "download_progress", "facts": {**PROGRESS, "download_id": f"bench-{number}"}})
        told[0] += 1
    messages.stop()


# ── the table ───────────────────────────────────────────────────────────────


def rows(of: str, numbers: tuple[int, ...], measure: Callable[[int], float]) -> list[str]:
    found: list[float] = []
    lines = []
    for number in numbers:
        found.append(measure(number))
        lines.append(f"| {of.format(number)} | {found[-1]:,.0f} | {found[-1] / found[0]:.2f} |")
        print(lines[-1], flush=True)
    return lines


def main() -> list[str]:
    """Rows of a Markdown table."""
    with tempfile.TemporaryDirectory() as place, running(PostgreSQL) as postgresql, running(Redis) as redis:
        folder = Path(place)

        def with_webs(number: int, measure: Callable[[list[Server]], float]) -> float:
            with ExitStack() as stack:
                return measure(webs(stack, folder, postgresql, redis, number))

        lines = rows(
            "items claimed and completed a second, workers: {}", (1, 2, 4), lambda n: claims_a_second(postgresql, n)
        )
        lines += rows(
            "queue status answers a second, web processes: {}", (1, 2, 4), lambda n: with_webs(n, requests_a_second)
        )
        lines += rows(
            f"events a second that reach {CLIENTS} Socket.IO clients, web processes: {{}}",
            (1, 2),
            lambda n: with_webs(n, lambda servers: events_a_second(servers, redis)[0]),
        )
    return lines


def write(lines: list[str]) -> None:
    head = [BEGIN, "", machine(), "", "| what | measured | against the first |", "|---|---|---|"]
    text = TARGET.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    TARGET.write_text("\n".join([before.rstrip("\n"), "", *head, *lines, "", END]) + after, encoding="utf-8")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["claim", url, name]:
            claim(url, name)
        case ["load", url, token]:
            load(url, token)
        case _:
            write(main())
