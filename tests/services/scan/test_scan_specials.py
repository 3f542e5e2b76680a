"""Specials under numbers of one's own are found again by a scan, before and after the files carry them."""

from __future__ import annotations

from sqlalchemy import update

from aniworld.models import AnimeSeries
from tests.services.scan.test_scan import library  # noqa: F401  the same shelf


def test_files_are_read_by_the_numbers_that_specials_have_here(library):  # noqa: F811
    library.add("naruto", "Naruto", {0: 5, 1: 2}, folder="Naruto")
    library.file("Naruto/Season 00/Naruto - S00E02 - Der Film.mkv")
    library.scan()
    assert set(library.there("naruto")) == {"S00E02"}
    with library.database.writing() as session:
        session.execute(update(AnimeSeries).values(specials={"2": 5}))
    library.file("Naruto/Season 00/poster.jpg")
    library.file("Naruto/Season 01/Naruto - S01E02.mkv")
    library.scan()
    assert set(library.there("naruto")) == {"S00E02", "S01E02"}  # its name is older than the mapping
    (library.root / "Naruto/Season 00/Naruto - S00E02 - Der Film.mkv").unlink()
    library.file("Naruto/Season 00/Naruto - S00E05 - Der Film.mkv")
    library.scan()
    assert library.there("naruto") == {
        "S00E02": "Season 00/Naruto - S00E05 - Der Film.mkv",
        "S01E02": "Season 01/Naruto - S01E02.mkv",
    }
