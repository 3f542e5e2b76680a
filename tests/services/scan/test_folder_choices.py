"""A folder of no known series: what a person says of it is checked, remembered, listed, and taken back."""

from __future__ import annotations

import pytest

from aniworld.core.errors import Conflict, InvalidInput, NotFound
from aniworld.services.scan.folder_matches import FolderChoiceService
from tests.services.scan.test_scan import Library, library  # noqa: F401


@pytest.fixture
def choices(library: Library) -> FolderChoiceService:  # noqa: F811
    library.add("naruto", "Naruto", {1: 2}, folder="Naruto")
    library.add("bleach", "Bleach", {1: 1}, folder="Bleach")
    library.file("Irgendein Ordner/S01E01.mkv")
    library.file("Urlaub/Video.mp4")
    library.scan()
    return FolderChoiceService(library.database, library.service)


def told(choices: FolderChoiceService) -> list[tuple[str, str | None, str]]:
    return sorted((one.folder, one.key, one.name) for one in choices.made())


def test_a_choice_is_remembered_over_scans(choices, library):  # noqa: F811
    assert [one.folder for one in choices.offered()] == ["Irgendein Ordner", "Urlaub"]
    made = choices.choose("Irgendein Ordner", "naruto")
    assert (made.folder, made.key, made.name) == ("Irgendein Ordner", "naruto", "Naruto")
    library.service.wait(20)
    choices.choose("Urlaub", None)
    library.service.wait(20)
    assert told(choices) == [("Irgendein Ordner", "naruto", "Naruto"), ("Urlaub", None, "")]
    assert library.scan().status == "completed"
    assert choices.offered() == [] and library.there("naruto") == {"S01E01": "S01E01.mkv"}


def test_a_choice_is_taken_back_and_the_folder_is_offered_again(choices, library):  # noqa: F811
    choices.choose("Irgendein Ordner", "naruto")
    library.service.wait(20)
    choices.choose("Irgendein Ordner", "naruto")  # said twice: the way back is still the first folder
    library.service.wait(20)
    library.age()
    library.scan()
    choices.take_back("Irgendein Ordner")
    library.service.wait(20)
    assert (library.folder("naruto"), library.there("naruto"), told(choices)) == ("Naruto", {}, [])
    assert [one.folder for one in choices.offered()] == ["Irgendein Ordner", "Urlaub"]
    choices.choose("Irgendein Ordner", "bleach")
    library.service.wait(20)
    assert library.there("bleach") == {"S01E01": "S01E01.mkv"}


def test_an_ignored_folder_comes_back(choices, library):  # noqa: F811
    choices.choose("Urlaub", None)
    library.service.wait(20)
    library.age()
    library.scan()
    choices.take_back("Urlaub")
    library.service.wait(20)
    assert [one.folder for one in choices.offered()] == ["Irgendein Ordner", "Urlaub"]


@pytest.mark.parametrize(
    ("folder", "key", "error"),
    [
        ("Nirgends", "naruto", NotFound),
        ("../etc", "naruto", NotFound),
        ("..", None, (NotFound, InvalidInput)),
        (".", None, NotFound),
        ("   ", None, NotFound),
        ("Urlaub\0", None, (NotFound, InvalidInput)),
        ("Urlaub", "none-such", NotFound),
        ("Urlaub", "../x", InvalidInput),
        ("ö" * 255, None, NotFound),
    ],
)
def test_a_choice_of_what_is_not_there_is_refused(choices, folder, key, error):
    with pytest.raises(error):
        choices.choose(folder, key)
    assert choices.made() == []


def test_a_folder_that_leads_out_of_the_library_is_refused_by_its_field(choices, library, tmp_path_factory):  # noqa: F811
    (library.root / "Anderswo").symlink_to(tmp_path_factory.mktemp("elsewhere"), target_is_directory=True)
    with pytest.raises(InvalidInput, match="leads out") as refused:
        choices.choose("Anderswo", None)
    assert list(refused.value.fields) == ["folder"]


def test_a_folder_with_an_owner_and_a_choice_that_was_not_made(choices, library):  # noqa: F811
    choices.choose("Irgendein Ordner", "naruto")
    library.service.wait(20)
    with pytest.raises(Conflict, match="belongs to Naruto"):
        choices.choose("Irgendein Ordner", "bleach")
    with pytest.raises(NotFound, match="Urlaub"):
        choices.take_back("Urlaub")
