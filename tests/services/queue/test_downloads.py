"""The wishes about the queue, and what workers report."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from aniworld.config.settings import DownloadSettings, Settings
from aniworld.core.errors import (
    CatalogueBlocked,
    Conflict,
    DiskFull,
    InvalidInput,
    LinkDead,
    NotFound,
    NothingThere,
    TransferFailed,
)
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import DownloadProgress, Event, EventBus
from aniworld.core.queue import DownloadStatus
from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode, utcnow
from aniworld.services.queue.service import DownloadService
from aniworld.services.queue.views import DownloadRequest

KEY = "steinwacht"


class House:
    """A DownloadService on a real database, with everything that it told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.settings = Settings()
        self.now = 1000.0
        self.told: list[Event] = []
        bus = EventBus()
        bus.subscribe(self.told.append)
        self.service = DownloadService(
            database, lambda: self.settings, ProgressService(bus, clock=lambda: self.now), clock=lambda: self.now
        )

    def set(self, **changes: object) -> None:
        self.settings = Settings(download=replace(DownloadSettings(), **changes))

    def wish(self, *numbers: int, **facts: object):
        return self.service.add(DownloadRequest(KEY, tuple((1, number) for number in numbers), **facts))

    def names(self) -> list[str]:
        return [event.name for event in self.told]


@pytest.fixture
def house(database: Database) -> House:
    with database.writing() as session:
        series = AnimeSeries(key=KEY, name="Steinwacht", site="demo", folder="Steinwacht (2021)", link="http://x/y")
        series.episodes = [Episode(season=1, number=number) for number in range(1, 6)]
        series.episodes[4].file = "Season 01/there.mp4"
        session.add(series)
    return House(database)


def test_an_item_that_moves_while_the_queue_is_read_is_in_one_list(house: House) -> None:
    house.wish(1)
    house.service.start()
    claimed = []

    def begin(connection: object, cursor: object, statement: str, *more: object) -> None:
        if statement.startswith("SELECT download_queue") and not claimed:
            claimed.append("soon")
            claimed.append(house.service.claim("w"))

    event.listen(house.database.engine, "after_cursor_execute", begin)
    status = house.service.status(limit=7)  # asked with no other limit so far, so that the rows are read
    event.remove(house.database.engine, "after_cursor_execute", begin)
    lists = len(status.active_downloads), len(status.pending_queue)
    assert claimed[1] is not None and lists in ((0, 1), (1, 0))
    assert lists == (status.statistics.active, status.statistics.pending)
    later = house.service.status()
    assert (len(later.active_downloads), len(later.pending_queue)) == (1, 0)


def test_a_series_of_the_library_comes_from_its_own_catalogue_whatever_the_wish_says(house: House) -> None:
    added, _ = house.wish(1, source="elsewhere")
    assert house.service.repository.get_item(added[0].id).source == "demo"


def test_wished_episodes_wait_in_order_and_present_or_queued_ones_are_skipped(house: House) -> None:
    added, skipped = house.wish(1, 2, 5)
    assert [(item.episode, item.position, item.status) for item in added] == [(1, 0, "pending"), (2, 1, "pending")]
    assert [(one.episode, "library" in one.reason) for one in skipped] == [("S01E05", True)]
    added, skipped = house.wish(2, 3, 3)
    assert [item.episode for item in added] == [3]
    assert "queue already" in skipped[0].reason
    assert "queue_status" in house.names()


def test_the_servers_own_record_wins_over_what_the_client_says(house: House) -> None:
    added, _ = house.wish(1, serie_folder="../../evil", serie_name="Evil")
    assert (added[0].serie_folder, added[0].serie_name) == ("Steinwacht (2021)", "Steinwacht")


def test_an_unknown_series_needs_a_name_and_its_folder_is_made_safe(house: House) -> None:
    with pytest.raises(NotFound):
        house.service.add(DownloadRequest("unknown", ((1, 1),)))
    added, _ = house.service.add(DownloadRequest("unknown", ((1, 1),), serie_name="X", serie_folder="../../etc"))
    assert "/" not in added[0].serie_folder
    assert not added[0].serie_folder.startswith(".")


def test_a_failed_episode_that_is_wished_again_is_queued_again(house: House) -> None:
    (item,), _ = house.wish(1)
    house.set(retry_limit=0)
    house.service.failed(house.service.claim("w"), TransferFailed("no"))
    (again,), _ = house.wish(1)
    assert (again.id, again.status, again.error, again.retry_count) == (item.id, "pending", None, 0)


