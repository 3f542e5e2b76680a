"""The environment is read once, and what is wrong in it is said plainly."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from aniworld.config.environment import Environment
from aniworld.core.errors import InvalidInput


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("ANIWORLD_")]:
        monkeypatch.delenv(name)


def test_an_empty_environment_has_sound_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    read = Environment.read()
    assert read.instance == tmp_path / "instance"
    assert (read.master_password, read.trusted_proxies, read.hosts, read.metrics) == (None, (), (), False)
    assert read.sqlalchemy_url == f"sqlite:///{tmp_path / 'instance' / 'aniworld.db'}"


def test_lists_are_split_and_networks_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANIWORLD_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7 ,2001:db8::/32")
    monkeypatch.setenv("ANIWORLD_HOSTS", "Anime.Example, box.lan")
    monkeypatch.setenv("ANIWORLD_PRIVATE_HOSTS", "localhost:8080")
    read = Environment.read()
    assert read.trusted_proxies[1] == ipaddress.ip_network("192.0.2.7/32")
    assert read.hosts == ("anime.example", "box.lan")
    assert read.private_hosts == ("localhost:8080",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANIWORLD_TRUSTED_PROXIES", "10.0.0.0/99"),
        ("ANIWORLD_METRICS", "perhaps"),
        ("ANIWORLD_LEASE_S", "0"),
        ("ANIWORLD_LEASE_S", "nan"),
        ("ANIWORLD_LEASE_S", "soon"),
        ("ANIWORLD_CATALOGUE_URL", "aniworld.to"),
        ("ANIWORLD_CATALOGUE_URL", "ftp://aniworld.to"),
    ],
)
def test_what_is_not_understood_is_said(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput, match=name.removeprefix("ANIWORLD_")):
        Environment.read()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MASTER_PASSWORD", "DATABASE_URL", "REDIS_URL"):
        monkeypatch.setenv(f"ANIWORLD_{name}", "canary-secret")
    assert "canary-secret" not in repr(Environment.read())


def test_a_library_folder_keeps_the_spaces_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANIWORLD_LIBRARY", "/srv/Anime ")
    assert Environment.read().library == "/srv/Anime "
    monkeypatch.setenv("ANIWORLD_LIBRARY", "  ")
    assert Environment.read().library == ""
