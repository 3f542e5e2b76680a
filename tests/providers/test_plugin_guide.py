"""The guide's example passes the guide's own test."""

from __future__ import annotations

import re
from pathlib import Path

from aniworld.providers.base import Catalogue

GUIDE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")


def test_the_hoster_of_the_guide_passes_the_contract_of_the_guide() -> None:
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL):
        exec(compile(block, "plugins.md", "exec"), names)
    tests = names["TestMyHoster"]()
    called = [name for name in dir(tests) if name.startswith("test_")]
    for name in called:
        getattr(tests, name)()
    assert len(called) == 3


def test_the_guide_names_what_a_catalogue_must_do() -> None:
    must = Catalogue.__abstractmethods__ | {"site", "name"}
    assert [name for name in sorted(must) if f"`{name}" not in GUIDE] == []
