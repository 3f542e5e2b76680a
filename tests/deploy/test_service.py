"""The systemd unit: understood by systemd where it is installed, and hardened in any case."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.reading import DEPLOY, known_variables, unit

UNIT = DEPLOY / "aniworld.service"
EXPOSED_AT_MOST = 20  # of 100, as systemd-analyze counts it; a unit without any directive has 96
LEFT_OUT = {"PrivateUsers", "MemoryDenyWriteExecute", "ProcSubset", "PrivateNetwork", "IPAddressDeny", "DynamicUser"}


@pytest.fixture(scope="module")
def service() -> dict[str, list[str]]:
    return unit(UNIT.read_text())["Service"]


HARDENED = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "SystemCallArchitectures": "native",
    "SystemCallFilter": "@system-service",
    "StateDirectoryMode": "0700",
}


@pytest.mark.parametrize(("directive", "value"), HARDENED.items())
def test_it_is_hardened(service: dict[str, list[str]], directive: str, value: str) -> None:
    assert service[directive] == [value]


def test_nothing_that_would_break_downloads_is_forbidden(service: dict[str, list[str]]) -> None:
    assert not LEFT_OUT & set(service)
    assert set(service["RestrictAddressFamilies"][0].split()) == {"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"}
    assert int(service["TasksMax"][0]) >= 256, "downloads and ffmpeg run in processes of their own"


def test_it_runs_as_a_user_and_writes_only_its_instance_and_the_library(service: dict[str, list[str]]) -> None:
    assert service["User"] == service["Group"] == ["aniworld"]
    told = dict(pair.split("=", 1) for pair in service["Environment"])
    assert service["StateDirectory"] == ["aniworld"] and told["ANIWORLD_INSTANCE"] == "/var/lib/aniworld"
    assert service["ReadWritePaths"] == [told["ANIWORLD_LIBRARY"]]
    assert unit(UNIT.read_text())["Unit"]["RequiresMountsFor"] == [told["ANIWORLD_LIBRARY"]]
    assert told["ANIWORLD_BIND"].startswith("127.0.0.1:")
    assert {name for name in told if name.startswith("ANIWORLD_")} <= known_variables()


def test_a_stop_reaches_the_server_first_and_leaves_nothing_over(service: dict[str, list[str]]) -> None:
    assert service["KillMode"] == ["mixed"]
    assert service["OOMPolicy"] == ["continue"]
    assert int(service["TimeoutStopSec"][0]) > 5
    assert service["Restart"] == ["on-failure"]


def test_it_starts_what_the_project_starts(service: dict[str, list[str]]) -> None:
    [start] = service["ExecStart"]
    assert start == "/opt/aniworld/venv/bin/gunicorn --no-control-socket -w 1 wsgi:app"
    assert service["WorkingDirectory"] == ["/opt/aniworld/app"]
    assert service["Type"] == ["notify"]


def test_the_unit_has_the_three_sections_and_every_line_is_one() -> None:
    assert list(unit(UNIT.read_text())) == ["Unit", "Service", "Install"]
    with pytest.raises(ValueError, match="no line"):
        unit("[Service]\nprotectsystem strict\n")


def test_systemd_understands_it_where_it_is_installed(tmp_path: Path) -> None:
    """Without systemd the tests above stand alone; they look at the same text."""
    copy = tmp_path / "aniworld.service"
    copy.write_text(UNIT.read_text().replace("/opt/aniworld/venv/bin/gunicorn", sys.executable))
    program = shutil.which("systemd-analyze")
    told = program and subprocess.run(
        [program, "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=60
    )
    assert not told or (told.returncode, told.stderr.strip()) == (0, "")


def test_it_is_little_exposed_as_systemd_counts() -> None:
    program = shutil.which("systemd-analyze")
    told = program and subprocess.run(
        [program, "security", "--offline=yes", f"--threshold={EXPOSED_AT_MOST}", str(UNIT)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert not told or told.returncode == 0 or "unrecognized option" in told.stderr, told.stdout[-400:]
