"""Which folders may hold the library, and which may not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import aniworld
from aniworld.config.roots import trouble_with_root


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    (tmp_path / "instance").mkdir()
    return tmp_path / "instance"


def test_a_folder_of_its_own_is_taken_and_not_made(tmp_path: Path, instance: Path) -> None:
    assert trouble_with_root(str(tmp_path / "videos" / "anime"), instance) is None
    assert not (tmp_path / "videos").exists()


@pytest.mark.parametrize("name", ["", "covers", "../instance/covers", "./", "../linked", "../linked/deep/er"])
def test_the_instance_is_found_by_whatever_way_one_comes(tmp_path: Path, instance: Path, name: str) -> None:
    (tmp_path / "linked").symlink_to(instance)
    assert "own folders" in (trouble_with_root(f"{instance}/{name}", instance) or "")
    assert "own folders" in (trouble_with_root(str(tmp_path), instance) or "")


@pytest.mark.parametrize("folder", [".git", "deploy", "docs", "migrations", "tests/x", "tools", "benchmarks"])
def test_the_programs_own_folders_are_refused(instance: Path, folder: str) -> None:
    checkout = Path(aniworld.__file__).parents[1]
    assert trouble_with_root(str(checkout / folder), instance)
    assert trouble_with_root(str(checkout / "library"), instance) is None


def test_the_folder_of_installed_packages_is_refused(
    tmp_path: Path, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "user" / "site-packages" / "aniworld"
    installed.mkdir(parents=True)
    monkeypatch.setattr(aniworld, "__file__", str(installed / "__init__.py"))
    assert "own folders" in (trouble_with_root(str(installed.parent / "yt_dlp_plugins"), instance) or "")
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path / "python"))
    assert "own folders" in (trouble_with_root(str(tmp_path / "python" / "lib"), instance) or "")


@pytest.mark.parametrize("name", [".ssh", ".gnupg/x", ".config/systemd/user", ".local/bin", ".local/lib/python3/x"])
def test_what_the_programs_of_a_home_read_is_refused(
    tmp_path: Path, instance: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for root in (f"~/{name}", str(home / name)):
        assert "programs of a user" in (trouble_with_root(root, instance) or "")
    for root in ("~", "~/Videos", "~/.local/share/anime"):
        assert trouble_with_root(root, instance) is None
