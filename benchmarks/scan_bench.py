"""A library of 2,000 series with 60,000 files: how fast it is scanned, and how the server answers meanwhile.

    python -m benchmarks.scan_bench [--series 2000] [--episodes 30] [--folder DIR]

Prints a Markdown table. A real server scans a tree of empty files in a temporary folder, which is removed afterwards.

Three bases stand beside the first scan, all taken in the same run, the shortest of three since they can be repeated:
``find -type f`` plus reading the episodes' table as a program with models does; the same with SQLite alone, which is
the least that has to be fetched; and with that, reading each of the names in one plain loop, which is what has to be
understood. Around them the scan asks for sizes, compares, and writes 60,000 rows. The server and the scan's own process
are told apart: memory and processor seconds of both.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import select

from aniworld.library.names.parser import Found, read_name
from aniworld.library.scan.matching import KnownEpisode, KnownSeries
from aniworld.library.scan.scanner import SerieScanner
from aniworld.models import AnimeSeries, Database, Episode
from aniworld.models.upgrade import bring_up_to_date
from tests.running import Server

EVERY_S = 0.05
SHAPES = (
    "Season {s:02d}/{name} - S{s:02d}E{e:02d} - Ein Titel.mkv",
    "Staffel {s}/Folge {e:02d}.mp4",
    "{name} - S{s:03d}E{e:03d} - (German Sub).mp4",
    "Season {s:02d}/[Group] {name} - {e:02d} [1080p].mkv",
    "Season {s:02d}/{name}.S{s:02d}E{e:02d}.German.DL.1080p.WEB.x264-GRP.mkv",
)


def build(root: Path, series: int, episodes: int) -> list[KnownSeries]:
    """The tree, and what is known of it: two seasons each; eight series of ten have names with a code."""
    known = []
    for number in range(series):
        name = f"Serie Nummer {number:04d}"
        shape = SHAPES[(0, 0, 0, 2, 4, 0, 1, 0, 3, 0)[number % 10]]
        half = episodes // 2 or 1
        places = [(1 + e // half, 1 + e % half) for e in range(episodes)]
        for s, e in places:
            path = root / name / shape.format(name=name, s=s, e=e)
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        entries = tuple(KnownEpisode(s, e) for s, e in places)
        known.append(KnownSeries(f"serie-nummer-{number:04d}", name, folder=name, episodes=entries, had_files=True))
    return known


def store(instance: Path, known: list[KnownSeries]) -> None:
    """The same series in the database of a server that is not running yet."""
    instance.mkdir()
    database = Database.at(f"sqlite:///{instance / 'aniworld.db'}")
    bring_up_to_date(database, instance / "backups")
    with database.writing() as session:
        for each in known:
            episodes = [
                Episode(season=one.season, number=one.number, link=f"x/{one.season}/{one.number}")
                for one in each.episodes
            ]
            session.add(AnimeSeries(key=each.key, name=each.name, folder=each.folder, episodes=episodes))
    database.close()


def timed(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """Seconds of the fastest, and what it gave."""
    best, result = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def found_by_find(root: Path) -> list[str]:
    done = subprocess.run(["find", str(root), "-type", "f"], capture_output=True, check=True, text=True)
    return [path[len(str(root)) + 1 :] for path in done.stdout.splitlines()]


def read_all(paths: list[str]) -> int:
    """How many of the names are an episode's."""
    split = (path.partition("/") for path in paths)
    return sum(isinstance(read_name(below, series_names=(name,)), Found) for name, _, below in split)


def episodes_read(file: Path) -> int:
    """How many episodes SQLite alone hands over, with what a scan needs of them."""
    columns = "series_id, id, season, number, absolute, link, file, file_language, size_bytes"
    connection = sqlite3.connect(file)
    try:
        return len(connection.execute(f"SELECT {columns} FROM episode").fetchall())
    finally:
        connection.close()


def models_read(file: Path) -> int:
    """The same by the models: each row an Episode."""
    with closing(Database.at(f"sqlite:///{file}")) as database, database.reading() as session:
        return len(session.scalars(select(Episode)).all())


def memory_mb(pids: list[int]) -> float:
    """Resident memory of the processes together, those that ended left out."""
    return sum(int(text.split()[1]) for text in _told(pids, "statm")) * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_s(pids: list[int]) -> float:
    """Processor seconds that the processes took so far, those that ended left out."""
    stats = (text.rsplit(")", 1)[1].split() for text in _told(pids, "stat"))
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def _told(pids: list[int], name: str) -> list[str]:
    texts = []
    for pid in pids:
        with suppress(OSError):
            texts.append(Path(f"/proc/{pid}/{name}").read_text())
    return texts


