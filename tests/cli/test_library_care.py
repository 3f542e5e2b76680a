"""The recycle bin and renaming from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from aniworld.core.media import EpisodeEntry, SeriesPage
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.models import AnimeSeries, Database, Episode
from aniworld.services.series.page_import import record_page
from tests.cli.conftest import Cli

pytestmark = pytest.mark.slow


def test_the_bin_is_listed_emptied_and_gives_back(cli: Cli, library: Path) -> None:
    (library / "Nebel").mkdir()
    for name in ("a.mkv", "b.mkv"):
        (library / "Nebel" / name).write_bytes(b"film")
        RecycleBin(library).put(library / "Nebel" / name, reason="gone")
    items = cli("recycle", "list", "--json").json()
    assert {item["name"] for item in items} == {"a.mkv", "b.mkv"}
    assert cli("recycle", "restore", items[0]["id"]).out == f"{items[0]['path']} is back\n"
    assert (library / "Nebel" / items[0]["name"]).exists()
    asked = cli("recycle", "empty", stdin="n\n")
    assert (asked.code, asked.err.endswith("Error: Stopped.\n")) == (1, True)
    assert cli("recycle", "empty", "--yes").out == "1 deleted for good\n"
    gone = cli("recycle", "remove", items[1]["id"])
    assert (gone.code, gone.err) == (1, "Error: This is no longer in the recycle bin.\n")
    assert cli("recycle").code == 2


def test_files_are_renamed_after_a_look_and_back(cli: Cli, library: Path) -> None:
    assert cli("list").code == 0
    database = Database.at(f"sqlite:///{cli.instance / 'aniworld.db'}")
    with database.writing() as session:
        episode = Episode(season=1, number=1, title="Der Anfang", file="1.mkv")
        session.add(AnimeSeries(key="nebel", name="Nebel", folder="Nebel", episodes=[episode]))
    database.close()
    (library / "Nebel").mkdir()
    (library / "Nebel" / "1.mkv").write_bytes(b"film")
    new = "Season 01/Nebel - S01E01 - Der Anfang.mkv"
    assert cli("rename", "--dry-run").out == f"nebel\tS01E01\t1.mkv\t{new}\t\n"
    outcome = cli("rename", "nebel", "--json").json()
    assert (library / "Nebel" / new).exists()
    assert cli("rename", "--undo", outcome["id"]).out.startswith("1 file renamed")
    assert (library / "Nebel" / "1.mkv").exists()
    assert cli("rename", "--undo", outcome["id"], "--dry-run").code == 2
    assert cli("rename", "none-such").code == 1


def test_folders_are_offered_given_ignored_and_taken_back(cli: Cli, library: Path) -> None:
    assert cli("list").code == 0
    database = Database.at(f"sqlite:///{cli.instance / 'aniworld.db'}")
    with database.writing() as session:
        session.add(AnimeSeries(key="nebel", name="Nebel", folder="Nebel", episodes=[Episode(season=1, number=1)]))
    database.close()
    for folder in ("Irgendein Ordner", "Urlaub"):
        (library / folder).mkdir()
        (library / folder / "S01E01.mkv").write_bytes(b"film")
    assert cli("scan").code == 0
    assert [one["folder"] for one in cli("folders", "list", "--json").json()] == ["Irgendein Ordner", "Urlaub"]
    assert cli("folders", "match", "Irgendein Ordner", "nebel").out == "Irgendein Ordner belongs to Nebel (nebel)\n"
    assert cli("folders", "ignore", "Urlaub", "--json").json()["key"] is None
    assert cli("folders", "list").out == ""
    assert {one["folder"] for one in cli("folders", "choices", "--json").json()} == {"Irgendein Ordner", "Urlaub"}
    assert cli("list", "--json").json()[0]["missing_count"] == 0
    assert cli("folders", "undo", "Urlaub").code == 0
    assert [one["folder"] for one in cli("folders", "list", "--json").json()] == ["Urlaub"]
    assert cli("folders", "undo", "Urlaub").code == 1
    assert cli("folders", "match", "Urlaub", "none-such").code == 1
    assert cli("folders", "match", "Urlaub").code == 2


def test_earlier_renamings_are_listed(cli: Cli) -> None:
    assert cli("rename", "--runs", "--json").json() == []
    assert cli("rename", "--runs", "--dry-run").code == 2


def test_specials_and_entries_get_numbers_of_ones_own(cli: Cli, library: Path) -> None:
    assert cli("list").code == 0
    database = Database.at(f"sqlite:///{cli.instance / 'aniworld.db'}")
    with database.writing() as session:
        films = [Episode(season=0, number=number, title=f"Film {number}", link=f"x/{number}") for number in (1, 2)]
        session.add(AnimeSeries(key="nebel", name="Nebel", folder="Nebel", episodes=films))
    database.close()
    assert cli("numbers", "special", "nebel", "2=5", "--json").json()["specials"] == {"2": 5}
    assert cli("numbers", "list", "nebel").out == "S00E01\tS00E01\tFilm 1\tx/1\nS00E02\tS00E05\tFilm 2\tx/2\n"
    refused = cli("numbers", "special", "nebel", "1=5")
    assert (refused.code, "specials 1 and 2 cannot both be S00E05" in refused.err) == (1, True)
    assert cli("numbers", "special", "nebel", "two=5").code == 2
    entry = cli("numbers", "entry", "nebel", "x/1", "s2e1", "--json").json()
    assert entry["numbering"] == {"x/1": "S02E01"}
    assert cli("numbers", "entry", "nebel", "x/1", "first").code == 1
    assert cli("numbers", "reset", "nebel", "--json").json() == {"specials": {}, "numbering": {}}


def test_a_removed_series_comes_back_with_its_files_and_a_renumbering_is_decided(cli: Cli, library: Path) -> None:
    assert cli("list").code == 0
    (library / "Nebel").mkdir()
    for number in (1, 2):
        (library / "Nebel" / f"{number}.mkv").write_bytes(b"film")
    database = Database.at(f"sqlite:///{cli.instance / 'aniworld.db'}")
    with database.writing() as session:
        episodes = [Episode(season=1, number=n, title=t, file=f"{n}.mkv") for n, t in ((1, "Anfang"), (2, "Ende"))]
        session.add(AnimeSeries(key="nebel", name="Nebel", folder="Nebel", episodes=episodes))
        listed = tuple(EpisodeEntry(1, n, f"x/{n}", t) for n, t in ((1, "Prolog"), (2, "Anfang"), (3, "Ende")))
        session.flush()
        page = SeriesPage("nebel", "Nebel", "", "", seasons=(1,), episodes=listed)
        record_page(session, session.query(AnimeSeries).one(), page)
    shown = cli("numbers", "renumbering", "nebel").out
    assert "S01E01" in shown and "S01E02" in shown and "Prolog" in shown
    refused = cli("rename", "nebel")
    assert refused.code == 1 and "renumbered Nebel; decide" in refused.err
    assert cli("numbers", "renumbering", "nebel", "--apply").out == "The catalogue's numbers count\n"
    assert cli("numbers", "renumbering", "nebel", "--keep").code == 1
    entry = RecycleBin(library).put(library / "Nebel", series="nebel", files={"S01E02": "1.mkv", "S01E03": "2.mkv"})
    with database.writing() as session:
        series = session.query(AnimeSeries).one()
        series.soft_delete()
        for row in series.episodes:
            row.file = None
    database.close()
    assert cli("restore", "nebel").out == "Nebel is in the library again, 1 missing\n"
    assert (library / "Nebel" / "2.mkv").exists() and entry.series == "nebel"
    assert cli("restore", "none").code == 1
