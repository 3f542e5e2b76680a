"""The shape of the package: imports run down, in files and in folders of every depth, and a start loads nothing heavy.

Every import counts: one inside a function and one for types only are dependencies as well, for the reader and for
whoever moves the file. The two lists of known faults only shrink: a fault that is gone but still listed fails too.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "aniworld"
LAYERS = {
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
    "__init__": 0,  # the version; its lazy exports are for other programs
}
MAY_ALSO = {
    ("cli", "app"),  # the command line is an entrance of its own: it asks the composition root for the services
    ("__main__", "cli"),
    ("cli", "demo"),
    ("cli", "workers"),
    ("demo", "app"),
    ("demo", "workers"),
}
ENGINES_SHARE = {
    "absent",
    "dates",
    "engine",
    "hrefs",
    "languages",
    "list_pages",
    "parsed_pages",
    "reading",
    "site",
    "title_tags",
}
# Folders that import each other, directly or through others; "." stands for the files at the folder's root.
KNOWN_FOLDER_CYCLES: dict[str, set[tuple[str, ...]]] = {}
# Files that import each other, in one folder or across.
KNOWN_FILE_CYCLES: set[tuple[str, ...]] = set()
# A folder's root holds only what sits above its subfolders: these files are imported from below, folder by folder.
KNOWN_ROOTS_BELOW = {
    "aniworld/cli/commands": {"choice", "completing", "manual", "opening", "output", "progress", "serving"},
    "aniworld/providers/catalogues/aniworld": ENGINES_SHARE,
    "aniworld/providers/catalogues/playlists": {"reading"},
    "aniworld/providers/catalogues/sto": ENGINES_SHARE,
}
HEAVY = (
    "yt_dlp",
    "guessit",
    "apprise",
    "icalendar",
    "celery",
    "psycopg",
    "pymysql",
    "sqlalchemy.dialects.mysql",
    "rich",
)
# Flask-SocketIO imports what it finds of its message queues, redis among them (docs/decisions/0132); we do not.
OWN_HEAVY = ("redis",)
Graph = Mapping[str, Iterable[str]]


def python_files(package: Path) -> list[Path]:
    return sorted(path for path in package.rglob("*.py") if "static" not in path.parts)


def read_imports(package: Path) -> dict[str, set[str]]:
    """File → files of the package that it imports, as paths relative to the folder that holds the package."""
    paths = {path: path.relative_to(package.parent) for path in python_files(package)}
    modules = {_module_name(relative): str(relative) for relative in paths.values()}
    imports = {}
    for path, relative in paths.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = {modules[name] for name in _imported_modules(tree, relative, modules) if name in modules}
        imports[str(relative)] = found - {str(relative)}
    return imports


def _module_name(relative: Path) -> str:
    parts = relative.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported_modules(tree: ast.AST, relative: Path, modules: Mapping[str, str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = relative.parts[: len(relative.parts) - node.level] if node.level else ()
            base = ".".join((*package, *filter(None, [node.module])))
            for alias in node.names:
                yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules else base
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def cycles_in(graph: Graph) -> set[tuple[str, ...]]:
    """The strongly connected components of more than one node, by Tarjan's algorithm."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    cycles: set[tuple[str, ...]] = set()

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in order:
                visit(other)
            if other in stack:
                lowest[node] = min(lowest[node], lowest[other])
        if lowest[node] == order[node]:
            component = stack[stack.index(node) :]
            del stack[-len(component) :]
            if len(component) > 1:
                cycles.add(tuple(sorted(component)))

    for node in graph:
        if node not in order:
            visit(node)
    return cycles


def folder_cycles(imports: Graph) -> dict[str, set[tuple[str, ...]]]:
    """Folder → its subfolders (and ".", the files at its root) that import each other.

    The package's own root is no node: its files are layers of their own.
    """
    graphs: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for source, target in _edges(imports):
        folder, below_source, below_target = _split(source, target)
        is_package = len(folder.parts) == 1
        ends = [
            parts[0] if len(parts) > 1 else Path(parts[0]).stem if is_package else "."
            for parts in (below_source, below_target)
        ]
        if ends[0] != ends[1]:
            graphs[str(folder)][ends[0]].add(ends[1])
    found = {folder: cycles_in(graph) for folder, graph in graphs.items()}
    return {folder: cycles for folder, cycles in found.items() if cycles}


