"""What lies in a series folder is read, however it is nested."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aniworld.core.naming import folder_name
from aniworld.core.validators import sanitize_filename
from aniworld.library.scan.walk import DEEPEST, left_out, list_folder

HIDDEN = (
    ".hack//SIGN",
    "..hack",
    "\u200b.hack",
    " . hack",
    "*.hack",
    "@eaDir",
    "#Recycle",
    "lost+found",
    "Lost+Found",
    ".",
)


def test_one_branch_that_is_too_deep_hides_no_other(tmp_path: Path) -> None:
    deep = tmp_path / "Nebel" / "/".join("abcdefghi")
    for folder in (deep, deep.parent, tmp_path / "Nebel" / "Season 01", tmp_path / "Nebel" / "z"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "1.mkv").write_bytes(b"x")
    listing = list_folder(str(tmp_path), "Nebel", {})
    assert sorted(file.path for file in listing.files) == ["Season 01/1.mkv", "a/b/c/d/e/f/g/h/1.mkv", "z/1.mkv"]
    assert listing.notes == [f"Nebel is nested deeper than {DEEPEST} folders; what lies below is not read."]


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.parametrize("year", [None, 2002])
def test_a_series_folder_is_never_called_as_what_a_scan_leaves_out(name: str, year: int | None) -> None:
    assert not left_out(folder_name(name, year))


def test_a_folder_of_a_persons_choice_is_none_that_a_scan_leaves_out() -> None:
    assert [name for name in HIDDEN[:-1] if left_out(sanitize_filename(name))] == []
    assert sanitize_filename(".hack//SIGN") == "hack--SIGN"


@given(st.text(max_size=40) | st.builds("{}{}".format, st.sampled_from(HIDDEN), st.text(max_size=3)))
def test_whatever_the_series_is_called_its_folder_is_scanned(name: str) -> None:
    assert not left_out(folder_name(name))
