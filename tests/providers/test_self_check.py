"""Every page parser has a bundled page, and every selector compiles on this Python."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import soupsieve

import aniworld
from aniworld import providers
from aniworld.providers import self_check
from aniworld.providers.self_check import SAMPLES, Sample

ROOT = Path(__file__).resolve().parents[2]
SELECTING = {"select", "select_one", "select_first"}


def modules() -> list[ModuleType]:
    names = (one.name for one in pkgutil.walk_packages(providers.__path__, f"{providers.__name__}."))
    return [import_module(name) for name in names]


def page_parsers() -> dict[str, Callable[[str, str], Any]]:
    """Every function of ours that takes a page's text and address."""
    return {
        f"{module.__name__}.{name}": function
        for module in modules()
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if name.startswith("parse_")
        and function.__module__ == module.__name__
        and list(inspect.signature(function).parameters) == ["text", "url"]
    }


def selectors() -> Iterator[tuple[str, str]]:
    """(where, selector) for each one that is written out in the source, or in a constant of its module."""
    for module in modules():
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name_of(node.func) in SELECTING:
                for argument in node.args:
                    for text in _texts(argument, module):
                        yield f"{module.__name__}:{node.lineno}", text


def _name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _texts(argument: ast.expr, module: ModuleType) -> Iterator[str]:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
    name = argument.value if isinstance(argument, ast.Starred) else argument
    value = getattr(module, name.id, None) if isinstance(name, ast.Name) else None
    yield from (one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, str))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_bundled_page_is_read_right(sample: Sample) -> None:
    assert sample.fault() is None


def test_every_page_parser_has_a_bundled_page() -> None:
    parsers = page_parsers()
    checked = {sample.parse for sample in SAMPLES}
    assert len(parsers) >= 11
    assert [name for name, parse in parsers.items() if parse not in checked] == [], "add a page to self_check.SAMPLES"


def test_every_selector_compiles_on_this_python() -> None:
    found = list(selectors())
    assert len(found) > 80
    refused = []
    for place, text in found:
        try:
            soupsieve.compile(text)
        except soupsieve.SelectorSyntaxError as error:
            refused.append(f"{place}: {text}: {str(error).splitlines()[0]}")
    assert refused == []


def _refuses(text: str, url: str) -> Any:
    raise soupsieve.SelectorSyntaxError("Invalid character 'd' position 0", "div", 0)


def _finds_nothing(text: str, url: str) -> Any:
    return []


def test_a_parser_that_raises_and_one_that_finds_nothing_are_reported_and_the_others_are_still_read() -> None:
    lists = next(sample for sample in SAMPLES if sample.name == "AniWorld titles")
    broken = (replace(lists, name="a", parse=_refuses), replace(lists, name="b", parse=_finds_nothing), lists)
    (a, why_a), (b, why_b) = self_check.faults(broken)
    assert (a, why_a) == ("a", "SelectorSyntaxError: Invalid character 'd' position 0")
    assert (b, why_b) == ("b", "it reads [] instead of ['Stahl & Sand', 'Nebelgarten']")


def test_a_page_that_was_not_installed_is_reported() -> None:
    ((_, why),) = self_check.faults((replace(SAMPLES[0], page="missing.html"),))
    assert why.startswith("FileNotFoundError")


def test_what_is_not_python_is_installed_with_the_package() -> None:
    """The bundled pages, templates and translations are in a wheel as well: every file below aniworld/ matches a
    glob.
    """
    globs = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["aniworld"]
    package = Path(aniworld.__path__[0])
    installed = {path for glob in globs for path in package.glob(glob)}
    assert {sample.page for sample in SAMPLES} <= {path.name for path in installed}
    missing = [path for path in package.rglob("*.*") if path.suffix not in ("", ".py", ".pyc") and path.is_file()]
    assert [path for path in missing if path not in installed] == []
