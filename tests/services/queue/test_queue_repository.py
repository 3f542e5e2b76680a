"""The queue's rows: order, claims, leases, history."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy.orm import sessionmaker

from aniworld.core.errors import Conflict, InvalidInput, NotFound
from aniworld.core.queue import DownloadPriority, DownloadStatus
from aniworld.models import Database, DownloadQueueItem, utcnow
from aniworld.services.queue.items import mbps
from aniworld.services.queue.repository import QueueRepository


@pytest.fixture
def repository(database: Database) -> QueueRepository:
    return QueueRepository(database.concurrent_writing, database.reading)


def item(number: int, **facts: object) -> DownloadQueueItem:
    values = {"serie_id": "steinwacht", "serie_name": "Steinwacht", "season": 1, "episode": number, **facts}
    return DownloadQueueItem(**values)


def episodes(items: list[DownloadQueueItem]) -> list[int]:
    return [one.episode for one in items]


def test_the_next_item_has_the_highest_priority_then_position_then_age(repository: QueueRepository) -> None:
    now = utcnow()
    repository.save_item(item(1, priority=1, position=5, added_at=now))
    repository.save_item(item(2, priority=1, position=2, added_at=now))
    repository.save_item(item(3, priority=2, position=9, added_at=now))
    repository.save_item(item(4, priority=1, position=2, added_at=now - timedelta(hours=1)))
    repository.save_item(item(5, priority=0, position=0, added_at=now))
    assert episodes(repository.get_pending_items()) == [3, 4, 2, 1, 5]
    assert episodes(repository.get_pending_items(limit=2)) == [3, 4]


def test_a_plain_session_factory_serves_as_well(database: Database) -> None:
    writing = database.engine.execution_options(aniworld_write=True)
    repository = QueueRepository(sessionmaker(writing, expire_on_commit=False))
    saved = repository.save_item(item(1))
    repository.update_status(saved.id, "downloading")
    repository.update_progress(saved.id, 45.5, 455, 1000, 2.5)
    stored = repository.get_item(saved.id)
    assert (stored.progress, stored.downloaded_bytes, stored.total_bytes) == (45.5, 455, 1000)
    assert stored.speed_bytes == 2_500_000
    assert mbps(stored.speed_bytes) == 20.0


def test_update_status_sets_timestamps_and_progress_as_the_state_demands(repository: QueueRepository) -> None:
    saved = repository.save_item(item(1))
    started = repository.update_status(saved.id, "downloading")
    assert (started.started_at is not None, started.completed_at) == (True, None)
    failed = repository.update_status(saved.id, "failed", error="The connection was lost.")
    assert failed.completed_at is not None
    repository.update_progress(saved.id, 40.0, 400, 1000, 1)
    again = repository.update_status(saved.id, "pending")
    assert (again.started_at, again.completed_at, again.progress, again.downloaded_bytes) == (None, None, 0.0, 0)
    restarted = repository.update_status(saved.id, "downloading")
    done = repository.update_status(saved.id, "completed")
    assert done.progress == 100.0
    assert done.started_at == restarted.started_at
    assert done.completed_at is not None and done.completed_at >= done.started_at


def test_an_item_that_is_put_back_keeps_its_start_and_the_bytes_on_disk(repository: QueueRepository) -> None:
    saved = repository.save_item(item(1))
    started = repository.update_status(saved.id, "downloading")
    repository.update_progress(saved.id, 40.0, 400, 1000, 1)
    waiting = repository.update_status(saved.id, "pending")
    assert (waiting.started_at, waiting.downloaded_bytes, waiting.progress) == (started.started_at, 400, 40.0)


def test_saving_a_known_item_writes_it_over(repository: QueueRepository) -> None:
    saved = repository.save_item(item(1))
    saved.serie_name = "Other"
    repository.save_item(saved)
    assert [one.serie_name for one in repository.get_pending_items()] == ["Other"]


def test_unlawful_moves_and_unknown_items_are_refused(repository: QueueRepository) -> None:
    saved = repository.save_item(item(1))
    repository.update_status(saved.id, DownloadStatus.DOWNLOADING)
    repository.update_status(saved.id, DownloadStatus.COMPLETED)
    with pytest.raises(Conflict):
        repository.update_status(saved.id, DownloadStatus.DOWNLOADING)
    with pytest.raises(NotFound):
        repository.update_status("nobody", DownloadStatus.FAILED)
    repository.update_progress("nobody", 1.0, 1, 1, 1)
    assert not repository.delete_item("nobody")


def test_a_claim_takes_the_best_due_item_of_no_resting_source(repository: QueueRepository) -> None:
    repository.add_all([item(1, source="rests"), item(2, not_before=utcnow() + timedelta(hours=1)), item(3), item(4)])
    claimed = repository.claim("one", 30, without_sources=["rests"])
    assert claimed is not None
    assert (claimed.episode, claimed.status, claimed.worker) == (3, DownloadStatus.DOWNLOADING, "one")
    assert claimed.lease_until > utcnow()
    assert repository.claim("two", 30, without_sources=["rests"]).episode == 4
    assert repository.claim("three", 30, without_sources=["rests"]) is None


def test_no_item_is_claimed_twice_by_many_workers(repository: QueueRepository) -> None:
    repository.add_all([item(number) for number in range(1, 201)])
    claimed: list[str] = []

    def work(name: str) -> None:
        while (one := repository.claim(name, 30)) is not None:
            claimed.append(one.id)

    workers = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(claimed) == len(set(claimed)) == 200


def test_an_item_whose_lease_ended_waits_again_and_others_stay_held(repository: QueueRepository) -> None:
    repository.add_all([item(1), item(2)])
    repository.claim("dead", -1)
    held = repository.claim("alive", 30)
    assert repository.put_back_abandoned(everything=False) == 1
    assert repository.held_by("alive") == {held.id: False}
    repository.renew("alive", [held.id], 60)
    assert repository.put_back_abandoned(everything=True) == 1
    assert repository.counts()[DownloadStatus.PENDING] == 2


def test_a_worker_learns_which_of_its_items_are_not_its_own_any_more(repository: QueueRepository) -> None:
    repository.add_all([item(1), item(2)])
    lost, kept = repository.claim("slow", -1), repository.claim("slow", 30)
    repository.put_back_abandoned(everything=False)
    repository.claim("quick", 30)
    assert repository.renew("slow", [lost.id, kept.id], 30) == 1
    assert repository.put_back([lost.id, kept.id], "slow") == 1
    assert repository.held_by("quick") == {lost.id: False}
    assert repository.known([lost.id, "nobody"]) == {lost.id}


def test_what_a_worker_says_after_it_lost_an_item_does_not_count(repository: QueueRepository) -> None:
    repository.add_all([item(1)])
    late = repository.claim("late", -1)
    repository.put_back_abandoned(everything=False)
    repository.claim("successor", 30)
    for status in (DownloadStatus.COMPLETED, DownloadStatus.FAILED, DownloadStatus.PENDING):
        assert not repository.report(late.id, "late", status, error="too late")
    repository.update_progress(late.id, 99.0, 99, 100, 1, worker="late")
    assert not repository.drop_item(late.id, "late")
    row = repository.get_item(late.id)
    assert (row.status, row.worker, row.progress, row.error) == (DownloadStatus.DOWNLOADING, "successor", 0.0, None)
    repository.update_progress(late.id, 50.0, 50, 100, 1, worker="successor")
    assert repository.report(late.id, "successor", DownloadStatus.COMPLETED, progress=100.0)
    assert not repository.report(late.id, "successor", DownloadStatus.PENDING)
    assert not repository.report("nobody", "successor", DownloadStatus.COMPLETED)
    assert repository.get_item(late.id).status == DownloadStatus.COMPLETED


def test_an_episode_that_several_wish_in_the_same_instant_is_queued_once(repository: QueueRepository) -> None:
    added: list[DownloadQueueItem] = []

    def wish() -> None:
        added.extend(repository.add_all([item(number) for number in range(1, 6)]))

    wishes = [threading.Thread(target=wish) for _ in range(5)]
    for one in wishes:
        one.start()
    for one in wishes:
        one.join()
    assert sorted(episodes(added)) == episodes(repository.get_pending_items()) == [1, 2, 3, 4, 5]


def test_what_other_workers_still_need_is_summed_as_far_as_it_is_known(repository: QueueRepository) -> None:
    repository.add_all([item(1), item(2), item(3)])
    mine, theirs, unknown = (repository.claim(name, 30) for name in ("me", "them", "them"))
    repository.update_progress(mine.id, 10.0, 100, 1000, 5)
    repository.update_progress(theirs.id, 10.0, 300, 1000, 5)
    repository.update_progress(unknown.id, 10.0, 300, None, 5)
    assert repository.bytes_to_come("me") == 700
    assert repository.bytes_to_come("nobody") == 1600


def test_a_cancelled_item_that_nobody_holds_any_more_goes(repository: QueueRepository) -> None:
    repository.add_all([item(1)])
    held = repository.claim("dead", 30)
    repository.mark_cancelled(held.id)
    repository.put_back_abandoned(everything=True)
    assert repository.count() == 0


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4, 99])
def test_an_item_moves_to_a_place(repository: QueueRepository, place: int) -> None:
    repository.add_all([item(number) for number in range(1, 6)])
    moving = repository.get_pending_items()[2]
    moved = repository.move(moving.id, priority=None, place=place)
    order = [1, 2, 4, 5]
    order.insert(place, 3)
    assert episodes(repository.get_pending_items()) == order
    assert repository.place_of(moved) == min(place, 4)


def test_moving_between_the_same_two_items_never_runs_out_of_places(repository: QueueRepository) -> None:
    repository.add_all([item(number) for number in range(1, 5)])
    for _ in range(40):
        last = repository.get_pending_items()[-1]
        repository.move(last.id, priority=None, place=1)
    assert sorted(episodes(repository.get_pending_items())) == [1, 2, 3, 4]
    assert repository.get_pending_items()[0].episode == 1


def test_a_place_before_higher_priorities_is_not_to_be_had(repository: QueueRepository) -> None:
    repository.add_all([item(1, priority=2), item(2), item(3)])
    low = repository.get_pending_items()[-1]
    repository.move(low.id, priority=None, place=0)
    assert episodes(repository.get_pending_items()) == [1, 3, 2]
    repository.move(low.id, priority=int(DownloadPriority.HIGH), place=0)
    assert episodes(repository.get_pending_items()) == [3, 1, 2]


def test_failed_items_wait_again_all_or_these_or_below_the_limit(repository: QueueRepository) -> None:
    for number, count in ((1, 0), (2, 3), (3, 1)):
        repository.save_item(
            item(number, status=DownloadStatus.FAILED, retry_count=count, error="why", failed_links=["x"])
        )
    assert repository.retry(None, limit=3) == 2
    assert {one.episode: one.retry_count for one in repository.get_pending_items()} == {1: 0, 3: 1}
    (left,) = repository.get_items([DownloadStatus.FAILED])
    assert repository.retry([left.id]) == 1
    assert all(one.error is None and one.failed_links == [] for one in repository.get_pending_items())
    assert repository.retry(["nobody"]) == 0


def test_history_keeps_the_newest(repository: QueueRepository) -> None:
    now = utcnow()
    for number in range(1, 11):
        repository.save_item(
            item(number, status=DownloadStatus.COMPLETED, completed_at=now + timedelta(minutes=number))
        )
    repository.save_item(item(99))
    assert repository.trim(3) == 7
    assert episodes(repository.get_items([DownloadStatus.COMPLETED])) == [10, 9, 8]
    assert repository.counts()[DownloadStatus.PENDING] == 1
    assert repository.trim(0) == 3


def test_searching_takes_wildcards_and_quotes_as_they_are(repository: QueueRepository) -> None:
    repository.save_item(item(1, serie_name="100% Stein_wacht'; DROP TABLE download_queue_item; --"))
    repository.save_item(item(2, serie_name="Other"))
    assert repository.count(q="100%") == 1
    assert repository.count(q="%") == 1
    assert repository.count(q="_") == 1
    assert repository.count(q="DROP TABLE") == 1
    assert repository.count(q="!") == 0
    assert repository.count() == 2


def test_the_state_of_the_queue_survives(database: Database, repository: QueueRepository) -> None:
    assert repository.state().is_running is False
    repository.set_state(is_running=True, is_paused=True, reason="why")
    again = QueueRepository(database.concurrent_writing).state()
    assert (again.is_running, again.is_paused, again.reason) == (True, True, "why")


def test_a_series_that_leaves_takes_its_waiting_items_along_and_its_history_stays(repository: QueueRepository) -> None:
    repository.add_all([item(1), item(2), item(3, serie_id="other")])
    held = repository.claim("w", 30)
    repository.save_item(item(4, status=DownloadStatus.COMPLETED, completed_at=utcnow()))
    assert repository.drop_series("steinwacht") == 2
    assert repository.held_by("w") == {held.id: True}
    assert [one.serie_id for one in repository.get_pending_items()] == ["other"]
    assert repository.counts()[DownloadStatus.COMPLETED] == 1


def test_fairness_takes_the_series_that_waited_longest_among_equal_priorities(repository: QueueRepository) -> None:
    repository.add_all([item(number) for number in (1, 2, 3)])
    repository.add_all([item(number, serie_id="zweite") for number in (11, 12)])
    repository.add_all([item(21, serie_id="dritte")])
    now = utcnow()
    claimed = []
    for step in range(6):
        one = repository.claim("worker", 30, fair=True, now=now + timedelta(seconds=step))
        assert one is not None
        claimed.append(one.serie_id)
    assert sorted(claimed[:3]) == ["dritte", "steinwacht", "zweite"]
    assert sorted(claimed[3:5]) == ["steinwacht", "zweite"]
    assert claimed[5] == "steinwacht"
    assert repository.claim("worker", 30, fair=True) is None


def test_a_higher_priority_goes_before_fairness(repository: QueueRepository) -> None:
    repository.add_all([item(1, priority=2), item(2, priority=2), item(3, serie_id="zweite", priority=1)])
    claimed = [repository.claim("worker", 30, fair=True) for _ in range(3)]
    assert [one.episode for one in claimed if one] == [1, 2, 3]


def test_items_that_may_not_begin_now_are_passed_over(repository: QueueRepository) -> None:
    repository.add_all([item(1), item(2)])
    first = repository.get_pending_items()[0]
    assert repository.claim("worker", 30, without_items=[first.id]).episode == 2
    assert repository.claim("worker", 30, without_items=[first.id]) is None
    assert repository.claim("worker", 30).episode == 1


def test_an_item_that_is_completed_at_once_has_a_start(repository: QueueRepository) -> None:
    done = repository.update_status(repository.save_item(item(1)).id, "completed")
    assert done.started_at is not None and done.completed_at is not None and done.started_at <= done.completed_at


def test_a_failed_item_that_waits_again_has_nothing_of_its_failure(repository: QueueRepository) -> None:
    saved = repository.save_item(item(1))
    repository.update_status(saved.id, "downloading")
    repository.update_progress(saved.id, 40.0, 400, 1000, 1)
    repository.update_status(saved.id, "failed", error="The connection was lost.", error_code="transfer_failed")
    repository.update_status(saved.id, "pending")
    again = repository.get_item(saved.id)
    assert (again.error, again.error_code, again.total_bytes, again.downloaded_bytes) == (None, None, None, 0)


@pytest.mark.parametrize("changes", [{"colour": 1}, {"id": "x"}, {"__class__": object}, {"metadata": {}}])
def test_a_change_of_no_column_is_refused_and_changes_nothing(
    repository: QueueRepository, changes: dict[str, object]
) -> None:
    saved = repository.save_item(item(1))
    with pytest.raises(InvalidInput) as refused:
        repository.update_status(saved.id, "downloading", error="x", **changes)
    assert set(refused.value.fields) == set(changes)
    stored = repository.get_item(saved.id)
    assert (stored.status, stored.error) == ("pending", None)
    with pytest.raises(InvalidInput):
        repository.set_state(**changes)
