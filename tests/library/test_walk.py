"""What lies in a series folder is read, however it is nested."""

from __future__ import annotations

from pathlib import Path

from aniworld.library.walk import DEEPEST, list_folder


def test_one_branch_that_is_too_deep_hides_no_other(tmp_path: Path) -> None:
    deep = tmp_path / "Nebel" / "/".join("abcdefghi")
    for folder in (deep, deep.parent, tmp_path / "Nebel" / "Season 01", tmp_path / "Nebel" / "z"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "1.mkv").write_bytes(b"x")
    listing = list_folder(str(tmp_path), "Nebel", {})
    assert sorted(file.path for file in listing.files) == ["Season 01/1.mkv", "a/b/c/d/e/f/g/h/1.mkv", "z/1.mkv"]
    assert listing.notes == [f"Nebel is nested deeper than {DEEPEST} folders; what lies below is not read."]
