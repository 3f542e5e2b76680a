"""The application's database: its engine is Flask-SQLAlchemy's, its sessions find it by the application's context."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, current_app, g, has_app_context
from flask_sqlalchemy.session import Session as BoundSession
from sqlalchemy import func, select

from aniworld.core.errors import InvalidInput
from aniworld.models import AnimeSeries, Database, QueueState, bind, db
from aniworld.models.upgrade import bring_up_to_date

HOLD = """
import sys
from aniworld.models import Database, QueueState, bind
database = Database.of(bind(sys.argv[1]))
with database.writing():
    print("writing", flush=True)
    sys.stdin.readline()
print("ended", flush=True)
"""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = bind(f"sqlite:///{tmp_path / 'aniworld.db'}")
    database = Database.of(made)
    bring_up_to_date(database, tmp_path / "copies")
    made.extensions["database"] = database
    yield made
    database.close()


def database_of(app: Flask) -> Database:
    found = app.extensions["database"]
    assert isinstance(found, Database)
    return found


def test_a_bare_application_has_an_engine_and_nothing_else(app: Flask) -> None:
    assert app.secret_key is None
    assert [rule.rule for rule in app.url_map.iter_rules()] == []
    with app.app_context():
        assert db.engine is database_of(app).engine
    with database_of(app).reading() as session:
        assert isinstance(session, BoundSession)
        assert session.get_bind() is database_of(app).engine


def test_no_context_is_left_behind_and_none_is_needed(app: Flask) -> None:
    with database_of(app).reading() as session:
        assert current_app == app
        assert session.scalar(select(func.count()).select_from(AnimeSeries)) == 0
    assert not has_app_context()


def test_the_context_of_a_request_survives_a_unit_of_work(app: Flask) -> None:
    with app.test_request_context("/"):
        g.visitor = "ada"
        with database_of(app).writing() as session, database_of(app).reading():
            assert g.visitor == "ada"
            session.add(AnimeSeries(key="nebel", name="Nebel", site="example.org", folder="Nebel"))
        assert g.visitor == "ada"
        with database_of(app).reading() as session:
            assert session.scalars(select(AnimeSeries.key)).all() == ["nebel"]


def test_two_applications_in_one_process_keep_their_databases(app: Flask, tmp_path: Path) -> None:
    other = Database.of(bind(f"sqlite:///{tmp_path / 'other.db'}"))
    bring_up_to_date(other, tmp_path / "copies")
    with app.app_context(), other.writing() as session:
        session.add(AnimeSeries(key="only-there", name="Dort", site="example.org", folder="Dort"))
    with database_of(app).reading() as session:
        assert session.scalars(select(AnimeSeries.key)).all() == []
    other.close()


def test_what_fails_is_rolled_back_whole(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), database_of(app).writing() as session:
        session.add(AnimeSeries(key="nebel", name="Nebel", site="example.org", folder="Nebel"))
        session.flush()
        raise ZeroDivisionError
    with database_of(app).reading() as session:
        assert session.scalars(select(AnimeSeries.key)).all() == []


@pytest.mark.parametrize("block", ["writing", "concurrent_writing"])
def test_a_writing_block_holds_the_lock_before_its_first_statement(app: Flask, block: str) -> None:
    """Two processes: with plain BEGIN both would read, and the second to write would fail or lose what it saw."""
    database = database_of(app)
    url = str(database.engine.url)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "writing\n"
        entered, told = threading.Event(), []

        def enter() -> None:
            with getattr(database, block)() as session:
                told.append(session.scalar(select(func.count()).select_from(QueueState)))
                entered.set()

        waiting = threading.Thread(target=enter)
        waiting.start()
        assert not entered.wait(0.5)
        with database.reading() as session:  # readers go on
            session.scalar(select(func.count()).select_from(QueueState))
        other.stdin.write("\n")
        other.stdin.flush()
        assert entered.wait(10)
        waiting.join()


def test_a_relative_address_is_one_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    database = Database.of(bind("sqlite:///here.db"))
    bring_up_to_date(database, tmp_path / "copies")
    assert (tmp_path / "here.db").is_file()
    database.close()


@pytest.mark.parametrize("address", ["", "nonsense", "oracle://host/name", "sqlite", "postgresql+pg8000://x/y"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput, match="ANIWORLD_DATABASE_URL"):
        bind(address)
