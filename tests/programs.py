"""Programs that tests start. A test whose program is missing is left out and named in the summary; with CI=true it
fails.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from tools.check_machine import BY_NAME, advice

REPORT = "ANIWORLD_TEST_REPORT"  # a folder in which tools/run_tests.py finds what a run did


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("true", "1")


def program(name: str) -> str:
    """The path of one of tools/check_machine.py's programs."""
    found = BY_NAME[name].path()
    if found is None:
        why = advice(BY_NAME[name])
        if in_ci():
            pytest.fail(f"{why}; with CI=true no test is left out for a missing program.", pytrace=False)
        pytest.skip(why)
    if folder := os.environ.get(REPORT):
        (Path(folder) / f"used-{name}").touch()
    return found


def offer_ffmpeg() -> None:
    """``ffmpeg`` on the path, for tests too: where the system has none, the one that imageio-ffmpeg brings."""
    if shutil.which("ffmpeg") is None:
        from imageio_ffmpeg import get_ffmpeg_exe

        folder = Path(tempfile.mkdtemp(prefix="aniworld-programs-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        (folder / "ffmpeg").symlink_to(get_ffmpeg_exe())
        os.environ["PATH"] = os.pathsep.join((str(folder), os.environ.get("PATH", os.defpath)))


def reasons(skipped: list[pytest.TestReport]) -> Counter[str]:
    """Why tests were left out, and how many for each reason."""
    texts = (report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr) for report in skipped)
    return Counter(text.removeprefix("Skipped: ") for text in texts)


def keep(found: Counter[str], ran: int) -> None:
    """For tools/run_tests.py."""
    if folder := os.environ.get(REPORT):
        with (Path(folder) / "runs.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"ran": ran, "left_out": found}) + "\n")


def lines(found: Counter[str]) -> list[str]:
    return [f"Left out: {count} {'test' if count == 1 else 'tests'}. {why}" for why, count in sorted(found.items())]
