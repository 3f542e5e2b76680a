"""A folder that exists in the library is taken as it is spelled on the disk, by every way of naming it."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from aniworld.core.errors import InvalidInput, NotFound
from aniworld.library.recycle import RecycleBin
from aniworld.services.folder_choices import FolderChoiceService
from tests.library.test_folders import FORMS

from .test_anime import House, house  # noqa: F401
from .test_scan import Library, library  # noqa: F401

NUMBERED = range(len(FORMS))


@pytest.fixture
def added(house: House) -> House:  # noqa: F811
    house.anime.add("nebelgarten", None, "Nebel")
    house.settle()
    return house


def stored(house: House, folder: str) -> None:  # noqa: F811
    (house.library / folder).mkdir(exist_ok=True)
    house.update("nebelgarten", folder=folder)


@pytest.mark.parametrize("name", FORMS, ids=NUMBERED)
def test_a_name_that_is_changed_with_the_folder_sent_back_leaves_the_folder(added: House, name: str) -> None:
    stored(added, name)
    assert added.anime.change("nebelgarten", name="Neu", folder=name).folder == name
    as_a_form_sends_it = name.replace("\n", "").strip()
    assert added.anime.change("nebelgarten", name="Neuer", folder=as_a_form_sends_it).folder == name
    (added.library / name).rmdir()
    assert added.anime.change("nebelgarten", folder=name).folder == name, "also while its disk is away"


@pytest.mark.parametrize("name", FORMS, ids=NUMBERED)
def test_a_folder_that_exists_is_taken_as_it_is_spelled(added: House, name: str) -> None:
    (added.library / name).mkdir()
    assert added.anime.change("nebelgarten", folder=name).folder == name
    added.anime.change("nebelgarten", folder="Nebel")
    assert added.anime.change("nebelgarten", folder=unicodedata.normalize("NFC", name)).folder == name


@pytest.mark.parametrize("name", FORMS, ids=NUMBERED)
def test_a_series_is_added_with_such_a_folder(house: House, name: str) -> None:  # noqa: F811
    (house.library / name).mkdir()
    assert house.anime.add("nebelgarten", None, name)[0].folder == name


def test_a_new_folder_is_spelled_for_every_file_system(added: House) -> None:
    assert added.anime.change("nebelgarten", folder="Re:Zero (2019)").folder == "Re-Zero (2019)"
    for wrong in (".recycle", "..", "../Nebel", "a/b"):
        (added.library / ".recycle").mkdir(exist_ok=True)
        folder = added.anime.change("nebelgarten", folder=wrong).folder if wrong.strip(".") else ""
        assert "/" not in folder and not folder.startswith(".")
    with pytest.raises(InvalidInput):
        added.anime.change("nebelgarten", folder="...")


def test_a_guessed_folder_is_the_one_that_exists_in_another_spelling(house: House) -> None:  # noqa: F811
    (house.library / "Nebelgarten – Wächter? (2019)").mkdir()
    house.anime.add("nebelgarten")
    house.settle()
    assert house.anime.summary("nebelgarten").folder == "Nebelgarten – Wächter? (2019)"


def test_another_series_folder_is_not_taken(added: House) -> None:
    added.create(key="zero", name="Zero", folder="Re:Zero")
    (added.library / "Re:Zero").mkdir()
    with pytest.raises(InvalidInput, match="Another series has this folder"):
        added.anime.change("nebelgarten", folder="re:zero")


@pytest.mark.parametrize("name", FORMS, ids=NUMBERED)
def test_a_removed_series_takes_such_a_folder_into_the_bin_and_back(added: House, name: str) -> None:
    stored(added, name)
    (added.library / name / "a.mkv").write_bytes(b"x")
    added.episode("nebelgarten", 1, 1, file="a.mkv")
    assert added.anime.remove("nebelgarten", recycle=True) == ""
    assert not (added.library / name).exists()
    bin_ = RecycleBin(added.library)
    assert bin_.restore(bin_.list()[0].id) == added.library / name


def test_a_removal_finds_the_folder_in_other_letters(added: House) -> None:
    stored(added, "Nebel")
    (added.library / "Nebel").rename(added.library / "NEBEL")
    assert added.anime.remove("nebelgarten", recycle=True) == "" and not (added.library / "NEBEL").exists()


def test_a_removal_that_found_nothing_says_so(added: House) -> None:
    added.episode("nebelgarten", 1, 1, file="a.mkv")
    said = added.anime.remove("nebelgarten", recycle=True)
    assert said == "There is no folder 'Nebel' in the library; no file was moved."
    assert added.anime.restore("nebelgarten").missing_count == 3, "what was not moved is not forgotten"


def test_a_removal_of_a_link_says_that_the_files_stay(added: House, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    (added.library / "Nebel").symlink_to(tmp_path / "second")
    added.settings = replace(added.settings, library=replace(added.settings.library, link_roots=(str(tmp_path),)))
    assert "is a link" in added.anime.remove("nebelgarten", recycle=True)
    assert (tmp_path / "second").is_dir() and not (added.library / "Nebel").is_symlink()


@pytest.mark.parametrize("name", FORMS, ids=NUMBERED)
def test_such_a_folder_is_matched_and_taken_back(library: Library, name: str) -> None:  # noqa: F811
    library.add("naruto", "Naruto", {1: 2})
    library.file(f"{name}/S01E01.mkv")
    choices = FolderChoiceService(library.database, library.service)
    made = choices.choose(unicodedata.normalize("NFC", name), "naruto")
    library.service.wait(20)
    assert (made.folder, library.folder("naruto")) == (name, name)
    assert library.there("naruto") == {"S01E01": "S01E01.mkv"}
    choices.take_back(unicodedata.normalize("NFC", name))
    library.service.wait(20)
    assert choices.made() == []


@pytest.mark.parametrize("name", ["@Recycle", "#snapshot", "lost+found", ".incoming", "..", "a/b", "Nirgends", ""])
def test_what_no_scan_reads_is_not_matched(library: Library, name: str) -> None:  # noqa: F811
    library.add("naruto", "Naruto", {1: 2})
    (library.root / "@Recycle").mkdir(parents=True)
    (library.root / "a/b").mkdir(parents=True)
    with pytest.raises(NotFound):
        FolderChoiceService(library.database, library.service).choose(name, "naruto")
