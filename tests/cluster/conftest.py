"""The machines' fixtures stand in fixtures.py: tests elsewhere ask for the same databases. Here: two web processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.machines import PostgreSQL
from tests.cluster.webs import Webs, two_webs


@pytest.fixture(scope="session")
def both_webs(postgresql: PostgreSQL, media_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webs]:
    with two_webs(tmp_path_factory.mktemp("webs"), postgresql, media_folder) as webs:
        yield webs


@pytest.fixture
def webs(both_webs: Webs) -> Webs:
    """Two web processes as one, both running and signed in."""
    both_webs.start()
    return both_webs
