"""The demo keeps to its own folder, and to one process on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aniworld.core.errors import AlreadyRunning
from aniworld.demo.runner import Home, run_demo
from aniworld.workers.instance_lock import InstanceLock


@pytest.mark.parametrize("fresh", [False, True])
def test_a_second_demo_leaves_the_first_alone(tmp_path: Path, fresh: bool) -> None:
    home = Home(tmp_path)
    home.write({"password": "p", "ports": [1, 2], "ready": True})
    home.state.mkdir()
    lock = InstanceLock(home.state)
    lock.take()
    facts = home.facts()
    with pytest.raises(AlreadyRunning, match="Another demo"):
        run_demo(home=tmp_path, fresh=fresh)
    assert home.state.is_dir() and home.facts() == facts
    lock.release()
