"""Dockerfile, .dockerignore and compose.yaml: the rules that hadolint and the compose schema check, and our own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.reading import DEPLOY, ROOT, Stage, dockerfile, known_variables

BUILD_TOOLS = ("build-essential", "gcc", "g++", "make", "git", "-dev", "curl", "wget", "gnupg")
IMAGE_ONLY = {"PUID", "PGID", "UMASK", "TZ"}


@pytest.fixture(scope="module")
def stages() -> list[Stage]:
    return dockerfile((ROOT / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def final(stages: list[Stage]) -> Stage:
    return stages[-1]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def service(compose: dict[str, Any]) -> dict[str, Any]:
    return compose["services"]["aniworld"]


def test_the_image_is_built_in_two_stages_of_one_named_version(stages: list[Stage]) -> None:
    assert [(stage.image, stage.name) for stage in stages] == [("python:3.12-slim", "build"), ("python:3.12-slim", "")]


def test_apt_leaves_nothing_behind(stages: list[Stage]) -> None:
    installs = [text for stage in stages for text in stage.all("RUN") if "apt-get install" in text]
    assert len(installs) == 2
    for text in installs:
        assert (
            "apt-get update &&" in text and "--no-install-recommends" in text and "rm -rf /var/lib/apt/lists/*" in text
        )
        assert re.search(r"apt-get install -y", text)
        assert not re.search(r"apt-get (upgrade|dist-upgrade)|\bsudo\b|\bapt install", text)


def test_no_build_tool_reaches_the_end_image(final: Stage) -> None:
    installed = re.findall(r"apt-get install -y --no-install-recommends (.+?) &&", " ".join(final.all("RUN")))
    packages = installed[0].split()
    assert "ffmpeg" in packages
    assert not [package for package in packages if any(package.endswith(tool) for tool in BUILD_TOOLS)]
    assert "pip uninstall -y pip" in " ".join(final.all("RUN"))


def test_only_copies_by_name_and_never_from_the_network(stages: list[Stage]) -> None:
    copies = [text for stage in stages for text in stage.all("COPY")]
    assert copies and not [text for text in copies if text.split()[0] in (".", "./")]
    for text in stages[0].all("COPY"):
        for source in text.split()[:-1]:
            assert (ROOT / source).exists(), source
    for text in (text for text in stages[1].all("COPY") if "--from=" not in text):
        assert (ROOT / text.split()[-2]).exists(), text


def test_commands_are_lists_so_that_signals_arrive(final: Stage) -> None:
    assert final.all("ENTRYPOINT") == ['["tini", "--", "/usr/local/bin/entrypoint"]']
    assert final.all("CMD") == ['["serve"]']
    assert final.all("STOPSIGNAL") == ["SIGTERM"]
    assert "tini" in " ".join(final.all("RUN"))


def test_health_volumes_port_and_folders(final: Stage) -> None:
    [health] = final.all("HEALTHCHECK")
    assert '"/usr/local/lib/aniworld/healthcheck.py"' in health and "--start-period=" in health
    assert final.all("VOLUME") == ['["/instance", "/library"]']
    assert final.all("EXPOSE") == ["5000"]
    told = " ".join(final.all("ENV"))
    assert "ANIWORLD_BIND=0.0.0.0:5000" in told
    assert "ANIWORLD_INSTANCE=/instance" in told and "ANIWORLD_LIBRARY=/library" in told
    assert "install -d -m 0700 -o aniworld -g aniworld /instance" in " ".join(final.all("RUN"))


def test_no_secret_is_baked_in(stages: list[Stage]) -> None:
    told = " ".join(text for stage in stages for word in ("ENV", "ARG") for text in stage.all(word))
    assert not re.search(r"PASSWORD|SECRET|TOKEN|_KEY", told)


def test_what_the_entrypoint_calls_is_in_the_image() -> None:
    """setpriv is util-linux's, which Debian always has; nothing else is used but the shell and coreutils."""
    script = (DEPLOY / "entrypoint.sh").read_text()
    assert "setpriv" in script
    assert not re.search(r"\b(gosu|su-exec|sudo|bash|curl)\b", script)


