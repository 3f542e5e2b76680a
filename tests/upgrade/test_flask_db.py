"""``flask --app wsgi db …`` as an administrator runs it, on each kind of database, fresh, old and next to a server."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text

from aniworld.app import create_app
from aniworld.models import AnimeSeries, Database, WorkerSeen, bind, utcnow
from aniworld.models import upgrade as upgrading
from aniworld.workers.instance_lock import InstanceLock
from tests.upgrade.test_database_upgrade import earlier_database

ROOT = Path(__file__).resolve().parents[2]
NEWEST = upgrading.newest_revision()


class Administrator:
    """Runs ``flask db`` with one instance folder and one database."""

    def __init__(self, instance: Path, url: str) -> None:
        self.instance, self.url = instance, url

    def run(self, *command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "ANIWORLD_INSTANCE": str(self.instance),
            "ANIWORLD_DATABASE_URL": self.url,
            "PYTHONPATH": str(ROOT),
        }
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", str(ROOT / "wsgi.py"), "db", *command],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def does(self, *command: str) -> str:
        ended = self.run(*command)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def is_refused(self, *command: str) -> str:
        ended = self.run(*command)
        assert ended.returncode == 1, ended.stdout
        assert "Traceback" not in ended.stderr
        return ended.stderr


@pytest.fixture
def flask_db(tmp_path: Path, database_url: str) -> Administrator:
    return Administrator(tmp_path / "instance", database_url)


def test_a_fresh_database_is_upgraded_checked_downgraded_and_upgraded_again(flask_db: Administrator) -> None:
    assert flask_db.does("current") == ""
    flask_db.does("upgrade")
    assert flask_db.does("current").split() == [NEWEST, "(head)"]
    assert "No new upgrade operations detected" in flask_db.does("check")
    with closing(Database.at(flask_db.url)) as database, database.writing() as session:
        session.add(AnimeSeries(key="nebel", name="Nebel", site="example.org", folder="Nebel"))
    flask_db.does("downgrade", "0003")
    assert flask_db.does("current").split() == ["0003"]
    with closing(Database.at(flask_db.url)) as database, database.reading() as session:
        assert not inspect(session.connection()).has_table("worker_seen")
        assert session.scalar(text("SELECT name FROM anime_series")) == "Nebel"
    flask_db.does("upgrade")
    with closing(Database.at(flask_db.url)) as database, database.reading() as session:
        assert session.scalars(select(AnimeSeries.name)).all() == ["Nebel"]


@pytest.mark.sqlite
def test_current_on_an_old_database_says_its_revision_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "aniworld.db"
    flask_db = Administrator(tmp_path / "instance", earlier_database("0006", path))
    with closing(Database.at(flask_db.url)) as database:  # in the form that every opening gives it
        upgrading.downgrade_to(database, "0003")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    assert flask_db.does("current").split() == ["0003"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert not list(tmp_path.rglob("database-before-*"))
    assert NEWEST in flask_db.does("heads")
    assert "0003 -> 0004" in flask_db.does("history")


@pytest.mark.sqlite
def test_an_upgrade_copies_a_sqlite_file_first(tmp_path: Path) -> None:
    flask_db = Administrator(tmp_path / "instance", earlier_database("0006", tmp_path / "aniworld.db"))
    flask_db.does("upgrade")
    with closing(Database.at(f"sqlite:///{flask_db.instance}/backups/database-before-0006.db")) as copy:
        assert upgrading.revision_of(copy) == "0006"
    assert flask_db.does("upgrade") == f"The database is at revision {NEWEST}.\n"
    assert not list(flask_db.instance.rglob(f"database-before-{NEWEST}.db"))  # there was nothing left to do


@pytest.mark.sqlite
def test_a_downgrade_next_to_a_running_server_is_refused_and_an_upgrade_is_not(flask_db: Administrator) -> None:
    flask_db.does("upgrade")
    with closing(Database.at(flask_db.url)) as server, server.reading() as session:
        lock = InstanceLock(flask_db.instance)
        lock.take()
        try:
            assert "stop it first" in flask_db.is_refused("downgrade", "0003")
            assert NEWEST in flask_db.does("upgrade")
            assert "stop it first" in flask_db.is_refused("stamp", "0003")
            assert flask_db.does("current").split() == [NEWEST, "(head)"]
            assert session.scalar(select(AnimeSeries.id)) is None  # a table of the newest revision
        finally:
            lock.release()
    flask_db.does("downgrade", "0003")


@pytest.mark.sqlite
def test_a_downgrade_is_refused_while_a_worker_of_another_machine_lives(flask_db: Administrator) -> None:
    flask_db.does("upgrade")
    with closing(Database.at(flask_db.url)) as database, database.writing() as session:
        now = utcnow()
        session.add(WorkerSeen(name="attic", host="box", pid=1, version="1", slots=2, started_at=now, seen_at=now))
    assert "attic" in flask_db.is_refused("downgrade", "0010")
    assert flask_db.does("current").split() == [NEWEST, "(head)"]


@pytest.mark.sqlite
def test_a_database_of_a_newer_program_is_refused_with_a_message(flask_db: Administrator) -> None:
    flask_db.does("upgrade")
    with closing(Database.at(flask_db.url)) as database, database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "9999" in flask_db.is_refused("upgrade")


@pytest.mark.sqlite
def test_a_new_script_is_written_with_the_next_number(flask_db: Administrator, tmp_path: Path) -> None:
    flask_db.does("upgrade")
    scripts = tmp_path / "migrations"
    scripts.mkdir()
    for name in ("env.py", "script.py.mako", "versions"):
        (scripts / name).symlink_to(ROOT / "migrations" / name)
    (scripts / "versions").unlink()
    (scripts / "versions").mkdir()
    for script in (ROOT / "migrations" / "versions").glob("*.py"):
        (scripts / "versions" / script.name).write_bytes(script.read_bytes())
    assert "Nothing changed" in flask_db.does("migrate", "-d", str(scripts), "-m", "nothing")
    with closing(Database.at(flask_db.url)) as database, database.writing() as session:
        session.execute(text("ALTER TABLE worker_seen DROP COLUMN version"))
    flask_db.does("migrate", "-d", str(scripts), "-m", "worker version")
    written = scripts / "versions" / f"{int(NEWEST) + 1:04}_worker_version.py"
    assert f"down_revision = '{NEWEST}'" in written.read_text("utf-8")


@pytest.mark.sqlite
def test_the_start_upgrades_an_old_database_through_flask_migrate(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    instance.mkdir()
    url = earlier_database("0006", instance / "aniworld.db")
    app = create_app({"ANIWORLD_INSTANCE": str(instance)})
    assert app.extensions["migrate"].db is app.extensions["sqlalchemy"]
    app.extensions["aniworld"].close()
    with closing(Database.at(url)) as database:
        assert upgrading.revision_of(database) == NEWEST
    assert (instance / "backups" / "database-before-0006.db").is_file()


@pytest.mark.sqlite
def test_a_bound_database_is_copied_to_the_folder_that_its_opener_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(Database.of(bind(earlier_database("0006", tmp_path / "aniworld.db")))) as database:
        assert upgrading.bring_up_to_date(database, tmp_path / "a=b" / "copies") == "0006"
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("database-before-*")] == [
        "a=b/copies/database-before-0006.db"
    ]


@pytest.mark.sqlite
def test_the_file_is_its_owners_alone_and_an_empty_one_after_the_way_back_to_the_base_is_made_again(
    flask_db: Administrator, tmp_path: Path
) -> None:
    flask_db.does("upgrade")
    assert (tmp_path / "aniworld.db").stat().st_mode & 0o777 == 0o600
    assert "base" in flask_db.does("downgrade", "base")
    with closing(Database.at(flask_db.url)) as database:
        assert upgrading.bring_up_to_date(database, tmp_path / "copies") is None
        assert upgrading.revision_of(database) == NEWEST
        assert inspect(database.engine).has_table("anime_series")


@pytest.mark.sqlite
@pytest.mark.parametrize("command", ["upgrade", "current"])
def test_another_programs_database_and_garbage_are_refused_with_a_message(
    flask_db: Administrator, tmp_path: Path, command: str
) -> None:
    path = tmp_path / "aniworld.db"
    path.write_bytes(b"garbage" * 200)
    ended = flask_db.run(command)
    assert ended.returncode != 0
    assert "is not a SQLite database" in ended.stderr
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE users (id INTEGER)")
    ended = flask_db.run(command)
    assert ended.returncode != 0
    assert "belongs to another program" in ended.stderr
    assert "Traceback" not in ended.stderr
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("users",)]


@pytest.mark.sqlite
def test_scripts_as_sql_are_refused(flask_db: Administrator) -> None:
    assert "--sql is not supported" in flask_db.is_refused("upgrade", "--sql")


def test_a_server_that_does_not_answer_is_named_in_one_line(tmp_path: Path) -> None:
    flask_db = Administrator(tmp_path / "instance", "postgresql://someone:secret@127.0.0.1:1/none")
    said = flask_db.is_refused("current")
    assert "database" in said
    assert "secret" not in said
