"""The house: imports run downwards only, and the first second of a start loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "aniworld"
FLOORS = {
    "app": 4,
    "__main__": 4,
    "web": 3,
    "cli": 3,
    "workers": 3,
    "demo": 3,
    "services": 2,
    "providers": 1,
    "library": 1,
    "transfer": 1,
    "legacy": 1,
    "config": 1,
    "models": 1,
    "core": 0,
    "extensions": 0,
    "": 0,
}
MAY_ALSO = {
    ("cli", "app"),  # the command line is an entrance of its own: it asks the composition root for the services
    ("__main__", "cli"),
    ("cli", "demo"),
    ("cli", "workers"),
    ("demo", "app"),
    ("demo", "workers"),
    ("extensions", "core"),  # the two stand on the ground side by side; the core knows no extension
}
HEAVY = (
    "bs4",
    "lxml",
    "yt_dlp",
    "guessit",
    "alembic",
    "apprise",
    "icalendar",
    "m3u8",
    "apscheduler",
    "rich",
    "cryptography.x509",
    "redis",
    "celery",
    "psycopg",
    "pymysql",
)


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "" if parts[0] == "__init__" else parts[0]


def imports_of(path: Path) -> set[str]:
    """The rooms that a file imports from, its own left out."""
    found: set[str] = set()
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            found |= {f"{module}.{name.name}" for name in node.names} if module == "aniworld" else {module}
    rooms = {name.split(".")[1] if "." in name else "" for name in found if name.split(".")[0] == "aniworld"}
    return {room if room in FLOORS else "" for room in rooms} - {room_of(path)}


FILES = sorted(path for path in PACKAGE.rglob("*.py") if "static" not in path.parts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_downwards_only(path: Path) -> None:
    room = room_of(path)
    upwards = {
        other
        for other in imports_of(path)
        if FLOORS[other] >= FLOORS[room] and (room, other) not in MAY_ALSO and FLOORS[room] < 4 and other != ""
    }
    assert not upwards, f"{path.relative_to(ROOT)} imports from {', '.join(sorted(upwards))}, which is no floor below"


def test_the_core_needs_the_standard_library_only() -> None:
    foreign = {
        name
        for path in (PACKAGE / "core").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _top_names(node)
        if name not in sys.stdlib_module_names and name not in ("aniworld", "gevent")
    }
    assert not foreign


def test_starting_the_application_loads_nothing_heavy() -> None:
    code = (
        "import sys, tempfile\n"
        "from aniworld.app import create_app\n"
        "create_app({'ANIWORLD_INSTANCE': tempfile.mkdtemp()})\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_a_circle_between_rooms_is_impossible_by_the_floors() -> None:
    assert all(FLOORS[low] >= 0 for low in FLOORS)
    assert {room_of(path) for path in FILES} <= set(FLOORS)


def _top_names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {name.name.split(".")[0] for name in node.names}
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        return {node.module.split(".")[0]}
    return set()