def test_only_what_the_image_needs_is_sent_to_the_builder(stages: list[Stage]) -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        source.strip("/")
        for stage in stages
        for text in stage.all("COPY")
        if "--from=" not in text
        for source in text.split()[:-1]
        if not source.startswith("--")
    }
    assert let_in == copied
    assert not {"instance", "tests", ".git", "docs"} & let_in


def test_the_pinned_requirements_are_what_is_installed(stages: list[Stage]) -> None:
    [install] = [text for text in stages[0].all("RUN") if "-m venv" in text]
    assert "-r requirements.txt" in install


def test_every_command_of_the_build_is_understood_by_its_shell(stages: list[Stage]) -> None:
    for text in (text for stage in stages for text in stage.all("RUN")):
        told = subprocess.run(["dash", "-n", "-c", text], capture_output=True, text=True)
        assert (told.returncode, told.stderr) == (0, ""), text


# --- compose -----------------------------------------------------------------------------------------------------

SERVICE_KEYS = {
    "build": dict,
    "image": str,
    "restart": str,
    "ports": list,
    "environment": dict,
    "volumes": list,
    "networks": list,
    "read_only": bool,
    "tmpfs": list,
    "security_opt": list,
    "cap_drop": list,
    "cap_add": list,
    "pids_limit": int,
    "ulimits": dict,
    "stop_grace_period": str,
    "logging": dict,
}


def test_the_compose_file_has_the_form_that_compose_takes(compose: dict[str, Any], service: dict[str, Any]) -> None:
    assert set(compose) == {"name", "services", "networks"}
    assert set(compose["services"]) == {"aniworld"}
    assert {name: type(value) for name, value in service.items()} == SERVICE_KEYS
    assert all(isinstance(value, str) for value in service["environment"].values()), "a bare true is no text"
    assert re.fullmatch(r"[0-9]+s", service["stop_grace_period"])
    assert set(service["networks"]) <= set(compose["networks"])
    assert (DEPLOY / service["build"]["context"] / "Dockerfile").is_file()
    for volume in service["volumes"]:
        assert set(volume) == {"type", "source", "target", "bind"} and volume["type"] == "bind"


def test_it_can_write_nothing_but_its_volumes_and_tmp(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert [volume["target"] for volume in service["volumes"]] == ["/instance", "/library"]
    [tmp] = service["tmpfs"]
    assert tmp.startswith("/tmp:") and {"noexec", "nosuid", "nodev"} <= set(tmp.split(":", 1)[1].split(","))


def test_it_may_do_nothing_but_step_down(service: dict[str, Any]) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert set(service["cap_add"]) == {"CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "devices", "pid", "ipc", "network_mode", "userns_mode"} & set(service)
    assert not [volume for volume in service["volumes"] if "docker.sock" in volume["source"]]


def test_it_is_not_open_to_the_network_unless_told(service: dict[str, Any]) -> None:
    assert service["ports"] == ["${ANIWORLD_PORT:-127.0.0.1:5000}:5000"]
    assert service["environment"]["ANIWORLD_TRUSTED_PROXIES"] == "${ANIWORLD_TRUSTED_PROXIES:-}", "nobody is believed"


def test_the_gateway_that_is_named_is_that_of_the_network(compose: dict[str, Any]) -> None:
    subnet = compose["networks"]["aniworld"]["ipam"]["config"][0]["subnet"]
    assert subnet == "${ANIWORLD_SUBNET:-172.31.57.0/24}"
    assert "ANIWORLD_TRUSTED_PROXIES=172.31.57.1" in (DEPLOY / "env.example").read_text()


def test_every_variable_is_one_that_somebody_reads(service: dict[str, Any], final: Stage) -> None:
    assert set(service["environment"]) - IMAGE_ONLY <= known_variables()
    image = set(re.findall(r"(ANIWORLD_[A-Z_]+)=", " ".join(final.all("ENV"))))
    assert image <= known_variables()


def test_env_example_names_what_compose_asks_for() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text())) - {"YT_DLP", "ANIWORLD_SUBNET"}
    named = set(re.findall(r"^#?([A-Z_]+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE))
    assert named == asked


def test_the_filled_in_env_file_stays_out_of_git() -> None:
    assert {".env", "/instance/"} <= set((DEPLOY / ".gitignore").read_text().split())


def test_an_unknown_instruction_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no instruction"):
        dockerfile("FROM x\nRUNN true\n")
