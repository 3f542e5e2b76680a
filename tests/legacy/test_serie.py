"""Serie: what programs written for older versions assign and print."""

from __future__ import annotations

import pytest

from aniworld import Serie
from aniworld.core.errors import InvalidInput


@pytest.fixture
def serie() -> Serie:
    return Serie("nebelgarten", "Nebelgarten", "aniworld.to", "Nebelgarten (2019)", {1: [1, 2]})


def test_everything_but_the_key_can_be_assigned(serie: Serie) -> None:
    serie.name = "Der Nebelgarten"
    serie.folder = "Anderswo"
    serie.site = "https://s.to"
    serie.episodeDict = {"1": [3, 2, 3], 2: (1,)}
    assert serie.to_dict() == {
        "key": "nebelgarten",
        "name": "Der Nebelgarten",
        "site": "s.to",
        "folder": "Anderswo",
        "episodeDict": {"1": [2, 3], "2": [1]},
    }
    assert serie.facts.link.endswith("/serie/nebelgarten")
    assert Serie.from_dict(serie.to_dict()).to_dict() == serie.to_dict()
    with pytest.raises(AttributeError):
        serie.key = "other"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", None), ("folder", 5), ("site", []), ("episodeDict", "x"), ("episodeDict", {1: 2}), ("episodeDict", None)],
)
def test_a_value_of_the_wrong_type_is_refused_and_changes_nothing(serie: Serie, field: str, value: object) -> None:
    before = serie.to_dict()
    with pytest.raises(InvalidInput) as refused:
        setattr(serie, field, value)
    assert set(refused.value.fields) == {field}
    assert serie.to_dict() == before


def test_a_serie_reads_as_what_it_is(serie: Serie) -> None:
    assert str(serie) == repr(serie)
    assert repr(serie) == (
        "Serie(key='nebelgarten', name='Nebelgarten', site='aniworld.to', folder='Nebelgarten (2019)', "
        "episodeDict={1: [1, 2]})"
    )
