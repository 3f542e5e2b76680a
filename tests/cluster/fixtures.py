"""One machine of each kind for the whole run, and for each test a database of its own on it. Offered to all tests.

The machines are imported late: a run that needs none does without their drivers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cluster.machines import MariaDB, PostgreSQL, Redis


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    from tests.cluster.machines import PostgreSQL, running

    with running(PostgreSQL) as machine:
        yield machine


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    from tests.cluster.machines import MariaDB, running

    with running(MariaDB) as machine:
        yield machine


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    from tests.cluster.machines import Redis, running

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
