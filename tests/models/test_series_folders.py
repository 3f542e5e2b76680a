"""The primary row of the table of folders follows the series' own row."""

from __future__ import annotations

from sqlalchemy import select

from aniworld.models import AnimeSeries, Database, SeriesFolder, SeriesSeason
from aniworld.models.series_folders import folders_of_series, point_primary_at


def told(database: Database) -> list[tuple[str, bool]]:
    with database.reading() as session:
        series = session.scalars(select(AnimeSeries)).one()
        return [(one.folder, one.is_primary) for one in folders_of_series(session, series)]


def change(database: Database, folder: str) -> None:
    with database.writing() as session:
        session.scalars(select(AnimeSeries)).one().folder = folder


def test_the_primary_folder_follows_the_series(database: Database) -> None:
    with database.writing() as session:
        session.add(AnimeSeries(key="dark", name="Dark"))
    assert told(database) == []
    change(database, "Dark")
    assert told(database) == [("Dark", True)]
    change(database, "Dark (2017)")
    assert told(database) == [("Dark (2017)", True)]
    change(database, "")
    assert told(database) == []


def test_a_further_folder_that_becomes_the_primary_one_changes_places_with_it(database: Database) -> None:
    with database.writing() as session:
        series = AnimeSeries(key="dark", name="Dark", folder="Dark")
        session.add(series)
        session.flush()
        session.add(SeriesFolder(series_id=series.id, folder="Dark Season 2", season=2))
        session.add(SeriesFolder(series_id=series.id, folder="Dark Season 1", season=1))
    assert told(database) == [("Dark", True), ("Dark Season 1", False), ("Dark Season 2", False)]
    change(database, "Dark Season 2")
    assert told(database) == [("Dark Season 2", True), ("Dark Season 1", False), ("Dark", False)]
    with database.writing() as session:
        point_primary_at(session.connection(), 1, "Dark")
    assert told(database) == [("Dark", True), ("Dark Season 1", False), ("Dark Season 2", False)]


def test_folders_and_seasons_go_with_their_series(database: Database) -> None:
    with database.writing() as session:
        session.add(AnimeSeries(id=1, key="dark", name="Dark", folder="Dark"))
        session.flush()
        session.add(SeriesSeason(series_id=1, season=2, monitored=False))
    with database.writing() as session:
        session.delete(session.scalars(select(AnimeSeries)).one())
    with database.reading() as session:
        assert session.scalars(select(SeriesFolder)).all() == []
        assert session.scalars(select(SeriesSeason)).all() == []
