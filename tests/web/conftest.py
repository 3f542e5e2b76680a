"""One real server for each module of tests here: no catalogue, nothing to download."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.running import Server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Signed in as the owner. Its catalogue is a closed port of this machine."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "library").mkdir()
    server = Server(
        folder / "instance",
        ANIWORLD_LIBRARY=str(folder / "library"),
        ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9",
        ANIWORLD_PRIVATE_HOSTS="127.0.0.1",
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture
def visitor(running: Server) -> requests.Session:
    """A browser that nobody signed in yet."""
    session = requests.Session()
    session.trust_env = False
    return session