def test_a_failed_episode_is_queued_again_as_it_is_wished_now(house: House) -> None:
    house.wish(1, 2, languages=("ger-dub",))
    house.set(retry_limit=0)
    house.service.failed(house.service.claim("w"), NothingThere("It is there in eng-dub only."))
    (again,), _ = house.wish(1, languages=("eng-dub",), priority=2)
    assert (again.priority, again.position) == ("high", 0)
    assert house.service.claim("w").languages == ["eng-dub"]


def test_auto_start_sets_the_queue_going(house: House) -> None:
    house.wish(1)
    assert not house.service.status().is_running
    house.set(auto_start=True)
    house.wish(2)
    assert house.service.status().is_running


def test_progress_is_told_at_once_and_written_once_a_second(house: House) -> None:
    house.wish(1)
    item = house.service.claim("w")
    for step in range(1, 21):
        house.now += 0.1
        house.service.progressed(progress(item, step))
    told = [event for event in house.told if event.name == "download_progress"]
    assert 7 <= len(told) <= 9  # at most four a second in two seconds
    assert house.service.repository.get_item(item.id).progress < 20
    assert house.service.status().active_downloads[0].progress == 20.0
    house.service.completed(
        item, file="f/a.mp4", relative="a.mp4", size_bytes=7, language="ger-dub", hoster="VOE", seconds=1
    )
    last = [event for event in house.told if event.name == "download_progress"][-1]
    assert last.percent == 20.0  # the one held back goes out before the end
    assert house.names().index("download_complete") > house.told.index(last)


def test_what_ends_keeps_its_last_progress_and_what_is_tried_anew_begins_anew(house: House) -> None:
    house.wish(1)
    item = house.service.claim("w")
    for step in (10, 20):  # the second comes too soon to be written down
        house.service.progressed(progress(item, step))
    house.service.put_back(item)
    waiting = house.service.status().pending_queue[0]
    assert (waiting.progress, waiting.downloaded_bytes, waiting.total_bytes, waiting.speed_bytes) == (20.0, 20, 100, 0)
    item = house.service.claim("w")
    house.service.progressed(progress(item, 30))
    house.service.failed(item, NothingThere("gone."))
    assert house.service.status().failed_downloads[0].progress == 30.0
    fresh = house.service.retry().pending_queue[0]
    assert (fresh.progress, fresh.downloaded_bytes, fresh.total_bytes) == (0.0, 0, None)


def test_a_halted_download_stands_where_it_is_and_has_no_speed(house: House) -> None:
    house.wish(1)
    item = house.service.claim("w")
    house.service.progressed(progress(item, 20))
    status = house.service.pause()
    for shown in (status.active_downloads[0], house.service.item(item.id)):
        assert (shown.progress, shown.speed_bytes, shown.speed_mbps, shown.eta_seconds) == (20.0, 0, 0.0, None)
    assert (status.statistics.speed_mbps, status.statistics.eta_seconds) == (0.0, None)
    assert house.service.resume().active_downloads[0].speed_bytes == 1_000_000


def test_a_completed_episode_is_recorded_with_its_file(house: House) -> None:
    house.wish(1)
    item = house.service.claim("w")
    house.service.completed(
        item,
        file="S/Season 01/a.mp4",
        relative="Season 01/a.mp4",
        size_bytes=7,
        language="ger-sub",
        hoster="V",
        seconds=2,
    )
    (done,) = house.service.status().completed_downloads
    assert (done.status, done.progress, done.file, done.language) == (
        "completed",
        100.0,
        "S/Season 01/a.mp4",
        "ger-sub",
    )
    with house.database.reading() as session:
        episode = session.query(Episode).filter_by(number=1).one()
        assert (episode.file, episode.file_language, episode.size_bytes) == ("Season 01/a.mp4", "ger-sub", 7)
    _, skipped = house.wish(1)
    assert len(skipped) == 1


def test_a_worker_that_lost_its_item_is_not_heard_any_more(house: House) -> None:
    house.wish(1)
    late = house.service.claim("late")
    house.service.repository.put_back([late.id], "late")
    house.service.claim("successor")
    told = len(house.told)
    house.service.failed(late, TransferFailed("too late"))
    house.service.put_back(late)
    house.service.dropped(late)
    placed = {"file": "S/Season 01/a.mp4", "relative": "Season 01/a.mp4", "size_bytes": 7}
    house.service.completed(late, **placed, language="ger-sub", hoster="V", seconds=2)
    assert not [event for event in house.told[told:] if event.name in ("download_complete", "download_failed")]
    row = house.service.repository.get_item(late.id)
    assert (row.status, row.worker, row.retry_count) == ("downloading", "successor", 0)