def roots_below(imports: Graph) -> dict[str, set[str]]:
    """Subfolder → files at the root of the folder around it that it imports; the package's own root is a matter of
    LAYERS.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for source, target in _edges(imports):
        folder, below_source, below_target = _split(source, target)
        if len(folder.parts) > 1 and len(below_source) > 1 and len(below_target) == 1:
            found[str(folder / below_source[0])].add(Path(target).stem)
    return dict(found)


def upward_imports(imports: Graph) -> dict[str, set[str]]:
    """File → what it imports that is not in a lower layer."""
    found: dict[str, set[str]] = defaultdict(set)
    for source, target in _edges(imports):
        low, high = _layer_of(target), _layer_of(source)
        if low == high or (high, low) in MAY_ALSO or LAYERS[high] == max(LAYERS.values()):
            continue
        if LAYERS[low] >= LAYERS[high] and low != "__init__":
            found[source].add(target)
    return dict(found)


def _layer_of(file: str) -> str:
    return Path(Path(file).parts[1]).stem


def _edges(imports: Graph) -> Iterator[tuple[str, str]]:
    for source, targets in imports.items():
        for target in targets:
            yield source, target


def _split(source: str, target: str) -> tuple[Path, tuple[str, ...], tuple[str, ...]]:
    """The lowest folder that holds both files, and each one's path below it."""
    folder = next(parent for parent in Path(source).parents if parent in Path(target).parents)
    return folder, Path(source).relative_to(folder).parts, Path(target).relative_to(folder).parts


FILES = python_files(PACKAGE)
IMPORTS = read_imports(PACKAGE)
SHRINK = "a new one must not come, and one that is gone must leave the list in this file"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_down_the_layers(path: Path) -> None:
    file = str(path.relative_to(ROOT))
    upward = upward_imports({file: IMPORTS[file]})
    assert not upward, f"{file} imports {', '.join(sorted(upward[file]))}: not in a lower layer"


def test_every_file_of_the_package_has_a_layer() -> None:
    assert {_layer_of(str(path.relative_to(ROOT))) for path in FILES} == set(LAYERS)


def test_no_folder_of_any_depth_has_a_cycle_but_the_known_ones() -> None:
    assert folder_cycles(IMPORTS) == KNOWN_FOLDER_CYCLES, SHRINK


def test_no_files_import_each_other_but_the_known_ones() -> None:
    assert cycles_in(IMPORTS) == KNOWN_FILE_CYCLES, SHRINK


def test_a_folders_root_holds_only_what_sits_above_its_subfolders_but_for_the_known_files() -> None:
    assert roots_below(IMPORTS) == KNOWN_ROOTS_BELOW, SHRINK


@pytest.mark.parametrize(
    "statement",
    [
        "from aniworld.web.api.deep import one",
        "import aniworld.web.api.deep.one",
        "from ..api.deep import one",
        "from ..api.deep.one import name",
        "def later():\n    from aniworld.web.api.deep import one",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from aniworld.web.api.deep import one",
        "import importlib\nimportlib.import_module('aniworld.web.api.deep.one')",
    ],
)
def test_every_way_of_importing_counts_at_every_depth(tmp_path: Path, statement: str) -> None:
    package = _package(
        tmp_path,
        {
            "web/api/deep/one.py": "from aniworld.web.pages import two",
            "web/pages/two.py": statement,
            "web/api/deep/inner/three.py": "from aniworld.web.api.deep import one",
            "core/four.py": "from aniworld.web.api.deep import one",
        },
    )
    imports = read_imports(package)
    assert folder_cycles(imports) == {"aniworld/web": {("api", "pages")}}
    assert cycles_in(imports) == {("aniworld/web/api/deep/one.py", "aniworld/web/pages/two.py")}
    assert roots_below(imports) == {"aniworld/web/api/deep/inner": {"one"}}
    assert upward_imports(imports) == {"aniworld/core/four.py": {"aniworld/web/api/deep/one.py"}}


def test_a_cycle_through_three_folders_and_one_with_a_folders_root_are_found(tmp_path: Path) -> None:
    package = _package(
        tmp_path,
        {
            "services/a/one.py": "from aniworld.services.b import two",
            "services/b/two.py": "from aniworld.services.c import three",
            "services/c/three.py": "from aniworld.services.a import other",
            "services/a/other.py": "",
            "services/a/d/five.py": "from aniworld.services.a import other",
            "services/a/user.py": "from aniworld.services.a.d import five",
        },
    )
    imports = read_imports(package)
    assert folder_cycles(imports) == {"aniworld/services": {("a", "b", "c")}, "aniworld/services/a": {(".", "d")}}
    assert cycles_in(imports) == set()
    assert roots_below(imports) == {"aniworld/services/a/d": {"other"}}


def _package(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / "aniworld" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "aniworld"


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
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))\n"
        "ours = [module for name, module in sys.modules.items() if name.split('.')[0] == 'aniworld']\n"
        "origins = {str(getattr(v, '__module__', None) "
        "or getattr(v, '__name__', '')) for m in ours for v in vars(m).values()}\n"
        f"print(*(name for name in {OWN_HEAVY!r} if any(one.split('.')[0] == name for one in origins)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_no_module_is_put_into_or_taken_out_of_pythons_table() -> None:
    """Whoever imports a library gets it whole, wherever and in whatever order."""
    guilty = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if _changes_the_module_table(node)
    }
    assert not guilty


def _top_names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {name.name.split(".")[0] for name in node.names}
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        return {node.module.split(".")[0]}
    return set()


def _changes_the_module_table(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return ast.unparse(node.value) == "sys.modules"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        changes = node.func.attr in ("update", "setdefault", "pop", "popitem", "clear", "__setitem__", "__delitem__")
        return changes and ast.unparse(node.func.value) == "sys.modules"
    return False
