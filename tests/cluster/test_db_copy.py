"""Everything moves between SQLite, PostgreSQL and MariaDB, there and back, and is the same afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from aniworld.core.errors import AlreadyRunning, Conflict, InvalidInput, Unavailable
from aniworld.models import AnimeSeries, AuditEntry, Database, DownloadQueueItem, Lease, StoredSettings, utcnow
from aniworld.services.backup.create import Home, create
from aniworld.services.backup.database_move import look, move
from aniworld.services.backup.restore import restore
from aniworld.services.backup.store import BackupShelf
from aniworld.workers.instance_lock import InstanceLock
from tests.services.houses import NAMES, furnish, house, sums

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with house(tmp_path / "instance") as made:
        furnish(made)
        yield made


def url_of(path: Path) -> str:
    return f"sqlite:///{path / 'aniworld.db'}"


def cli(instance: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANIWORLD_")}
    return subprocess.run(
        [sys.executable, "-m", "aniworld", "--instance", str(instance), *arguments],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.fixture(params=["postgresql", "mariadb"])
def server_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


def opened(url: str) -> Database:
    return Database.at(url)


@pytest.mark.cluster
def test_there_and_back_everything_is_the_same(home: Home, server_url: str, tmp_path: Path) -> None:
    before = sums(home.database)
    there = move(url_of(home.instance), server_url, home.instance)
    assert there.equal and {one.table: one.source_rows for one in there.tables}["anime_series"] == len(NAMES)
    server = opened(server_url)
    assert sums(server) == before
    with server.writing() as session:  # its own counters go on behind what came
        session.add(AnimeSeries(key="after", name="After"))
        session.add(AuditEntry(at=utcnow(), kind="signed_in"))
    with server.writing() as session:
        session.execute(delete(AnimeSeries).where(AnimeSeries.key == "after"))
        session.execute(delete(AuditEntry).where(AuditEntry.kind == "signed_in"))
    server.close()
    back = tmp_path / "back"
    back.mkdir()
    assert move(server_url, url_of(back), back).equal
    assert (back / "aniworld.db").stat().st_mode & 0o777 == 0o600
    returned = opened(url_of(back))
    assert sums(returned) == before
    returned.close()


@pytest.mark.cluster
def test_from_one_server_to_another(home: Home, postgresql_url: str, mariadb_url: str) -> None:
    move(url_of(home.instance), postgresql_url, home.instance)
    assert move(postgresql_url, mariadb_url, home.instance).equal
    assert move(mariadb_url, postgresql_url, home.instance, replace=True).equal


@pytest.mark.cluster
def test_a_server_that_is_not_empty_is_left_alone_unless_it_is_to_be_replaced(home: Home, server_url: str) -> None:
    move(url_of(home.instance), server_url, home.instance)
    with home.database.writing() as session:
        session.execute(delete(AnimeSeries).where(AnimeSeries.key != "series-0"))
    with pytest.raises(Conflict, match="not empty"):
        move(url_of(home.instance), server_url, home.instance)
    assert move(url_of(home.instance), server_url, home.instance, replace=True).equal


@pytest.mark.cluster
def test_settings_go_to_the_cluster_and_come_back(home: Home, postgresql_url: str, tmp_path: Path) -> None:
    moved = move(url_of(home.instance), postgresql_url, home.instance, shared=True)
    assert "config.json" in moved.settings
    server = opened(postgresql_url)
    with server.writing() as session:
        row = session.scalars(select(StoredSettings)).one()
        assert (row.version, row.content["download"]["concurrency"]) == (1, 7)
        session.execute(update(StoredSettings).values(content={**row.content, "download": {"concurrency": 3}}))
    server.close()
    move(postgresql_url, url_of(home.instance), home.instance, replace=True)
    assert json.loads((home.instance / "config.json").read_text())["download"]["concurrency"] == 3
    assert (home.instance / "config.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.cluster
def test_a_backup_of_a_server_comes_back_there_and_in_sqlite(home: Home, server_url: str, tmp_path: Path) -> None:
    move(url_of(home.instance), server_url, home.instance)
    server = opened(server_url)
    on_server = Home(home.instance, server, home.config)
    file = BackupShelf(home.instance).path(create(on_server).name)
    before = sums(server)
    with server.writing() as session:
        session.execute(delete(AnimeSeries))
    restore(on_server, file)
    left_out = {"user_session", "download_queue_item", "scan_run"}  # ended, or no longer running
    assert {name: facts for name, facts in sums(server).items() if name not in left_out} == {
        name: facts for name, facts in before.items() if name not in left_out
    }
    with house(tmp_path / "alone") as alone:
        restore(alone, file)
        assert sums(alone.database)["episode"] == before["episode"]
    server.close()


@pytest.mark.cluster
def test_what_the_other_database_cannot_keep_is_named_and_nothing_is_left_there(
    home: Home, postgresql_url: str
) -> None:
    with home.database.writing() as session:
        session.add(AnimeSeries(key="nul", name="a\0b"))
    with pytest.raises(InvalidInput, match="anime_series"):
        move(url_of(home.instance), postgresql_url, home.instance)
    with home.database.writing() as session:
        session.execute(update(AnimeSeries).where(AnimeSeries.key == "nul").values(name="x" * 501))
    with pytest.raises(InvalidInput, match="anime_series"):
        move(url_of(home.instance), postgresql_url, home.instance)
    server = opened(postgresql_url)
    assert {rows for rows, _ in sums(server).values()} == {0}
    server.close()


# ── without a server of its own ─────────────────────────────────────────────────────────────────────────────────────


def test_a_look_changes_nothing_and_a_copy_says_table_by_table(home: Home, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    looked = cli(home.instance, "db", "copy", "--to", f"sqlite:///{other}", "--dry-run", "--json")
    assert looked.returncode == 0, looked.stderr
    assert json.loads(looked.stdout)["copied"] is False
    assert not other.exists()
    done = cli(home.instance, "db", "copy", "--to", f"sqlite:///{other}", "--json")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["equal"] and all(one["equal"] for one in told["tables"])
    again = cli(home.instance, "db", "copy", "--to", f"sqlite:///{other}")
    assert (again.returncode, again.stdout) == (1, "") and "not empty" in again.stderr
    plain = cli(home.instance, "db", "copy", "--to", f"sqlite:///{other}", "--replace")
    assert "anime_series\t6\t6\tequal" in plain.stdout


def test_nobody_may_work_on_the_source(home: Home, tmp_path: Path) -> None:
    lock = InstanceLock(home.instance)
    lock.take()
    refused = cli(home.instance, "db", "copy", "--to", f"sqlite:///{tmp_path / 'other.db'}")
    assert refused.returncode == 1 and "stop it" in refused.stderr
    lock.release()
    with home.database.writing() as session:
        session.add(Lease(name="schedule", holder="web-2", until=utcnow() + timedelta(seconds=20)))
    with pytest.raises(AlreadyRunning, match="web-2"):
        move(url_of(home.instance), f"sqlite:///{tmp_path / 'other.db'}", home.instance)
    with home.database.writing() as session:
        session.execute(delete(Lease))
        session.execute(update(DownloadQueueItem).values(lease_until=utcnow() + timedelta(seconds=20)))
    with pytest.raises(AlreadyRunning, match="elsewhere:1"):
        look(url_of(home.instance), f"sqlite:///{tmp_path / 'other.db'}")


@pytest.mark.parametrize(
    ("target", "match"),
    [
        ("nonsense", "no database address"),
        ("oracle://x/y", "knows sqlite"),
        ("sqlite:////proc/none/x.db", "does not answer"),
        ("postgresql://nobody:secret-word@127.0.0.1:9/none", "does not answer"),
    ],
)
def test_addresses_that_lead_nowhere_are_told_in_a_sentence_without_the_password(
    home: Home, target: str, match: str
) -> None:
    done = cli(home.instance, "db", "copy", "--to", target)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert match in done.stderr and "secret-word" not in done.stderr


def test_a_source_that_is_not_there_is_refused_and_nothing_is_made(home: Home, tmp_path: Path) -> None:
    missing, other = tmp_path / "none.db", tmp_path / "other.db"
    with pytest.raises(InvalidInput, match="no database at .*none.db; name the right one"):
        look(f"sqlite:///{missing}", f"sqlite:///{other}")
    with pytest.raises(InvalidInput, match="no database at"):
        move(f"sqlite:///{missing}", f"sqlite:///{other}", home.instance)
    assert not missing.exists() and not other.exists()


def test_onto_itself_and_from_nothing_and_from_another_revision(home: Home, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="same database"):
        move(url_of(home.instance), url_of(home.instance), home.instance)
    (tmp_path / "empty.db").touch()
    with pytest.raises(InvalidInput, match="nothing of Aniworld"):
        move(f"sqlite:///{tmp_path / 'empty.db'}", f"sqlite:///{tmp_path / 'other.db'}", home.instance)
    with home.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(Unavailable, match="revision 0001"):
        move(url_of(home.instance), f"sqlite:///{tmp_path / 'other.db'}", home.instance)