class Watched:
    """One scan of the server (none for ``idle_s`` seconds), asked for its queue's status 50 ms after each answer
    meanwhile.

    ``seconds`` of the scan, ``cpu`` seconds of the server, ``taken`` milliseconds an answer, ``grown`` MB at the worst;
    ``beside``: (processor seconds, MB at the worst) of the scan's own process, as last seen.
    """

    def __init__(self, server: Server, wish: dict[str, Any] | None = None, idle_s: float = 0.0) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {server.token}"
        pids = server.tree()
        before, cpu, self.grown, self.taken = memory_mb(pids), cpu_s(pids), 0.0, []
        self.beside = (0.0, 0.0)
        self.session.get(server.url + "/api/queue/status", timeout=30)
        began = time.perf_counter()
        if not idle_s:
            server.post("/api/anime/rescan", wish)
        while True:
            self.taken.append(self.ask(server))
            self.grown = max(self.grown, memory_mb(pids) - before)
            others = [pid for pid in server.tree() if pid not in pids]
            cpu_beside, memory_beside = self.beside
            self.beside = (max(cpu_beside, cpu_s(others)), max(memory_beside, memory_mb(others)))
            self.answer = server.get("/api/anime/scan")
            self.seconds = time.perf_counter() - began
            if self.seconds > idle_s and self.answer["status"] != "running":
                break
            time.sleep(EVERY_S)
        self.cpu = cpu_s(pids) - cpu
        assert idle_s or self.answer["status"] == "completed", self.answer

    def ask(self, server: Server) -> float:
        began = time.perf_counter()
        assert self.session.get(server.url + "/api/queue/status", timeout=30).status_code == 200
        return (time.perf_counter() - began) * 1000

    def latency(self) -> str:
        ranked = sorted(self.taken)
        p95 = ranked[min(int(len(ranked) * 0.95), len(ranked) - 1)]
        return f"p50 {statistics.median(ranked):.1f} ms, p95 {p95:.1f} ms, worst {ranked[-1]:.0f} ms of {len(ranked)}"


def main(series: int = 2000, episodes: int = 30, folder: str | None = None) -> list[str]:
    """Rows of a Markdown table."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        root = Path(place) / "library"
        known = build(root, series, episodes)
        store(Path(place) / "instance", known)
        time.sleep(2.5)  # directory times younger than two seconds are not trusted; a real library is older
        return _measured(Path(place), root, known)


def _measured(place: Path, root: Path, known: list[KnownSeries]) -> list[str]:
    find, paths = timed(lambda: found_by_find(root))
    names, _ = timed(lambda: read_all(paths))
    file = place / "instance" / "aniworld.db"
    table, _ = timed(lambda: episodes_read(file))
    models, _ = timed(lambda: models_read(file))
    alone, _ = timed(lambda: SerieScanner(root).scan(known, scan_id="bench"), 2)
    server = Server(place / "instance", ANIWORLD_LIBRARY=str(root)).start()
    try:
        idle, first, again = Watched(server, idle_s=5.0), Watched(server), Watched(server)
        few = Watched(server, {"keys": [each.key for each in known[:3]]})
    finally:
        server.stop()
    assert first.answer["episodes_found"] == len(paths), first.answer
    bases, size = (find + models, find + table, find + table + names), f"{len(known):,} series, {len(paths):,} files"
    return [
        f"| find -type f, {size} | {find:.2f} s | | |",
        f"| find and reading the episodes' table by the models | {bases[0]:.2f} s | {_ratios(bases[0], bases)} | |",
        f"| find and reading the episodes' table by SQLite alone | {bases[1]:.2f} s | {_ratios(bases[1], bases)} | |",
        f"| the latter, and reading the names | {bases[2]:.2f} s | {_ratios(bases[2], bases)} | |",
        f"| disk and names only, without the database | {alone:.2f} s | {_ratios(alone, bases)} | |",
        f"| the server without a scan | {idle.seconds:.0f} s | | queue status {idle.latency()} |",
        _row("first scan by the server", first, bases),
        _row("unchanged rescan", again, bases),
        _row("three series by key", few, bases),
    ]


def _ratios(seconds: float, bases: tuple[float, ...]) -> str:
    return ", ".join(f"{seconds / base:.1f}" for base in bases)


def _row(name: str, one: Watched, bases: tuple[float, ...]) -> str:
    cpu, memory = one.beside
    beside = f"; its own process {cpu:.1f} s, {memory:.0f} MB" if cpu else ""
    return (
        f"| {name} | {one.seconds:.2f} s (server {one.cpu:.1f} s of processor{beside}) | {_ratios(one.seconds, bases)}"
        f" | queue status {one.latency()}; server's memory +{one.grown:.0f} MB |"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--episodes", type=int, default=30)
    parser.add_argument("--folder", default=None)
    wish = parser.parse_args()
    print("| what | time | against the bases | meanwhile |\n| --- | --- | --- | --- |")
    print("\n".join(main(wish.series, wish.episodes, wish.folder)), file=sys.stdout)
