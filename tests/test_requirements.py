"""requirements.txt is exact, complete, and inside the ranges of requirements.in."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
# Upper bounds that must not get lost: what goes wrong beyond them is written next to them in requirements.in.
HELD_BACK = {"sqlalchemy": "2.1", "soupsieve": "3"}
PYTHONS = ("3.11.0", "3.11.3", "3.12.0", "3.13.0", "3.14.0")  # some need a package that others do not
WITH_PYTHON = {"pip"}  # in every virtual environment
NEVER = {"gevent-websocket"}  # unmaintained since 2017, and broken on current Python


def requirements_in(name: str) -> list[Requirement]:
    lines = (line.split(" #")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def pinned(*names: str) -> dict[str, Version]:
    """Package name to its exact version; fails on a line that is not exact, and on a package that is there twice."""
    found: dict[str, Version] = {}
    for one in (one for name in names for one in requirements_in(name)):
        (specifier,) = one.specifier
        assert specifier.operator == "==" and "*" not in specifier.version, f"{one} is not an exact version"
        name = canonicalize_name(one.name)
        assert name not in found, f"{name} is pinned twice"
        found[name] = Version(specifier.version)
    return found


def installed(name: str) -> PackageMetadata | None:
    """What an installed package states; None for one that this Python does not need."""
    try:
        return metadata(name)
    except PackageNotFoundError:
        return None


def applies(one: Requirement, python: str, extra: str = "") -> bool:
    facts = {"extra": extra, "python_full_version": python, "python_version": python.rpartition(".")[0]}
    return one.marker is None or one.marker.evaluate(facts)


def needed_by(one: Requirement, python: str) -> Iterator[Requirement]:
    """What an installed package requires on this platform and that Python, for the extras that are asked for."""
    try:
        texts = requires(one.name) or ()
    except PackageNotFoundError:
        running = platform.python_version()
        assert not applies(one, running), f"{one.name} is needed and not installed: make test installs it"
        return
    for needed in map(Requirement, texts):
        if any(applies(needed, python, extra) for extra in ("", *one.extras)):
            yield needed


def with_everything_below(wanted: list[Requirement], python: str) -> list[Requirement]:
    found: dict[str, Requirement] = {}
    waiting = [one for one in wanted if applies(one, python)]
    while waiting:
        one = waiting.pop()
        known = found.setdefault(str(one), one)
        if known is one:
            waiting += needed_by(one, python)
    return list(found.values())


@pytest.mark.parametrize("one", requirements_in("requirements.in"), ids=lambda one: one.name)
def test_every_pin_is_inside_its_range(one: Requirement) -> None:
    pin = pinned("requirements.txt").get(canonicalize_name(one.name))
    assert pin is not None, f"{one.name} is in requirements.in and not in requirements.txt"
    assert one.specifier.contains(pin), f"requirements.txt has {one.name} {pin}, requirements.in wants {one.specifier}"


@pytest.mark.parametrize(("name", "too_new"), HELD_BACK.items())
def test_versions_that_do_not_work_are_excluded_by_a_range(name: str, too_new: str) -> None:
    (one,) = (one for one in requirements_in("requirements.in") if canonicalize_name(one.name) == name)
    assert not one.specifier.contains(too_new)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("files", [("requirements.txt",), ("requirements.txt", "requirements-dev.txt")], ids=len)
def test_the_pins_are_complete_and_fit_one_another(files: tuple[str, ...], python: str) -> None:
    pins = pinned(*files)
    wanted = requirements_in("requirements.in") if len(files) == 1 else requirements_in("requirements-dev.txt")
    needed = [one for one in with_everything_below(wanted, python) if one.name not in WITH_PYTHON]
    assert sorted({one.name for one in needed if canonicalize_name(one.name) not in pins}) == []
    unfit = [
        f"{one} but {pins[canonicalize_name(one.name)]} is pinned"
        for one in needed
        if not one.specifier.contains(pins[canonicalize_name(one.name)], prereleases=True)
    ]
    assert unfit == []


@pytest.mark.parametrize("python", PYTHONS)
def test_every_pin_can_be_installed_on_the_promised_pythons(python: str) -> None:
    names = [one.name for name in ("requirements.txt", "requirements-dev.txt") for one in requirements_in(name)]
    wanted = {name: facts["Requires-Python"] for name in names if (facts := installed(name)) is not None}
    assert len(wanted) > 100
    refused = {name: one for name, one in wanted.items() if one and not SpecifierSet(one).contains(python)}
    assert refused == {}


def test_nothing_depends_on_gevent_websocket() -> None:
    named = {
        canonicalize_name(one.name)
        for name in ("requirements.in", "requirements-dev.txt")
        for one in requirements_in(name)
    }
    assert not NEVER & (named | pinned("requirements.txt", "requirements-dev.txt").keys())
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "aniworld").rglob("*.py"))
    assert "geventwebsocket" not in source
