"""PostgreSQL and MariaDB by their addresses: the same tables, exact texts and moments, one upgrade, nobody who
waits.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DataError, OperationalError

from aniworld.core.errors import InvalidInput, Unavailable
from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode, ImportCandidate
from aniworld.models import upgrade as upgrading
from aniworld.models.engines import address_of, engine_at
from aniworld.models.imports import folder_id
from tests.running import ROOT

pytestmark = pytest.mark.cluster
KINDS = ["postgresql", "mariadb"]


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest) -> str:
    """An empty database."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def database(url: str, tmp_path: Path) -> Iterator[Database]:
    made = Database.at(url)
    upgrading.bring_up_to_date(made, tmp_path)
    yield made
    made.close()


# ── addresses ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("postgres://u:p@h/n", "postgresql+psycopg"),
        ("postgresql://u:p@h:5433/n?sslmode=require", "postgresql+psycopg"),
        ("postgresql+psycopg://u@h/n", "postgresql+psycopg"),
        ("mysql://u:p@h/n", "mysql+pymysql"),
        ("mariadb://u:p@h/n", "mysql+pymysql"),
        ("sqlite:////tmp/x.db", "sqlite"),
    ],
)
def test_an_address_gets_the_driver_that_is_here(written: str, driver: str) -> None:
    assert address_of(written).drivername == driver
    assert address_of(address_of(written).render_as_string(hide_password=False)) == address_of(written)


@pytest.mark.parametrize("written", ["", "nonsense", "oracle://u:p@h/n", "postgresql+asyncpg://h/n", "mysql://h:x/n"])
def test_an_address_that_is_none_is_refused_in_a_sentence_without_its_password(written: str) -> None:
    with pytest.raises(InvalidInput, match="ANIWORLD_DATABASE_URL") as refused:
        address_of(written)
    assert ":p@" not in str(refused.value)


# ── tables ──────────────────────────────────────────────────────────────────


def test_a_new_database_and_a_migrated_one_are_the_same(
    url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    machine = request.getfixturevalue(request.node.callspec.params["url"])
    second = machine.new_database()
    made, migrated = Database.at(url), Database.at(second)
    try:
        upgrading.bring_up_to_date(made, tmp_path)
        upgrading.migrate_to(migrated, upgrading.newest_revision())
        assert picture(made) == picture(migrated)
    finally:
        made.close()
        migrated.close()
        machine.drop_database(second)


def picture(database: Database) -> dict[str, object]:
    look = inspect(database.engine)
    return {
        table: (
            sorted((column["name"], repr(column["type"]), column["nullable"]) for column in look.get_columns(table)),
            sorted((key["name"] or "", *key["column_names"]) for key in look.get_unique_constraints(table)),
            sorted(
                (index["name"] or "", str(index["column_names"]), index["unique"]) for index in look.get_indexes(table)
            ),
            [(key["name"], key["referred_table"], key["options"]) for key in look.get_foreign_keys(table)],
        )
        for table in look.get_table_names()
        if table != "alembic_version"
    }


def test_several_processes_that_start_at_once_make_the_tables_once(url: str) -> None:
    code = (
        "import sys; from pathlib import Path; from aniworld.models import Database;"
        "from aniworld.models.upgrade import bring_up_to_date, revision_of; sys.stdin.readline();"
        "database = Database.at(sys.argv[1]); bring_up_to_date(database, Path('.')); print(revision_of(database))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    answers = [process.communicate("go\n", timeout=100) for process in processes]
    assert [out.strip() for out, _ in answers] == [upgrading.newest_revision()] * 3, answers


def test_the_command_line_brings_a_database_up_to_date(url: str, tmp_path: Path) -> None:
    def call(*words: str) -> dict[str, object]:
        environment = {"PATH": "", "ANIWORLD_INSTANCE": str(tmp_path / "instance"), "ANIWORLD_DATABASE_URL": url}
        done = subprocess.run(
            [sys.executable, "-m", "aniworld", "db", *words, "--json"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        assert "only%20for%20tests" not in done.stdout
        return json.loads(done.stdout)

    newest = upgrading.newest_revision()
    assert (call("current")["revision"], call("upgrade")["changed"]) == (None, True)
    assert (call("upgrade")["changed"], call("current")["revision"]) == (False, newest)


def test_a_database_from_a_newer_program_is_refused(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match="newer than this program"):
        upgrading.bring_up_to_date(database, tmp_path)


# ── values ──────────────────────────────────────────────────────────────────


def test_texts_compare_exactly(database: Database) -> None:
    """Case, accents, spaces at the end: folders on a disk differ by them."""
    folders = ["Steinwacht", "steinwacht", "Steinwächt", "Steinwacht ", "Steinwa\u0308cht", "🐉", "🐲", "ß", "ss"]
    with database.writing() as session:
        session.add_all([ImportCandidate(id=folder_id(folder), folder=folder) for folder in folders])
    with database.reading() as session:
        assert sorted(session.scalars(select(ImportCandidate.folder))) == sorted(folders)
        for folder in folders:
            assert session.scalars(select(ImportCandidate.folder).where(ImportCandidate.folder == folder)).all() == [
                folder
            ]


def test_values_come_back_as_they_went(database: Database) -> None:
    moment = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
    facts = {"specials": {"2": 5}, "genres": ["Ärger", "🐉", "'\"\\%"], "numbering": {"x": None}}
    with database.writing() as session:
        series = AnimeSeries(key="a", name="A" * 500, refreshed_at=moment, description="\\'\"%s :x \n" * 100, **facts)
        series.episodes = [Episode(season=1, number=1, size_bytes=2**62)]
        session.add(series)
        session.add(DownloadQueueItem(id="x", serie_id="a", season=1, episode=1, progress=33.333333333333336))
    with database.reading() as session:
        series = session.scalars(select(AnimeSeries)).one()
        assert (series.refreshed_at, series.specials, series.genres, series.numbering) == (moment, *facts.values())
        assert series.description == "\\'\"%s :x \n" * 100
        assert series.episodes[0].size_bytes == 2**62
        assert session.get_one(DownloadQueueItem, "x").progress == 33.333333333333336


@pytest.mark.parametrize("name", ["A" * 501, "A\0B"])
def test_what_cannot_be_kept_is_refused_and_never_cut(database: Database, name: str, request) -> None:
    if "\0" in name and "mariadb" in request.node.name:
        return  # MariaDB keeps it
    with pytest.raises(DataError), database.writing() as session:
        session.add(AnimeSeries(key="a", name=name))
    with database.reading() as session:
        assert session.scalars(select(AnimeSeries)).all() == []


# ── time ────────────────────────────────────────────────────────────────────


def test_writing_blocks_take_turns(database: Database) -> None:
    with database.writing() as session:
        session.add(AnimeSeries(key="a", name="0"))

    def count() -> None:
        for _ in range(10):
            with database.writing() as session:
                series = session.scalars(select(AnimeSeries)).one()
                series.name = str(int(series.name) + 1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.scalar(select(AnimeSeries.name)) == "40"


SLOW = {"postgresql": "SELECT pg_sleep({})", "mysql": "SELECT SLEEP({})"}


def test_a_statement_that_takes_too_long_is_ended_and_the_connection_serves_on(url: str) -> None:
    engine = engine_at(url, answer_wait_s=1)
    with pytest.raises(OperationalError), engine.connect() as connection:
        connection.execute(text(SLOW[engine.dialect.name].format(20)))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()


GREENLETS = """
from gevent import monkey; monkey.patch_all()
import sys, time, gevent
from sqlalchemy import text
from sqlalchemy.pool import NullPool
from aniworld.core.offload import offload
from aniworld.models.engines import engine_at

url, slow = sys.argv[1:]
engine, own = engine_at(url), engine_at(url, pool=NullPool)
ticks = []

def tick():
    while True:
        ticks.append(time.monotonic())
        gevent.sleep(0.01)

def ask(engine):
    with engine.connect() as connection:
        connection.execute(text(slow))

ask(own), ask(engine)
gevent.spawn(tick)
began = time.monotonic()
gevent.joinall([gevent.spawn(ask, engine) for _ in range(5)], raise_error=True)
offload(ask, own)
print(len(ticks), time.monotonic() - began)
"""


def test_a_slow_question_of_one_greenlet_or_thread_stops_no_other(url: str) -> None:
    slow = SLOW[address_of(url).get_backend_name()].format(2)
    done = subprocess.run(
        [sys.executable, "-c", GREENLETS, url, slow], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    ticks, took = done.stdout.split()
    assert float(took) < 9, "five that ask at once wait once"
    assert int(ticks) > 60, "others go on meanwhile"
