"""Hashing is capped, so that signing in is no way to stop the server."""

from __future__ import annotations

import threading
import unicodedata

import pytest

from aniworld.core.errors import Unavailable
from aniworld.services.access.passwords import AT_ONCE, WAITING, Passwords, _hasher, check


def test_no_more_than_two_hashes_run_at_once_and_a_crowd_is_sent_away() -> None:
    passwords = Passwords()
    running, most = 0, 0
    lock, go = threading.Lock(), threading.Event()

    def work() -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go.wait(5)
        with lock:
            running -= 1
        return True

    refused: list[Unavailable] = []

    def attempt() -> None:
        try:
            passwords._in_turn(work)
        except Unavailable as error:
            refused.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(AT_ONCE + WAITING + 20)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert most <= AT_ONCE
    assert len(refused) <= 20


def test_a_digest_matches_its_password_only() -> None:
    passwords = Passwords()
    digest = passwords.digest("eight888")
    assert passwords.matches(digest, "eight888")
    assert not passwords.matches(digest, "eight889")
    assert not passwords.matches("no digest at all", "eight888")
    with pytest.raises(ValueError, match="8 to 1024"):
        passwords.digest("short")


ONE, OTHER = "Grüße aus Köln", unicodedata.normalize("NFD", "Grüße aus Köln")


def test_a_password_is_the_same_however_its_letters_and_spaces_were_typed() -> None:
    passwords = Passwords()
    for stored in (ONE, OTHER, "Grüße\u00a0aus\u3000Köln"):
        digest = passwords.digest(stored)
        for typed in (ONE, OTHER, "Grüße\u2009aus Köln"):
            assert passwords.matches(digest, typed)
        for wrong in ("Grusse aus Koln", "grüße aus köln", "Grüße aus  Köln", "Grüße aus Köln "):
            assert not passwords.matches(digest, wrong)


def test_a_password_that_was_stored_as_it_was_typed_still_counts() -> None:
    for raw in (OTHER, "zwölf\u00a0Zeichen", unicodedata.normalize("NFD", "ööööö"), "tab\tund\nzeile"):
        digest = _hasher.hash(raw)
        for typed in (raw, *(unicodedata.normalize(form, raw) for form in ("NFC", "NFD"))):
            assert Passwords().matches(digest, typed), (raw, typed)
        assert not Passwords().matches(digest, raw.replace("ö", "o").replace("o\u0308", "o") + "!")


@pytest.mark.parametrize(
    "password", ["tab\tund mehr", "zeile und mehr\n", "\x00achtzeichen", unicodedata.normalize("NFD", "ööööö")]
)
def test_a_new_password_has_eight_letters_and_none_that_controls_a_device(password: str) -> None:
    with pytest.raises(ValueError, match="password"):
        check(password)
