"""Each check tells when something is wrong, what to do about it, and when all is well."""

from __future__ import annotations

import logging
import sys
from collections import namedtuple
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aniworld.config.environment import Environment
from aniworld.config.settings import DownloadSettings, LibrarySettings, Settings
from aniworld.core.health import HealthCheck
from aniworld.core.queue import DownloadStatus
from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode, QueueState, ScanRun
from aniworld.services.health import HealthService
from aniworld.services.health import checks_library as library
from aniworld.services.health import checks_machine as machine
from aniworld.services.health import checks_work as work
from aniworld.services.health.context import Circumstances

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Rest = namedtuple("Rest", "site seconds why")


class Sources:
    def __init__(self, *resting: Rest) -> None:
        self._resting = resting

    def resting(self) -> list[Rest]:
        return list(self._resting)


@pytest.fixture
def here(database: Database, tmp_path: Path) -> Circumstances:
    """A machine on which all is well."""
    instance, root = tmp_path / "instance", tmp_path / "library"
    instance.mkdir(mode=0o700)
    (root / "A Series").mkdir(parents=True)
    settings = Settings(library=LibrarySettings(root=str(root)), download=DownloadSettings(min_free_space_mb=0))
    return Circumstances(
        database=database,
        settings=lambda: settings,
        misunderstood=tuple,
        environment=Environment(instance=instance),
        rest=Sources(),
        clock=lambda: NOW,
        ffmpeg_version=lambda: "5.1.6",
        clock_offset=lambda: 0.4,
    )


def the(check, here: Circumstances) -> HealthCheck:  # type: ignore[no-untyped-def]
    (found,) = check(here)
    return found


def level(check, here: Circumstances) -> str:  # type: ignore[no-untyped-def]
    return the(check, here).level


def add(database: Database, *rows: object) -> None:
    with database.writing() as session:
        session.add_all(rows)


def item(**facts: object) -> DownloadQueueItem:
    return DownloadQueueItem(serie_id="a-series", serie_name="A Series", season=1, episode=1, **facts)


def wants(**download: int) -> Settings:
    return Settings(download=DownloadSettings(**download))


def test_where_all_is_well_every_check_says_so(here: Circumstances) -> None:
    found = HealthService(here).checks()
    trouble = {one.name: one.message for one in found if one.level != "ok" and one.name not in ("scan", "yt_dlp")}
    assert trouble == {}
    assert len({one.name for one in found}) >= 20
    assert all(one.advice for one in found if one.level != "ok")


def test_every_check_that_is_not_ok_says_what_to_do(here: Circumstances, tmp_path: Path) -> None:
    bad = replace(here, clock=lambda: datetime(2001, 1, 1, tzinfo=UTC), ffmpeg_version=lambda: None)
    (tmp_path / "library" / "A Series").rmdir()
    (tmp_path / "library").rmdir()
    assert all(one.advice for one in HealthService(bad).checks() if one.level != "ok")


# ── the library ─────────────────────────────────────────────────────────────


def test_a_library_that_is_not_there_is_an_error(here: Circumstances, tmp_path: Path) -> None:
    (tmp_path / "library").rename(tmp_path / "elsewhere")
    assert level(library.library, here) == "error"
    assert list(library.library_mount(here)) == []


def test_an_empty_folder_in_which_episodes_are_known_is_a_disk_that_is_not_mounted(
    here: Circumstances, tmp_path: Path, database: Database
) -> None:
    series = AnimeSeries(key="a-series", name="A Series", site="aniworld.to", folder="A Series")
    series.episodes.append(Episode(season=1, number=1, file="A Series - S01E01.mkv"))
    add(database, series)
    assert level(library.library_mount, here) == "ok"
    (tmp_path / "library" / "A Series").rmdir()
    (tmp_path / "library" / ".incoming").mkdir()
    assert level(library.library_mount, here) == "error"


def test_too_little_room_is_an_error_and_a_queue_that_will_not_fit_a_notice(
    here: Circumstances, database: Database
) -> None:
    here_full = replace(
        here, settings=lambda: replace(here.settings(), download=DownloadSettings(min_free_space_mb=10_000_000))
    )
    assert level(library.disk, here_full) == "error"
    add(
        database,
        item(status=DownloadStatus.COMPLETED, total_bytes=10**15, completed_at=NOW),
        item(status=DownloadStatus.PENDING),
    )
    assert level(library.room, here) == "notice"


