"""The container's start, run for real: as whom, with which folders, and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.deploy.people import IS_ROOT, STRANGER, as_root, open_folder, strangers_may_read_the_program, unprivileged
from tests.deploy.reading import DEPLOY
from tests.running import ROOT, free_port, until

ENTRYPOINT = str(DEPLOY / "entrypoint.sh")
HEALTHCHECK = str(DEPLOY / "healthcheck.py")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with ``instance`` and ``library``, as a container finds them: made by root, the library with a
    series.
    """
    with open_folder() as made:
        (made / "instance").mkdir()
        (made / "library" / "Nautilus").mkdir(parents=True)
        yield made


def environment(place: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ANIWORLD_INSTANCE": str(place / "instance"),
        "ANIWORLD_LIBRARY": str(place / "library"),
        **more,
    }


def run(command: list[str], place: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment(place, **more), cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
@pytest.mark.parametrize("script", ["entrypoint.sh", "aniworld.sh"])
def test_the_scripts_are_understood_by_every_shell(shell: str, script: str) -> None:
    told = subprocess.run([shell, "-n", DEPLOY / script], capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (0, "")
    assert os.access(DEPLOY / script, os.X_OK)


def test_it_refuses_to_be_root(place: Path) -> None:
    told = run(as_root([ENTRYPOINT, "id", "-u"]), place, PUID="0")
    assert told.returncode == 2
    assert told.stdout == ""
    assert "PUID=0" in told.stderr and "ANIWORLD_ALLOW_ROOT=1" in told.stderr


def test_it_is_root_for_who_really_means_it(place: Path) -> None:
    told = run(as_root([ENTRYPOINT, "id", "-u"]), place, PUID="0", PGID="0", ANIWORLD_ALLOW_ROOT="1")
    assert (told.returncode, told.stdout) == (0, "0\n"), told.stderr


@pytest.mark.parametrize("yes", ["true", "yes", "0", ""])
def test_only_a_plain_1_allows_root(place: Path, yes: str) -> None:
    assert run(as_root([ENTRYPOINT, "id"]), place, PUID="0", ANIWORLD_ALLOW_ROOT=yes).returncode == 2


def test_it_steps_down_for_good_or_says_that_it_cannot(place: Path) -> None:
    """Where the test is not root, root in a namespace has nobody to become: that is refused in a sentence."""
    look = 'id -u; id -g; umask; grep -E "^(CapEff|CapInh|NoNewPrivs|Groups)" /proc/self/status'
    told = run(as_root([ENTRYPOINT, "sh", "-c", look]), place, PUID=str(STRANGER), PGID="54321", UMASK="002")
    if not IS_ROOT:
        assert (told.returncode, told.stdout) == (2, "")
        assert "SETUID" in told.stderr
        return
    lines = [line.split() for line in told.stdout.splitlines()]
    assert lines[:3] == [[str(STRANGER)], ["54321"], ["0002"]], told.stderr
    facts = {line[0]: line[1:] for line in lines[3:]}
    assert facts == {"Groups:": [], "CapInh:": ["0" * 16], "CapEff:": ["0" * 16], "NoNewPrivs:": ["1"]}


def test_the_instance_is_handed_over_and_the_users_files_are_not(place: Path) -> None:
    (place / "instance" / "covers").mkdir()
    (place / "instance" / "covers" / "one.jpg").write_bytes(b"")
    outside = place / "outside"
    outside.write_bytes(b"")
    (place / "instance" / "link").symlink_to(outside)
    told = run(as_root([ENTRYPOINT, "true"]), place, PUID=str(STRANGER), PGID=str(STRANGER))
    given = STRANGER if IS_ROOT else os.geteuid()
    assert (place / "instance").stat().st_uid == given, told.stderr
    assert (place / "instance" / "covers" / "one.jpg").stat().st_uid == given
    assert outside.stat().st_uid == os.geteuid(), "a link out of the instance folder is not followed"
    assert (place / "library").stat().st_uid == os.geteuid()
    assert (place / "library" / "Nautilus").stat().st_uid == os.geteuid()


def test_a_library_that_it_may_not_write_is_told_and_starts_all_the_same(place: Path) -> None:
    (place / "library").chmod(0o555)
    (place / "instance").chmod(0o777)
    told = run(unprivileged([ENTRYPOINT, "id", "-u"]), place)
    assert told.returncode == 0
    assert f"may not write to {place / 'library'}" in told.stderr and "PUID" in told.stderr


def test_a_new_empty_library_is_handed_over(place: Path) -> None:
    (place / "library" / "Nautilus").rmdir()
    told = run(as_root([ENTRYPOINT, "true"]), place, PUID=str(STRANGER), PGID=str(STRANGER))
    assert (place / "library").stat().st_uid == (STRANGER if IS_ROOT else os.geteuid()), told.stderr


def test_an_instance_that_it_may_not_write_is_refused_with_what_to_do(place: Path) -> None:
    (place / "instance").chmod(0o555)
    told = run(unprivileged([ENTRYPOINT, "id"]), place)
    assert (told.returncode, told.stdout) == (2, "")
    assert f"may not write to {place / 'instance'}" in told.stderr and "chown -R" in told.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUID", "anime"),
        ("PUID", "-1"),
        ("PUID", "1000 0"),
        ("PUID", "00"),
        ("PUID", "0x0"),
        ("PUID", "99999999999"),
        ("PUID", "$(id)"),
        ("PGID", "users"),
        ("PGID", "01"),
        ("UMASK", "9"),
        ("UMASK", "0o22"),
        ("UMASK", "u=rwx"),
    ],
)
def test_numbers_that_are_none_are_refused(place: Path, name: str, value: str) -> None:
    told = run(as_root([ENTRYPOINT, "id"]), place, **{name: value})
    assert (told.returncode, told.stdout) == (2, "")
    assert name in told.stderr and "Aniworld does not start" in told.stderr


