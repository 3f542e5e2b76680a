"""How the server answers while four downloads run at full loopback speed, alone and with 200 Socket.IO clients.

The media come from nginx: four times the same sparse file, large enough to last for the whole measurement.
"""

from __future__ import annotations

import json
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from aniworld.demo.answers import Answer, Asked, Hosters
from aniworld.demo.facts import DemoSeries, episodes
from aniworld.demo.site import DemoSite
from benchmarks.transfer_bench import nginx
from tests.running import ROOT, Server, until

SECONDS = 10
CLIENTS = 200
FILE_BYTES = 12 << 30


class NginxHosters(Hosters):
    """Players as ever, media from nginx."""

    media_url = ""

    def _media(self, asked: Asked) -> Answer:
        return Answer(302, headers={"Location": self.media_url})


def make_media(www: Path) -> None:
    """A sparse file that says it is an MP4."""
    www.mkdir()
    with (www / "big.mp4").open("wb") as file:
        file.write(struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom"))
        file.write(struct.pack(">I4sQ", 1, b"mdat", FILE_BYTES - 20))
        file.truncate(FILE_BYTES)


SERIES = DemoSeries(
    slug="benchmark", title="Benchmark", title_en="Benchmark", description="", year=2026, year_end=None, genres=(), fsk=0,
    seasons=(1,), episodes=episodes({1: ("A|A", "B|B", "C|C", "D|D")}, "ger-dub:Vulkan"),
)  # fmt: skip


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def measure(server: Server, seconds: float) -> list[float]:
    """Milliseconds of ``GET /api/queue/status``, one request after the other, 20 a second."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {server.token}"
    taken = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        assert session.get(server.url + "/api/queue/status", timeout=30).status_code == 200
        taken.append((time.perf_counter() - began) * 1000)
        time.sleep(0.05)
    return taken


def row(name: str, taken: list[float], idle: list[float]) -> str:
    p95, base = percentile(taken, 0.95), percentile(idle, 0.95)
    return f"| {name} | p50 {statistics.median(taken):.1f} ms, p95 {p95:.1f} ms | idle p95: {base:.1f} ms | {p95 / base:.1f} |"


def main() -> list[str]:
    """Rows of a Markdown table."""
    with tempfile.TemporaryDirectory() as folder, nginx(Path(folder)) as media:
        place = Path(folder)
        place.chmod(0o755)  # nginx's worker is nobody
        (place / "library").mkdir()
        make_media(place / "www")
        NginxHosters.media_url = f"{media}/big.mp4"
        site = DemoSite(place, catalogue=(SERIES,))
        site.hosters = NginxHosters
        with site:
            server = Server(
                place / "instance", ANIWORLD_CATALOGUE_URL=site.url, ANIWORLD_LIBRARY=str(place / "library"),
                ANIWORLD_PRIVATE_HOSTS=",".join((*site.private_hosts, media.removeprefix("http://"))),
            ).start()  # fmt: skip
            try:
                return _measured(server, site)
            finally:
                server.stop()


def _measured(server: Server, site: DemoSite) -> list[str]:
    server.configure(download={"concurrency": 4, "min_free_space_mb": 0}, catalogue={"requests_per_second": 50})
    server.post("/api/anime/add", {"link": f"{site.url}/anime/stream/benchmark"})
    until(lambda: server.get("/api/anime/benchmark")["episodes"])
    idle = measure(server, 4)
    server.post("/api/queue/add", {"serie_id": "benchmark", "episodes": ["S01E01", "S01E02", "S01E03", "S01E04"]})
    server.post("/api/queue/start")
    until(lambda: server.get("/api/queue/status")["statistics"]["speed_mbps"] > 100, 30)
    alone = measure(server, SECONDS)
    command = [sys.executable, "-m", "benchmarks.socket_clients", server.url, server.token, str(CLIENTS), str(SECONDS)]
    clients = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert clients.stdout is not None
    joined = json.loads(clients.stdout.readline())["joined"]
    crowded = measure(server, SECONDS)
    seen = json.loads(clients.stdout.readline())
    clients.wait(20)
    return [
        row("queue status, four downloads", alone, idle),
        row(f"queue status, four downloads, {joined} Socket.IO clients ({seen['events']} events)", crowded, idle),
    ]


if __name__ == "__main__":
    print("\n".join(main()))
