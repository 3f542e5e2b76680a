"""The look for new episodes comes on schedule, follows the settings, and costs nothing while nobody wants it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gevent
import pytest

from aniworld.config.environment import Environment
from aniworld.config.store import ConfigStore
from aniworld.core.errors import AlreadyRunning
from aniworld.services.settings.service import ConfigService
from aniworld.services.tracking.status import TrackingStatus
from aniworld.workers.scheduler import Scheduler

ROOT = Path(__file__).resolve().parents[2]


class Looks:
    """Stands where TrackingService stands: counts looks, and can be busy, broken or slow."""

    def __init__(self) -> None:
        self.count = 0
        self.fault: Exception | None = None
        self.wait_for_stop = False
        self.stopped = False

    def look(self, should_stop: Callable[[], bool] = lambda: False) -> TrackingStatus:
        self.count += 1
        while self.wait_for_stop and not should_stop():
            gevent.sleep(0.01)
        self.stopped = should_stop()
        if self.fault:
            raise self.fault
        return TrackingStatus()


class House:
    def __init__(self, folder: Path) -> None:
        self.config = ConfigService(ConfigStore(folder), Environment(instance=folder))
        self.looks = Looks()
        self.scheduler = Scheduler(self.looks, self.config, first_after_s=0.1)  # type: ignore[arg-type]

    def set(self, **tracking: object) -> None:
        self.config.update({"tracking": tracking})

    def until(self, holds: Callable[[], bool], within_s: float = 10) -> None:
        with gevent.Timeout(within_s):
            while not holds():
                gevent.sleep(0.02)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "instance")
    yield made
    made.scheduler.stop()


def test_nothing_is_scheduled_unless_it_is_wished(house: House) -> None:
    house.scheduler.start()
    house.scheduler.start()
    assert house.scheduler.next_look is None
    gevent.sleep(0.2)
    assert house.looks.count == 0


def test_the_first_look_comes_soon_and_the_next_one_interval_later(house: House) -> None:
    house.set(enabled=True, interval_hours=6)
    house.scheduler.start()
    house.until(lambda: house.looks.count == 1)
    next_look = house.scheduler.next_look
    assert next_look is not None
    assert timedelta(hours=5.9) < next_look - datetime.now(UTC) <= timedelta(hours=6.1)


def test_settings_are_followed_without_a_restart(house: House) -> None:
    house.scheduler.start()
    house.set(enabled=True, interval_hours=6)
    house.until(lambda: house.looks.count == 1)
    house.set(interval_hours=2)
    next_look = house.scheduler.next_look
    assert next_look is not None
    assert timedelta(hours=1.9) < next_look - datetime.now(UTC) <= timedelta(hours=2)
    house.set(enabled=False)
    assert house.scheduler.next_look is None
    house.set(enabled=True)
    again = house.scheduler.next_look
    assert again is not None
    assert again - datetime.now(UTC) > timedelta(hours=1.9)  # switching it off and on is no way to hammer a site
    assert house.looks.count == 1


@pytest.mark.parametrize("fault", [AlreadyRunning("busy"), RuntimeError("boom")], ids=["busy", "broken"])
def test_a_look_that_fails_is_no_reason_to_leave_out_the_next(house: House, fault: Exception) -> None:
    house.looks.fault = fault
    house.set(enabled=True)
    house.scheduler.start()
    house.until(lambda: house.looks.count == 1)
    gevent.sleep(0.05)
    assert house.scheduler.next_look is not None


def test_stopping_ends_a_running_look_and_nothing_begins_after_it(house: House) -> None:
    house.looks.wait_for_stop = True
    house.set(enabled=True)
    house.scheduler.start()
    house.until(lambda: house.looks.count == 1)
    house.scheduler.stop()
    house.scheduler.stop()
    house.until(lambda: house.looks.stopped)
    house.set(enabled=False)
    house.set(enabled=True)
    assert house.scheduler.next_look is None


def test_under_a_patched_server_it_loads_only_when_wished_and_looks(tmp_path: Path) -> None:
    code = f"""
import gevent.monkey; gevent.monkey.patch_all()
import sys, gevent
from pathlib import Path
from tests.workers.test_scheduler import House
house = House(Path({str(tmp_path / "instance")!r}))
house.scheduler.start()
assert "apscheduler" not in sys.modules
house.set(enabled=True)
house.until(lambda: house.looks.count == 1)
house.scheduler.stop()
print("looked")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "looked", done.stderr
