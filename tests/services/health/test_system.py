"""Health says what is wrong and what to do about it."""

from __future__ import annotations

import sys
from collections import namedtuple
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from aniworld.config.environment import Environment
from aniworld.config.store import ConfigStore
from aniworld.models import Database
from aniworld.services.health.system import SystemService
from aniworld.services.settings.service import ConfigService

Rest = namedtuple("Rest", "site seconds why")


class Sources:
    def __init__(self, *resting: Rest) -> None:
        self._resting = resting

    def resting(self) -> list[Rest]:
        return list(self._resting)


def system(
    database: Database, folder: Path, *resting: Rest, year: int = 2026, month: int = 11, redis_url: str = ""
) -> SystemService:
    environment = Environment(instance=folder / "instance", redis_url=redis_url)
    config = ConfigService(ConfigStore(environment.instance), environment)
    config.update({"library": {"root": str(folder / "library")}, "download": {"min_free_space_mb": 0}})
    return SystemService(
        database, config, environment, Sources(*resting), clock=lambda: datetime(year, month, 1, tzinfo=UTC)
    )


def levels(service: SystemService) -> dict[str, str]:
    return {check.name: check.level for check in service.checks()}


def test_all_is_well(database: Database, tmp_path: Path) -> None:
    found = levels(system(database, tmp_path))
    assert {
        name: found[name] for name in ("database", "library", "disk", "catalogue", "clock", "secrets")
    } == dict.fromkeys(("database", "library", "disk", "catalogue", "clock", "secrets"), "ok")


def test_a_library_that_is_gone_is_an_error_with_advice(database: Database, tmp_path: Path) -> None:
    service = system(database, tmp_path)
    (tmp_path / "library").rmdir()
    check = next(check for check in service.checks() if check.name == "library")
    assert check.level == "error"
    assert "Mount the disk" in check.advice


def test_a_source_that_rests_is_named(database: Database, tmp_path: Path) -> None:
    service = system(database, tmp_path, Rest("example.org", 300, "It asks for a browser check."))
    check = next(check for check in service.checks() if check.name == "catalogue")
    assert (check.level, "5 min" in check.message) == ("warning", True)


def test_a_clock_of_the_past_and_an_old_yt_dlp_are_seen(database: Database, tmp_path: Path) -> None:
    assert levels(system(database, tmp_path, year=2001))["clock"] == "error"
    assert levels(system(database, tmp_path, year=2029))["yt_dlp"] == "warning"


def test_facts_name_versions_paths_and_disk(database: Database, tmp_path: Path) -> None:
    facts = system(database, tmp_path).facts()
    assert facts.version
    assert facts.versions["yt-dlp"]
    assert facts.paths["library"] == str(tmp_path / "library")
    assert all(disk.free_bytes <= disk.total_bytes for disk in facts.disk)


@pytest.mark.parametrize("mode", [0o644, 0o660])
def test_a_secret_key_that_others_may_read_is_a_warning(database: Database, tmp_path: Path, mode: int) -> None:
    service = system(database, tmp_path)
    path = tmp_path / "instance" / "secret_key"
    path.write_bytes(b"x" * 64)
    path.chmod(mode)
    assert levels(service)["secrets"] == "warning"


def test_an_ffmpeg_that_comes_later_is_found(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    service = system(database, tmp_path)
    assert (service.ffmpeg, service.facts().versions["ffmpeg"]) == (None, None)
    program = tmp_path / "programs" / "ffmpeg"
    program.parent.mkdir()
    for answer, version in (("exit 1", None), ("echo ffmpeg version 7.1.2 and more", "7.1.2")):
        program.write_text(f"#!/bin/sh\n{answer}\n")
        program.chmod(0o755)
        assert (service.ffmpeg, service.facts().versions["ffmpeg"]) == (str(program), version)


def test_a_look_at_the_workers_that_fails_has_its_name(database: Database, tmp_path: Path) -> None:
    service = system(database, tmp_path, redis_url="redis://127.0.0.1:9")
    with database.writing() as session:
        session.execute(text("DROP TABLE worker_seen"))
    assert levels(service)["workers"] == "warning"
