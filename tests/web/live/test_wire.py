"""A client that does not read, or sends without end, is let go."""

from __future__ import annotations

import time

import gevent
import pytest
from gevent import socket as green

from aniworld.web.live import socket_guard as wire
from aniworld.web.live.packet_parser import UNREADABLE, TextPacket
from aniworld.web.live.socket_guard import Allowance, SocketGate, Wire


def test_large_messages_arrive_whole_although_the_reader_is_slow() -> None:
    ours, theirs = green.socketpair()
    line = Wire(ours)
    frames = [bytes([number]) * 300_000 for number in range(5)]
    writers = [gevent.spawn(line.send, frame) for frame in frames]
    received = b""
    while len(received) < 1_500_000:
        received += theirs.recv(65536)
        gevent.sleep(0)
    gevent.joinall(writers, timeout=5)
    assert received == b"".join(frames)


def test_a_reader_that_sleeps_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SEND_WITHIN_S", 0.3)
    ours, theirs = green.socketpair()
    began = time.monotonic()
    with pytest.raises(OSError, match="does not read"):
        Wire(ours).send(b"x" * 50_000_000)
    assert time.monotonic() - began < 2
    assert theirs.recv(1)


def test_who_sends_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "BURST_BYTES", 100_000)
    ours, theirs = green.socketpair()
    line = Wire(ours)
    gevent.spawn(theirs.sendall, b"x" * 10_000_000)
    with pytest.raises(ConnectionAbortedError):
        for _ in range(100):
            line.recv(4096)


def test_an_allowance_fills_with_time() -> None:
    now = [0.0]
    allowance = Allowance(2, 4, lambda: now[0])
    assert [allowance.take() for _ in range(5)] == [True] * 4 + [False]
    now[0] = 1.0
    assert [allowance.take() for _ in range(3)] == [True, True, False]


def test_beyond_the_cap_new_clients_are_refused_and_known_ones_are_not() -> None:
    gate = SocketGate(lambda environ, start: [b"in"], lambda: True, "/socket.io")
    answers: list[str] = []

    def start(status: str, headers: object) -> None:
        answers.append(status[:3])

    assert b"Too many" in b"".join(gate({"PATH_INFO": "/socket.io/", "QUERY_STRING": "EIO=4"}, start))
    assert list(gate({"PATH_INFO": "/socket.io/", "QUERY_STRING": "EIO=4&sid=abc"}, start)) == [b"in"]
    assert list(gate({"PATH_INFO": "/api/x", "QUERY_STRING": ""}, start)) == [b"in"]
    assert answers == ["503"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9",
        "x",
        "2",
        "2{}",
        "2[]",
        "2[1]",
        "2[{}]",
        "2null",
        '5999999-["join"]',
        '51-["join",{"_placeholder":true,"num":0}]',
        "2" + "1" * 200 + '["join"]',
        '2["join"',
        '4"x"',
        "3{}",
        "2" + "[" * 5000,
        '2/admin["x"]junk',
    ],
)
def test_packets_that_are_no_plain_event_become_one_that_is_refused(text: str) -> None:
    packet = TextPacket(encoded_packet=text)
    assert packet.data == [UNREADABLE]
    assert packet.attachment_count == 0


def test_plain_packets_pass() -> None:
    assert TextPacket(encoded_packet='21["join","downloads"]').data == ["join", "downloads"]
    assert TextPacket(encoded_packet='0{"token":"x"}').data == {"token": "x"}
    assert TextPacket(encoded_packet=b"\x04\x00").data == [UNREADABLE]
