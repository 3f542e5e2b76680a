"""Five failures in a minute, and no way around by being quick."""

from __future__ import annotations

import threading
import time

import pytest

from aniworld.core.errors import WrongPassword
from aniworld.web.errors import TooManyTries
from aniworld.web.limits import SignInLimit


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
