"""What a scan records of a present file besides its path: languages and picture height."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from aniworld.models import Episode
from tests.services.scan.test_scan import Library, library  # noqa: F401

Facts = tuple[str | None, list[str] | None, int | None]


def facts(library: Library) -> dict[int, Facts]:  # noqa: F811
    with library.database.reading() as session:
        rows = session.scalars(select(Episode).order_by(Episode.number))
        return {row.number: (row.file_language, row.languages_on_disk, row.file_height) for row in rows}


def read_again(library: Library) -> None:  # noqa: F811
    library.age()
    assert library.scan(["dark"]).status == "completed"


@pytest.fixture
def dark(library: Library) -> Library:  # noqa: F811
    library.add("dark", "Dark", {1: 3}, folder="Dark")
    library.file("Dark/Season 01/Dark - S01E01 - (German Sub) [720p].mkv")
    library.file("Dark/Season 01 [480p]/Dark - S01E02 [1080p].mkv")
    library.scan()
    return library


def test_names_state_height_and_language(dark: Library) -> None:
    assert facts(dark) == {1: ("ger-sub", ["ger-sub"], 720), 2: (None, None, 1080), 3: (None, None, None)}


def test_what_the_placing_knew_of_a_file_stays(dark: Library) -> None:
    with dark.database.writing() as session:
        session.execute(
            update(Episode)
            .where(Episode.number == 2)
            .values(file_language="ger-dub", languages_on_disk=["ger-dub", "jpn"], file_height=804)
        )
    read_again(dark)
    assert facts(dark)[2] == ("ger-dub", ["ger-dub", "jpn"], 804)


def test_another_file_has_its_own_facts(dark: Library) -> None:
    with dark.database.writing() as session:
        session.execute(update(Episode).where(Episode.number == 2).values(file_language="ger-dub", file_height=804))
    (dark.root / "Dark/Season 01 [480p]/Dark - S01E02 [1080p].mkv").unlink()
    dark.file("Dark/Season 01/Dark - S01E02.mkv", size=9)
    read_again(dark)
    assert facts(dark)[2] == (None, None, None)


def test_a_file_that_replaces_another_under_its_name_keeps_nothing_of_it_but_the_language(dark: Library) -> None:
    path = "Dark/Season 01/Dark - S01E01 - (German Sub) [720p].mkv"
    with dark.database.writing() as session:
        values = {"languages_on_disk": ["ger-sub", "jpn"], "file_height": 804}
        session.execute(update(Episode).where(Episode.number == 1).values(**values))
    dark.file(path, size=9)
    read_again(dark)
    assert facts(dark)[1] == ("ger-sub", ["ger-sub"], 720)


def test_facts_go_with_the_file(dark: Library) -> None:
    (dark.root / "Dark/Season 01/Dark - S01E01 - (German Sub) [720p].mkv").unlink()
    read_again(dark)
    assert facts(dark)[1] == (None, None, None)


def test_rows_of_an_earlier_version_get_theirs_from_the_next_scan(dark: Library) -> None:
    with dark.database.writing() as session:
        session.execute(update(Episode).values(languages_on_disk=None, file_height=None))
    read_again(dark)
    assert facts(dark)[1] == ("ger-sub", ["ger-sub"], 720)
