"""Rows of series by key and by id, in the caller's transaction; a folder finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

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


WRONG = [
    {"folder": "/etc"},
    {"folder": "../x"},
    {"folder": "a/b"},
    {"folder": ".."},
    {"folder": "."},
    {"folder": " "},
    {"folder": "a\0b"},
    {"folder": "x" * 256},
    {"folder": None},
    {"name": ""},
    {"name": "a\nb"},
    {"name": None},
    {"name": 5},
    {"languages": "x"},
    {"languages": ["x"]},
    {"languages": [5]},
    {"languages": None},
    {"year_start": "abc"},
    {"year_start": True},
    {"year_end": 2**40},
    {"age_rating": 1.5},
    {"monitored": "yes"},
    {"auto_download": 1},
    {"upgrade": None},
    {"genres": "Drama"},
    {"alternative_titles": [None]},
    {"specials": {"a": "b"}},
    {"numbering": []},
    {"refreshed_at": "2024-01-01"},
    {"refreshed_at": datetime(2024, 1, 1)},
    {"imdb_id": "t" * 21},
    {"cover_url": 5},
    {"site": None},
    {"link": "http://a.example/\nx"},
    {"description": "\ud800"},
]


@pytest.mark.parametrize("facts", WRONG, ids=str)
def test_a_fact_that_cannot_be_stored_is_refused_by_its_field(session: Session, facts: dict[str, object]) -> None:
    made = series.create(session, {"key": "one", "name": "One"})
    for act in (
        lambda: series.update(session, made.id, {"site": "aniworld.to", **facts}),
        lambda: series.create(session, {"key": "two", "name": "Two", **facts}),
    ):
        with pytest.raises(InvalidInput) as refused:
            act()
        assert set(refused.value.fields) == set(facts)
    assert (made.name, made.site) == ("One", "")
    assert series.update(session, made.id, {"name": "After"}).name == "After", "the transaction goes on"


@pytest.mark.parametrize(
    "facts",
    [
        {"folder": " Löwe: 100% (2013)…"},
        {"folder": "...hidden?"},
        {"languages": ["ger-dub", "und"]},
        {"languages": []},
        {"year_start": 2013, "year_end": None, "age_rating": 16},
        {"specials": {"a": 1}, "numbering": {"x": "S01E02", "y": None}},
        {"refreshed_at": datetime(2024, 1, 1, tzinfo=UTC)},
        {"description": "One\nTwo", "genres": ["Drama"], "imdb_id": "tt123"},
    ],
    ids=str,
)
def test_facts_that_can_be_stored(session: Session, facts: dict[str, object]) -> None:
    made = series.create(session, {"key": "one", "name": "One", **facts})
    session.expire(made)
    assert {name: getattr(made, name) for name in facts} == facts
