"""What every test may ask for: a database of its own, the application on it, a real server, a catalogue site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aniworld.models import Database
from aniworld.models.upgrade import bring_up_to_date


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite file at the newest revision."""
    made = Database.at(f"sqlite:///{tmp_path / 'aniworld.db'}")
    bring_up_to_date(made, tmp_path / "copies")
    yield made
    made.close()
