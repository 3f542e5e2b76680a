"""The master password as argon2id hash, made and checked beside the event loop, two at a time."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from aniworld.core.errors import InvalidInput, Unavailable
from aniworld.core.offload import offload

SHORTEST, LONGEST = 8, 1024
AT_ONCE, WAITING = 2, 64
P = ParamSpec("P")
T = TypeVar("T")

# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html: 46 MiB, one lane; two rounds for
# margin
_hasher = PasswordHasher(time_cost=2, memory_cost=47104, parallelism=1)


class Passwords:
    """A hash costs some 50 ms of a processor and 46 MiB: more than two at once would starve everything else."""

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._crowd = threading.BoundedSemaphore(AT_ONCE + WAITING)

    def digest(self, password: str) -> str:
        """Raises InvalidInput for a password that is too short or too long, Unavailable when too many wait."""
        check(password)
        return self._in_turn(_hasher.hash, prepared(password))

    def matches(self, digest: str, password: str) -> bool:
        """Raises Unavailable when too many wait.

        Earlier versions stored a password as it was typed, by some keyboards in NFD: these forms still count.
        """
        if len(password) > LONGEST:
            return False
        normal = (unicodedata.normalize(form, password) for form in ("NFC", "NFD"))
        forms = [form for form in dict.fromkeys((prepared(password), password, *normal)) if len(form) >= SHORTEST]
        return any(self._in_turn(_verify, digest, form) for form in forms)

    def _in_turn(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if not self._crowd.acquire(blocking=False):
            raise Unavailable("There are too many sign-ins at once; try again in a few seconds.")
        try:
            with self._turns:
                return offload(work, *args, **kwargs)
        finally:
            self._crowd.release()


def prepared(password: str) -> str:
    """The password as keyboards and systems agree on it (RFC 8265, OpaqueString): every space is U+0020, and letters
    are in NFC. Nothing else of it is changed.
    """
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in password)
    return unicodedata.normalize("NFC", spaced)


def check(password: str, field: str = "password") -> None:
    """Raises InvalidInput unless the password has 8 to 1,024 characters, and none that controls a device."""
    if not isinstance(password, str) or len(password) > LONGEST or not SHORTEST <= len(prepared(password)) <= LONGEST:
        message = f"The password needs {SHORTEST} to {LONGEST} characters."
        raise InvalidInput(message, {field: [message]})
    if any(unicodedata.category(char) == "Cc" for char in password):
        message = "The password holds a tab, a line break or another control character; leave it out."
        raise InvalidInput(message, {field: [message]})
    try:
        password.encode()
    except UnicodeEncodeError:
        raise InvalidInput(
            "The password contains invalid characters.", {field: ["Contains invalid characters."]}
        ) from None


def _verify(digest: str, password: str) -> bool:
    try:
        return _hasher.verify(digest, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
