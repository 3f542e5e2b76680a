"""Events are taken apart and put together again, as they cross from one process to another."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from typing import Any

import pytest

from aniworld.core.events import EVENTS, DownloadFailed, Event, QueueStatusChanged, event_of, facts_of

_SAMPLES: dict[str, Any] = {"str": "text", "int": 3, "float": 4.5, "bool": True}


def sample(kind: type[Event]) -> Event:
    required = [one for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING]
    return kind(**{one.name: _SAMPLES.get(str(one.type)) for one in required})


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
def test_every_event_comes_over_the_wire_as_it_was(kind: type[Event]) -> None:
    event = sample(kind)
    assert event_of(event.name, json.loads(json.dumps(facts_of(event)))) == event


def test_no_two_events_have_one_name() -> None:
    assert len({kind.name for kind in EVENTS}) == len(EVENTS)


def test_what_a_newer_program_says_besides_is_passed_over() -> None:
    assert event_of("queue_status", {"status": {}, "mood": "fine"}) == QueueStatusChanged({})


@pytest.mark.parametrize(
    ("name", "facts"),
    [("unheard_of", {}), ("", {}), ("download_failed", {}), ("download_failed", {"key": "a"}), ("__init__", {"x": 1})],
)
def test_what_is_no_event_here_is_none(name: str, facts: dict[str, Any]) -> None:
    assert event_of(name, facts) is None


def test_an_event_keeps_its_words() -> None:
    event = DownloadFailed("id", "key", "Ordner – 愛", 1, 2, "„Kaputt“", "link_dead", 1, True)
    assert event_of(event.name, json.loads(json.dumps(facts_of(event)))) == event
