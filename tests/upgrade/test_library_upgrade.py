"""Revision 0012 on every kind of database: series with several folders, decisions about folders, killed migrations.

``fixtures/0011/database.sql`` is a database as revision 0011 left it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text

from aniworld.core.errors import Unavailable
from aniworld.models import AnimeSeries, Database, Episode, ImportCandidate, SeenFolder, SeriesFolder, SeriesSeason
from aniworld.models import upgrade as upgrading
from aniworld.models.imports import folder_id
from aniworld.services.backup import portable_rows
from tests.upgrade.test_database_upgrade import earlier_database

Rows = dict[str, list[bytes]]


@pytest.fixture
def at_0011(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """A database of revision 0011 of the kind that the test runs on, with the fixture's rows."""
    database = Database.at(database_url)
    upgrading.migrate_to(database, "0011")
    source = Database.at(earlier_database("0011", tmp_path / "source.db"))
    with source.engine.connect() as read, database.engine.execution_options(aniworld_write=True).begin() as write:
        for form in portable_rows.forms_at("0011"):
            rows = [dict(zip(form.columns, row, strict=True)) for row in portable_rows.rows_of(read, form)]
            portable_rows.insert(write, form, rows)
    source.close()
    yield database
    database.close()


def content(database: Database, revision: str) -> Rows:
    """Every table's rows as lines that mean the same on each kind of database."""
    with database.engine.connect() as connection:
        return {
            form.name: sorted(form.line(row) for row in portable_rows.rows_of(connection, form))
            for form in portable_rows.forms_at(revision)
            if form.name != "seen_folder"  # read again by the next scan
        }


def up(database: Database) -> None:
    upgrading.migrate_to(database, upgrading.newest_revision())


def test_each_series_with_a_folder_has_it_as_its_primary_one(at_0011: Database) -> None:
    up(at_0011)
    with at_0011.reading() as session:
        query = select(AnimeSeries.key, SeriesFolder.folder, SeriesFolder.season, SeriesFolder.is_primary)
        rows = session.execute(query.join(SeriesFolder, SeriesFolder.series_id == AnimeSeries.id)).all()
    assert {tuple(row) for row in rows} == {
        ("fruits-basket", "Fruits Basket (2019)", None, True),
        ("dark", "Dark", None, True),
        ("left-the-library", "Left", None, True),
    }


def test_episodes_are_monitored_and_present_ones_know_their_languages(at_0011: Database) -> None:
    up(at_0011)
    with at_0011.reading() as session:
        episodes = session.scalars(select(Episode).order_by(Episode.id)).all()
        assert {one.monitored for one in episodes} == {True}
        assert [one.languages_on_disk for one in episodes] == [["ger-dub"], None, None, None, ["ger-sub"]]
        assert {one.file_height for one in episodes} == {None}
        assert session.scalars(select(SeriesSeason)).all() == []
        assert session.get_one(SeenFolder, "Dark").mtime_ns == 0, "the next scan reads each folder once"


def test_earlier_decisions_are_chosen_or_ignored_candidates(at_0011: Database) -> None:
    up(at_0011)
    with at_0011.reading() as session:
        found = {one.folder: one for one in session.scalars(select(ImportCandidate))}
        assert {folder: (one.state, one.series_key, one.earlier_folder) for folder, one in found.items()} == {
            "Dark": ("chosen", "dark", None),
            "Fotos": ("ignored", None, None),
            "Frieren alt": ("chosen", "dark", "Dark"),
        }
        assert all(one.id == folder_id(folder) for folder, one in found.items())
        assert f"{found['Frieren alt'].updated_at:%Y-%m-%d %H:%M}" == "2026-11-25 10:00"


def test_the_way_back_leaves_the_database_as_it_was(at_0011: Database) -> None:
    before = content(at_0011, "0011")
    up(at_0011)
    upgrading.downgrade_to(at_0011, "0011")
    assert content(at_0011, "0011") == before


def test_the_way_back_is_refused_while_a_series_has_two_folders(at_0011: Database) -> None:
    up(at_0011)
    with at_0011.writing() as session:
        session.add(SeriesFolder(series_id=2, folder="Dark Season 2", season=2))
    before = content(at_0011, upgrading.newest_revision())
    with pytest.raises(Unavailable, match=r"several folders.*: Dark \(dark\)\. Merge their folders"):
        upgrading.downgrade_to(at_0011, "0011")
    assert upgrading.revision_of(at_0011) == upgrading.newest_revision()
    assert content(at_0011, upgrading.newest_revision()) == before


