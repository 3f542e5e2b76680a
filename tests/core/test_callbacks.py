"""Callbacks and events reach everyone, and a broken listener hurts nobody."""

from __future__ import annotations

import threading

from aniworld.core.callbacks import CallbackManager, CompletionContext, ErrorContext, Operation, ProgressContext
from aniworld.core.events import EVENTS, DownloadFailed, EventBus, Room, SeriesAdded


class Listener:
    def __init__(self) -> None:
        self.heard: list[object] = []

    def on_progress(self, context: ProgressContext) -> None:
        self.heard.append(context)

    def on_error(self, context: ErrorContext) -> None:
        self.heard.append(context)

    def on_completion(self, context: CompletionContext) -> None:
        self.heard.append(context)


class Broken:
    def on_progress(self, context: ProgressContext) -> None:
        raise RuntimeError("deaf")


def step(current: int = 1, total: int = 4) -> ProgressContext:
    return ProgressContext(Operation.SCAN, "id", "walk", current, total, key="steinwacht", folder="Steinwacht (2021)")


def test_a_broken_listener_does_not_silence_the_others() -> None:
    manager, listener = CallbackManager(), Listener()
    manager.register(Broken())
    manager.register(listener)
    manager.register(listener)
    manager.progress(step())
    assert listener.heard == [step()]


def test_each_kind_of_context_arrives_and_unregistered_listeners_hear_nothing() -> None:
    manager, listener = CallbackManager(), Listener()
    manager.register(listener)
    manager.error(ErrorContext(Operation.SCAN, "id", ValueError("x"), "x"))
    manager.completion(CompletionContext(Operation.SCAN, "id", True))
    manager.unregister(listener)
    manager.progress(step())
    assert len(listener.heard) == 2


def test_percent_is_bounded_and_zero_without_a_total() -> None:
    assert step(1, 4).percent == 25.0
    assert step(9, 4).percent == 100.0
    assert step(3, 0).percent == 0.0


def test_listeners_may_come_and_go_from_many_threads() -> None:
    manager = CallbackManager()

    def come_and_go() -> None:
        for _ in range(200):
            listener = Listener()
            manager.register(listener)
            manager.progress(step())
            manager.unregister(listener)

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stayed = Listener()
    manager.register(stayed)
    manager.progress(step())
    assert len(stayed.heard) == 1


def test_events_have_a_name_and_a_room_of_their_own() -> None:
    assert len({event.name for event in EVENTS}) == len(EVENTS)
    assert {event.room for event in EVENTS} == set(Room)


def test_the_bus_hands_an_event_to_all_but_those_who_left() -> None:
    bus, heard = EventBus(), []

    def deaf(event: object) -> None:
        raise RuntimeError("deaf")

    bus.subscribe(deaf)
    leave = bus.subscribe(heard.append)
    bus.publish(SeriesAdded("steinwacht", "Steinwacht"))
    leave()
    bus.publish(SeriesAdded("other", "Other"))
    assert [event.key for event in heard] == ["steinwacht"]
    assert "name" not in DownloadFailed("i", "k", "f", 1, 2, "why", "code", 1, False).data()