@pytest.mark.parametrize(
    ("status", "days", "expected"), [("completed", 1, "ok"), ("completed", 100, "notice"), ("failed", 1, "warning")]
)
def test_a_scan_that_failed_or_is_long_ago(
    here: Circumstances, database: Database, status: str, days: int, expected: str
) -> None:
    assert level(library.scan, here) == "notice"
    add(database, ScanRun(id="1", status=status, started_at=NOW - timedelta(days=days), error="The disk is gone."))
    assert level(library.scan, here) == expected


# ── the work ────────────────────────────────────────────────────────────────


def test_what_hinders_the_queue_is_said(here: Circumstances, database: Database) -> None:
    add(database, QueueState(id=1, is_running=True, reason="The disk is full."))
    assert "The disk is full." in the(work.queue, here).message


def test_a_stopped_queue_in_which_episodes_wait_for_long_is_a_notice(here: Circumstances, database: Database) -> None:
    add(database, item(status=DownloadStatus.PENDING, added_at=NOW - timedelta(hours=1)))
    assert level(work.queue, here) == "ok"
    add(database, item(status=DownloadStatus.PENDING, added_at=NOW - timedelta(hours=13)))
    assert level(work.queue, here) == "notice"


def test_a_paused_queue_without_an_end_is_a_notice(here: Circumstances, database: Database) -> None:
    add(database, QueueState(id=1, is_running=True, is_paused=True), item(status=DownloadStatus.PENDING, added_at=NOW))
    assert level(work.queue, here) == "notice"


@pytest.mark.parametrize(("count", "expected"), [(0, "ok"), (1, "notice"), (20, "warning")])
def test_failed_downloads_are_counted(here: Circumstances, database: Database, count: int, expected: str) -> None:
    add(database, *(item(status=DownloadStatus.FAILED) for _ in range(count)))
    assert level(work.failed, here) == expected


def test_a_download_of_which_nothing_is_heard(here: Circumstances, database: Database) -> None:
    add(database, item(status=DownloadStatus.DOWNLOADING, updated_at=NOW - timedelta(minutes=11)))
    assert "A Series" in the(work.slots, here).message
    add(database, QueueState(id=1, is_running=True, is_paused=True))
    assert level(work.slots, here) == "ok"


def test_a_source_that_rests_is_named_with_its_reason(here: Circumstances) -> None:
    resting = replace(here, rest=Sources(Rest("example.org", 300, "It asks for a browser check.")))
    assert the(work.catalogue, resting).message == "example.org rests for 5 min: It asks for a browser check."


def test_a_damaged_database_is_found(here: Circumstances, tmp_path: Path, database: Database) -> None:
    path = tmp_path / "instance" / "aniworld.db"
    copy = Database.at(f"sqlite:///{path}")
    with copy.writing() as session:
        session.connection().exec_driver_sql("CREATE TABLE pages (content TEXT)")
        for _ in range(200):
            session.connection().exec_driver_sql("INSERT INTO pages VALUES (hex(randomblob(2000)))")
    copy.close()
    assert level(work.database_whole, here) == "ok"
    whole = bytearray(path.read_bytes())
    whole[8192:12288] = b"\xff" * 4096
    path.write_bytes(whole)
    assert level(work.database_whole, here) == "error"


def test_settings_that_make_no_sense_are_named(here: Circumstances) -> None:
    broken = replace(here, misunderstood=lambda: ("download.concurrency",))
    assert "download.concurrency" in the(work.settings, broken).message


def test_errors_of_the_last_hour_are_counted_and_older_ones_are_not(here: Circumstances) -> None:
    logs = here.instance / "logs"
    logs.mkdir()
    now, before = datetime.now(), datetime.now() - timedelta(hours=2)
    lines = [f"{at:%Y-%m-%d %H:%M:%S},000 ERROR   aniworld: broken" for at in (before, now)]
    (logs / "aniworld.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert the(work.log, here).message.startswith("1 error ")


def test_a_name_of_its_own_without_https_is_a_notice(here: Circumstances) -> None:
    named = replace(here.environment, hosts=("anime.example.org",))
    assert level(work.exposure, replace(here, environment=named)) == "notice"
    assert level(work.exposure, replace(here, environment=replace(named, secure_cookies=True))) == "ok"


# ── the machine ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("ahead", "expected"), [(None, "ok"), (-30.0, "ok"), (90.0, "warning"), (-4000.0, "error")])
def test_a_clock_that_differs_from_the_sites_is_seen(here: Circumstances, ahead: float | None, expected: str) -> None:
    assert level(machine.clock, replace(here, clock_offset=lambda: ahead)) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("7.1", "ok"),
        ("n7.0.2", "ok"),
        ("N-1234-gabc", "ok"),
        ("3.4.8-0+deb9u1", "warning"),
        ("5.0.3", "warning"),
        ("5.1.9-0+deb12u1", "ok"),
        (None, "error"),
    ],
)
def test_a_missing_or_old_ffmpeg_is_seen(here: Circumstances, found: str | None, expected: str) -> None:
    assert level(machine.ffmpeg, replace(here, ffmpeg_version=lambda: found)) == expected


