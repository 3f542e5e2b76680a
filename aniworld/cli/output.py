"""What the commands print: JSON for programs, tables on a terminal, plain tab-separated lines everywhere else."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

import click

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def prints(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the option ``--json``, as the argument ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def emit(value: object) -> None:
    """One JSON document on stdout; dataclasses become objects, moments ISO 8601 in UTC."""
    print(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def emit_line(value: object) -> None:
    """The same as one line, for a program that reads while this one works."""
    print(json.dumps(value, default=_plain, ensure_ascii=False), flush=True)


def show(
    as_json: bool, value: object, headings: Sequence[str], rows: Iterable[Sequence[object]], empty: str = ""
) -> None:
    """``value`` as JSON, or ``rows`` under ``headings``; ``empty`` is said on a terminal when there are none."""
    if as_json:
        emit(value)
        return
    cells = [[shown(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _table(headings, cells, empty)
    else:
        for row in cells:
            print("\t".join(row))


def say(text: str) -> None:
    """A line for people."""
    print(shown(text), flush=True)


def shown(value: object) -> str:
    """Text that may come from outside, fit for a terminal: what steers it or turns the reading direction is written
    out.
    """
    text = "" if value is None else value if isinstance(value, str) else str(value)
    return "".join(f"\\u{ord(char):04x}" if unicodedata.category(char) in _UNSEEN else char for char in text)


def missing_text(missing: Mapping[str, Sequence[int]], most: int = 6) -> str:
    """``S01E03-E05 S02E01``, cut after ``most`` spans."""
    spans = [span for season in sorted(missing, key=int) for span in _spans(int(season), missing[season])]
    return " ".join(spans[:most]) + (f" and {len(spans) - most} more" if len(spans) > most else "")


def size_text(size: int | None) -> str:
    if size is None:
        return ""
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.2f} GB"


def _spans(season: int, numbers: Sequence[int]) -> list[str]:
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return [f"S{season:02d}E{a:02d}" + (f"-E{b:02d}" if b > a else "") for a, b in spans]


def _table(headings: Sequence[str], cells: Sequence[Sequence[str]], empty: str) -> None:
    from rich.console import Console  # only for a person at a terminal
    from rich.table import Table
    from rich.text import Text

    if not cells:
        print(empty)
        return
    table = Table(*headings, box=None, header_style="bold", pad_edge=False)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def _plain(value: Any) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, (set, frozenset, Mapping)):
        return dict(value) if isinstance(value, Mapping) else sorted(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
