"""What is printed: safe on a terminal, plain in a pipe, JSON for programs."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aniworld.cli.output import emit, missing_text, show, shown, size_text
from tests.cli.conftest import ROOT, Cli

HOSTILE = "\x1b[2J\x1b]0;evil\x07 \u202eflip\u2066 \r\nname\x00 [red]Ä[/red]"


@dataclass(frozen=True)
class Fact:
    name: str
    at: datetime
    path: Path


def test_what_steers_a_terminal_is_written_out() -> None:
    text = shown(HOSTILE)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\n" not in text
    assert "\\u001b" in text
    assert "[red]Ä[/red]" in text
    assert shown(None) == ""


def test_json_keeps_everything_and_dates_are_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    emit([Fact(HOSTILE, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), Path("a"))])
    out = capsys.readouterr().out
    assert json.loads(out) == [{"name": HOSTILE, "at": "2026-01-02T03:04:05.000Z", "path": "a"}]
    assert "\x1b" not in out


def test_a_piped_table_is_one_line_a_row_with_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    show(False, None, ("A", "B"), [("x\ty", 1), ("z\n", None)], "none")
    assert capsys.readouterr().out == "x\\u0009y\t1\nz\\u000a\t\n"


def test_spans_and_sizes_read_well() -> None:
    assert missing_text({"1": [1, 2, 3, 7], "0": [1]}) == "S00E01 S01E01-E03 S01E07"
    assert missing_text({"1": list(range(1, 40, 2))}).endswith("and 14 more")
    assert (size_text(None), size_text(1_500_000), size_text(2_500_000_000)) == ("", "1.5 MB", "2.50 GB")


def test_a_terminal_gets_a_table_and_a_pipe_no_colours(cli: Cli) -> None:
    piped = cli("config", "show")
    assert piped.code == 0, piped.err
    assert "\x1b" not in piped.out + piped.err
    assert "download.concurrency\t3" in piped.out.splitlines()
    assert "\x1b" in _on_a_terminal(cli, "config", "show")


def _on_a_terminal(cli: Cli, *arguments: str) -> str:
    ours, theirs = pty.openpty()
    environment = {**cli.environment, "TERM": "xterm-256color", "COLUMNS": "120"}
    with subprocess.Popen(
        cli.command(*arguments), cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as child:
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            seen += piece
        assert child.wait(30) == 0, seen
    os.close(ours)
    return seen.decode("utf-8", "replace")


def test_loading_the_command_line_is_quick_and_light() -> None:
    code = (
        "import sys, aniworld.cli.root; print(*(n for n in ('flask', 'sqlalchemy', 'gevent', 'rich', 'requests') if n"
        " in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == [], done.stderr