@pytest.mark.parametrize("name", machine.SECRET_FILES)
def test_a_secret_that_others_may_read_is_a_warning_with_the_command(here: Circumstances, name: str) -> None:
    (here.instance / name).write_bytes(b"secret")
    (here.instance / name).chmod(0o644)
    assert str(here.instance / name) in the(machine.secrets, here).advice


def test_an_instance_folder_that_others_may_look_into(here: Circumstances) -> None:
    here.instance.chmod(0o755)
    assert level(machine.instance, here) == "warning"


def test_a_python_without_fixes_is_a_notice(here: Circumstances) -> None:
    known = sys.version_info[:2] in machine.PYTHON_ENDS
    later = replace(here, clock=lambda: datetime(2040, 1, 1, tzinfo=UTC))
    assert level(machine.python, later) == ("notice" if known else "ok")


# ── the service ─────────────────────────────────────────────────────────────


def test_a_check_that_cannot_look_is_told_and_hides_no_other(
    here: Circumstances, caplog: pytest.LogCaptureFixture
) -> None:
    def stumbles(_: Circumstances) -> list[HealthCheck]:
        raise OSError(5, "Input/output error")

    service = HealthService(here)
    service.add(stumbles)
    with caplog.at_level(logging.WARNING):
        found = {one.name: one for one in service.checks()}
    assert found["stumbles"].level == "warning"
    assert found["database"].level == "ok"
    assert "stumbles" in caplog.text


def test_a_round_is_good_for_a_while_and_the_daily_ones_for_a_day(here: Circumstances) -> None:
    now = 0.0
    looked: list[str] = []

    def counted(_: Circumstances) -> list[HealthCheck]:
        looked.append("once more")
        return []

    service = HealthService(here, clock=lambda: now)
    service.add(counted)
    service.checks()
    service.checks()
    assert len(looked) == 1
    now = 6.0
    service.checks()
    assert len(looked) == 2


def test_links_that_lead_out_of_the_library_are_told_until_they_are_allowed(
    here: Circumstances, tmp_path: Path
) -> None:
    root, second = tmp_path / "library", tmp_path / "second"
    second.mkdir()
    assert level(library.library_links, here) == "ok"
    (root / "A Series" / "Season 01").symlink_to(second)
    (root / "B").symlink_to(second)
    (root / "D").mkdir()
    (root / "C").symlink_to(root / "D")
    told = the(library.library_links, here)
    assert told.level == "warning" and f"A Series/Season 01 → {second}, B → {second}." in told.message
    allowed = Settings(library=LibrarySettings(root=str(root), link_roots=(str(second),)))
    assert level(library.library_links, replace(here, settings=lambda: allowed)) == "ok"


def test_links_that_lead_up_are_to_be_removed_and_not_allowed(here: Circumstances, tmp_path: Path) -> None:
    root = tmp_path / "library"
    (root / "A Series" / "All").symlink_to(tmp_path)
    (root / "B").symlink_to(root)
    told = the(library.library_links, here)
    assert told.level == "warning" and f": A Series/All → {tmp_path}, B → {root}." in told.message
    assert told.advice == "Remove these links."
    second = tmp_path / "second"
    second.mkdir()
    (root / "C").symlink_to(second)
    up, out = library.library_links(here)
    assert "lead up" in up.message and "second" not in up.message
    assert f": C → {second}." in out.message and "link_roots" not in up.advice


def test_a_library_that_holds_only_what_a_system_left_is_empty(here: Circumstances, tmp_path: Path) -> None:
    add(
        here.database,
        AnimeSeries(key="a", name="A", folder="A Series", episodes=[Episode(season=1, number=1, file="1.mkv")]),
    )
    (tmp_path / "library/A Series").rmdir()
    (tmp_path / "library/lost+found").mkdir()
    (tmp_path / "library/$RECYCLE.BIN").mkdir()
    assert level(library.library_mount, here) == "error"
