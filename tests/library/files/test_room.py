"""The free space of the library's disk is known without asking the disk at every look."""

from __future__ import annotations

import shutil
from pathlib import Path

from aniworld.library.files.space_reservation import FreeSpace


def test_the_disk_is_asked_every_two_seconds_at_most(tmp_path: Path) -> None:
    at, folder = [0.0], [str(tmp_path)]
    free = FreeSpace(lambda: folder[0], clock=lambda: at[0])
    first = free()
    assert first is not None
    assert abs(first - shutil.disk_usage(tmp_path).free) < 1 << 30
    at[0] = 1.9
    tmp_path.rmdir()
    assert free() == first
    at[0] = 2.0
    assert free() is None
    tmp_path.mkdir()
    assert free() is None
    at[0] = 4.0
    assert free() is not None


def test_another_folder_is_asked_at_once_and_none_has_no_answer(tmp_path: Path) -> None:
    folder = [""]
    free = FreeSpace(lambda: folder[0])
    assert free() is None
    folder[0] = str(tmp_path)
    assert free() is not None
