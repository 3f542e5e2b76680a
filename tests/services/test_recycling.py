"""What was removed comes back, and the library knows it again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from aniworld.config.settings import LibrarySettings, Settings
from aniworld.core.errors import LibraryUnavailable, NotFound
from aniworld.core.events import EventBus, SeriesUpdated
from aniworld.library.place import place
from aniworld.library.recycle import RecycleBin
from aniworld.models import AnimeSeries, Database, Episode
from aniworld.services.progress import ProgressService
from aniworld.services.recycling import RecyclingService

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


def test_a_removed_series_gets_its_files_but_nobody_is_told(attic: Attic) -> None:
    entry = attic.bin.put(attic.file("Season 01/Nebel - S01E01.mkv"))
    with attic.database.writing() as session:
        session.scalar(select(AnimeSeries)).soft_delete()
    assert attic.service.restore(entry.id).episodes == ("S01E01",)
    assert attic.events == []


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
    assert attic.service.list() == []
    manifest.write_text("[" * 60_000)
    assert attic.service.list() == []
    with pytest.raises(NotFound):
        attic.service.restore(entry.id)


@pytest.mark.parametrize(
    "damage",
    [{"removed_at": "yesterday"}, {"removed_at": 1e300}, {"removed_at": float("nan")}, {"removed_at": -1},
     {"size_bytes": "big"}, {"reason": 5}, {"is_folder": "yes"}, {"original": 5}],
)  # fmt: skip
def test_a_damaged_manifest_hides_no_other_entry(attic: Attic, damage: dict[str, object]) -> None:
    sound, damaged = (attic.bin.put(attic.file(name)) for name in ("S01E01.mkv", "S01E02.mkv"))
    manifest = attic.library / ".recycle" / damaged.id / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **damage}))
    assert [entry.id for entry in attic.service.list()] == [sound.id]


def test_without_a_library_the_bin_says_so(attic: Attic) -> None:
    attic.settings = replace(attic.settings, library=replace(attic.settings.library, root=str(attic.library / "gone")))
    with pytest.raises(LibraryUnavailable):
        attic.service.list()
    attic.settings = Settings()
    assert attic.service.list() == []
    with pytest.raises(LibraryUnavailable):
        attic.service.empty()
