"""Settings of all processes are one: changed anywhere, in force everywhere, and no change is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.webs import SECRET, Webs
from tests.running import ROOT, Server, until

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


def test_a_secret_that_was_changed_on_purpose_is_accepted_by_command(
    webs: Webs, postgresql_url: str, tmp_path: Path
) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANIWORLD_")}
    mine = {"ANIWORLD_INSTANCE": str(tmp_path / "instance"), "ANIWORLD_DATABASE_URL": postgresql_url}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**clean, **webs.environment, **mine},
            capture_output=True,
            text=True,
            timeout=120,
        )

    app = ("-c", "from aniworld.app import create_app; create_app()")
    assert run(*app).returncode == 0
    mine["ANIWORLD_SECRET_KEY"] = "a new secret that is as long as it has to be"
    assert "config accept-secret" in run(*app).stderr
    accepted = run("-m", "aniworld", "config", "accept-secret")
    assert accepted.returncode == 0, accepted.stderr
    assert run(*app).returncode == 0
    del mine["ANIWORLD_SECRET_KEY"]
    assert "signs with another secret" in run(*app).stderr


def test_a_server_alone_compares_no_secrets(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANIWORLD_")}
    done = subprocess.run(
        [sys.executable, "-m", "aniworld", "config", "accept-secret"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**clean, "ANIWORLD_INSTANCE": str(tmp_path / "instance")},
        timeout=120,
    )
    assert done.returncode == 1
    assert "ANIWORLD_REDIS_URL is not set" in done.stderr
