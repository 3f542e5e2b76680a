"""The deployment files as facts: what a Dockerfile, a unit and a Caddyfile say, without the programs that they are
for.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


@dataclass(frozen=True)
class Instruction:
    word: str
    text: str


@dataclass
class Stage:
    """What stands between one FROM and the next."""

    image: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, word: str) -> list[str]:
        return [one.text for one in self.instructions if one.word == word]


def dockerfile(text: str) -> list[Stage]:
    """The stages, with comments gone and continued lines joined. Raises ValueError for an unknown instruction."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    stages: list[Stage] = []
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word not in KNOWN:
            raise ValueError(f"no instruction of a Dockerfile: {line}")
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            stages.append(Stage(image.strip(), name.strip()))
        else:
            stages[-1].instructions.append(Instruction(word, rest.strip()))
    return stages


KNOWN = frozenset(
    [
        "FROM",
        "ARG",
        "ENV",
        "RUN",
        "COPY",
        "WORKDIR",
        "VOLUME",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
        "USER",
        "LABEL",
        "SHELL",
    ]
)


def unit(text: str) -> dict[str, dict[str, list[str]]]:
    """Section → directive → its values in order. Raises ValueError for a line that is none."""
    found: dict[str, dict[str, list[str]]] = {}
    section = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith(("#", ";")):
            continue
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = heading[1]
            found.setdefault(section, {})
        elif directive := re.fullmatch(r"([A-Z]\w*)=(.*)", line):
            found[section].setdefault(directive[1], []).append(directive[2])
        else:
            raise ValueError(f"no line of a unit: {line}")
    return found


def caddyfile(text: str) -> dict[str, list[str]]:
    """Site → its directives, each with the blocks that it stands in before it: ``handle /x/* > reverse_proxy …``.

    Raises ValueError when the braces do not match.
    """
    sites: dict[str, list[str]] = {}
    path: list[str] = []
    for line in (line.strip() for line in text.splitlines()):
        if not line or line.startswith("#"):
            continue
        if line == "}":
            if not path:
                raise ValueError("a brace closes that none opened")
            path.pop()
            continue
        words = line.removesuffix("{").strip()
        if path:
            sites[path[0]].append(" > ".join([*path[1:], words]))
        elif line.endswith("{"):
            sites[words] = []
        else:
            raise ValueError(f"outside of every site: {line}")
        if line.endswith("{"):
            path.append(words)
    if path:
        raise ValueError(f"never closed: {path}")
    return sites


def known_variables() -> set[str]:
    """The ``ANIWORLD_…`` names that the application reads, from its own text, with gunicorn's and the command
    line's.
    """
    found = set()
    for path in (*(ROOT / "aniworld").rglob("*.py"), ROOT / "gunicorn.conf.py", DEPLOY / "entrypoint.sh"):
        found |= set(re.findall(r"ANIWORLD_[A-Z_]+", path.read_text()))
    tree = ast.parse((ROOT / "aniworld/config/environment.py").read_text())
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("str", "bool", "int") and call.args:
            first = call.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(f"ANIWORLD_{first.value}")
    return found
