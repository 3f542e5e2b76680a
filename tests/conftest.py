"""What every test may ask for: a database of its own, the application on it, a real server, a catalogue site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aniworld.demo.site import DemoSite
from aniworld.models import Database
from aniworld.models.upgrade import bring_up_to_date

from .running import Server


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite file at the newest revision."""
    made = Database.at(f"sqlite:///{tmp_path / 'aniworld.db'}")
    bring_up_to_date(made, tmp_path / "copies")
    yield made
    made.close()


@pytest.fixture(scope="session")
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's videos, drawn once for the whole run."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture
def demo_site(media_folder: Path) -> Iterator[DemoSite]:
    """The bundled catalogue with its hosters on loopback; ``fault`` makes it misbehave."""
    with DemoSite(media_folder) as site:
        yield site


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """An empty library root."""
    root = tmp_path / "library"
    root.mkdir()
    return root


@pytest.fixture
def server(tmp_path: Path, library: Path, demo_site: DemoSite) -> Iterator[Server]:
    """A running server on the demo catalogue, signed in."""
    running = Server(tmp_path / "instance", **environment_for(demo_site, library))
    running.start()
    running.configure(catalogue={"requests_per_second": 50}, download={"min_free_space_mb": 10})
    yield running
    running.stop()


def environment_for(site: DemoSite, library: Path) -> dict[str, str]:
    return {
        "ANIWORLD_CATALOGUE_URL": site.url,
        "ANIWORLD_PRIVATE_HOSTS": ",".join(site.private_hosts),
        "ANIWORLD_LIBRARY": str(library),
    }
