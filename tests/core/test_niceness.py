"""A child lets the server go first, and changes nothing for the session of others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import os, sys
from pathlib import Path
from aniworld.core.niceness import step_aside
def standing():
    group = Path("/proc/self/autogroup")  # empty where the session is not weighed as one, such as the system's first
    words = group.read_text().split() if group.exists() else []
    return os.nice(0), words[-1] if words else None
before = standing()
step_aside(7)
print(*before, *standing())
"""


def stood(*, own_session: bool) -> list[str]:
    """Niceness of the process and of its session, before and after."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        cwd=ROOT,
        capture_output=True,
        text=True,
        start_new_session=own_session,
        check=True,
    )
    return done.stdout.split()


def test_a_session_of_ones_own_steps_aside_as_a_whole() -> None:
    nice, group, after, group_after = stood(own_session=True)
    assert int(after) == min(19, int(nice) + 7)
    assert group_after == ("7" if group != "None" else "None")


def test_the_session_of_others_keeps_its_weight() -> None:
    nice, group, after, group_after = stood(own_session=False)
    assert int(after) == min(19, int(nice) + 7)
    assert group_after == group
