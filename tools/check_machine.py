"""The programs that the tests start: which of them this machine has, in which version, and how to get the others.

``python -m tools.check_machine`` names what is missing; with ``--install`` it is installed first, where that is
possible: as root on Debian, Ubuntu and what is derived from them.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
NO_SERVICES = Path("/usr/sbin/policy-rc.d")  # what Debian asks before it starts the service of a new package


@dataclass(frozen=True)
class Program:
    """``commands``: names, or globs of paths; the first that is there counts. ``packages``: Debian's.

    ``lowest``: the version that docs promise at least; empty where they promise none. ``slow``: only slow tests start
    it.
    """

    name: str
    commands: tuple[str, ...]
    packages: tuple[str, ...]
    used_for: str
    lowest: str = ""
    version_by: tuple[str, ...] = ("--version",)
    slow: bool = False

    def path(self) -> str | None:
        for command in self.commands:
            if command.startswith("/"):
                places = sorted(
                    Path("/").glob(command[1:]), key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))]
                )
                if places:
                    return str(places[-1])
            elif found := shutil.which(command) or shutil.which(command, path=SBIN):
                return found
        return None

    def version(self) -> str | None:
        """Such as ``10.11.19``; None where it is missing or does not say."""
        path = self.path()
        if path is None:
            return None
        try:
            done = subprocess.run([path, *self.version_by], capture_output=True, text=True, timeout=30)
        except (OSError, subprocess.TimeoutExpired):
            return None
        found = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
        return found[0] if found else None


PROGRAMS = (
    Program("ffmpeg", ("ffmpeg",), ("ffmpeg",), "videos for tests", "5.1", ("-version",)),
    Program(
        "Chromium",
        ("chromium", "chromium-browser", "google-chrome"),
        ("chromium", "fonts-dejavu-core"),
        "tests of the pages in a browser",
    ),
    Program("nginx", ("nginx",), ("nginx-light",), "tests behind a proxy", "1.22", ("-v",)),
    Program(
        "PostgreSQL",
        ("/usr/lib/postgresql/*/bin/postgres", "postgres"),
        ("postgresql",),
        "tests of a cluster",
        "15",
        slow=True,
    ),
    Program("MariaDB", ("mariadbd",), ("mariadb-server-core",), "tests of a cluster", "10.11", slow=True),
    Program("Redis", ("redis-server",), ("redis-server",), "tests of a cluster", "7.0", slow=True),
    Program("setpriv", ("setpriv",), ("util-linux",), "tests that give up rights"),
)
BY_NAME = {program.name: program for program in PROGRAMS}
PYTHON_LOWEST = "3.11.0"
# Promised, and run by no test; docs/deployment.md says so in its table of versions.
NOT_RUN = {
    "Docker": (
        "24",
        "it needs a Docker daemon; the Dockerfile and the compose files are read, and the entrypoint is run",
    ),
}


@dataclass(frozen=True)
class Version:
    """What the tests run on. ``lowest``: what is promised; empty for nothing."""

    name: str
    found: str
    lowest: str = ""

    @property
    def is_lowest(self) -> bool:
        """Whether this run is one on the lowest version: 5.1.9 is ffmpeg 5.1, and only 3.11.0 is Python 3.11.0."""
        return not self.lowest or self.found.split(".")[: self.lowest.count(".") + 1] == self.lowest.split(".")

    def __str__(self) -> str:
        return f"{self.name} {self.found}"


def versions(programs: Iterable[Program] = PROGRAMS) -> list[Version]:
    """Of Python, SQLite and the programs that are there."""
    found = [Version("Python", platform.python_version(), PYTHON_LOWEST), Version("SQLite", sqlite3.sqlite_version)]
    return found + [Version(one.name, text, one.lowest) for one in programs if (text := one.version())]


def missing(*, slow: bool = True) -> list[Program]:
    return [program for program in PROGRAMS if (slow or not program.slow) and program.path() is None]


def advice(program: Program) -> str:
    return f"{program.name} is not installed (on Debian: apt-get install {' '.join(program.packages)})"


def install(programs: Sequence[Program]) -> None:
    """Installs what it can and says what it does. Nothing is done without root's rights, or where there is no apt."""
    if not programs or not _may_install():
        return
    packages = [package for program in programs for package in program.packages]
    print(f"Installing {' '.join(packages)}", flush=True)
    with _without_services():
        _apt("update", "-qq")
        if not _apt("install", *packages):
            for program in programs:  # one that this system does not have must not keep the others away
                _apt("install", *program.packages)


def _may_install() -> bool:
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    facts = {}
    with suppress(OSError):
        facts = platform.freedesktop_os_release()
    return bool({"debian", "ubuntu"} & {facts.get("ID", ""), *facts.get("ID_LIKE", "").split()})


def _apt(what: str, *arguments: str) -> bool:
    options = ["-y", "-qq", "--no-install-recommends"] if what == "install" else []
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ["apt-get", what, *options, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        print(f"apt-get {what} {' '.join(arguments)} failed: {done.stderr.strip()[-500:]}", file=sys.stderr, flush=True)
    return done.returncode == 0


@contextmanager
def _without_services() -> Iterator[None]:
    """The tests start servers of their own; those of the packages stay off meanwhile."""
    own = not NO_SERVICES.exists()
    if own:
        NO_SERVICES.write_text("#!/bin/sh\nexit 101\n")
        NO_SERVICES.chmod(0o755)
    try:
        yield
    finally:
        if own:
            NO_SERVICES.unlink(missing_ok=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="install what is missing, where that is possible")
    if parser.parse_args().install:
        install(missing())
    for program in missing():
        print(f"{advice(program)}; needed for {program.used_for}.", file=sys.stderr)
    return 1 if missing() else 0


if __name__ == "__main__":
    sys.exit(main())