def test_failures_within_the_limit_wait_with_growing_pauses_then_stay_failed(house: House) -> None:
    house.set(retry_limit=2)
    (item,), _ = house.wish(1)
    pauses = []
    for _ in range(3):
        held = make_due(house, item.id)
        house.service.failed(held, TransferFailed("The line broke."), failed_links=["http://x"])
        stored = house.service.repository.get_item(item.id)
        if stored.not_before:
            pauses.append(round((stored.not_before - utcnow()).total_seconds(), -1))
    assert pauses == [30, 120]
    view = house.service.item(item.id)
    assert (view.status, view.retry_count, view.error, view.error_code) == (
        "failed",
        2,
        "The line broke.",
        "transfer_failed",
    )
    assert [event.will_retry for event in house.told if event.name == "download_failed"] == [True, True, False]


def test_what_is_not_there_fails_at_once(house: House) -> None:
    house.wish(1)
    house.service.failed(house.service.claim("w"), NothingThere("Not in ger-dub."))
    assert house.service.status().failed_downloads[0].error == "Not in ger-dub."


@pytest.mark.parametrize("error", [CatalogueBlocked("browser check", retry_after=60), DiskFull("no room")])
def test_waiting_for_the_site_or_for_room_is_no_failure(house: House, error: Exception) -> None:
    (item,), _ = house.wish(1)
    house.service.failed(house.service.claim("w"), error)
    view = house.service.item(item.id)
    assert (view.status, view.retry_count, view.error) == ("pending", 0, str(error))
    assert "download_failed" not in house.names()


def test_retrying_gives_failed_items_a_fresh_count(house: House) -> None:
    house.set(retry_limit=0)
    (first, second), _ = house.wish(1, 2)
    for _ in range(2):
        house.service.failed(house.service.claim("w"), LinkDead("gone"))
    house.service.retry([first.id])
    assert [item.id for item in house.service.status().pending_queue] == [first.id]
    house.service.retry()
    assert {item.id for item in house.service.status().pending_queue} == {first.id, second.id}
    with pytest.raises(NotFound):
        house.service.retry(["nobody"])


def test_removing_a_running_item_waits_for_its_worker(house: House) -> None:
    (item,), _ = house.wish(1)
    held = house.service.claim("w")

    def worker() -> None:
        assert house.service.changes.wait_until(lambda: house.service.repository.held_by("w") == {held.id: True}, 5)
        house.service.dropped(held)

    thread = threading.Thread(target=worker)
    thread.start()
    house.service.remove(item.id)
    thread.join()
    assert house.service.repository.count() == 0
    with pytest.raises(NotFound):
        house.service.remove(item.id)


def test_stopping_waits_until_workers_put_back_what_they_hold(house: House) -> None:
    house.wish(1, 2)
    house.service.start()
    held = house.service.claim("w")

    def worker() -> None:
        assert house.service.changes.wait_until(lambda: not house.service.repository.state().is_running, 5)
        house.service.put_back(held)

    thread = threading.Thread(target=worker)
    thread.start()
    status = house.service.stop()
    thread.join()
    assert (status.is_running, status.statistics.active, status.statistics.pending) == (False, 0, 2)


def test_a_pause_with_an_end_is_taken_back_when_it_is_over(house: House) -> None:
    status = house.service.pause(15)
    assert status.is_paused
    assert status.paused_until is not None
    assert not house.service.paused_over(utcnow())
    assert house.service.paused_over(utcnow() + timedelta(minutes=16))
    assert not house.service.status().is_paused
    house.service.pause()
    assert not house.service.paused_over(utcnow() + timedelta(days=9))


def test_a_restart_puts_back_what_ran_and_tries_failed_items_within_the_limit(house: House) -> None:
    house.set(retry_limit=2, history_limit=1)
    house.wish(1, 2, 3, 4)
    house.service.claim("dead")
    repository = house.service.repository
    waiting = repository.get_pending_items()
    repository.update_status(waiting[0].id, DownloadStatus.FAILED, retry_count=1)
    repository.update_status(waiting[1].id, DownloadStatus.FAILED, retry_count=2, completed_at=utcnow())
    repository.update_status(waiting[2].id, DownloadStatus.COMPLETED, completed_at=utcnow() + timedelta(seconds=5))
    assert house.service.recover() == 1
    counts = repository.counts()
    assert (counts[DownloadStatus.PENDING], counts[DownloadStatus.DOWNLOADING]) == (2, 0)
    assert counts[DownloadStatus.FAILED] + counts[DownloadStatus.COMPLETED] == 1


def test_a_workers_restart_in_a_cluster_takes_back_its_own_items_only(house: House) -> None:
    house.wish(1, 2)
    house.service.claim("one")
    others = house.service.claim("two")
    assert house.service.take_back("one") == 1
    assert house.service.repository.held_by("two") == {others.id: False}
    assert house.service.renew("one", []) == set()
    assert house.service.renew("one", [others.id]) == {others.id}


