"""The command line as people meet it: a process of its own on an instance folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aniworld.demo.site import DemoSite

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


@dataclass(frozen=True)
class Cli:
    """Calls ``python -m aniworld --instance …``; ``start`` leaves it running."""

    instance: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str, stdin: str = "") -> Done:
        done = subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "aniworld", "--instance", str(self.instance), *arguments]


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli-media")


@pytest.fixture
def site(media: Path) -> Iterator[DemoSite]:
    made = DemoSite(media)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture
def cli_on(tmp_path: Path, library: Path) -> Callable[..., Cli]:
    """A command line with more in its environment than the instance and the library."""

    def make(**more: str) -> Cli:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANIWORLD_")}
        return Cli(tmp_path / "instance", {**kept, "ANIWORLD_LIBRARY": str(library), **more})

    return make


@pytest.fixture
def cli(cli_on: Callable[..., Cli]) -> Cli:
    """Without any catalogue: for what needs none."""
    return cli_on(ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9")


@pytest.fixture
def demo_cli(cli_on: Callable[..., Cli], site: DemoSite) -> Cli:
    return cli_on(ANIWORLD_CATALOGUE_URL=site.url, ANIWORLD_PRIVATE_HOSTS=",".join(site.private_hosts))
