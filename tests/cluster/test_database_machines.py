"""The machines that cluster tests stand on: they answer, they freeze, they come back with what they had."""

from __future__ import annotations

import pytest

from tests.cluster.machines import DatabaseMachine, Nginx, PostgreSQL, Redis, running
from tests.running import until

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_database_outlives_a_stop_and_a_pause(kind: str, request: pytest.FixtureRequest) -> None:
    machine: DatabaseMachine = request.getfixturevalue(kind)
    name = machine.new_database().rpartition("/")[2].partition("?")[0]
    find = {
        "postgresql": f"SELECT datname FROM pg_database WHERE datname = '{name}'",
        "mariadb": f"SELECT schema_name FROM information_schema.schemata WHERE schema_name = '{name}'",
    }[kind]
    machine.pause()
    assert not machine._is_ready()
    machine.resume()
    assert machine.execute(find) == [(name,)]
    machine.stop()
    machine.stop()
    machine.start()
    assert machine.execute(find) == [(name,)]
    machine.kill()
    machine.start()
    assert machine.execute(find) == [(name,)]
    machine.drop_database(machine.url(name))
    assert machine.execute(find) == []


def test_nothing_of_a_machine_is_left_when_it_closes() -> None:
    with running(PostgreSQL) as machine:
        folder = machine.folder
        assert folder.is_dir()
    assert not folder.exists()


def test_redis_answers_and_is_empty_for_each_test(redis: Redis, redis_url: str) -> None:
    from redis import Redis as Client

    client = Client.from_url(redis_url)
    assert client.dbsize() == 0
    redis.pause()
    assert not redis._is_ready()
    redis.resume()
    assert until(client.ping)


def test_nginx_serves_what_it_is_told() -> None:
    import requests

    with running(lambda: Nginx("server { listen 127.0.0.1:{port}; return 204; }")) as nginx:
        assert requests.get(nginx.url, timeout=5).status_code == 204
