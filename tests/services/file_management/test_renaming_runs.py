"""Renamings in the background are watched, stopped, listed and taken back, the last as well as one before it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from aniworld.core.errors import AlreadyRunning, Conflict, NotFound
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import EventBus, RenameComplete, RenameProgress
from aniworld.models import Database
from aniworld.models.upgrade import bring_up_to_date
from aniworld.services.file_management import rename_service as renaming
from aniworld.services.file_management.rename_jobs import RenamingRuns
from aniworld.services.file_management.rename_service import Watch
from tests.services.file_management.test_renaming import PLAIN, Shelf


class House:
    def __init__(self, database: Database, library: Path) -> None:
        self.shelf = Shelf(database, library)
        self.events: list = []
        self.threads: list[threading.Thread] = []
        bus = EventBus()
        bus.subscribe(self.events.append)
        self.runs = RenamingRuns(database, self.shelf.service, ProgressService(bus), self._spawn)

    def _spawn(self, work) -> None:
        self.threads.append(threading.Thread(target=work))
        self.threads[-1].start()

    def ended(self):
        for thread in self.threads:
            thread.join(30)
        return self.runs.status()


@pytest.fixture
def house(tmp_path: Path, library: Path) -> Iterator[House]:
    database = Database.at(f"sqlite:///{tmp_path / 'aniworld.db'}")
    bring_up_to_date(database, tmp_path / "copies")
    yield House(database, library)
    database.close()


def test_a_run_in_the_background_tells_how_it_goes_on_and_what_came_of_it(house: House) -> None:
    for number in range(1, 61):
        house.shelf.put(f"S01E{number:02d}", f"{number}.mkv")
    begun = house.runs.begin()
    assert begun.status == "running" and begun.id
    ended = house.ended()
    assert (ended.status, ended.done, ended.percent, ended.id) == ("completed", 60, 100.0, begun.id)
    progress = [one for one in house.events if isinstance(one, RenameProgress)]
    assert [one.current for one in progress] == [25, 50, 60] and {one.total for one in progress} == {60}
    assert house.events[-1] == RenameComplete(begun.id, "completed", 60, 0)
    assert house.shelf.true()


def test_a_stopped_run_leaves_every_file_where_its_row_says_and_is_taken_back(house: House) -> None:
    house.shelf.series("zwei", "Zwei")
    for number in range(1, 61):
        house.shelf.put(f"S01E{number:02d}", f"{number}.mkv")
    asked: list[int] = []
    watch = Watch(tell=lambda key, current, total: asked.append(current), should_stop=lambda: bool(asked))
    outcome = house.shelf.service.apply(None, watch)
    assert (outcome.done, outcome.cancelled) == (25, True)
    assert house.shelf.true()
    assert len(house.shelf.service.preview()) == 35
    assert house.shelf.service.undo(outcome.id).done == 25 and house.shelf.true()


def test_a_stop_leaves_no_file_aside(house: House) -> None:
    house.shelf.template(PLAIN)
    for number in range(1, 41):  # each has the name of the next, the last that of the first: one must step aside
        house.shelf.put(f"S01E{number:02d}", f"Season 01/Nebel - S01E{number % 40 + 1:02d}.mkv")
    outcome = house.shelf.service.apply(None, Watch(should_stop=_after_the_first()))
    assert house.shelf.true() and not list(house.shelf.library.rglob("*(renaming)*"))
    assert outcome.done == 40


def test_an_undoing_that_was_stopped_is_taken_up_where_it_was(house: House) -> None:
    house.shelf.template(PLAIN)
    for number in range(1, 61):  # two and two swap their names, over a third one
        other = number + 1 if number % 2 else number - 1
        house.shelf.put(f"S01E{number:02d}", f"Season 01/Nebel - S01E{other:02d}.mkv")
    before = house.shelf.rows()
    run = house.shelf.service.apply().id
    service, stop = house.shelf.service, Watch(should_stop=lambda: True)
    assert (service.undo(run, stop).done, house.runs.earlier()[0].can_undo) == (0, True)
    asked: list[int] = []
    midway = Watch(tell=lambda key, current, total: asked.append(current), should_stop=lambda: bool(asked))
    outcome = service.undo(run, midway)
    assert outcome.cancelled and 0 < outcome.done < 60 and house.shelf.true()
    rest = service.undo(run)
    assert (rest.done, rest.skipped) == (60 - outcome.done, ())
    assert house.shelf.rows() == before and house.shelf.true()


def test_an_undoing_leaves_what_has_moved_on(house: House) -> None:
    house.shelf.put("S01E01", "1.mkv")
    first = house.shelf.service.apply().id
    house.shelf.template(PLAIN, season_folders=False)
    house.shelf.service.apply()
    other = house.shelf.put("S01E02", "Season 01/Nebel - S01E01.mkv")
    outcome = house.shelf.service.undo(first)
    (line,) = outcome.skipped
    assert (outcome.done, line.episode, line.reason) == (0, 1, "The episode has another file by now.")
    assert other.exists() and house.shelf.true()


def test_what_a_run_did_is_told_by_one_question_for_each_series(house: House) -> None:
    for number in range(1, 31):
        house.shelf.put(f"S01E{number:02d}", f"{number}.mkv")
    run = house.shelf.service.apply().id
    asked: list[str] = []
    event.listen(house.shelf.database.engine, "before_cursor_execute", lambda *facts: asked.append(facts[2]))
    assert sorted(line.episode for line in house.runs.files(run)) == list(range(1, 31))
    assert len([one for one in asked if one.startswith("SELECT")]) == 2


def _after_the_first():
    answers = iter([False])
    return lambda: next(answers, True)


def test_cancelling_and_one_at_a_time(house: House) -> None:
    house.shelf.put("S01E01", "1.mkv")
    gate = threading.Event()
    spawn, house.runs._spawn = house.runs._spawn, lambda work: spawn(lambda: (gate.wait(20), work()))
    house.runs.begin()
    with pytest.raises(AlreadyRunning):
        house.runs.begin()
    assert house.runs.cancel().status == "running"
    gate.set()
    ended = house.ended()
    assert (ended.status, ended.done, house.shelf.rows()) == ("cancelled", 0, {"S01E01": "1.mkv"})
    assert house.events[-1].status == "cancelled"


def test_a_failure_is_told(house: House) -> None:
    house.shelf.scanning = True
    house.runs.begin()
    ended = house.ended()
    assert ended.status == "failed" and "scan" in (ended.error or "")
    assert house.events[-1].error == ended.error


def test_any_of_the_last_runs_is_taken_back(house: House) -> None:
    house.shelf.series("anders", "Anders")
    house.shelf.put("S01E01", "1.mkv")
    house.shelf.put("S01E01", "1.mkv", "anders")
    first = house.shelf.service.apply(["nebel"]).id
    second = house.shelf.service.apply(["anders"]).id
    assert [(one.id, one.keys, one.files, one.can_undo) for one in house.runs.earlier()] == [
        (second, ("anders",), 1, True),
        (first, ("nebel",), 1, True),
    ]
    (line,) = house.runs.files(first)
    assert (line.old, line.new, line.reason) == ("1.mkv", "Season 01/Nebel - S01E01.mkv", None)
    house.runs.begin_undo(first)
    assert house.ended().done == 1
    back, later, earlier = house.runs.earlier()
    assert (back.undoes, later.status, earlier.status, earlier.can_undo) == (first, "completed", "undone", False)
    for wrong, error in ((first, Conflict), ("00000000-0000-0000-0000-000000000000", NotFound)):
        with pytest.raises(error):
            house.runs.begin_undo(wrong)
    with pytest.raises(NotFound):
        house.runs.files("none")


def test_only_the_last_runs_are_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renaming, "KEPT", 2)
    house.shelf.put("S01E01", "1.mkv")
    last = house.shelf.service.apply().id
    for _ in range(4):
        last = house.shelf.service.undo(last).id
    assert house.runs.earlier()[0].id == last and len(house.runs.earlier()) == 2


def test_a_database_that_is_away_at_the_end_spoils_no_renaming(house: House) -> None:
    house.shelf.put("S01E01", "1.mkv")

    @event.listens_for(house.shelf.database.engine, "before_cursor_execute")
    def _lose(connection, cursor, statement, *_rest) -> None:
        if statement.startswith("DELETE FROM rename_run"):
            raise OperationalError(statement, {}, Exception("database is locked"))

    house.runs.begin()
    ended = house.ended()
    assert (ended.status, ended.done) == ("completed", 1)
    assert [one.status for one in house.events if isinstance(one, RenameComplete)] == ["completed"]
