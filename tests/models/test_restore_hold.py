"""While a backup is restored nothing is changed, whatever asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from aniworld.app import build_services
from aniworld.config.environment import Environment
from aniworld.core.errors import Conflict
from aniworld.models import DownloadQueueItem
from aniworld.services.background import EXTRA
from aniworld.services.backup.service import RESTORE_RUNS, quiet_while
from aniworld.services.container import Services
from aniworld.services.queue.views import DownloadRequest

WISHES: dict[str, Callable[[Services], object]] = {
    "start": lambda all_: all_.downloads.start(),
    "stop": lambda all_: all_.downloads.stop(),
    "pause": lambda all_: all_.downloads.pause(5),
    "resume": lambda all_: all_.downloads.resume(),
    "add": lambda all_: all_.downloads.add(DownloadRequest("a", serie_name="A", episodes=())),
    "retry": lambda all_: all_.downloads.retry(),
    "try now": lambda all_: all_.downloads.try_now(),
    "remove": lambda all_: all_.downloads.remove("1"),
    "change": lambda all_: all_.downloads.change("1", priority="high"),
    "clear": lambda all_: all_.downloads.clear("failed"),
    "scan": lambda all_: all_.scan.start(),
    "look": lambda all_: all_.extras[EXTRA].tracking.look(),
}


@pytest.fixture
def services(tmp_path):  # type: ignore[no-untyped-def]
    made = build_services(Environment(instance=tmp_path / "instance"))
    yield made
    made.close()


@pytest.mark.parametrize("wish", sorted(WISHES))
def test_a_restore_refuses_changes_until_it_ends(services: Services, wish: str) -> None:
    quiet = quiet_while(services.downloads, lambda: False)
    services.downloads.start()
    with quiet(), pytest.raises(Conflict) as refused:
        WISHES[wish](services)
    assert str(refused.value) == RESTORE_RUNS
    services.downloads.start()


def test_a_restore_that_fails_lets_the_queue_go_on(services: Services) -> None:
    services.downloads.start()
    with pytest.raises(ZeroDivisionError), quiet_while(services.downloads, lambda: False)():
        raise ZeroDivisionError
    assert services.downloads.status().is_running


def held_by_a_worker(services: Services, episode: int) -> DownloadQueueItem:
    services.downloads.repository.save_item(DownloadQueueItem(serie_id="a", season=1, episode=episode))
    item = services.downloads.claim("worker")
    assert item is not None
    return item


def test_starts_during_a_slow_stop_do_not_start_the_queue(services: Services) -> None:
    downloads = services.downloads
    downloads.start()
    item = held_by_a_worker(services, 1)
    downloads.repository.save_item(DownloadQueueItem(serie_id="a", season=1, episode=2))
    ended = threading.Event()
    refused: list[str] = []

    def start_again_and_again() -> None:
        while not ended.is_set():
            try:
                downloads.start()
            except Conflict as error:
                refused.append(str(error))
                ended.wait(0.005)

    people = [threading.Thread(target=start_again_and_again) for _ in range(3)]
    slow = threading.Timer(1.0, downloads.put_back, [item])
    for one in (*people, slow):
        one.start()
    try:
        with quiet_while(downloads, lambda: False)():
            for _ in range(20):
                assert not downloads.repository.state().is_running
                assert downloads.claim("worker") is None
                ended.wait(0.01)
    finally:
        ended.set()
        for one in (*people, slow):
            one.join()
    assert set(refused) == {RESTORE_RUNS}


def test_a_change_that_began_before_the_hold_ends_before_the_restore(services: Services) -> None:
    hold, order = services.downloads.hold, []
    begun, may_end = threading.Event(), threading.Event()

    def change() -> None:
        with hold.changing():
            begun.set()
            may_end.wait(5)
            services.downloads.repository.set_state(is_running=True)
            order.append("change")

    person = threading.Thread(target=change)
    person.start()
    begun.wait(5)
    threading.Timer(0.3, may_end.set).start()
    with quiet_while(services.downloads, lambda: False)():
        order.append("restore")
        assert not services.downloads.repository.state().is_running
    person.join()
    assert order == ["change", "restore"]


def test_a_scan_that_begins_at_the_same_time_is_noticed_under_the_hold(services: Services) -> None:
    answers = iter([False, True])
    services.downloads.start()
    with pytest.raises(Conflict, match="scan"), quiet_while(services.downloads, lambda: next(answers))():
        pytest.fail("it was restored")
    assert services.downloads.status().is_running


def test_a_restore_that_fails_leaves_a_pause_as_it_was(services: Services) -> None:
    services.downloads.start()
    services.downloads.pause(5)
    before = services.downloads.status().paused_until
    with pytest.raises(ZeroDivisionError), quiet_while(services.downloads, lambda: False)():
        raise ZeroDivisionError
    after = services.downloads.status()
    assert (after.is_running, after.is_paused, after.paused_until) == (True, True, before)
