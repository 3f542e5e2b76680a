"""Failed sign-ins are counted together, and without Redis by each process: no door opens, nobody is locked out."""

from __future__ import annotations

import pytest
import requests

from tests.cluster.webs import Webs
from tests.running import PASSWORD, Server, until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


def try_at(server: Server, address: str, password: str = "wrong") -> int:
    answer = requests.post(
        server.url + "/api/auth/login", json={"password": password}, headers={"X-Forwarded-For": address}, timeout=20
    )
    return answer.status_code


def test_five_failures_are_five_wherever_they_happen(webs: Webs) -> None:
    at = [webs.one, webs.other, webs.one, webs.other, webs.one]
    assert [try_at(server, "203.0.113.1") for server in at] == [401] * 5
    assert [try_at(server, "203.0.113.1", PASSWORD) for server in webs.both] == [429, 429]
    assert [try_at(server, "203.0.113.2", PASSWORD) for server in webs.both] == [200, 200]


@pytest.mark.parametrize("how", ["stopped", "frozen"])
def test_while_redis_is_away_each_process_counts_and_right_passwords_are_let_in(webs: Webs, how: str) -> None:
    guest, guesser = ("203.0.113.3", "203.0.113.4") if how == "stopped" else ("203.0.113.5", "203.0.113.6")
    (webs.redis.stop if how == "stopped" else webs.redis.pause)()
    try:
        assert [try_at(webs.one, guesser) for _ in range(6)] == [401] * 5 + [429]
        assert try_at(webs.one, guesser, PASSWORD) == 429
        assert [try_at(server, guest, PASSWORD) for server in webs.both] == [200, 200]
        assert "failed sign-ins are counted by this process alone" in webs.one.log.read_text()
    finally:
        (webs.redis.start if how == "stopped" else webs.redis.resume)()
    assert try_at(webs.one, guesser, PASSWORD) == 429, "what was counted meanwhile still counts"
    until(lambda: try_at(webs.other, guest, PASSWORD) == 200)
