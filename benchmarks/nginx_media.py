"""nginx on loopback, and the media that it serves: so that no Python process competes with ours."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

MIB = 1024 * 1024
_CONFIG = """
worker_processes 1; daemon off; pid {base}/nginx.pid; error_log {base}/error.log;
events {{ worker_connections 512; }}
http {{
  log_format times "$msec $request_time $uri"; access_log {base}/access.log times;
  sendfile on; tcp_nopush on; keepalive_requests 100000;
  types {{ video/mp4 mp4; video/mp2t ts; application/vnd.apple.mpegurl m3u8; }}
  client_body_temp_path {base}/t1; proxy_temp_path {base}/t2; fastcgi_temp_path {base}/t3;
  uwsgi_temp_path {base}/t4; scgi_temp_path {base}/t5;
  server {{
    listen 127.0.0.1:{port}; root {base}/www;
    location /e/ {{ default_type text/html; }}
    location /slow/ {{ alias {base}/www/; limit_rate 4m; }}
    location /slow-hls/ {{ alias {base}/www/hls/; limit_rate 400k; }}
  }}
}}
"""


@contextlib.contextmanager
def nginx(base: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (base / "nginx.conf").write_text(_CONFIG.format(base=base, port=port))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    server = subprocess.Popen([program, "-c", str(base / "nginx.conf"), "-p", str(base)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit("nginx did not start.")


def ffmpeg(folder: Path, *args: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-nostdin", *args], cwd=folder, check=True)


def make_clip(www: Path, megabits: float) -> None:
    """``clip.mp4``: ten seconds of noise, that no encoder makes small."""
    picture = "testsrc2=s=1280x720:r=25:d=10,noise=alls=25:allf=t"
    rate = f"{int(megabits * 1000)}k"
    coding = (
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-g",
        "25",
        "-b:v",
        rate,
        "-maxrate",
        rate,
        "-bufsize",
        "2M",
    )
    ffmpeg(www, "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=d=10", *coding, "-c:a", "aac", "clip.mp4")


def fill_up(clip: Path, out: Path, size: int) -> None:
    data = clip.read_bytes()
    box = size - len(data)
    with out.open("wb") as file:
        file.write(data + box.to_bytes(4, "big") + b"free")
        block = os.urandom(MIB)
        while file.tell() < size:
            file.write(block[: size - file.tell()])
