"""What was removed comes back, and the library knows it again."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from aniworld.config.settings import LibrarySettings, Settings
from aniworld.core.errors import InvalidInput, LibraryUnavailable, NotFound
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import EventBus, SeriesAdded, SeriesUpdated
from aniworld.library.files.place import place
from aniworld.library.files.recycle_bin import RecycleBin, Recycled
from aniworld.models import AnimeSeries, Database, Episode
from aniworld.services.file_management.recycle_service import RecyclingService

FOLDER = "Nebel (2019)"


class Attic:
    def __init__(self, database: Database, library: Path) -> None:
        self.database, self.library = database, library
        self.events: list = []
        bus = EventBus()
        bus.subscribe(self.events.append)
        self.settings = replace(Settings(), library=replace(LibrarySettings(), root=str(library)))
        self.service = RecyclingService(database, lambda: self.settings, ProgressService(bus))
        self.bin = RecycleBin(library, 14)
        with database.writing() as session:
            series = AnimeSeries(key="nebel", name="Nebel", folder=FOLDER)
            session.add(series)
            session.flush()
            for season, number in ((0, 1), (1, 1), (1, 2), (2, 1)):
                session.add(Episode(series_id=series.id, season=season, number=number, link="x"))

    def file(self, name: str, content: bytes = b"film") -> Path:
        path = self.library / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def files(self) -> dict[tuple[int, int], str | None]:
        with self.database.reading() as session:
            return {(row.season, row.number): row.file for row in session.scalars(select(Episode))}

    def row(self, season: int, number: int) -> SimpleNamespace:
        with self.database.reading() as session:
            row = session.scalar(select(Episode).where(Episode.season == season, Episode.number == number))
            return SimpleNamespace(file=row.file, language=row.file_language, size=row.size_bytes)

    def know(self, season: int, number: int, **facts: object) -> None:
        with self.database.writing() as session:
            row = session.scalar(select(Episode).where(Episode.season == season, Episode.number == number))
            for name, value in facts.items():
                setattr(row, name, value)


@pytest.fixture
def attic(database: Database, library: Path) -> Attic:
    return Attic(database, library)


def test_a_removed_file_comes_back_and_its_episode_has_it_again(attic: Attic) -> None:
    entry = attic.bin.put(attic.file("Season 01/Nebel - S01E02.mkv"), reason="gone", languages={"S01E02": "ger-dub"})
    (item,) = attic.service.list()
    assert (item.id, item.name, item.size_bytes, item.reason) == (entry.id, "Nebel - S01E02.mkv", 4, "gone")
    assert (item.expires_at - item.removed_at).days == 14
    restored = attic.service.restore(item.id)
    assert (restored.key, restored.episodes) == ("nebel", ("S01E02",))
    assert restored.path == f"{FOLDER}/Season 01/Nebel - S01E02.mkv"
    row = attic.row(1, 2)
    assert (row.file, row.language, row.size) == ("Season 01/Nebel - S01E02.mkv", "ger-dub", 4)
    assert [type(event) for event in attic.events] == [SeriesUpdated]
    assert attic.service.list() == []


def test_a_whole_folder_comes_back_with_all_its_episodes(attic: Attic) -> None:
    for name in ("Season 00/Nebel - S00E01.mkv", "Season 01/Nebel - S01E01-E02.mkv", "13.avi", "poster.jpg"):
        attic.file(name)
    entry = attic.bin.put(attic.library / FOLDER)
    restored = attic.service.restore(entry.id)
    assert set(restored.episodes) == {"S00E01", "S01E01", "S01E02"}
    assert attic.files()[1, 1] == attic.files()[1, 2] == "Season 01/Nebel - S01E01-E02.mkv"
    assert attic.files()[2, 1] is None


def test_an_episode_with_another_file_keeps_that(attic: Attic) -> None:
    entry = attic.bin.put(attic.file("Season 01/Nebel - S01E01.mkv", b"old"))
    attic.file("Season 01/Nebel - S01E01.mkv", b"better")
    attic.know(1, 1, file="Season 01/Nebel - S01E01.mkv")
    restored = attic.service.restore(entry.id)
    assert restored.path.endswith("S01E01 (restored).mkv") and restored.episodes == ()
    assert attic.row(1, 1).file == "Season 01/Nebel - S01E01.mkv" and attic.events == []


def test_what_placing_replaced_is_offered(attic: Attic) -> None:
    old = attic.file("Season 01/Folge 1.mkv", b"old")
    source = attic.library / ".incoming" / "new.mkv"
    source.parent.mkdir()
    source.write_bytes(b"new")
    place(
        source, attic.library, PurePosixPath(FOLDER, "Season 01", "Nebel - S01E01.mkv"), replace=old, recycle=attic.bin
    )
    assert [(one.name, one.reason) for one in attic.service.list()] == [("Folge 1.mkv", "replaced")]


def test_a_removed_series_comes_back_with_one_of_its_files(attic: Attic) -> None:
    entry = attic.bin.put(attic.file("Season 01/Nebel - S01E01.mkv"))
    with attic.database.writing() as session:
        session.scalar(select(AnimeSeries)).soft_delete()
    restored = attic.service.restore(entry.id)
    assert (restored.episodes, restored.series_restored) == (("S01E01",), True)
    (event,) = attic.events
    assert isinstance(event, SeriesAdded) and event.key == "nebel"


def test_deleting_for_good_and_emptying(attic: Attic) -> None:
    one, two, three = (attic.bin.put(attic.file(f"S01E0{number}.mkv")) for number in (1, 2, 3))
    attic.service.remove(two.id)
    assert {item.id for item in attic.service.list()} == {one.id, three.id}
    assert attic.service.empty() == 2
    assert attic.service.empty() == 0 and attic.service.list() == []


@pytest.mark.parametrize("wrong", ["", "..", "../..", "20250101T000000-0123456789abcdef", "x" * 5000, "a\0b", "."])
def test_an_entry_that_is_none(attic: Attic, wrong: str) -> None:
    attic.file("keep.mkv")
    for wish in (attic.service.restore, attic.service.remove):
        with pytest.raises(NotFound):
            wish(wrong)
    assert (attic.library / FOLDER / "keep.mkv").exists()


def test_a_forged_manifest_leads_nowhere_else(attic: Attic, tmp_path: Path) -> None:
    entry = attic.bin.put(attic.file("S01E01.mkv"))
    manifest = attic.library / ".recycle" / entry.id / "manifest.json"
    facts = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**facts, "languages": ["no", "mapping"]}))
    assert [one.damaged for one in attic.service.list()] == [False]  # what is no mapping is left out
    manifest.write_text("[" * 60_000)
    assert [(one.id, one.name, one.damaged) for one in attic.service.list()] == [(entry.id, "S01E01.mkv", True)]
    with pytest.raises(InvalidInput, match="damaged"):
        attic.service.restore(entry.id)
    attic.service.remove(entry.id)
    assert attic.service.list() == []


@pytest.mark.parametrize(
    "damage",
    [
        {"removed_at": "yesterday"},
        {"removed_at": 1e300},
        {"removed_at": float("nan")},
        {"removed_at": -1},
        {"size_bytes": "big"},
        {"reason": 5},
        {"is_folder": "yes"},
        {"original": 5},
        {"original": ""},
        {"original": "."},
        {"original": ".."},
        {"original": "../x"},
        {"original": "/etc/x"},
        {"original": "Nebel/../../x"},
        {"original": "Nebel//x"},
        {"original": "Nebel/"},
        {"original": ".recycle/x"},
        {"original": "x\0y"},
        {"original": "\ud800"},
        {"original": "x" * 5000},
        {"original": None},
        {"original": ["x"]},
        {"removed_at": True},
        {"removed_at": 10**400},
        {"size_bytes": -1},
        {"size_bytes": 2**80},
        {"size_bytes": 1.5},
        {"id": "../x"},
        {"series": 5},
    ],
)
def test_a_damaged_manifest_hides_no_other_entry(attic: Attic, damage: dict[str, object]) -> None:
    sound, damaged = (attic.bin.put(attic.file(name)) for name in ("S01E01.mkv", "S01E02.mkv"))
    manifest = attic.library / ".recycle" / damaged.id / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **damage}))
    listed = {entry.id: (entry.damaged, entry.name) for entry in attic.service.list()}
    assert listed == {sound.id: (False, "S01E01.mkv"), damaged.id: (True, "S01E02.mkv")}
    with pytest.raises(InvalidInput, match="delete the entry"):
        attic.service.restore(damaged.id)
    assert not list(attic.library.parent.glob("S01E02*")) and not list(attic.library.glob("*S01E02*"))
    assert attic.service.empty() == 2 and attic.service.list() == []


@pytest.mark.parametrize(
    "note", [b"", b"null", b"[]", b"\xff\xfe", b"{}", b"[" * 200_000, b'{"a": NaN}', b"x" * 2_000_000]
)
def test_a_note_that_is_none_ends_no_list(attic: Attic, note: bytes) -> None:
    sound, damaged = (attic.bin.put(attic.file(name)) for name in ("S01E01.mkv", "S01E02.mkv"))
    (attic.library / ".recycle" / damaged.id / "manifest.json").write_bytes(note)
    assert {entry.id: entry.damaged for entry in attic.service.list()} == {sound.id: False, damaged.id: True}


def test_a_note_that_is_a_pipe_a_folder_or_a_link_ends_no_list(attic: Attic, tmp_path: Path) -> None:
    entries = [attic.bin.put(attic.file(f"S01E0{n}.mkv")) for n in (1, 2, 3, 4)]
    notes = [attic.library / ".recycle" / one.id / "manifest.json" for one in entries]
    for note in notes[:3]:
        note.rename(tmp_path / note.parent.name)
    os.mkfifo(notes[0])
    notes[1].mkdir()
    notes[2].symlink_to(tmp_path / entries[2].id)
    assert sorted(one.damaged for one in attic.service.list()) == [False, True, True, True]


def test_an_entry_that_is_a_link_is_neither_followed_nor_in_the_way(attic: Attic, tmp_path: Path) -> None:
    entry = attic.bin.put(attic.file("S01E01.mkv"))
    outside = tmp_path / "outside"
    (attic.library / ".recycle" / entry.id).rename(outside)
    (attic.library / ".recycle" / entry.id).symlink_to(outside)
    assert attic.service.list() == []
    attic.service.remove(entry.id)
    assert (outside / "content" / "S01E01.mkv").exists()


def test_a_name_that_is_no_utf8_is_shown_and_comes_back(attic: Attic) -> None:
    path = attic.file("S01E01 \udcff.mkv")
    entry = attic.bin.put(path, reason="broken \udcff")
    (item,) = attic.service.list()
    assert (item.damaged, item.name, item.reason) == (False, "S01E01 \\udcff.mkv", "broken \\udcff")
    item.path.encode()
    assert attic.service.restore(entry.id).path.endswith("S01E01 \\udcff.mkv") and path.exists()


def test_a_note_of_a_newer_program_is_read(attic: Attic) -> None:
    entry = attic.bin.put(attic.file("S01E01.mkv"))
    manifest = attic.library / ".recycle" / entry.id / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "colour": "blue"}))
    assert [one.damaged for one in attic.service.list()] == [False]


# ── a series and its files, one record ──────────────────────────────────────


def removed(attic: Attic) -> Recycled:
    """The series is removed with its files, as AnimeService does it."""
    attic.file("Alter Name 7.mkv")
    attic.file("Season 01/Nebel - S01E02.mkv")
    attic.know(1, 1, file="Alter Name 7.mkv", file_language="ger-dub", file_title="Damals")
    attic.know(1, 2, file="Season 01/Nebel - S01E02.mkv")
    files = {"S01E01": "Alter Name 7.mkv", "S01E02": "Season 01/Nebel - S01E02.mkv"}
    entry = attic.bin.put(attic.library / FOLDER, languages={"S01E01": "ger-dub"}, series="nebel", files=files)
    for number in (1, 2):
        attic.know(1, number, file=None, file_language=None)
    with attic.database.writing() as session:
        session.scalar(select(AnimeSeries)).soft_delete()
    return entry


def test_restoring_the_files_of_a_removed_series_brings_it_back(attic: Attic) -> None:
    restored = attic.service.restore(removed(attic).id)
    assert (restored.key, restored.series_restored, restored.episodes) == ("nebel", True, ("S01E01", "S01E02"))
    with attic.database.reading() as session:
        assert not session.scalar(select(AnimeSeries)).is_deleted
        assert session.scalar(select(Episode).where(Episode.season == 1)).file_title == "Damals"
    assert attic.row(1, 1).file == "Alter Name 7.mkv" and attic.row(1, 1).language == "ger-dub"
    assert [type(event) for event in attic.events] == [SeriesAdded]


def test_undoing_a_removal_brings_the_files_back(attic: Attic) -> None:
    removed(attic)
    assert attic.service.undo_removal("nebel") is True
    assert attic.row(1, 1).file == "Alter Name 7.mkv" and (attic.library / FOLDER / "Alter Name 7.mkv").exists()
    assert attic.service.list() == [] and attic.service.undo_removal("nebel") is False


def test_a_series_whose_folder_is_taken_comes_back_where_its_files_are(attic: Attic) -> None:
    removed(attic)
    attic.file("another.mkv")
    assert attic.service.undo_removal("nebel")
    with attic.database.reading() as session:
        folder = session.scalar(select(AnimeSeries.folder))
    assert folder == f"{FOLDER} (restored)" and (attic.library / folder / attic.row(1, 1).file).exists()


def test_a_removal_that_left_the_files_is_undone_without_the_bin(attic: Attic) -> None:
    attic.bin.put(attic.file("old.mkv").parent, series="nebel")
    attic.know(1, 1, file="S01E01.mkv")
    with attic.database.writing() as session:
        session.scalar(select(AnimeSeries)).soft_delete()
    assert attic.service.undo_removal("nebel") is False and len(attic.service.list()) == 1


def test_an_undo_without_its_library_says_so_and_changes_nothing(attic: Attic) -> None:
    removed(attic)
    attic.settings = replace(attic.settings, library=replace(attic.settings.library, root=str(attic.library / "gone")))
    with pytest.raises(LibraryUnavailable):
        attic.service.undo_removal("nebel")
    with attic.database.reading() as session:
        assert session.scalar(select(AnimeSeries)).is_deleted


def test_without_a_library_the_bin_says_so(attic: Attic) -> None:
    attic.settings = replace(attic.settings, library=replace(attic.settings.library, root=str(attic.library / "gone")))
    with pytest.raises(LibraryUnavailable):
        attic.service.list()
    attic.settings = Settings()
    assert attic.service.list() == []
    with pytest.raises(LibraryUnavailable):
        attic.service.empty()


def test_a_file_of_a_folder_on_another_disk_is_the_episodes_again(attic, tmp_path) -> None:
    """What was recycled from behind a link comes back there, and its episode has it again."""
    second = tmp_path / "second"
    second.mkdir()
    facts = replace(attic.settings.library, link_roots=(str(second),))
    attic.settings = replace(attic.settings, library=facts)
    (attic.library / "Linked").symlink_to(second)
    (second / "Linked - S01E01.mkv").write_bytes(b"x")
    with attic.database.writing() as session:
        session.add(AnimeSeries(key="linked", name="Linked", folder="Linked", episodes=[Episode(season=1, number=1)]))
    bin_ = RecycleBin(attic.library, links=facts.link_roots)
    entry = bin_.put(attic.library / "Linked/Linked - S01E01.mkv")
    restored = attic.service.restore(entry.id)
    assert (restored.path, restored.key, restored.episodes) == ("Linked/Linked - S01E01.mkv", "linked", ("S01E01",))
    assert (second / "Linked - S01E01.mkv").read_bytes() == b"x"


@pytest.mark.parametrize(
    "forged",
    [
        {"series": "\udfff"},
        {"series": "a\udc80b"},
        {"series": "nebel\0"},
        {"languages": {"S01E01": "x" * 500, "\udfff": "ger-dub"}},
        {"files": {"S01E01": "a\udc80.mkv", "\udfff": "x.mkv"}},
    ],
)
def test_a_note_whose_texts_no_database_stores_is_restored(attic: Attic, forged: dict[str, object]) -> None:
    attic.file("Season 01/Nebel - S01E01.mkv")
    entry = attic.bin.put(attic.library / FOLDER, reason="Nebel was removed", series="nebel")
    note = attic.library / ".recycle" / entry.id / "manifest.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), **forged}))
    restored = attic.service.restore(entry.id)
    assert (restored.key, restored.episodes) == ("nebel", ("S01E01",))  # the folder's name still says whose it is
    assert attic.row(1, 1).file == "Season 01/Nebel - S01E01.mkv"
    assert attic.row(1, 1).language in (None, "ger-dub")
