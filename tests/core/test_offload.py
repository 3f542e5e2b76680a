"""Blocking work leaves the event loop, and comes back."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aniworld.core.offload import offload


def test_without_gevent_it_simply_calls() -> None:
    assert offload(sum, [1, 2, 3]) == 6
    with pytest.raises(ZeroDivisionError):
        offload(lambda: 1 / 0)


def test_under_gevent_others_go_on_while_the_work_blocks() -> None:
    code = """
from gevent import monkey; monkey.patch_all()
import gevent
from aniworld.core.offload import offload
block = monkey.get_original("time", "sleep")
beats = []
def beat():
    while True:
        beats.append(1); gevent.sleep(0.01)
heart = gevent.spawn(beat)
assert offload(lambda: offload(lambda: block(0.3)) or 7) == 7
heart.kill()
try:
    offload(lambda: 1 / 0)
except ZeroDivisionError:
    print(len(beats))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10
