"""Web processes and download workers on one database and one Redis: a small cluster on one machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from aniworld.demo.site import DemoSite
from tests.cluster.webs import SECRET
from tests.running import ROOT, START_WITHIN_S, Server, command_line, free_port, until

LEASE_S = 6
PROMPTLY_S = 4.0  # 2 s are promised; the rest is for a machine that runs all of this at once


class Worker(Server):
    """``python -m aniworld worker`` in a process of its own; ``pause`` freezes it, but not its children."""

    def __init__(self, name: str, instance: Path, *options: str, **environment: str) -> None:
        super().__init__(instance, port=free_port(), **environment)
        self.name = name
        self.options = options

    def start(self, *, sign_in: bool = False) -> Worker:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ANIWORLD_")}
        command = [sys.executable, "-m", "aniworld", "worker", "--name", self.name, *self.options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**clean, **self.environment}, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def transfers(self) -> list[int]:
        """The ids of its transfer children."""
        return [pid for pid in self.tree() if b"aniworld.transfer" in command_line(pid)]

    def pause(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)


class Crew:
    """``web`` and ``worker`` start another one each; ``close`` ends all of them."""

    def __init__(self, folder: Path, library: Path, database_url: str, redis_url: str, site: DemoSite) -> None:
        self.folder = folder
        self.library = library
        self.site = site
        self.environment = {
            "ANIWORLD_DATABASE_URL": database_url,
            "ANIWORLD_REDIS_URL": redis_url,
            "ANIWORLD_SECRET_KEY": SECRET,
            "ANIWORLD_CATALOGUE_URL": site.url,
            "ANIWORLD_PRIVATE_HOSTS": ",".join(site.private_hosts),
            "ANIWORLD_LIBRARY": str(library),
            "ANIWORLD_LEASE_S": str(LEASE_S),
        }
        self.webs: list[Server] = []
        self.workers: dict[str, Worker] = {}

    def web(self) -> Server:
        server = Server(self.folder / f"web-{len(self.webs)}", **self.environment).start()
        if not self.webs:
            server.configure(
                catalogue={"requests_per_second": 50},
                download={"min_free_space_mb": 10, "niceness": 0, "concurrency": 2, "connections": 2},
            )
        self.webs.append(server)
        return server

    def worker(self, name: str, *options: str, **more: str) -> Worker:
        worker = Worker(name, self.folder / f"worker-{name}", *options, **{**self.environment, **more})
        self.workers[name] = worker.start()
        return worker

    def gathered(self) -> None:
        """Every worker has said that it is there."""
        until(lambda: {one["name"] for one in self.seen()} >= set(self.workers), START_WITHIN_S)

    def seen(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.webs[0].get("/api/system")["workers"]
        return found

    def files(self) -> list[str]:
        """The episodes in the library, by name."""
        found = (path for path in self.library.rglob("*.*") if path.suffix in (".mp4", ".mkv", ".webm"))
        return sorted(path.name for path in found if ".incoming" not in path.parts)

    def close(self) -> None:
        for one in (*self.workers.values(), *self.webs):
            if one.process is not None and one.process.poll() is None:
                os.kill(one.process.pid, signal.SIGCONT)
                one.kill()
