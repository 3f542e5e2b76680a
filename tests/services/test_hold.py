"""While a backup is restored nothing is changed, whatever asks for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aniworld.app import build_services
from aniworld.config.environment import Environment
from aniworld.core.errors import Conflict
from aniworld.services.automation import EXTRA
from aniworld.services.backups import RESTORING, quiet_while
from aniworld.services.registry import Services
from aniworld.services.views import DownloadRequest

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
    assert str(refused.value) == RESTORING
    services.downloads.start()


def test_a_restore_that_fails_lets_the_queue_go_on(services: Services) -> None:
    services.downloads.start()
    with pytest.raises(ZeroDivisionError), quiet_while(services.downloads, lambda: False)():
        raise ZeroDivisionError
    assert services.downloads.status().is_running
