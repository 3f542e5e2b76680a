"""A host hears again what it set itself; no other host does, and what it sets is bounded."""

from __future__ import annotations

import pytest

from aniworld.core.cookies import BYTES, HOSTS, MOST, Cookies

HERE = "https://a.example/v.mp4"


def told(cookies: Cookies, url: str = HERE, **headers: str) -> str | None:
    return cookies.told(url, headers).get("Cookie")


def heard(*said: str, url: str = HERE) -> Cookies:
    cookies = Cookies()
    cookies.hear(url, said)
    return cookies


def test_a_host_hears_its_cookies_again_at_every_address_of_it() -> None:
    cookies = heard("a=1; Path=/x; HttpOnly; Domain=example", 'b="2 is no plain value"', "c=3; Max-Age=60")
    assert told(cookies) == told(cookies, "https://a.example/other?x=1") == "a=1; c=3"


@pytest.mark.parametrize(
    "other",
    ["https://b.example/v.mp4", "https://x.a.example/", "http://a.example/v.mp4", "https://a.example:8443/v.mp4"],
)
def test_no_other_host_hears_them(other: str) -> None:
    cookies = heard("a=1; Domain=.example", "b=2; Domain=b.example")
    assert told(cookies, other) is None
    cookies.hear(other, ["own=3"])
    assert told(cookies, other) == "own=3"


def test_of_one_name_the_hosts_last_word_counts_and_what_was_given_stays_beside_it() -> None:
    cookies = heard("a=1", "a=2")
    assert cookies.told(HERE, {"cookie": "z=9; a=0", "Range": "bytes=0-"}) == {
        "Range": "bytes=0-",
        "Cookie": "z=9; a=2",
    }


@pytest.mark.parametrize("end", ["Max-Age=0", "max-age = -1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_host_takes_a_cookie_back(end: str) -> None:
    cookies = heard("a=1", f"a=; {end}")
    assert told(cookies) is None
    cookies.hear(HERE, ["a=5; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
    assert told(cookies) == "a=5"


@pytest.mark.parametrize(
    "said", ["", ";", "=1", "a", "a b=1", "a=1\r\nX: y", "a=\x00", "a=\xe4", "a=1 \n; Path=/", "a=1; Expires=never"]
)
def test_what_is_no_plain_cookie_is_passed_over_or_harmless(said: str) -> None:
    assert told(heard(said)) in (None, "a=1")


def test_what_a_host_sets_is_bounded() -> None:
    many = told(heard(*(f"c{number}=x" for number in range(10 * MOST))))
    assert many is not None and many.split("; ") == [f"c{number}=x" for number in range(9 * MOST, 10 * MOST)]
    assert told(heard(*(f"c{number}={'x' * 1000}" for number in range(9)))) == "; ".join(
        f"c{number}={'x' * 1000}" for number in (5, 6, 7, 8)
    )
    assert told(heard("a=" + "x" * BYTES)) is None


def test_hosts_are_bounded_too() -> None:
    cookies = Cookies()
    for number in range(HOSTS + 1):
        cookies.hear(f"https://h{number}.example/", ["a=1"])
    assert told(cookies, "https://h0.example/") is None
    assert told(cookies, f"https://h{HOSTS}.example/") == "a=1"