class Killed(Exception):
    """Stands for the end of the process: what the database did not keep by then is lost."""


def run_until(database: Database, statements: int, revision: str, direction: str) -> bool:
    """Whether the migration came to its end before it was killed at the writing statement of that number."""
    left = statements

    def count(_: Any, __: Any, statement: str, *___: Any) -> None:
        nonlocal left
        if statement.lstrip().split(" ", 1)[0].upper() in ("CREATE", "INSERT", "UPDATE", "DELETE", "DROP", "ALTER"):
            left -= 1
            if left < 0:
                raise Killed

    event.listen(Engine, "before_cursor_execute", count)  # a server's scripts have an engine of their own
    try:
        (upgrading.migrate_to if direction == "up" else upgrading.downgrade_to)(database, revision)
    except Killed:
        return False
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return True


def test_a_killed_migration_is_resumed_wherever_it_was_killed(at_0011: Database) -> None:
    before = content(at_0011, "0011")
    newest = upgrading.newest_revision()
    kills = 1
    while not run_until(at_0011, kills, newest, "up"):
        kills += 1
        assert kills < 100
    assert kills > 3
    resumed = content(at_0011, newest)
    assert len(resumed["series_folder"]) == 3
    assert len(resumed["import_candidate"]) == 3
    kills = 1
    while not run_until(at_0011, kills, "0011", "down"):
        kills += 1
        assert kills < 100
    assert content(at_0011, "0011") == before
    up(at_0011)
    again = content(at_0011, newest)
    assert {name: len(rows) for name, rows in again.items()} == {name: len(rows) for name, rows in resumed.items()}
    assert again["episode"] == resumed["episode"]
    assert again["import_candidate"] == resumed["import_candidate"]


def test_twenty_thousand_episodes_come_along_within_a_minute(at_0011: Database) -> None:
    series, episodes = 500, 40
    many = [
        {"i": 1000 + number, "k": f"s-{number}", "n": f"Series {number}", "f": f"Series {number} (2019)"}
        for number in range(series)
    ]
    columns = (
        'id, "key", name, site, folder, link, description, alternative_titles, genres, languages, monitored,'
        ' auto_download, "upgrade", specials, numbering, created_at, updated_at'
    )
    values = (
        ":i, :k, :n, 'aniworld.to', :f, '', '', '[]', '[]', '[]', true, false, false, '{}', '{}',"
        " '2026-11-20 18:30:00', '2026-11-20 18:30:00'"
    )
    rows = [
        {
            "i": one["i"] * 100 + number,
            "s": one["i"],
            "n": number,
            "f": f"Season 01/{one['n']} - S01E{number:02}.mkv" if number % 4 else None,
        }
        for one in many
        for number in range(1, episodes + 1)
    ]
    names = (
        "id, series_id, season, number, title, title_en, link, languages, available, settled, file, file_language,"
        " size_bytes, announced, created_at, updated_at"
    )
    given = (
        ":i, :s, 1, :n, '', '', '', '[]', true, false, :f, 'ger-dub', 5, false, '2026-11-20 18:30:00',"
        " '2026-11-20 18:30:00'"
    )
    quoted = columns.replace('"', "`") if at_0011.engine.dialect.name == "mysql" else columns
    with at_0011.writing() as session:
        session.execute(text(f"INSERT INTO anime_series ({quoted}) VALUES ({values})"), many)
        session.execute(text(f"INSERT INTO episode ({names}) VALUES ({given})"), rows)
    began = time.monotonic()
    up(at_0011)
    took = time.monotonic() - began
    print(f"20,000 episodes on {at_0011.engine.dialect.name}: {took:.1f} s")
    assert took < 60
    with at_0011.reading() as session:
        assert len(session.scalars(select(Episode.id)).all()) == series * episodes + 5
        found = session.execute(select(Episode.languages_on_disk).where(Episode.series_id == 1000)).scalars().all()
        assert found.count(["ger-dub"]) == episodes - episodes // 4
        assert len(session.scalars(select(SeriesFolder.id)).all()) == series + 3
    began = time.monotonic()
    upgrading.downgrade_to(at_0011, "0011")
    assert time.monotonic() - began < 60