def test_any_command_keeps_its_words_and_its_exit_code(place: Path) -> None:
    (place / "instance").chmod(0o777)
    told = run(unprivileged([ENTRYPOINT, "sh", "-c", 'printf "<%s>" "$@"; exit 7', "-", "a b", "", "*"]), place)
    assert (told.returncode, told.stdout) == (7, "<a b><><*>")


def test_the_command_line_is_there_by_name(place: Path) -> None:
    (place / "instance").chmod(0o777)
    mine = [ENTRYPOINT, "aniworld", "--help"]
    told = run(
        unprivileged(mine) if strangers_may_read_the_program() else mine, place, PUID="0", ANIWORLD_ALLOW_ROOT="1"
    )
    assert told.returncode == 0, told.stderr
    assert "queue" in told.stdout


def test_the_server_starts_with_the_capabilities_of_the_compose_file_and_stops_when_asked(place: Path) -> None:
    port = free_port()
    owner = STRANGER if IS_ROOT and strangers_may_read_the_program() else os.geteuid()
    (place / "instance").chmod(0o755)
    os.chown(place / "library", owner, -1)
    env = environment(
        place,
        PUID=str(owner),
        PGID=str(owner),
        ANIWORLD_ALLOW_ROOT="1",
        ANIWORLD_BIND=f"127.0.0.1:{port}",
        HOME=str(place),
    )
    with (place / "log").open("wb") as log:
        server = subprocess.Popen(contained([ENTRYPOINT]), cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        until(lambda: healthy(env) or ended(server, place), within_s=40, every_s=0.3)
        assert owner_of(server.pid) == owner
        assert (place / "instance").stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_uid for path in (place / "instance").rglob("*")} == {owner}
        assert (place / "instance" / "secret_key").stat().st_mode & 0o777 == 0o600
        assert not (place / ".gunicorn").exists(), "no control socket"
        assert "setup token" in (place / "log").read_text()
    finally:
        server.terminate()
        assert server.wait(20) == 0
    assert not healthy(env)


def test_the_health_check_tells_why(place: Path) -> None:
    told = run([sys.executable, "-I", "-S", HEALTHCHECK], place, ANIWORLD_BIND=f"0.0.0.0:{free_port()}")
    assert told.returncode == 1
    assert "no answer" in told.stdout
    told = run([sys.executable, "-I", "-S", HEALTHCHECK], place, ANIWORLD_BIND="nonsense")
    assert (told.returncode, told.stderr) == (1, "")


def contained(command: list[str]) -> list[str]:
    """``command`` with no more capabilities than compose.yaml leaves a container's root; as it is for others."""
    if not IS_ROOT:
        return command
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["aniworld"]
    assert service["cap_drop"] == ["ALL"]
    kept = ",".join(["-all", *(f"+{name.lower()}" for name in service["cap_add"])])
    return ["setpriv", f"--bounding-set={kept}", "--inh-caps=-all", "--no-new-privs", "--", *command]


def healthy(env: dict[str, str]) -> bool:
    return subprocess.run([sys.executable, "-I", "-S", HEALTHCHECK], env=env, capture_output=True).returncode == 0


def ended(server: subprocess.Popen[bytes], place: Path) -> bool:
    assert server.poll() is None, (place / "log").read_text()
    return False


def owner_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid
