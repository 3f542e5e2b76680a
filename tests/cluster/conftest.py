"""One machine of each kind for the whole run, and for each test a database of its own on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .machines import MariaDB, PostgreSQL, Redis, running
from .webs import Webs, two_webs


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with running(PostgreSQL) as machine:
        yield machine


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    with running(MariaDB) as machine:
        yield machine


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    with running(Redis) as machine:
        yield machine


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """An empty database, as ``ANIWORLD_DATABASE_URL`` names it."""
    url = postgresql.new_database()
    yield url
    postgresql.drop_database(url)


@pytest.fixture
def mariadb_url(mariadb: MariaDB) -> Iterator[str]:
    """An empty database, as ``ANIWORLD_DATABASE_URL`` names it."""
    url = mariadb.new_database()
    yield url
    mariadb.drop_database(url)


@pytest.fixture
def redis_url(redis: Redis) -> str:
    """An empty Redis, as ``ANIWORLD_REDIS_URL`` names it."""
    redis.flush()
    return redis.url()


@pytest.fixture(scope="session")
def both_webs(postgresql: PostgreSQL, media_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webs]:
    with two_webs(tmp_path_factory.mktemp("webs"), postgresql, media_folder) as webs:
        yield webs


@pytest.fixture
def webs(both_webs: Webs) -> Webs:
    """Two web processes as one, both running and signed in."""
    both_webs.start()
    return both_webs
