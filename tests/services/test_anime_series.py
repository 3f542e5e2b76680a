"""Rows of series by key and by id, in the caller's transaction; a folder finds nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from aniworld.core.errors import InvalidInput, KeyConflict, NotFound
from aniworld.models import Database
from aniworld.services import AnimeSeriesService

TITAN = {
    "key": "attack-on-titan",
    "name": "Attack on Titan",
    "folder": "Attack on Titan (2013)",
    "site": "aniworld.to",
}
series = AnimeSeriesService


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        yield session


def test_a_series_is_found_by_key_and_by_id(session: Session) -> None:
    made = series.create(session, TITAN)
    assert made.id
    assert series.get_by_key(session, "attack-on-titan") is made
    assert series.get_by_id(session, made.id) is made
    assert series.get_by_key(session, "Attack on Titan (2013)") is None
    assert series.get_by_id(session, made.id + 1) is None
    assert not [name for name in dir(series) if "folder" in name]


def test_the_caller_commits(database: Database) -> None:
    with pytest.raises(RuntimeError), database.writing() as session:
        series.create(session, TITAN)
        raise RuntimeError
    with database.reading() as session:
        assert series.get_by_key(session, "attack-on-titan") is None
    with database.writing() as session:
        series.create(session, TITAN)
    with database.reading() as session:
        assert series.get_by_key(session, "attack-on-titan") is not None


def test_a_removed_series_is_found_only_when_asked_for(session: Session) -> None:
    made = series.create(session, TITAN)
    made.soft_delete()
    session.flush()
    assert series.get_by_id(session, made.id) is None
    assert series.get_by_key(session, made.key) is None
    assert series.get_by_key(session, made.key, removed=True) is made
    with pytest.raises(NotFound):
        series.update(session, made.id, {"name": "New"})


def test_a_key_is_used_once_and_the_transaction_goes_on_after_a_conflict(session: Session) -> None:
    series.create(session, {"key": "one", "name": "One"})
    with pytest.raises(KeyConflict):
        series.create(session, {"key": "one", "name": "Two"})
    series.create(session, {"key": "two", "name": "Two"})
    assert series.get_by_key(session, "one").name == "One"


@pytest.mark.parametrize("key", ["One", "one two", "-one", "", "../x", "one/two", None, 5, "x" * 1_000_000])
def test_an_invalid_key_is_refused(session: Session, key: object) -> None:
    with pytest.raises(InvalidInput):
        series.create(session, {"key": key, "name": "x"})


@pytest.mark.parametrize("data", [{}, {"key": "one"}, {"key": "one", "name": ""}, {"key": "one", "name": "x", "id": 7}])
def test_missing_and_unknown_facts_are_refused(session: Session, data: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        series.create(session, data)


def test_only_known_facts_change(session: Session) -> None:
    made = series.create(session, {"key": "one", "name": "One"})
    changed = series.update(session, made.id, {"name": "New", "monitored": False})
    assert (changed.name, changed.monitored) == ("New", False)
    for wrong in ({"id": 5}, {"key": "two"}, {"deleted_at": None}, {"__class__": object}):
        with pytest.raises(InvalidInput):
            series.update(session, made.id, wrong)
    with pytest.raises(NotFound):
        series.update(session, made.id + 1, {"name": "x"})
