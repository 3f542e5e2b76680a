"""Rows of series by key and by id; a folder finds nothing."""

from __future__ import annotations

import pytest

from aniworld.core.errors import InvalidInput, KeyConflict, NotFound
from aniworld.models import Database
from aniworld.services.series import AnimeSeriesService


@pytest.fixture
def series(database: Database) -> AnimeSeriesService:
    return AnimeSeriesService(database)


def test_a_series_is_found_by_key_and_by_id(series: AnimeSeriesService) -> None:
    made = series.create(
        key="attack-on-titan", name="Attack on Titan", folder="Attack on Titan (2013)", site="aniworld.to"
    )
    assert series.get_by_key("attack-on-titan").name == "Attack on Titan"
    assert series.get_by_id(made.id).key == "attack-on-titan"
    assert series.get_by_key("Attack on Titan (2013)") is None
    assert series.get_by_id(made.id + 1) is None
    assert not [name for name in dir(series) if "folder" in name]


def test_a_key_is_given_once_and_has_its_form(series: AnimeSeriesService) -> None:
    series.create(key="eins", name="Eins")
    with pytest.raises(KeyConflict):
        series.create(key="eins", name="Zwei")
    for key in ("Eins", "eins zwei", "-eins", "", "../x", "eins\n"):
        with pytest.raises((InvalidInput, KeyConflict)):
            series.create(key=key, name="x")
    assert series.get_by_key("eins").name == "Eins"


def test_only_known_facts_change(series: AnimeSeriesService) -> None:
    series.create(key="eins", name="Eins")
    assert series.update("eins", name="Neu", monitored=False).name == "Neu"
    for wrong in ({"id": 5}, {"key": "zwei"}, {"deleted_at": None}, {"__class__": object}):
        with pytest.raises(InvalidInput):
            series.update("eins", **wrong)
    with pytest.raises(NotFound):
        series.update("zwei", name="x")
