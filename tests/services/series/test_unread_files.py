"""Videos that a scan did not understand are listed with the series until a scan understands them."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update

from aniworld.library.scan.folder_reader import Reading
from aniworld.library.scan.snapshot import MOST_UNREAD
from aniworld.models import AnimeSeries, Episode, SeenFolder, utcnow
from aniworld.services.series.listing import detail_of
from aniworld.services.series.views import AnimeDetail
from tests.services.scan.test_scan import Library

HOSTILE = "<img src=x onerror=alert()>.mkv"


@pytest.fixture
def library(tmp_path, database_url):
    here = Library(tmp_path, database_url)
    here.add("naruto", "Naruto", {1: 3}, folder="Naruto", refreshed_at=utcnow())
    yield here
    here.service.wait(10)
    here.database.close()


def detail(library: Library) -> AnimeDetail:
    with library.database.reading() as session:
        return detail_of(session, session.scalars(select(AnimeSeries).where(AnimeSeries.key == "naruto")).one())


def unread(library: Library) -> dict[str, str]:
    found = detail(library)
    assert found.unread_count == len(found.unread_files)
    return {one.file: one.reason for one in found.unread_files}


def test_unclear_names_are_listed_with_their_reasons(library):
    library.file("Naruto/S01E01.mkv")
    library.file("Naruto/Extra Material/Irgendwas.mkv")
    library.file(f"Naruto/{HOSTILE}")
    library.file("Naruto/Season 01/Naruto - 77.mkv")
    library.scan()
    found = unread(library)
    assert {HOSTILE, "Season 01/Naruto - 77.mkv"} <= set(found) and "S01E01.mkv" not in found
    assert all(reason.endswith(".") for reason in found.values())


def test_an_unchanged_folder_still_lists_them(library):
    library.file("Naruto/S01E01.mkv")
    library.file("Naruto/Irgendwas.mkv")
    library.age()
    library.scan()
    before = unread(library)
    assert set(before) == {"Irgendwas.mkv"}
    read: list[str] = []
    reading, Reading.result = Reading.result, lambda self: read.append(self.series.key) or reading(self)
    try:
        library.scan()
        library.scan()
    finally:
        Reading.result = reading
    assert read == [] and unread(library) == before


def test_a_snapshot_without_the_list_is_read_again(library):
    library.file("Naruto/Irgendwas.mkv")
    library.age()
    library.scan()
    with library.database.writing() as session:  # as the version before wrote it
        root, series = (session.get(SeenFolder, path) for path in ("", "Naruto"))
        session.execute(update(SeenFolder).where(SeenFolder.path == "").values(content=[root.content[0], 2]))
        session.execute(
            update(SeenFolder)
            .where(SeenFolder.path == "Naruto")
            .values(content=[*series.content[:2], series.content[-1]])
        )
    assert unread(library) == {}
    library.scan()
    assert set(unread(library)) == {"Irgendwas.mkv"}


def test_a_renamed_or_deleted_file_leaves_the_list(library):
    one = library.file("Naruto/Irgendwas.mkv")
    other = library.file("Naruto/Noch etwas.mkv")
    library.age()
    library.scan()
    assert set(unread(library)) == {"Irgendwas.mkv", "Noch etwas.mkv"}
    one.rename(one.with_name("S01E02.mkv"))
    other.unlink()
    library.scan()
    assert unread(library) == {}


def test_a_file_that_became_an_episode_meanwhile_is_left_out_at_once(library):
    library.file("Naruto/Irgendwas.mkv")
    library.scan()
    with library.database.writing() as session:
        session.execute(update(Episode).where(Episode.number == 3).values(file="Irgendwas.mkv"))
    assert unread(library) == {}
    library.scan()
    assert unread(library) == {}


def test_a_long_list_is_bounded_and_counted(library):
    for number in range(MOST_UNREAD + 20):
        library.file(f"Naruto/Wort {'x' * (number + 1)}.mkv")
    library.age()
    for _ in range(2):
        library.scan()
        found = detail(library)
        assert (len(found.unread_files), found.unread_count) == (MOST_UNREAD, MOST_UNREAD + 20)
    with library.database.reading() as session:
        assert len(json.dumps(session.get(SeenFolder, "Naruto").content)) < 100_000


def test_an_error_while_a_folder_is_read_lists_its_files(library, monkeypatch):
    library.file("Naruto/S01E01.mkv")
    library.file("Naruto/S01E02.mkv")
    library.scan()
    library.file("Naruto/S01E03.mkv")

    def broken(self):
        raise TypeError("planted")

    monkeypatch.setattr(Reading, "result", broken)
    library.scan()
    assert unread(library) == {"S01E03.mkv": "Reading the name failed; the log has the details."}
    monkeypatch.undo()
    library.scan()
    assert unread(library) == {}


def test_files_that_wait_for_the_catalogue_are_listed(library):
    library.add("neu", "Neu", {}, folder="Neu")
    library.file("Neu/Folge 05.mkv")
    library.scan()
    with library.database.reading() as session:
        found = detail_of(session, session.scalars(select(AnimeSeries).where(AnimeSeries.key == "neu")).one())
    assert [one.file for one in found.unread_files] == ["Folge 05.mkv"] and found.unread_count == 1
    assert "catalogue page" in found.unread_files[0].reason


def test_a_folder_in_another_spelling_with_unclear_names_only_is_the_series_own(library):
    library.file("naruto/Irgendwas.mkv")
    library.scan()
    assert library.folder("naruto") == "naruto" and set(unread(library)) == {"Irgendwas.mkv"}


def test_a_scan_of_another_series_keeps_the_list(library):
    library.add("bleach", "Bleach", {1: 1}, folder="Bleach")
    library.file("Naruto/Irgendwas.mkv")
    library.file("Bleach/S01E01.mkv")
    library.scan()
    library.scan(["bleach"])
    assert set(unread(library)) == {"Irgendwas.mkv"}
