"""What waits to be told to other processes, and what is made of what they say. The wire itself: tests/cluster."""

from __future__ import annotations

import threading

import pytest

from aniworld.services.cluster.channel import LONGEST, Messages, Outbox, _read

NOWHERE = "redis://127.0.0.1:1/0"


def everything(outbox: Outbox) -> list[str]:
    outbox.close()
    return list(iter(outbox.take, None))


def test_what_was_put_first_goes_first_and_only_the_newest_progress_goes_at_all() -> None:
    outbox = Outbox()
    for text, replaces in (("10 %", "bar"), ("added", ""), ("20 %", "bar"), ("done", ""), ("5 %", "other bar")):
        outbox.put(text, replaces)

    assert everything(outbox) == ["added", "20 %", "done", "5 %"]


def test_a_full_outbox_drops_progress_first_and_then_what_is_oldest() -> None:
    outbox = Outbox(limit=3)
    for text, replaces in (("a", ""), ("10 %", "bar"), ("b", ""), ("c", ""), ("d", "")):
        outbox.put(text, replaces)

    assert everything(outbox) == ["b", "c", "d"]


def test_whoever_waits_for_a_message_is_woken_by_it_and_by_the_end() -> None:
    outbox, taken = Outbox(), []
    courier = threading.Thread(target=lambda: taken.extend(iter(outbox.take, None)))
    courier.start()
    outbox.put("news")
    outbox.close()
    courier.join(5)

    assert taken == ["news"]
    outbox.put("too late")
    assert len(outbox) == 0


def test_publishing_never_waits_for_a_redis_that_is_not_there() -> None:
    messages = Messages(NOWHERE)
    messages.start()
    for number in range(5000):
        messages.publish("event", {"number": number})
    assert len(messages._outbox) <= 1000
    assert not messages.connected
    messages.stop()
    messages.stop()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "7",
        "[" * 5000,
        '{"kind": 3, "payload": {}}',
        '{"kind": "event", "payload": [1]}',
        '{"kind": "event", "payload": {"x": "' + "x" * LONGEST + '"}}',
    ],
)
def test_what_is_no_message_is_passed_over(text: str) -> None:
    assert _read(text, "me") == ("", {})


def test_ones_own_messages_are_passed_over_and_those_of_others_are_read() -> None:
    said = '{"from": "%s", "kind": "queue", "payload": {"a": 1}}'
    assert _read(said % "me", "me") == ("", {})
    assert _read(said % "another", "me") == ("queue", {"a": 1})
