"""A scan knows an episode's subtitles by the files next to its video, and what they mean for its language."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, update

from aniworld.models import AnimeSeries, Episode
from aniworld.services.series.listing import detail_of
from tests.services.scan.test_scan import Library

HOME = "Nebel/Season 01"


@pytest.fixture
def library(tmp_path: Path, database_url: str):  # type: ignore[no-untyped-def]
    here = Library(tmp_path, database_url)
    here.add("nebel", "Nebel", {1: 3}, folder="Nebel")
    yield here
    here.service.cancel()
    here.service.wait(10)
    here.database.close()


def seen(library: Library) -> list[tuple[str | None, list[str] | None]]:
    with library.database.reading() as session:
        rows = session.scalars(select(Episode).order_by(Episode.number)).all()
        return [(row.file_language, row.subtitles) for row in rows]


def note(library: Library, number: int, **facts: object) -> None:
    with library.database.writing() as session:
        session.execute(update(Episode).where(Episode.number == number).values(**facts))


def test_subtitle_files_are_noted_with_their_languages_and_go_again(library: Library) -> None:
    library.file(f"{HOME}/Nebel - S01E01.mp4")
    library.file(f"{HOME}/Nebel - S01E02.mp4")
    library.file(f"{HOME}/Nebel - S01E02.de.vtt")
    extra = library.file(f"{HOME}/Nebel - S01E02.en.forced.srt")
    library.file(f"{HOME}/Nebel - S01E03.mp4.de.vtt")
    library.age()
    library.scan()
    assert seen(library) == [(None, None), (None, ["ger", "eng"]), (None, None)]
    with library.database.reading() as session:
        series = session.scalars(select(AnimeSeries)).one()
        assert [one.subtitles for one in detail_of(session, series).episodes] == [None, ("ger", "eng"), None]
    extra.unlink()
    library.scan()
    assert seen(library)[1] == (None, ["ger"])
    (library.root / HOME / "Nebel - S01E02.de.vtt").unlink()
    library.scan()
    assert seen(library)[1] == (None, [])


def test_an_unchanged_folder_keeps_what_is_known(library: Library) -> None:
    library.file(f"{HOME}/Nebel - S01E01.mp4")
    library.file(f"{HOME}/Nebel - S01E01.de.vtt")
    library.age()
    library.scan()
    library.scan()
    assert seen(library)[0] == (None, ["ger"])


def test_an_episode_is_in_ger_sub_as_long_as_its_subtitle_file_is_there(library: Library) -> None:
    library.file(f"{HOME}/Nebel - S01E01.mp4")
    subtitles = library.file(f"{HOME}/Nebel - S01E01.de.vtt")
    library.scan()
    note(library, 1, file_language="ger-sub")
    subtitles.unlink()
    library.scan()
    assert seen(library)[0] == ("jpn", [])
    with library.database.reading() as session:
        first = detail_of(session, session.scalars(select(AnimeSeries)).one()).episodes[0]
        assert (first.subtitles, first.subtitles_missing) == ((), True)
    library.file(f"{HOME}/Nebel - S01E01.de.srt")
    library.scan()
    assert seen(library)[0] == ("ger-sub", ["ger"])


def test_subtitles_inside_an_mkv_are_not_forgotten_by_a_scan_that_opens_no_file(library: Library) -> None:
    library.file(f"{HOME}/Nebel - S01E01.mkv")
    library.scan()
    note(library, 1, file_language="ger-sub", subtitles=["ger"])
    library.file(f"{HOME}/Nebel - S01E01.en.srt")
    library.scan()
    assert seen(library)[0] == ("ger-sub", ["ger", "eng"])


def test_a_file_that_is_gone_leaves_no_subtitles(library: Library) -> None:
    video = library.file(f"{HOME}/Nebel - S01E01.mp4")
    library.file(f"{HOME}/Nebel - S01E02.mp4")
    library.file(f"{HOME}/Nebel - S01E01.de.vtt")
    library.scan()
    video.unlink()
    library.scan()
    assert seen(library)[0] == (None, None)
