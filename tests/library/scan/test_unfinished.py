"""What download programs and converters leave does not count as an episode; a folder that is a title does."""

from __future__ import annotations

import pytest

from aniworld.core.naming import is_ignored_folder
from aniworld.library.scan.walk import counts, list_folder


def put(root, files):
    for path, size in files.items():
        file = root / "Name" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * size)
    return [file.path for file in list_folder(str(root), "Name", {}).files]


@pytest.mark.parametrize(
    "files",
    [
        {"x - S01E01.mkv.download/x - S01E01.mkv": 5},
        {"x.mkv": 0, "x.Xy12ab34.mkv.part": 5},
        {"x.mkv": 5, "x.mkv-lftp-pget-status": 5},
        {"incomplete/x.mkv": 5, "_incomplete/y.mkv": 5},
        {"_unpack/x.mkv": 5, "__ADMIN__/y.mkv": 5, "unmanic_file_conversion-abc/z.mkv": 5},
        {"RecycleBin/x.mkv": 5, "recyclebin2": 0, "_recycle_/y.mkv": 5, "@GMT-2024.06.18-10.00.00/z.mkv": 5},
    ],
)
def test_what_a_program_is_still_at_is_not_listed(tmp_path, files):
    assert put(tmp_path, files) == []


def test_a_whole_file_beside_a_newer_version_that_is_being_loaded_counts(tmp_path):
    assert put(tmp_path, {"x.mkv": 5, "x.Xy12ab34.mkv.part": 5}) == ["x.mkv"]


@pytest.mark.parametrize(
    "name",
    [
        "x - S01E01-TdarrCacheFile-abc.mkv",
        "x.f251-drc.webm",
        "x.f0.mp4",
        "x.fdash-video_1.mp4",
        "x.fhttp-720.mp4",
        "x.fftemp.mkv",
    ],
)
def test_a_draft_says_so_itself(tmp_path, name):
    assert not counts(str(tmp_path), name)


@pytest.mark.parametrize("name", ["Trash", "Recycle", "Papierkorb", "Incomplete World", "Download", "Fall.download"])
def test_a_word_that_may_be_a_title_is_no_litter(name):
    assert not is_ignored_folder(name)
