"""A season gets the series' cover where it has no picture of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aniworld.config.settings import LibrarySettings, Settings
from aniworld.core.errors import UnsafePath
from aniworld.library.files.artwork import write_season_poster
from aniworld.models import AnimeSeries, Database
from aniworld.services.file_management.sidecars import BesideService

JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture
def folder(library: Path) -> Path:
    (library / "Nebel/Season 01").mkdir(parents=True)
    return library / "Nebel"


def test_each_season_has_its_poster_once(library: Path, folder: Path) -> None:
    assert write_season_poster(library, folder, 1, JPEG) == folder / "season01-poster.jpg"
    assert write_season_poster(library, folder, 12, JPEG) == folder / "season12-poster.jpg"
    assert write_season_poster(library, folder, 0, JPEG) == folder / "season-specials-poster.jpg"
    assert write_season_poster(library, folder, 1, b"\x89PNG\r\n\x1a\n other") is None


@pytest.mark.parametrize(
    "own", ["Season01-Poster.PNG", "season01.webp", "Season 01/folder.jpg", "Season 01/Poster.png"]
)
def test_the_owners_picture_stays_alone(library: Path, folder: Path, own: str) -> None:
    (folder / own).write_bytes(b"mine")
    assert write_season_poster(library, folder, 1, JPEG) is None
    assert (folder / own).read_bytes() == b"mine"


def test_what_is_no_picture_or_no_place_is_left(library: Path, folder: Path) -> None:
    assert write_season_poster(library, folder, 1, b"<html>") is None
    assert write_season_poster(library, library / "gone", 1, JPEG) is None
    with pytest.raises(UnsafePath):
        write_season_poster(library, library / "..", 1, JPEG)


def test_they_are_written_with_an_episode_unless_the_owner_wants_none(
    database: Database, library: Path, folder: Path, tmp_path: Path
) -> None:
    with database.writing() as session:
        session.add(AnimeSeries(key="nebel", name="Nebel", folder="Nebel"))
    cover = tmp_path / "cover.jpg"
    cover.write_bytes(JPEG)
    settings = replace(Settings(), library=replace(LibrarySettings(), root=str(library)))
    off = replace(settings, library=replace(settings.library, write_artwork=False))
    video = folder / "Season 01/Nebel - S01E01.mkv"
    assert BesideService(database, lambda: off, lambda key: cover).after_placing("nebel", 1, 1, video) == []
    written = BesideService(database, lambda: settings, lambda key: cover).after_placing("nebel", 1, 1, video)
    assert [path.name for path in written] == ["poster.jpg", "season01-poster.jpg"]
