"""A stop breaks into an attempt's waits, never into what it does or says after them; what it tells begins where it
was.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gevent
import pytest

from aniworld.config.settings import LibrarySettings, Settings
from aniworld.core.errors import HosterUnsupported
from aniworld.core.events import DownloadProgress
from aniworld.core.media import HosterLink
from aniworld.models import DownloadQueueItem
from aniworld.transfer.protocol.job import Phase, Progress
from aniworld.workers.attempt import Attempt, Why, Workshop
from aniworld.workers.hosters import Hosters


class Downloads:
    """Where the last word goes. It takes its time, as a database does."""

    def __init__(self) -> None:
        self.begun, self.taken = 0, 0
        self.told: list[DownloadProgress] = []

    def progressed(self, event: DownloadProgress, worker: str | None) -> None:
        self.told.append(event)

    def put_back(self, item: DownloadQueueItem, **facts: object) -> bool:
        self.begun += 1
        gevent.sleep(0.05)
        self.taken += 1
        return True


class Removing(Downloads):
    """What is told of a removed item."""

    dropped_items = 0

    def dropped(self, item: DownloadQueueItem) -> bool:
        self.dropped_items += 1
        return True


class Waiting(Attempt):
    """Waits ``naps`` times, each of ``seconds``; then it places the file, which takes a moment and is never broken."""

    naps, seconds = 1, 0.0
    placed = 0

    def _work(self) -> None:
        for _ in range(self.naps):
            self._interruptibly(gevent.sleep, self.seconds)
        self.placed = 1
        gevent.sleep(0.05)
        self.placed = 2


@pytest.fixture
def downloads() -> Downloads:
    return Downloads()


def attempt(
    downloads: Downloads, naps: int = 0, seconds: float = 0.0, kind: type[Waiting] = Waiting, **facts: Any
) -> Waiting:
    item = DownloadQueueItem(id="1", serie_id="a", season=1, episode=1, retry_count=0, **facts)
    room = SimpleNamespace(release=lambda item_id: None)
    shop = cast("Workshop", SimpleNamespace(downloads=downloads, room=room))
    made = kind(item, shop, cast("Hosters", None), lambda ended: None)
    made.naps, made.seconds = naps, seconds
    return made


def ended(made: Attempt) -> Any:
    assert made.join(5)
    assert made._greenlet is not None
    return made._greenlet


def test_a_stop_ends_a_long_wait_at_once(downloads: Downloads) -> None:
    made = attempt(downloads, naps=1, seconds=60)
    made.start()
    gevent.sleep(0.01)
    made.stop(Why.STOPPED)
    made.stop(Why.STOPPED)
    assert ended(made).successful()
    assert (made.placed, downloads.begun, downloads.taken) == (0, 1, 1)
    assert not made.holds


def stopped_as_its_first_wait_ends(downloads: Downloads, naps: int) -> Waiting:
    """It stands in its first wait, the end of which is due in the very moment of the stop."""
    made = attempt(downloads, naps=naps, seconds=0.0)
    made.start()
    gevent.sleep(0)
    made.stop(Why.STOPPED)
    assert ended(made).successful()
    return made


def test_a_stop_at_the_very_end_of_a_wait_does_not_break_the_last_word(downloads: Downloads) -> None:
    made = stopped_as_its_first_wait_ends(downloads, naps=2)
    assert (made.placed, downloads.begun, downloads.taken) == (0, 1, 1)
    assert not made.holds


def test_a_stop_at_the_very_end_of_the_last_wait_does_not_break_the_placing(downloads: Downloads) -> None:
    assert stopped_as_its_first_wait_ends(downloads, naps=1).placed == 2


class Swallowing(Waiting):
    """A plug-in that makes an error of its own of everything, a stop too."""

    def _work(self) -> None:
        try:
            self._interruptibly(gevent.sleep, 60)
        except Exception as error:
            raise HosterUnsupported("The hoster failed.") from error


def test_a_stop_that_a_plug_in_makes_an_error_of_is_no_failure(downloads: Downloads) -> None:
    made = attempt(downloads, kind=Swallowing)
    made.start()
    gevent.sleep(0.01)
    made.stop(Why.STOPPED)
    assert ended(made).successful()
    assert downloads.taken == 1


def places(downloads: Downloads) -> list[tuple[float, int, int]]:
    told, downloads.told = downloads.told, []
    return [(one.percent, one.downloaded_bytes, one.speed_bytes) for one in told]


def test_a_download_is_where_it_was_until_its_bytes_move_again(downloads: Downloads, tmp_path: Path) -> None:
    made = attempt(downloads, progress=40.0, downloaded_bytes=400, total_bytes=1000)
    for progress in (
        Progress(Phase.RESOLVING),
        Progress(Phase.CONNECTING, total_bytes=1000),
        Progress(Phase.TRANSFERRING, 500, 1000, 90, 5, 50.0),
        Progress(Phase.RESOLVING),
    ):
        made._tell(progress, None)
    assert places(downloads) == [(40.0, 400, 0), (40.0, 400, 0), (50.0, 500, 90), (50.0, 500, 0)]
    made._give_up(HosterLink("VOE", "ger-dub", "http://h.example/1", ""), tmp_path)
    made._tell(Progress(Phase.RESOLVING), None)
    assert places(downloads) == [(0.0, 0, 0)], "the bytes of a link that is given up are gone"


def test_bytes_of_a_link_that_failed_before_do_not_count(downloads: Downloads) -> None:
    made = attempt(downloads, progress=40.0, downloaded_bytes=400, failed_links=["http://h.example/1"])
    made._tell(Progress(Phase.RESOLVING), None)
    assert places(downloads) == [(0.0, 0, 0)]


def test_a_removed_item_ends_and_leaves_nothing_though_the_library_was_taken_away(tmp_path: Path) -> None:
    downloads, libraries = Removing(), [str(tmp_path)] * 3
    (tmp_path / ".incoming" / "1").mkdir(parents=True)
    item = DownloadQueueItem(id="1", serie_id="a", season=1, episode=1, retry_count=0)
    shop = SimpleNamespace(
        downloads=downloads,
        room=SimpleNamespace(release=lambda item_id: None),
        settings=lambda: replace(Settings(), library=LibrarySettings(root=libraries.pop(0))),
        resolver=SimpleNamespace(target=lambda item, languages: gevent.sleep(60)),
    )
    made = Attempt(item, cast("Workshop", shop), cast("Hosters", None), lambda ended: None)
    made.start()
    gevent.sleep(0.1)
    libraries[:] = [""] * 3
    made.stop(Why.REMOVED)
    assert ended(made).successful()
    assert (downloads.dropped_items, made.holds) == (1, False)
    assert not (tmp_path / ".incoming" / "1").exists()
