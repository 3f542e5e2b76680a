"""Files of a series change their names: all or none is lost, whoever stands in the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aniworld.core.errors import UnsafePath
from aniworld.library.files.renaming import Step, Wish, plan, reverse, stands, take


def shelf(root: Path, *names: str) -> None:
    for name in names:
        path = root / "Nebel" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def files(root: Path) -> dict[str, str]:
    """Every file below the series folder, with the name that it had at first."""
    home = root / "Nebel"
    return {one.relative_to(home).as_posix(): one.read_text() for one in home.rglob("*") if one.is_file()}


def wish(old: str, new: str) -> Wish:
    return Wish(f"Nebel/{old}", f"Nebel/{new}", (1,))


def rename(root: Path, *wishes: Wish) -> list[str]:
    steps, refused = plan(root, wishes)
    reasons = [take(root, step) for step in steps]
    return [reason for _, reason in refused] + [reason for reason in reasons if reason]


def test_a_file_moves_into_its_season_with_what_stands_beside_it(library: Path) -> None:
    shelf(library, "Folge 1.mkv", "Folge 1.de.srt", "Folge 1.nfo", "Folge 1-thumb.jpg", "Folge 10.srt", "poster.jpg")
    assert rename(library, wish("Folge 1.mkv", "Season 01/Nebel - S01E01.mkv")) == []
    assert set(files(library)) == {
        "Season 01/Nebel - S01E01.mkv",
        "Season 01/Nebel - S01E01.de.srt",
        "Season 01/Nebel - S01E01.nfo",
        "Season 01/Nebel - S01E01-thumb.jpg",
        "Folge 10.srt",
        "poster.jpg",
    }


def test_a_companion_of_a_longer_name_stays_with_its_video(library: Path) -> None:
    shelf(library, "Nebel.mkv", "Nebel.2.mkv", "Nebel.2.srt", "Nebel.srt")
    rename(library, wish("Nebel.mkv", "A.mkv"))
    assert set(files(library)) == {"A.mkv", "A.srt", "Nebel.2.mkv", "Nebel.2.srt"}


def test_nothing_is_taken_from_what_has_the_name(library: Path) -> None:
    shelf(library, "a.mkv", "b.mkv", "a.srt", "b.srt")
    assert rename(library, wish("a.mkv", "B.mkv")) == ["There is a file of this name already."]
    assert files(library)["b.mkv"] == "b.mkv"
    (library / "Nebel" / "b.mkv").unlink()
    assert rename(library, wish("a.mkv", "b.mkv")) == []
    assert files(library) == {"b.mkv": "a.mkv", "b.srt": "b.srt", "a.srt": "a.srt"}


def test_who_came_meanwhile_keeps_the_name(library: Path) -> None:
    shelf(library, "a.mkv")
    steps, _ = plan(library, [wish("a.mkv", "b.mkv")])
    shelf(library, "b.mkv")
    assert take(library, steps[0]) == "There is a file of this name already."
    assert files(library) == {"a.mkv": "a.mkv", "b.mkv": "b.mkv"}


def test_names_move_up_in_a_row_and_swap(library: Path) -> None:
    shelf(library, "1.mkv", "2.mkv", "3.mkv", "x.mkv", "y.mkv", "x.srt", "y.srt")
    wishes = [wish("1.mkv", "2.mkv"), wish("2.mkv", "3.mkv"), wish("3.mkv", "4.mkv")]
    assert rename(library, *wishes, wish("x.mkv", "y.mkv"), wish("y.mkv", "x.mkv")) == []
    assert files(library) == {
        "2.mkv": "1.mkv",
        "3.mkv": "2.mkv",
        "4.mkv": "3.mkv",
        "x.mkv": "y.mkv",
        "y.mkv": "x.mkv",
        "x.srt": "y.srt",
        "y.srt": "x.srt",
    }


def test_one_who_cannot_go_holds_those_behind_him(library: Path) -> None:
    shelf(library, "1.mkv", "2.mkv", "3.mkv")
    reasons = rename(library, wish("1.mkv", "2.mkv"), wish("2.mkv", "3.mkv"))
    assert len(reasons) == 2 and files(library) == {name: name for name in ("1.mkv", "2.mkv", "3.mkv")}


def test_only_the_spelling_changes(library: Path) -> None:
    shelf(library, "season 01/nebel - s01e01.mkv", "season 01/nebel - s01e01.srt")
    assert rename(library, wish("season 01/nebel - s01e01.mkv", "Season 01/Nebel - S01E01.mkv")) == []
    assert set(files(library)) == {"season 01/Nebel - S01E01.mkv", "season 01/Nebel - S01E01.srt"}


def test_two_episodes_cannot_have_one_name(library: Path) -> None:
    shelf(library, "1.mkv", "2.mkv")
    assert rename(library, wish("1.mkv", "x.mkv"), wish("2.mkv", "X.mkv")) == [
        "Another episode would have the same name."
    ]


def test_the_way_back_leads_to_where_it_began(library: Path) -> None:
    shelf(library, "Staffel 1/x.mkv", "Staffel 1/x.srt", "y.mkv")
    before = files(library)
    steps, _ = plan(library, [wish("Staffel 1/x.mkv", "Season 01/y.mkv"), wish("y.mkv", "Staffel 1/x.mkv")])
    for step in steps:
        assert take(library, step) is None and stands(library, step)
    assert files(library)["Season 01/y.srt"] == "Staffel 1/x.srt"
    for step in reverse(steps):
        assert take(library, step) is None
    assert files(library) == before
    assert not (library / "Nebel" / "Season 01").exists()


@pytest.mark.parametrize(
    "path", ["../out.mkv", "/etc/passwd", "Nebel/../../x.mkv", ".recycle/x.mkv", "", "Nebel/link/x.mkv"]
)
def test_a_path_that_leads_out_is_not_touched(library: Path, tmp_path: Path, path: str) -> None:
    shelf(library, "a.mkv")
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", library / "Nebel" / "link")
    for step in (Step("Nebel/a.mkv", path, ()), Step(path, "Nebel/b.mkv", ())):
        with pytest.raises(UnsafePath):
            take(library, step)
    assert (library / "Nebel" / "a.mkv").exists()


def test_a_file_that_vanished_is_told(library: Path) -> None:
    shelf(library, "a.mkv")
    assert rename(library, wish("gone.mkv", "b.mkv")) == ["The file is not there any more; scan the library."]


def test_a_thousand_files_are_planned_at_once(library: Path) -> None:
    shelf(library, *(f"{number}.mkv" for number in range(1000)))
    steps, refused = plan(library, [wish(f"{number}.mkv", f"{number + 1}.mkv") for number in range(1000)])
    assert (len(steps), refused) == (1000, [])
