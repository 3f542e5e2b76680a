"""A real server in a process of its own, and a plain client for it."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "correct horse battery staple"
START_WITHIN_S = 40.0


def _ports() -> Iterator[int]:
    """Below those that the system gives to connections; a part of them for each process that tests beside others."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = list(range(11_000 + worker % 8 * 2_500, 13_500 + worker % 8 * 2_500))
    random.shuffle(own)
    return cycle(own)


_own_ports = _ports()


def free_port() -> int:
    """A port that nobody listens on. It may be taken later: no connection gets it by chance, and nobody else is given
    it.
    """
    for port in _own_ports:
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise AssertionError("there is no end of ports")


def until(holds: Callable[[], Any], within_s: float = 20.0, every_s: float = 0.05) -> Any:
    """What ``holds()`` gives once it is true. Fails the test when that takes longer than ``within_s``."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(every_s)
    raise AssertionError(f"not so within {within_s} s")


class Server:
    """``start`` runs gunicorn on ``instance``; ``get``, ``post`` … speak JSON as the signed-in owner."""

    def __init__(self, instance: Path, *, port: int | None = None, **environment: str) -> None:
        self.instance = instance
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = instance.parent / f"{instance.name}.log"
        self.environment = {
            "ANIWORLD_INSTANCE": str(instance),
            "ANIWORLD_MASTER_PASSWORD": PASSWORD,
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.token = ""
        self.session = requests.Session()
        self.session.trust_env = False

    def start(self, *, sign_in: bool = True) -> Server:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ANIWORLD_")}
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "-b",
            f"127.0.0.1:{self.port}",
            "--log-level",
            "warning",
            "wsgi:app",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**clean, **self.environment}, stdout=log, stderr=log, start_new_session=True
            )
        try:
            until(self.answers, START_WITHIN_S)
            if sign_in:
                self.sign_in()
        except BaseException:
            self.stop()
            raise
        return self

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the server ended: {self.log.read_text()[-3000:]}"
        try:
            return self.session.get(self.url + "/health", timeout=5).status_code == 200
        except requests.RequestException:  # not there yet, or accepted before the application was loaded
            return False

    def sign_in(self, password: str = PASSWORD) -> str:
        answer = requests.post(self.url + "/api/auth/login", json={"password": password}, timeout=20)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {self.token}"
        return self.token

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> requests.Response:
        return self.session.request(method, self.url + path, json=json, timeout=30, **more)

    def get(self, path: str, **more: Any) -> Any:
        answer = self.call("GET", path, **more)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, json: Any = None, status: int | tuple[int, ...] = (200, 201, 202, 204)) -> Any:
        answer = self.call("POST", path, json)
        wanted = (status,) if isinstance(status, int) else status
        assert answer.status_code in wanted, f"POST {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def configure(self, **sections: Any) -> Any:
        answer = self.call("PUT", "/api/config/", sections)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def tree(self) -> list[int]:
        """The server's processes and everything below them, children last."""
        found, waiting = [], [self.process.pid if self.process else 0]
        while waiting:
            pid = waiting.pop(0)
            found.append(pid)
            try:
                for task in Path(f"/proc/{pid}/task").iterdir():
                    waiting += [int(child) for child in (task / "children").read_text().split()]
            except OSError:
                continue
        return found

    def kill(self) -> list[int]:
        """``kill -9`` of every server process at once; the transfer children are left to themselves. What is returned
        are their ids."""
        tree = self.tree()
        ours = [
            pid for pid in tree if b"aniworld.transfer" not in command_line(pid) and b"ffmpeg" not in command_line(pid)
        ]
        for pid in ours:
            _signal(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait(10)
        return [pid for pid in tree if pid not in ours]

    def stop(self, within_s: float = 15.0) -> float:
        """Asks it to stop, and says how many seconds that took."""
        if self.process is None or self.process.poll() is not None:
            return 0.0
        began = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            for pid in self.tree():
                _signal(pid, signal.SIGKILL)
            raise
        return time.monotonic() - began


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