@pytest.mark.sqlite
def test_a_locked_database_costs_a_download_its_written_progress_and_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aniworld.models.database.WRITE_WAIT_S", 0.1)
    house.wish(1)
    held = house.service.claim("w")
    moved = DownloadProgress(held.id, KEY, "", 1, 1, 50.0, 500, 1000, 1.0, 125_000, 4)
    with house.database.writing() as other:
        other.connection()  # takes the lock
        house.service.progressed(moved)
        assert house.service.needed_elsewhere("w") == 0
    assert house.told[-1] == moved
    assert house.service.repository.get_item(held.id).downloaded_bytes == 0


def test_places_and_priorities_change_for_waiting_items_only(house: House) -> None:
    (first, second, third), _ = house.wish(1, 2, 3)
    assert house.service.change(third.id, position=0).position == 0
    assert [item.episode for item in house.service.status().pending_queue] == [3, 1, 2]
    assert house.service.change(second.id, priority="high").priority == "high"
    assert house.service.status().pending_queue[0].id == second.id
    held = house.service.claim("w")
    with pytest.raises(Conflict):
        house.service.change(held.id, position=1)
    with pytest.raises(InvalidInput):
        house.service.change(first.id, position=-1)
    with pytest.raises(InvalidInput):
        house.service.change(first.id, priority="urgent")
    with pytest.raises(NotFound):
        house.service.change("nobody", priority="low")


def test_lists_are_limited_paged_searched_and_cleared(house: House) -> None:
    house.wish(*range(1, 5))
    assert len(house.service.status(limit=2).pending_queue) == 2
    assert house.service.status(limit=2).statistics.pending == 4
    page, paging = house.service.items("pending", page=2, page_size=3)
    assert ([item.episode for item in page], [item.position for item in page], paging.total) == ([4], [3], 4)
    assert house.service.items(q="nobody")[1].total == 0
    house.service.failed(house.service.claim("w"), NothingThere("no"))
    assert house.service.clear("failed") == 1
    assert house.service.clear("completed") == 0


def progress(item: DownloadQueueItem, percent: float) -> DownloadProgress:
    return DownloadProgress(
        download_id=item.id,
        key=KEY,
        folder=item.serie_folder,
        season=1,
        episode=item.episode,
        percent=float(percent),
        downloaded_bytes=int(percent),
        total_bytes=100,
        speed_mbps=8.0,
        speed_bytes=1_000_000,
        eta_seconds=9,
    )


def make_due(house: House, item_id: str) -> DownloadQueueItem:
    stored = house.service.repository.get_item(item_id)
    stored.not_before = None
    house.service.repository.save_item(stored)
    held = house.service.claim("w")
    assert held is not None
    return held


def test_the_bytes_of_all_listed_items_are_counted(house: House) -> None:
    house.wish(1, 2, 3, 4)
    repository = house.service.repository
    waiting = repository.get_pending_items()
    for row, size in zip(waiting, (1000, 200, 30, 4), strict=True):
        row.downloaded_bytes = size
        repository.save_item(row)
    repository.update_status(waiting[0].id, DownloadStatus.COMPLETED)
    repository.update_status(waiting[1].id, DownloadStatus.FAILED)
    repository.update_status(waiting[2].id, DownloadStatus.DOWNLOADING)
    assert house.service.status().statistics.downloaded_bytes == 1234
    assert house.service.status(limit=0).statistics.downloaded_bytes == 1234


def test_a_shorter_history_takes_effect_at_once_and_failed_items_count(house: House) -> None:
    house.wish(1, 2, 3, 4)
    house.set(history_limit=10)
    for _ in range(3):
        house.service.failed(house.service.claim("w"), NothingThere("There is no such episode."))
    assert len(house.service.status().failed_downloads) == 3
    house.set(history_limit=1)
    house.service.trim_history()
    assert len(house.service.status().failed_downloads) == 1
    house.service.failed(house.service.claim("w"), NothingThere("There is no such episode."))
    assert len(house.service.status().failed_downloads) == 1


def test_no_update_of_a_series_that_is_not_in_the_library(house: House) -> None:
    house.service.add(DownloadRequest("stranger", ((1, 1),), serie_name="Stranger", serie_folder="Stranger"))
    house.service.claim("w")
    with house.database.writing() as session:
        session.scalar(select(AnimeSeries)).soft_delete()
    house.wish(1, serie_name="Steinwacht")
    house.service.claim("w")
    assert "series_updated" not in house.names()


def test_an_update_of_a_series_names_its_present_folder(house: House) -> None:
    house.wish(1)
    with house.database.writing() as session:
        session.scalar(select(AnimeSeries)).folder = "Moved (2021)"
    house.service.claim("w")
    assert [event.folder for event in house.told if event.name == "series_updated"][-1:] == ["Moved (2021)"]
