"""How the server answers while four downloads run at full loopback speed, alone and with 200 Socket.IO clients.

The media come from nginx: four times the same sparse file, large enough to last for the whole measurement.
"""

from __future__ import annotations

import json
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from benchmarks.nginx_media import nginx
from benchmarks.nginx_site import NginxSite, series
from tests.running import ROOT, Server, command_line, until

SECONDS = 12
CLIENTS = 200
MOST_BYTES = 20 << 30


def big_file(path: Path) -> None:
    """Sparse, and says that it is an MP4: large enough to last for the whole measurement, small enough for this
    disk.
    """
    size = min(MOST_BYTES, shutil.disk_usage(path.parent).free // 10)
    with path.open("wb") as file:
        file.write(struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom"))
        file.write(struct.pack(">I4sQ", 1, b"mdat", size - 20))
        file.truncate(size)


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
    return (
        f"| {name} | p50 {statistics.median(taken):.1f} ms, p95 {p95:.1f} ms | idle p95: {base:.1f} ms |"
        f" {p95 / base:.1f} |"
    )


def main() -> list[str]:
    """Rows of a Markdown table."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        for name in ("library", "www"):
            (place / name).mkdir()
        big_file(place / "www" / "big.mp4")
        with nginx(place) as hoster, NginxSite((series("benchmark", 4),), place / "www", hoster, "/big.mp4") as site:
            server = Server(
                place / "instance",
                ANIWORLD_CATALOGUE_URL=site.url,
                ANIWORLD_LIBRARY=str(place / "library"),
                ANIWORLD_PRIVATE_HOSTS=",".join(site.private_hosts),
            ).start()
            try:
                return _measured(server, site)
            finally:
                server.stop()


def memory(server: Server) -> tuple[float, float]:
    """MB of the server's processes together, and of the heaviest child; shared pages by share (PSS)."""
    tree = server.tree()
    children = [pid for pid in tree if b"aniworld.transfer" in command_line(pid)]
    own = sum(_weight(pid) for pid in tree if pid not in children and b"ffmpeg" not in command_line(pid))
    return own, max(map(_weight, children), default=0.0)


def _weight(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1000
    return 0.0


def _measured(server: Server, site: NginxSite) -> list[str]:
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
    weight, child = memory(server)
    seen = json.loads(clients.stdout.readline())
    clients.wait(20)
    return [
        row("queue status, four downloads", alone, idle),
        f"| memory meanwhile, MB | server {weight:.0f} | a child: {child:.0f} | - |",
        row(f"queue status, four downloads, {joined} Socket.IO clients ({seen['events']} events)", crowded, idle),
    ]


if __name__ == "__main__":
    print("\n".join(main()))
