"""Who asks, under which name: the outermost gate."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from aniworld.config.environment import networks
from aniworld.web.security.trusted_hosts import HostGate, is_this_machine


class Behind:
    """The application behind the gate: remembers what it was told."""

    def __init__(self) -> None:
        self.environ: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.environ = environ
        start_response("200 OK", [])
        return [b""]


def ask(
    proxies: str = "", hosts: tuple[str, ...] = (), peer: str = "127.0.0.1", **headers: str
) -> tuple[str, dict[str, Any]]:
    behind, status = Behind(), []
    gate = HostGate(behind, hosts, networks(proxies))
    environ = {"REMOTE_ADDR": peer, "HTTP_HOST": "localhost", "PATH_INFO": "/x", "wsgi.url_scheme": "http"} | headers
    gate(environ, lambda line, headers: status.append(line))
    return status[0][:3], behind.environ


KNOWN = [
    "localhost",
    "LOCALHOST:8080",
    "localhost.",
    "127.0.0.1:5000",
    "[::1]",
    "[::1]:80",
    socket.gethostname(),
    "anime.example",
    "a.lan.example",
    "[0:0:0:0:0:0:0:1]",
]
UNKNOWN = [
    "",
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "localhost@evil.example",
    "localhost:x",
    "localhost:99999",
    "[::2]",
    "203.0.113.9",
    "localhost, evil.example",
    "localhost evil",
    "x" * 5000,
    "[",
    "::1",
    "localhost/..",
    "lan.example",
    "evil-lan.example",
    "0x7f.1",
    "2130706433",
    "localhost\r\nX: y",
]


@pytest.mark.parametrize("host", KNOWN)
def test_names_of_this_server_are_answered(host: str) -> None:
    assert ask(hosts=("Anime.Example:443", ".lan.example"), HTTP_HOST=host)[0] == "200"


def test_a_name_that_is_none_is_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert ask(hosts=("https://anime.example", "box.lan"), HTTP_HOST="box.lan")[0] == "200"
    (said,) = caplog.messages
    assert "ANIWORLD_HOSTS" in said
    assert "https://anime.example" in said


@pytest.mark.parametrize("host", UNKNOWN)
def test_other_names_are_refused(host: str) -> None:
    assert ask(hosts=("anime.example", ".lan.example"), HTTP_HOST=host)[0] == "400"


def test_forwarded_headers_of_a_stranger_are_taken_away() -> None:
    _, seen = ask(
        peer="192.0.2.9",
        HTTP_X_FORWARDED_FOR="127.0.0.1",
        HTTP_X_FORWARDED_PROTO="https",
        HTTP_X_FORWARDED_HOST="evil.example",
        HTTP_X_FORWARDED_PREFIX="/evil",
    )
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"], seen.get("SCRIPT_NAME", "")) == ("192.0.2.9", "http", "")
    assert not [name for name in seen if name.startswith("HTTP_X_FORWARDED")]


def test_a_trusted_proxy_is_believed() -> None:
    status, seen = ask(
        "10.0.0.0/8",
        ("anime.example",),
        peer="10.1.2.3",
        HTTP_X_FORWARDED_FOR="203.0.113.7",
        HTTP_X_FORWARDED_PROTO="https",
        HTTP_X_FORWARDED_HOST="anime.example",
        HTTP_X_FORWARDED_PREFIX="/anime/",
    )
    assert status == "200"
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("203.0.113.7", "https")
    assert (seen["HTTP_HOST"], seen["SCRIPT_NAME"]) == ("anime.example", "/anime")


@pytest.mark.parametrize(
    ("chain", "visitor"),
    [
        ("1.1.1.1, 203.0.113.7", "203.0.113.7"),
        ("1.1.1.1, 203.0.113.7, 10.0.0.9", "203.0.113.7"),
        ("10.0.0.8, 10.0.0.9", "10.0.0.8"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ('"[2001:db8::1]:4711"', "2001:db8::1"),
        ("203.0.113.7, unknown", "10.1.2.3"),
        ("", "10.1.2.3"),
        ("<script>", "10.1.2.3"),
        ("1.1.1.1," * 10_000 + "203.0.113.7", "203.0.113.7"),
    ],
)
def test_the_right_most_stranger_is_the_visitor(chain: str, visitor: str) -> None:
    assert ask("10.0.0.0/8", peer="10.1.2.3", HTTP_X_FORWARDED_FOR=chain)[1]["REMOTE_ADDR"] == visitor


@pytest.mark.parametrize(
    "prefix", ["//evil.example", "/a/../b", "https://evil.example", "/a b", "/a\r\nSet-Cookie: x", "x"]
)
def test_a_prefix_that_is_no_plain_path_is_not_used(prefix: str) -> None:
    assert ask("127.0.0.1", HTTP_X_FORWARDED_PREFIX=prefix)[1].get("SCRIPT_NAME", "") == ""


def test_a_proxy_that_keeps_the_prefix_in_the_path_is_understood() -> None:
    _, seen = ask("127.0.0.1", HTTP_X_FORWARDED_PREFIX="/anime", PATH_INFO="/anime/socket.io/")
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/anime", "/socket.io/")


def test_only_who_comes_straight_from_loopback_is_local() -> None:
    assert is_this_machine(ask()[1])
    assert is_this_machine(ask(peer="::1")[1])
    assert not is_this_machine(ask(peer="192.0.2.1")[1])
    assert not is_this_machine(ask(HTTP_X_FORWARDED_FOR="127.0.0.1")[1])
    assert not is_this_machine(ask(HTTP_X_REAL_IP="192.0.2.1")[1])
    assert not is_this_machine(ask(HTTP_FORWARDED="for=192.0.2.1")[1])
    assert not is_this_machine(ask("127.0.0.1", HTTP_X_FORWARDED_FOR="127.0.0.1")[1])
    assert not is_this_machine(ask("127.0.0.1")[1])
    assert not is_this_machine(ask(peer="")[1])


@pytest.mark.parametrize(
    "name",
    [
        "X_FORWARDED_PROTO",
        "X_FORWARDED_HOST",
        "X_FORWARDED_PORT",
        "VIA",
        "X_REAL_IP",
        "X_CLIENT_IP",
        "TRUE_CLIENT_IP",
        "CF_CONNECTING_IP",
    ],
)
def test_any_word_of_a_proxy_says_that_somebody_else_may_ask(name: str) -> None:
    assert not is_this_machine(ask(**{f"HTTP_{name}": "127.0.0.1"})[1])


@pytest.mark.parametrize(("proxies", "peer"), [("10.0.0.5", "10.0.0.5"), ("127.0.0.1", "127.0.0.1"), ("::1", "::1")])
@pytest.mark.parametrize("visitor", ["127.0.0.1", "127.0.0.9", "::1", "[::1]:80", "::ffff:127.0.0.1"])
def test_loopback_in_the_mouth_of_a_proxy_is_not_this_machine(proxies: str, peer: str, visitor: str) -> None:
    assert not is_this_machine(ask(proxies, peer=peer, HTTP_X_FORWARDED_FOR=visitor)[1])


def test_a_proxy_that_says_nothing_is_known_by_the_name_that_was_asked_for() -> None:
    for name in ("anime.example", "anime.example:443", socket.gethostname()):
        assert not is_this_machine(ask(hosts=("anime.example",), HTTP_HOST=name)[1])
    for name in ("localhost", "LOCALHOST.:8080", "127.0.0.1:80", "[::1]:80", "[0::1]"):
        assert is_this_machine(ask(HTTP_HOST=name)[1])
