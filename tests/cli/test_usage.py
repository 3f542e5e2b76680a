"""Wrong usage is code 2, a failure is code 1 with one line on stderr, whatever is typed."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from aniworld.cli import main
from aniworld.cli.root import COMMANDS
from aniworld.workers.instance_lock import InstanceLock
from tests.cli.conftest import Cli


@pytest.mark.parametrize("name", [*COMMANDS, "queue add", "queue list", "config set", "backup restore"])
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*name.split(), "--help"]) == 0
    assert "Usage: aniworld" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        "",
        "nonsense",
        "run --port 0",
        "run --port x",
        "download",
        "download key",
        "download key S01E",
        "queue",
        "queue clear pending",
        "queue move abcd",
        "queue pause --minutes -1",
        "queue pause --minutes 0",
        "config set concurrency 3",
        "import-legacy /nowhere/at/all",
        "password",
        "search",
        "list --nonsense",
        "scan --json=yes",
        "queue list --limit 0",
    ],
)
def test_wrong_usage_is_code_2(
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    monkeypatch.setenv("ANIWORLD_INSTANCE", str(tmp_path_factory.mktemp("unused")))
    assert main(words.split()) == 2
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert said.err or "Usage" in said.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [("MASTER_PASSWORD", "short"), ("LIBRARY", "/etc"), ("TRUSTED_PROXIES", "all"), ("CATALOGUE_URL", "aniworld.to")],
)
def test_a_server_that_cannot_start_says_why_in_one_line(cli_on: Callable[..., Cli], name: str, value: str) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    done = cli_on(**{f"ANIWORLD_{name}": value})("run", "--port", str(port))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Aniworld does not start: ")
    assert done.err.count("\n") == 1


def test_a_failure_is_one_line(cli: Cli) -> None:
    for words in (
        ("queue", "remove", "ffff0000"),
        ("config", "get", "no.such"),
        ("download", "no-such-key", "all"),
        ("config", "restore", "../../etc/passwd"),
    ):
        done = cli(*words)
        assert (done.code, done.out) == (1, ""), done
        assert done.err.startswith("Error: ")
        assert done.err.count("\n") == 1


@pytest.mark.slow
def test_hostile_words_come_back_harmless(cli: Cli) -> None:
    done = cli("config", "get", "\x1b[2J\u202e")
    assert done.code == 1
    assert "\x1b" not in done.err
    assert cli("config", "set", "download.concurrency", "[" * 50_000).code in (1, 2)


def test_an_instance_that_is_a_file_or_may_not_be_written_is_told(
    cli: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("x") / "file"
    file.write_text("")
    for instance in (file, file / "below"):
        done = Cli(instance, cli.environment)("list")
        assert done.code in (1, 2)
        assert "Traceback" not in done.err


@pytest.mark.slow
def test_a_broken_database_is_told_in_one_line(cli: Cli) -> None:
    cli.instance.mkdir()
    (cli.instance / "aniworld.db").write_bytes(b"this is no database" * 500)
    done = cli("queue", "list")
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "database" in done.err


def test_a_worker_says_what_it_needs(cli: Cli) -> None:
    done = cli("worker")
    assert done.code == 1
    assert "ANIWORLD_REDIS_URL" in done.err


@pytest.mark.slow
def test_a_worker_refuses_a_database_that_nobody_can_share_and_a_name_that_is_a_path(cli: Cli) -> None:
    nowhere = Cli(cli.instance, cli.environment | {"ANIWORLD_REDIS_URL": "redis://127.0.0.1:1/0"})
    done = nowhere("worker", "--name", "attic")
    assert (done.code, "ANIWORLD_DATABASE_URL" in done.err) == (1, True)
    done = nowhere("worker", "--name", "../attic")
    assert (done.code, "is no name for a worker" in done.err) == (1, True)
    assert nowhere("worker", "--concurrency", "0").code == 2


def test_run_refuses_a_taken_port_and_a_held_instance(cli: Cli) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = cli("run", "--port", str(taken.getsockname()[1]))
        assert done.code == 1
        assert "is taken" in done.err
    lock = InstanceLock(cli.instance)
    lock.take()
    done = cli("run", "--port", "1")
    lock.release()
    assert done.code == 1
    assert f"process {os.getpid()}" in done.err


def test_an_instance_that_cannot_be_is_told_with_what_to_do(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for command in (("run", "--port", "1"), ("list",)):
        done = cli("--instance", str(tmp_path / "file" / "instance"), *command)
        assert (done.code, done.err.count("\n")) == (1, 1)
        assert "is no folder" in done.err and "ANIWORLD_INSTANCE" in done.err


@pytest.mark.slow
def test_the_demo_leaves_real_instances_alone(cli: Cli, cli_on: Callable[..., Cli]) -> None:
    assert cli("queue", "list").code == 0
    done = cli("demo", "--fresh", "--port", "1")
    assert done.code == 1
    assert "real instance" in done.err
    assert (cli.instance / "aniworld.db").exists()
