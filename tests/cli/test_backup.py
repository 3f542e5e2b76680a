"""Whole backups by the command line, as somebody at a terminal or a cron job has them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aniworld.models.restore_lock import RESTORING, RestoreLock
from aniworld.workers.instance_lock import InstanceLock
from tests.cli.conftest import Cli

pytestmark = pytest.mark.slow


def test_what_was_kept_comes_back_and_says_so(cli: Cli, tmp_path: Path) -> None:
    assert cli("config", "set", "download.concurrency", "5").code == 0
    file = tmp_path / "kept.zip"
    assert cli("backup", "create", "--to", str(file)).out.startswith(f"Kept as {file}")
    assert cli("backup", "list").out == ""
    assert cli("config", "set", "download.concurrency", "9").code == 0
    assert cli("backup", "verify", str(file), "--json").json()["secrets"] is True
    before = cli("backup", "restore", str(file), "--yes", "--json").json()["before"]
    assert cli("config", "get", "download.concurrency").out == "5\n"
    assert cli("backup", "list", "--json").json()[0]["name"] == before["name"]
    assert cli("backup", "delete", before["name"], "--yes").code == 0


def test_a_server_that_runs_is_not_pulled_away_from_under(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "kept.zip"
    assert cli("backup", "create", "--to", str(file)).code == 0
    lock = InstanceLock(cli.instance)
    lock.take()
    done = cli("backup", "restore", str(file), "--yes")
    lock.release()
    assert done.code == 1 and "A server runs on this instance" in done.err


def test_commands_change_nothing_while_a_backup_is_restored(cli: Cli) -> None:
    assert cli("config", "set", "download.concurrency", "5").code == 0
    with RestoreLock(cli.instance).held():
        for wish in (("config", "set", "download.concurrency", "9"), ("queue", "pause"), ("queue", "start")):
            done = cli(*wish)
            assert done.code == 1 and RESTORING in done.err and "Traceback" not in done.err, (wish, done)
        assert cli("list").code == 0
        assert cli("config", "get", "download.concurrency").out == "5\n"
    assert cli("config", "set", "download.concurrency", "9").code == 0
    assert cli("queue", "pause").code == 0


def test_a_database_of_a_newer_program_is_set_aside(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "kept.zip"
    assert cli("backup", "create", "--to", str(file)).code == 0
    with closing(sqlite3.connect(cli.instance / "aniworld.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    assert cli("list").code == 1
    assert "is kept as aniworld.db.revision-9999-" in cli("backup", "restore", str(file), "--yes").out
    assert cli("list").code == 0
    assert len(list(cli.instance.glob("aniworld.db.revision-9999-*"))) == 1


def test_what_is_no_backup_is_told_in_one_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "none.zip").write_bytes(b"PK nothing")
    for wish in (
        ("verify", str(tmp_path / "none.zip")),
        ("restore", "/dev/zero", "--yes"),
        ("delete", "../x", "--yes"),
    ):
        done = cli("backup", *wish)
        assert (done.code, done.err.count("\n")) == (1, 1), done.err
    assert cli("backup", "restore", str(tmp_path / "none.zip"), stdin="n\n").code == 1
