"""How quickly the application answers after its start, and what it weighs idle, against importing the given packages.

Both sides are measured in alternating runs, so that a busy machine hits them alike.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = 5
PACKAGES = (
    "flask, flask_socketio, flask_login, flask_jwt_extended, flask_sqlalchemy, flask_migrate, marshmallow, gevent, "
    "requests, bs4"
)
IMPORT_ALL = f"""
from gevent import monkey; monkey.patch_all()
import time; began = time.perf_counter()
import {PACKAGES}
import json, resource, re
print(json.dumps([re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]]))
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def import_all() -> tuple[float, float]:
    """(seconds, MB) of a process that only imports the given packages."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True)
    return time.perf_counter() - began, int(json.loads(done.stdout)[0]) / 1024


def start(instance: Path) -> tuple[float, float]:
    """(seconds from exec to the first answer of /health, MB of the serving process once idle)."""
    port = free_port()
    env = dict(os.environ, ANIWORLD_INSTANCE=str(instance))
    command = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "--log-level", "warning", "wsgi:app"]
    began = time.perf_counter()
    server = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/health")
        seconds = time.perf_counter() - began
        time.sleep(2)
        return seconds, max(map(memory_mb, children_of(server.pid)))
    finally:
        server.terminate()
        server.wait(20)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return
        except OSError:
            time.sleep(0.005)
    raise SystemExit(f"{url} never answered")


def children_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed] or [pid]


def memory_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> list[str]:
    """Rows of a Markdown table."""
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        start(instance)
        ours, theirs = [], []
        for _ in range(RUNS):
            theirs.append(import_all())
            ours.append(start(instance))
    rows = []
    for index, (name, unit) in enumerate((("cold start to the first answer", "s"), ("memory when idle", "MB"))):
        mine, base = (statistics.median(run[index] for run in runs) for runs in (ours, theirs))
        rows.append(
            f"| {name} | {mine:.2f} {unit} | importing the given packages: {base:.2f} {unit} | {mine / base:.2f} |"
        )
    return rows


if __name__ == "__main__":
    print("\n".join(main()))
