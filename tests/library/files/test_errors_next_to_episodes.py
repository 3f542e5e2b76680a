"""A cover or NFO that fails keeps nothing else from being written next to a placed episode."""

from __future__ import annotations

import pytest

from aniworld.config.settings import LibrarySettings, Settings
from aniworld.models import AnimeSeries, Database, Episode
from aniworld.models.upgrade import bring_up_to_date
from aniworld.services.file_management import sidecars as beside
from aniworld.services.file_management.sidecars import BesideService


@pytest.fixture
def placed(tmp_path):
    """A service over a library with one placed episode, and the episode's path."""
    database = Database.at(f"sqlite:///{tmp_path / 'aniworld.db'}")
    bring_up_to_date(database, tmp_path / "copies")
    with database.writing() as session:
        series = AnimeSeries(
            key="naruto", name="Naruto", folder="Naruto", link="https://aniworld.to/anime/stream/naruto"
        )
        series.episodes = [Episode(season=1, number=1, link="x/1/1", title="Der Anfang")]
        session.add(series)
    video = tmp_path / "library" / "Naruto" / "S01E01.mkv"
    video.parent.mkdir(parents=True)
    video.write_bytes(b"x")
    library = LibrarySettings(root=str(tmp_path / "library"), write_artwork=True, write_nfo=True)
    settings = Settings(library=library)
    yield BesideService(database, lambda: settings, lambda key: tmp_path / "vanished.jpg"), video
    database.close()


def test_a_cover_that_cannot_be_read_leaves_the_nfo_to_be_written(placed, caplog):
    service, video = placed
    written = service.after_placing("naruto", 1, 1, video)
    assert {path.name for path in written} == {"tvshow.nfo", "S01E01.nfo"}
    assert "naruto got no poster" in caplog.text


@pytest.mark.parametrize("writer", ["write_series_nfo", "write_episode_nfo"])
def test_an_nfo_that_cannot_be_written_leaves_the_other(placed, writer, monkeypatch, caplog):
    def broken(*_):
        raise ValueError("planted")

    service, video = placed
    monkeypatch.setattr(beside, writer, broken)
    assert len(service.after_placing("naruto", 1, 1, video)) == 1
    assert "planted" in caplog.text
