"""The folder of whole backups keeps the right ones."""

from __future__ import annotations

from pathlib import Path

from aniworld.services.backup_shelf import BackupShelf


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
