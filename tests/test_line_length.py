"""No line is longer than 120 columns in templates, style sheets and scripts; for Python, ruff looks."""

from __future__ import annotations

from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[1] / "aniworld" / "web"
COLUMNS = 120
FILES = sorted(
    path
    for folder, kinds in {"templates": [".html"], "static": [".css", ".js"]}.items()
    for path in (WEB / folder).rglob("*")
    if path.suffix in kinds and "vendor" not in path.parts
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(WEB)))
def test_no_line_is_too_long(path: Path) -> None:
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    too_long = {number: len(line) for number, line in lines if len(line) > COLUMNS}
    assert not too_long, f"{path.relative_to(WEB)} has longer lines than {COLUMNS} columns (line: length): {too_long}"


def test_templates_style_sheets_and_scripts_are_looked_at() -> None:
    assert {path.suffix for path in FILES} == {".html", ".css", ".js"}
