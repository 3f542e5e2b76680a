"""Settings of all processes are one: changed anywhere, in force everywhere, and no change is lost."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.running import Server, until

from .webs import SECRET, Webs

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


def theme(server: Server) -> str:
    return str(server.get("/api/config/")["ui"]["theme"])


def test_a_change_at_one_process_is_in_force_at_the_other_at_once(webs: Webs) -> None:
    for server, other, wanted in ((webs.one, webs.other, "dark"), (webs.other, webs.one, "light")):
        server.configure(ui={"theme": wanted})
        until(lambda other=other, wanted=wanted: theme(other) == wanted, within_s=2)


def test_without_redis_a_change_is_in_force_within_two_seconds(webs: Webs) -> None:
    webs.one.configure(ui={"theme": "auto"})
    webs.redis.stop()
    try:
        webs.one.configure(ui={"theme": "dark"})
        until(lambda: theme(webs.other) == "dark", within_s=2)
    finally:
        webs.redis.start()


def test_changes_of_both_at_the_same_moment_are_all_kept(webs: Webs) -> None:
    wishes = ((webs.one, "retry_limit"), (webs.other, "history_limit"))

    def change(server: Server, name: str) -> None:
        for value in range(1, 7):
            server.configure(download={name: value})

    threads = [threading.Thread(target=change, args=wish) for wish in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for server in webs.both:
        until(lambda server=server: [server.get("/api/config/")["download"][name] for _, name in wishes] == [6, 6])


def test_a_backup_of_one_is_listed_and_restored_by_the_other(webs: Webs) -> None:
    webs.one.configure(ui={"theme": "dark"})
    name = webs.one.post("/api/config/backups")["name"]
    webs.one.configure(ui={"theme": "light"})
    assert name in [backup["name"] for backup in webs.other.get("/api/config/backups")]
    webs.other.post(f"/api/config/backups/{name}/restore")
    until(lambda: theme(webs.one) == "dark", within_s=2)


def test_nothing_lies_in_files_and_the_secret_is_shown_nowhere(webs: Webs) -> None:
    webs.one.configure(ui={"theme": "light"})
    assert not (webs.one.instance / "config.json").exists()
    assert not (webs.one.instance / "secret_key").exists()
    for path in ("/api/config/", "/api/system", "/api/health", "/api/openapi.json"):
        assert SECRET not in json.dumps(webs.one.get(path))
    assert SECRET not in webs.one.log.read_text() + webs.other.log.read_text()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"ANIWORLD_SECRET_KEY": "another secret that is as long as the first one"}, "ANIWORLD_SECRET_KEY"),
        ({"ANIWORLD_SECRET_KEY": ""}, "signs with another secret"),
        ({"ANIWORLD_SECRET_KEY": "short"}, "too short"),
        ({"ANIWORLD_DATABASE_URL": ""}, "a database that they share"),
    ],
)
def test_a_process_that_does_not_fit_refuses_to_start_and_says_what_to_do(
    webs: Webs, tmp_path: Path, environment: dict[str, str], sentence: str
) -> None:
    stranger = Server(tmp_path / "stranger", **{**webs.environment, **environment})
    with pytest.raises(AssertionError, match="the server ended"):
        stranger.start()
    log = stranger.log.read_text()
    assert "Aniworld does not start" in log
    assert sentence in log
    assert "Traceback" not in log


def test_the_settings_of_a_single_server_are_taken_over_at_the_first_start(
    webs: Webs, postgresql_url: str, tmp_path: Path
) -> None:
    stored: dict[str, Any] = {"ui": {"theme": "dark"}, "download": {"concurrency": 7}}
    server = Server(tmp_path / "single", **{**webs.environment, "ANIWORLD_DATABASE_URL": postgresql_url})
    server.instance.mkdir()
    (server.instance / "config.json").write_text(json.dumps(stored))
    server.start()
    try:
        told = server.get("/api/config/")
        assert (told["ui"]["theme"], told["download"]["concurrency"]) == ("dark", 7)
    finally:
        server.stop()
