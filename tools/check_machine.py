"""Says in a clear sentence what this machine lacks for the whole test run; ends with 1 when something is missing."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

NEEDED = {
    "Chromium (browser tests)": (("chromium", "chromium-browser", "google-chrome"), "chromium"),
    "ffmpeg (videos for tests)": (("ffmpeg",), "ffmpeg"),
    "PostgreSQL (tests of a cluster)": (
        ("initdb", *map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb"))),
        "postgresql",
    ),
    "MariaDB (tests of a cluster)": (("mariadbd", "/usr/sbin/mariadbd"), "mariadb-server"),
    "Redis (tests of a cluster)": (("redis-server",), "redis-server"),
    "nginx (tests behind a proxy)": (("nginx", "/usr/sbin/nginx"), "nginx-light"),
    "curl (tests of the deployment guide)": (("curl",), "curl"),
    "setpriv (tests of the container's entrypoint and of a cluster)": (("setpriv",), "util-linux"),
}


def main() -> int:
    missing = {name: package for name, (programs, package) in NEEDED.items() if not any(map(shutil.which, programs))}
    for name, package in missing.items():
        print(f"{name} is not installed. On Debian: apt-get install {package}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
