"""What is recorded of a placed episode."""

from __future__ import annotations

import unicodedata

import pytest
from sqlalchemy import select

from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode
from aniworld.services.queue.episode_records import EpisodeFiles

ODD = "Umbenannt: neu?"


@pytest.mark.parametrize(
    ("stored", "placed", "kept"),
    [
        (ODD, ODD, ODD),
        (ODD, "Umbenannt - neu", ODD),
        ("Naruto", "NARUTO", "NARUTO"),
        ("Öfen", unicodedata.normalize("NFD", "Öfen"), unicodedata.normalize("NFD", "Öfen")),
    ],
)
def test_a_series_keeps_its_folder_unless_the_disk_spells_the_same_name(
    database: Database, stored: str, placed: str, kept: str
) -> None:
    with database.writing() as session:
        session.add(AnimeSeries(key="neu", name="Neu", folder=stored))
    item = DownloadQueueItem(id="1", serie_id="neu", season=1, episode=2)
    EpisodeFiles(database).record(item, "Season 01/Neu - S01E02.mkv", "ger-dub", 4, folder=placed)
    with database.reading() as session:
        assert session.scalar(select(AnimeSeries.folder)) == kept
        assert session.scalar(select(Episode.file)) == "Season 01/Neu - S01E02.mkv"


@pytest.mark.parametrize(("height", "kept"), [(1080, 1080), (None, 720)])
def test_a_placed_file_has_its_language_and_height(database: Database, height: int | None, kept: int) -> None:
    with database.writing() as session:
        session.add(AnimeSeries(key="neu", name="Neu", folder="Neu"))
    item = DownloadQueueItem(id="1", serie_id="neu", season=1, episode=2)
    EpisodeFiles(database).record(item, "Neu - S01E02 [720p].mkv", "ger-dub", 4, folder="Neu", height=height)
    with database.reading() as session:
        row = session.scalars(select(Episode)).one()
        assert (row.languages_on_disk, row.file_height, row.monitored) == (["ger-dub"], kept, True)
