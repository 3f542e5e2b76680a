"""Subtitle files next to a video: known by language, placed with it, gone and back with it."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

import pytest

from aniworld.core.errors import UnsafePath
from aniworld.core.subtitles import lacks_subtitles, language_after, language_code, subtitles_after
from aniworld.library.files.place import place
from aniworld.library.files.place_subtitles import place_subtitles
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.library.files.renaming import Wish, plan, reverse, take
from aniworld.library.files.sidecars import languages_by_video, languages_next_to

HOME = "Nebel/Season 01"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    root = tmp_path / "library"
    (root / HOME).mkdir(parents=True)
    (root / ".incoming" / "1").mkdir(parents=True)
    return root


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / HOME / name).write_text(name)


def names(root: Path) -> set[str]:
    return {path.name for path in (root / HOME).iterdir()}


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        (".de.vtt", "ger"),
        (".ger.srt", "ger"),
        (".German.ass", "ger"),
        (".de-DE.srt", "ger"),
        (".de.forced.srt", "ger"),
        (".en.sdh.vtt", "eng"),
        (".eng.hi.srt", "eng"),
        (".de.default.srt", "ger"),
        (".srt", "und"),
        (".2.de.vtt", "ger"),
        (".pt-BR.srt", "por"),
        (".foo.srt", "und"),
        (".ja.ssa", "jpn"),
        (".de.sub", "ger"),
        (".de.idx", "ger"),
    ],
)
def test_names_that_people_and_servers_give_tell_the_language(library: Path, rest: str, code: str) -> None:
    write(library, "Nebel - S01E01.mp4", f"Nebel - S01E01{rest}", "Nebel - S01E02.de.vtt")
    assert languages_next_to(library / HOME / "Nebel - S01E01.mp4") == [code]


def test_a_longer_stem_keeps_its_subtitles() -> None:
    videos, subtitles = (
        ["a/Nebel.mkv", "a/Nebel.2.mkv", "b/Nebel.mkv"],
        ["a/Nebel.2.de.vtt", "a/Nebel.en.vtt", "x.de.srt"],
    )
    assert languages_by_video(videos, subtitles) == {"a/Nebel.2.mkv": ("ger",), "a/Nebel.mkv": ("eng",)}


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("de", "ger"),
        ("deu", "ger"),
        ("DE-AT", "ger"),
        ("Deutsch (SDH)", "ger"),
        ("zh_Hans", "chi"),
        ("日本語", "jpn"),
        ("x", ""),
        (None, ""),
        ("", ""),
    ],
)
def test_languages_are_known_by_code_and_name(word: str | None, code: str) -> None:
    assert language_code(word) == code


def test_they_are_placed_next_to_the_video_under_the_umask(library: Path) -> None:
    source = library / ".incoming" / "1" / "subtitle-0.vtt"
    source.write_text("WEBVTT\n")
    write(library, "Nebel.mp4", "Nebel.de.vtt")
    waste, before = RecycleBin(library), os.umask(0o002)
    try:
        for _ in range(2):  # again after a crash: nothing more happens
            place_subtitles(library, library / HOME / "Nebel.mp4", [(source, ".de.vtt"), (source, ".en.vtt")], waste)
    finally:
        os.umask(before)
    assert names(library) == {"Nebel.mp4", "Nebel.de.vtt", "Nebel.en.vtt"}
    assert stat.S_IMODE((library / HOME / "Nebel.en.vtt").stat().st_mode) == 0o664
    assert [entry.original for entry in waste.list()] == [f"{HOME}/Nebel.de.vtt"], "one's own file is in the bin"


@pytest.mark.parametrize("suffix", [".de.exe", ".de.vtt.sh", f".{'x' * 250}.vtt"])
def test_no_other_file_gets_into_the_library_so(library: Path, suffix: str) -> None:
    source = library / ".incoming" / "1" / "subtitle-0.vtt"
    source.write_text("WEBVTT\n")
    write(library, "Nebel.mp4")
    with pytest.raises(UnsafePath):
        place_subtitles(library, library / HOME / "Nebel.mp4", [(source, suffix)], RecycleBin(library))
    assert names(library) == {"Nebel.mp4"}


@pytest.mark.parametrize("new", ["Nebel.mp4", "Nebel.mkv", "Nebel [1080p].mp4"])
def test_a_replaced_video_takes_its_subtitles_into_the_bin_and_brings_them_back(library: Path, new: str) -> None:
    write(library, "Nebel.mp4", "Nebel.de.vtt", "Nebel.de.forced.srt", "Nebel.nfo", "Nebel.2.mp4", "Nebel.2.de.vtt")
    fresh = library / ".incoming" / "1" / "media"
    fresh.write_text("new")
    waste = RecycleBin(library)
    old = library / HOME / "Nebel.mp4"
    place(fresh, library, PurePosixPath(HOME) / new, replace=old, recycle=waste)
    assert names(library) == {new, "Nebel.nfo", "Nebel.2.mp4", "Nebel.2.de.vtt"}
    (entry,) = waste.list()
    back = waste.restore(entry.id)
    assert back.read_text() == "Nebel.mp4"
    stem = back.stem
    assert {f"{stem}.de.vtt", f"{stem}.de.forced.srt"} <= names(library)
    assert (library / HOME / f"{stem}.de.vtt").read_text() == "Nebel.de.vtt"
    assert waste.list() == []


def test_they_follow_a_rename_and_its_undo(library: Path) -> None:
    write(library, "x.mp4", "x.de.vtt", "x.de.forced.srt", "x.en.sdh.ass", "x.2.de.vtt")
    steps, refused = plan(library, [Wish(f"{HOME}/x.mp4", f"{HOME}/Nebel - S01E01.mp4", (1,))])
    assert not refused and [take(library, step) for step in steps] == [None]
    stem = "Nebel - S01E01"
    assert names(library) == {
        f"{stem}{rest}" for rest in (".mp4", ".de.vtt", ".de.forced.srt", ".en.sdh.ass", ".2.de.vtt")
    }
    assert [take(library, step) for step in reverse(steps)] == [None]
    assert names(library) == {"x.mp4", "x.de.vtt", "x.de.forced.srt", "x.en.sdh.ass", "x.2.de.vtt"}


def test_an_episode_is_in_a_language_with_subtitles_only_as_long_as_it_has_them() -> None:
    assert language_after("ger-sub", ["ger"], []) == "jpn"
    assert language_after("ger-sub", None, None) == "ger-sub", "its subtitles are in the picture"
    assert language_after("ger-sub", ["eng"], []) == "ger-sub"
    assert language_after("jpn", [], ["ger"]) == "ger-sub"
    assert language_after("ger-dub", ["ger"], []) == "ger-dub"
    assert lacks_subtitles("jpn", []) and not lacks_subtitles("jpn", None) and not lacks_subtitles("ger-sub", [])
    assert subtitles_after("a.mp4", ["ger"], []) == [] and subtitles_after("a.mkv", ["ger"], []) == ["ger"]
    assert subtitles_after("a.mp4", None, []) is None
