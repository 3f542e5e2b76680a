"""The folder of whole backups keeps the right ones."""

from __future__ import annotations

import os
from pathlib import Path

from aniworld.config.store import ConfigStore, file_facts
from aniworld.services.backup.store import BackupShelf


def test_a_clock_that_was_set_back_costs_no_new_backup(tmp_path: Path) -> None:
    shelf = BackupShelf(tmp_path)
    shelf.folder.mkdir(parents=True)
    for number in range(3):
        (shelf.folder / f"aniworld-29990101-00000{number}-auto-0000000{number}.zip").touch()
    made = shelf.new_name("auto")
    (shelf.folder / made).touch()
    shelf.trim("auto", 2, made)
    names = [one.name for one in shelf.list()]
    assert names == ["aniworld-29990101-000002-auto-00000002.zip", made]


def test_one_odd_entry_ends_no_list(tmp_path: Path) -> None:
    """Names with impossible dates, folders, links, pipes, and files that go while they are listed."""
    shelf, store = BackupShelf(tmp_path), ConfigStore(tmp_path)
    shelf.folder.mkdir(parents=True)
    for folder, pattern in (
        (shelf.folder, "aniworld-{}-auto-0000000{}.zip"),
        (tmp_path / "backups", "config-{}-auto-0000000{}.json"),
    ):
        (folder / pattern.format("20260101-000000", 1)).touch()
        (folder / pattern.format("99999999-999999", 2)).touch()
        (folder / pattern.format("20260101-000000", 3)).mkdir()
        (folder / pattern.format("20260101-000000", 4)).symlink_to("nowhere")
        os.mkfifo(folder / pattern.format("20260101-000000", 5))
        (folder / os.fsdecode(b"\xff.zip")).touch()
    assert [one.name[-12:-4].strip("-0.") for one in shelf.list()] == ["1", "2"]
    assert [one.created_at.year for one in store.backups()] == [2026, 1970]


def test_a_folder_that_is_gone_is_an_empty_list(tmp_path: Path) -> None:
    store = ConfigStore(tmp_path)
    (tmp_path / "backups").rmdir()
    assert store.backups() == [] and BackupShelf(tmp_path).list() == []


def test_an_entry_that_has_just_gone_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with os.scandir(tmp_path) as entries:
        (entry,) = entries
    (tmp_path / "x").unlink()
    assert file_facts(entry) is None
