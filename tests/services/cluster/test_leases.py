"""The right to do what one process does at a time."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import update

from aniworld.models import Database, utcnow
from aniworld.models import Lease as LeaseRow
from aniworld.services.cluster.leases import Lease, process_name
from aniworld.services.tracking.status import TrackingStatus, facts_of, status_of


def lease(database: Database, holder: str, seconds: float = 30.0) -> Lease:
    return Lease(database, "look", holder, seconds)


def test_one_has_it_until_it_gives_it_back(database: Database) -> None:
    one, other = lease(database, "one"), lease(database, "other")
    assert one.take()
    assert one.take(), "whoever has it may renew it"
    assert not other.take()
    other.release()
    assert not other.take(), "what is not held cannot be given back"
    one.release()
    assert other.take()
    assert not one.take()


def test_of_many_at_the_same_moment_one_gets_it(database: Database) -> None:
    got: list[str] = []
    names = [f"process {number}" for number in range(8)]
    threads = [
        threading.Thread(target=lambda name=name: got.append(name) if lease(database, name).take() else None)
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


def test_another_gets_it_when_the_first_falls_silent_and_the_first_hears_of_it(database: Database) -> None:
    one, other, lost = lease(database, "one", 0.4), lease(database, "other"), threading.Event()
    assert one.take()
    with one.renewed(lambda: {"n": 1}, lost):
        lost.wait(0.8)
        assert not lost.is_set(), "it is renewed in time"
        assert not other.take()
        with database.writing() as session:
            session.execute(update(LeaseRow).values(holder="other", until=utcnow() + timedelta(seconds=9)))
        assert lost.wait(5)
    assert other.take(), "whoever lost it cannot take it away again"


def test_what_the_holder_says_of_its_work_is_known_to_all_and_outlives_it(database: Database) -> None:
    one, other = lease(database, "one"), lease(database, "other")
    assert other.facts() == ({}, False)
    one.take({"done": 3})
    assert other.facts() == ({"done": 3}, True)
    one.release({"done": 9})
    assert other.facts() == ({"done": 9}, False)


def test_a_look_is_told_to_others_and_understood_by_an_older_program() -> None:
    status = TrackingStatus(True, utcnow(), utcnow(), 3, 9, 1, 1, 0, ("a warning",))
    assert status_of({**facts_of(status), "news": "of tomorrow"}, True) == status
    assert status_of({}, False) == TrackingStatus()


def test_no_two_processes_have_one_name_and_it_fits_its_column() -> None:
    names = {process_name("x" * 300) for _ in range(20)}
    assert len(names) == 20
    assert max(map(len, names)) <= 120
