"""An old backup is told, a missing one on a new instance is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aniworld.config.environment import Environment
from aniworld.config.settings import BackupSettings, Settings
from aniworld.models import Database
from aniworld.services.backup.store import BackupShelf
from aniworld.services.health.checks_backup import backup
from aniworld.services.health.context import Circumstances


@pytest.mark.parametrize(
    ("made", "enabled", "level", "says"),
    [
        ((), True, "ok", "no backup yet"),
        (("20261121-120000",), True, "ok", "24 hours ago"),
        (("20261001-120000",), True, "warning", "52 days old"),
        (("20261001-120000",), False, "ok", "hours ago"),
        (("20261001-120000", "20261122-110000"), True, "ok", "1 hour ago"),
        (("20261130-120000",), True, "ok", "0 hours ago"),
    ],
)
def test_the_age_of_the_newest_counts(
    database: Database, tmp_path: Path, made: tuple[str, ...], enabled: bool, level: str, says: str
) -> None:
    here = Circumstances(
        database=database,
        settings=lambda: replace(Settings(), backup=BackupSettings(enabled=enabled)),
        misunderstood=tuple,
        environment=Environment(instance=tmp_path),
        rest=None,
        clock=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC),  # type: ignore[arg-type]
        ffmpeg_version=lambda: None,
        clock_offset=lambda: None,
    )
    folder = BackupShelf(tmp_path).folder
    folder.mkdir(parents=True)
    for when in made:
        (folder / f"aniworld-{when}-auto-0123abcd.zip").write_bytes(b"")
    (found,) = backup(here)
    assert found.level == level and says in found.message
