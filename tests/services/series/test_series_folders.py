"""A folder that exists in the library is taken as it is spelled on the disk, by every way of naming it."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from aniworld.core.errors import InvalidInput, NotFound
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.models import AnimeSeries
from aniworld.services.scan.folder_matches import FolderChoiceService
from tests.library.files.test_folders import FORMS
from tests.services.scan.test_scan import Library, library  # noqa: F401
from tests.services.series.test_anime import House, house  # noqa: F401

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


REFUSED = [
    ("a/b", "without /"),
    ("../x", "without /"),
    ("/", "without /"),
    ("a\\b", "without /"),
    ("@Recycle", "Scans skip"),
    (" @Recycle. ", "Scans skip"),
    ("#snapshot", "Scans skip"),
    (".recycle", "Scans skip"),
    ("..", "Nothing"),
    ("...", "Nothing"),
]


@pytest.mark.parametrize(("name", "said"), REFUSED)
def test_a_path_and_a_name_that_no_scan_reads_are_refused(added: House, name: str, said: str) -> None:
    (added.library / ".recycle").mkdir()
    (added.library / "@Recycle").mkdir()
    before = added.anime.detail("nebelgarten")
    for refused in (
        lambda: added.anime.change("nebelgarten", folder=name, name="Anders"),
        lambda: added.anime.add(f"{added.site.url}/anime/stream/zwei", None, name),
    ):
        with pytest.raises(InvalidInput, match=said) as error:
            refused()
        assert list(error.value.fields) == ["folder"]
    assert added.anime.detail("nebelgarten") == before
    with pytest.raises(NotFound):
        added.anime.summary("zwei")


SPELLED = [("Re:Zero (2019)", "Re-Zero (2019)"), ("Der\u00a0Nebel", "Der Nebel"), ("Was? Nun", "was nun")]


@pytest.mark.parametrize(("there", "written"), SPELLED)
def test_a_name_that_every_file_system_takes_finds_the_folder_that_it_stands_for(
    added: House, there: str, written: str
) -> None:
    (added.library / there).mkdir()
    assert added.anime.change("nebelgarten", folder=written).folder == there
    added.anime.change("nebelgarten", folder="Nebel")
    assert added.anime.add(f"{added.site.url}/anime/stream/zwei", None, written)[0].folder == there


def states(house: House) -> dict[str, str]:  # noqa: F811
    found = house.anime.detail("nebelgarten").episodes
    assert all((one.state == "present") == (one.file is not None) for one in found)
    return {f"{one.season}x{one.episode}": one.state for one in found if one.state == "present" or one.season == 9}


@pytest.fixture
def filled(added: House) -> House:
    for number, path in ((1, "S01E01.mkv"), (2, "Season 01/S01E02.mkv")):
        (added.library / "Nebel" / path).parent.mkdir(parents=True, exist_ok=True)
        (added.library / "Nebel" / path).write_bytes(b"x")
        added.episode("nebelgarten", 1, number, file=path, file_language="ger-dub", size_bytes=1)
    added.episode("nebelgarten", 9, 1, file="S09E01.mkv", link="")
    (added.library / "Nebel/S09E01.mkv").write_bytes(b"x")
    return added


def test_in_a_folder_that_does_not_exist_no_file_is_present(filled: House) -> None:
    assert states(filled) == {"1x1": "present", "1x2": "present", "9x1": "present"}
    found = filled.anime.change("nebelgarten", folder="Nicht da")
    assert (found.folder, states(filled), filled.read) == ("Nicht da", {}, [])
    first = found.episodes[0]
    assert (first.state, first.file, first.language, first.size_bytes) == ("missing", None, None, None)


def test_a_new_folder_keeps_the_files_that_it_has_and_is_read(filled: House) -> None:
    (filled.library / "Garten/Season 01").mkdir(parents=True)
    (filled.library / "Garten/Season 01/S01E02.mkv").write_bytes(b"x")
    (filled.library / "Garten/S01E01.mkv").mkdir()
    filled.anime.change("nebelgarten", folder="Garten")
    assert (states(filled), filled.read) == ({"1x2": "present"}, ["nebelgarten"])
    filled.anime.change("nebelgarten", folder="Garten", name="Garten")
    assert filled.read == ["nebelgarten"], "the same folder is not read again"


def test_a_new_folder_takes_no_file_away_while_the_disk_is_away(filled: House) -> None:
    filled.library.rename(filled.folder / "elsewhere")
    for _ in range(2):
        filled.anime.change("nebelgarten", folder="Garten")
        assert len(states(filled)) == 3 and filled.read == []
        filled.library.mkdir(exist_ok=True)  # the empty place where its disk is mounted
        filled.update("nebelgarten", folder="Nebel")


def test_a_folder_that_changes_while_a_scan_runs_gets_no_file_of_the_old_one(library: Library) -> None:  # noqa: F811
    library.add("naruto", "Naruto", {1: 2}, folder="Alt")
    library.file("Alt/S01E01.mkv")
    library.file("Neu/S01E02.mkv")
    record = library.service._records.record

    def move(root, found):
        library.service._records.record = record
        with library.database.writing() as session:
            session.execute(update(AnimeSeries).values(folder="Neu"))
        return record(root, found)

    library.service._records.record = move
    assert library.scan().status == "completed"
    assert (library.folder("naruto"), library.there("naruto")) == ("Neu", {})
    library.scan()
    assert library.there("naruto") == {"S01E02": "S01E02.mkv"}


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
