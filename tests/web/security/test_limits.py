"""Five failures in a minute, and no way around by being quick."""

from __future__ import annotations

import threading
import time

import pytest

from aniworld.core.errors import WrongPassword
from aniworld.web.http.problems import TooManyTries
from aniworld.web.security.failure_counter import Here
from aniworld.web.security.sign_in_limiter import SignInLimit


def fail(limit: SignInLimit, address: str = "192.0.2.1") -> str:
    try:
        with limit.attempt(address):
            raise WrongPassword("wrong")
    except WrongPassword:
        return "tried"
    except TooManyTries as error:
        assert 1 <= error.retry_after <= 60
        return "refused"


def test_the_sixth_failure_is_not_tried() -> None:
    limit = SignInLimit()
    assert [fail(limit) for _ in range(7)] == ["tried"] * 5 + ["refused"] * 2
    with pytest.raises(TooManyTries), limit.attempt("192.0.2.1"):
        raise AssertionError("not even a right password is tried now")
    assert fail(limit, "192.0.2.2") == "tried"


def test_success_does_not_count() -> None:
    limit = SignInLimit()
    for _ in range(50):
        with limit.attempt("192.0.2.1"):
            pass
    assert fail(limit) == "tried"


def test_a_hundred_at_once_get_five_tries() -> None:
    limit = SignInLimit()
    outcomes: list[str] = []

    def attempt() -> None:
        try:
            with limit.attempt("192.0.2.1"):
                time.sleep(0.02)
                raise WrongPassword("wrong")
        except WrongPassword:
            outcomes.append("tried")
        except TooManyTries:
            outcomes.append("refused")

    threads = [threading.Thread(target=attempt) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count("tried"), outcomes.count("refused")) == (5, 95)
    assert not limit._under_way


def test_one_household_of_ipv6_is_one_visitor_and_a_mapped_address_is_its_ipv4() -> None:
    limit = SignInLimit()
    for number in range(5):
        fail(limit, f"2001:db8:1:2::{number}")
    assert fail(limit, "2001:db8:1:2:ffff::1") == "refused"
    assert fail(limit, "2001:db8:1:3::1") == "tried"
    for _ in range(5):
        fail(limit, "198.51.100.1")
    assert fail(limit, "::ffff:198.51.100.1") == "refused"
    assert fail(limit, "no address") == "tried"


def test_a33_who_failed_once_is_forgotten_after_a_minute() -> None:
    now = [1_000_000.0]
    here = Here(60, lambda: now[0])
    for number in range(3000):
        here.add(f"2001:db8:{number:x}::/64", 5)
        now[0] += 0.05
    assert len(here) <= 60 / 0.05 + 1
    assert here.left("2001:db8:bb7::/64", 5) == (4, pytest.approx(time.time() + 59.95, abs=5))
    assert here.left("2001:db8:0::/64", 5)[0] == 5
    now[0] += 61
    here.add("192.0.2.1", 5)
    assert len(here) == 1


def test_a_window_moves_with_the_time() -> None:
    now = [1000.0]
    here = Here(60, lambda: now[0])
    for _ in range(7):
        here.add("192.0.2.1", 5)
        now[0] += 10
    assert here.left("192.0.2.1", 5) == (
        0,
        pytest.approx(time.time() + 10, abs=5),
    )  # the last five of those at 20, 30, 40, 50, 60
    now[0] = 1080.0
    assert here.left("192.0.2.1", 5) == (1, pytest.approx(time.time() + 10, abs=5))
