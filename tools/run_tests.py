"""``make test`` and ``make test-all``: installs what it may, runs what can run, and says at the end what was left out
and why.

``python -m tools.run_tests [--slow] [arguments for pytest]``. Ends with 0 when nothing failed; with CI=true a test
whose program is missing fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.check_machine import NOT_RUN, PROGRAMS, install, missing, versions

ROOT = Path(__file__).resolve().parents[1]
REPORT = "ANIWORLD_TEST_REPORT"
ABREAST = ("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder")
NOTHING_COLLECTED = 5


@dataclass
class Report:
    """What the runs of pytest did together. ``left_out``: how many tests for each reason."""

    ran: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    used: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, folder: Path) -> Report:
        found = cls(used={path.name.removeprefix("used-") for path in folder.glob("used-*")})
        runs = folder / "runs.jsonl"
        for line in runs.read_text(encoding="utf-8").splitlines() if runs.exists() else ():
            one = json.loads(line)
            found.ran += one["ran"]
            found.left_out.update(one["left_out"])
        return found


def stages(slow: bool) -> tuple[tuple[str, ...], ...]:
    """Browser tests run one after the other: each has a processor's worth of Chromium."""
    both = "" if slow else " and not slow"
    return (*ABREAST, "-m", f"not browser{both}"), ("-m", f"browser{both}")


def summary(report: Report) -> list[str]:
    """What ran on which versions, which promised versions did not run, and what was left out and why."""
    found = [one for one in versions() if one.name in report.used | {"Python", "SQLite", "ffmpeg"}]
    newer = [f"{one.name} {one.lowest} (this run: {one.found})" for one in found if not one.is_lowest]
    unused = [one for one in PROGRAMS if one.lowest and one.name not in report.used | {"ffmpeg"}]
    absent = [f"{one.name} {one.lowest} (no test of this run started it)" for one in unused]
    never = [f"{name} {lowest} ({why})" for name, (lowest, why) in NOT_RUN.items()]
    lines = [f"{report.ran} tests ran on {', '.join(map(str, found))}."]
    lines += [f"Promised as the lowest version, not run: {one}." for one in (*newer, *absent, *never)]
    lines += [
        f"Left out: {count} {'test' if count == 1 else 'tests'}. {why}" for why, count in report.left_out.most_common()
    ]
    return lines if report.left_out else [*lines, "Nothing was left out."]


def run(slow: bool, arguments: Sequence[str]) -> int:
    install(missing(slow=slow))
    with tempfile.TemporaryDirectory(prefix="aniworld-tests-") as folder:
        environment = {**os.environ, REPORT: folder}
        codes = [
            subprocess.run([sys.executable, "-m", "pytest", *stage, *arguments], cwd=ROOT, env=environment).returncode
            for stage in stages(slow)
        ]
        report = Report.read(Path(folder))
    print("", *summary(report), sep="\n", flush=True)
    if all(code == NOTHING_COLLECTED for code in codes):
        print("No test was found; ARGS may name none.", file=sys.stderr)
        return NOTHING_COLLECTED
    return max((code for code in codes if code != NOTHING_COLLECTED), key=abs)


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(run("--slow" in given, [argument for argument in given if argument != "--slow"]))
