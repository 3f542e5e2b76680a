"""What a person waits for: from "add" to the first byte, and until eight small episodes stand in the library.

Beside it MeTube's way: a fresh yt-dlp process for each episode, four at a time. All media come from nginx.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.nginx_media import MIB, fill_up, make_clip, nginx
from benchmarks.nginx_site import NginxSite, series
from tests.running import Server, until

EPISODES, SLOTS = 8, 4
WARM_UP = 2  # series whose episodes are fetched before anything is measured


@contextmanager
def running(base: Path, rounds: int) -> Iterator[tuple[Server, NginxSite]]:
    """A server with a series of eight episodes for each round, and its pages read."""
    www = base / "www"
    www.mkdir(exist_ok=True)
    base.chmod(0o755)
    make_clip(www, megabits=2)
    fill_up(www / "clip.mp4", www / "5.mp4", 5 * MIB)
    with nginx(base) as hoster:
        site = NginxSite(tuple(series(f"runde-{number}", EPISODES) for number in range(rounds)), www, hoster, "/5.mp4")
        with site:
            (base / "library").mkdir()
            server = Server(
                base / "instance",
                ANIWORLD_CATALOGUE_URL=site.url,
                ANIWORLD_LIBRARY=str(base / "library"),
                ANIWORLD_PRIVATE_HOSTS=",".join(site.private_hosts),
            ).start()
            try:
                server.configure(
                    download={"concurrency": SLOTS, "min_free_space_mb": 0, "auto_start": True},
                    catalogue={"requests_per_second": 50},
                )
                for number in range(rounds):
                    key = f"runde-{number}"
                    server.post("/api/anime/add", {"link": f"{site.url}/anime/stream/{key}"})
                    until(lambda key=key: server.get(f"/api/anime/{key}")["episodes"], 60)
                yield server, site
            finally:
                server.stop()


def ours(server: Server, number: int) -> float:
    """Seconds from the wish until all eight episodes are placed."""
    began, before = time.monotonic(), _completed(server)
    wished = [f"S01E{episode:02d}" for episode in range(1, EPISODES + 1)]
    server.post("/api/queue/add", {"serie_id": f"runde-{number}", "episodes": wished})
    until(lambda: _completed(server) == before + EPISODES, 120, 0.02)
    return time.monotonic() - began


def _completed(server: Server) -> int:
    return server.get("/api/queue/status?limit=1")["statistics"]["completed"]


def a_process_each(site: NginxSite, number: int, folder: Path) -> float:
    """As ``ours``, by eight runs of yt-dlp, four at a time."""

    def fetch(episode: int) -> None:
        page = site.page_of(number * EPISODES + episode)
        command = [sys.executable, "-m", "yt_dlp", "-q", "--no-config", "-o", f"{number}-{episode}.mp4", page]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    began = time.monotonic()
    with ThreadPoolExecutor(SLOTS) as pool:
        list(pool.map(fetch, range(EPISODES)))
    return time.monotonic() - began


def to_first_byte(server: Server, number: int, log: Path) -> float:
    """Seconds from the wish of one episode until nginx had its first request for the media."""
    until(lambda: not server.get("/api/queue/status")["active_downloads"])
    before, began = len(_media_requests(log)), time.time()
    server.post("/api/queue/add", {"serie_id": f"runde-{number}", "episodes": ["S01E01"]})
    requests = until(lambda: _media_requests(log)[before:], 30)
    until(lambda: not server.get("/api/queue/status")["active_downloads"])
    return min(requests) - began


def _media_requests(log: Path) -> list[float]:
    """When each answer with media began: nginx writes a line at its end, with how long it took."""
    lines = (line.split() for line in log.read_text().splitlines())
    return [float(end) - float(took) for end, took, path in lines if path == "/5.mp4"]


def small(rounds: int = 5) -> list[str]:
    with tempfile.TemporaryDirectory() as name, running(Path(name), rounds + 1) as (server, site):
        ours(server, rounds)
        own, theirs = [], []
        for number in range(rounds):
            own.append(ours(server, number))
            theirs.append(a_process_each(site, number, Path(name)))
        return [
            _row(
                f"{EPISODES} episodes of 5 MiB over {SLOTS} slots, added to placed",
                own,
                "a yt-dlp process each",
                theirs,
            )
        ]


def added(rounds: int = 5) -> list[str]:
    with tempfile.TemporaryDirectory() as name, running(Path(name), rounds + WARM_UP) as (server, _):
        log = Path(name) / "access.log"
        times = [to_first_byte(server, number, log) for number in range(rounds + WARM_UP)][WARM_UP:]
        return [f"| added to first byte | {statistics.median(times):.2f} s | worst: {max(times):.2f} s | |"]


def _row(what: str, own: list[float], name: str, theirs: list[float]) -> str:
    mine, other = statistics.median(own), statistics.median(theirs)
    return f"| {what} | {mine:.2f} s | {name}: {other:.2f} s | {mine / other:.2f} |"
