"""Cookies for as long as one errand takes: a host is told again what it set itself, and no other host is.

Some hosts answer with a cookie and a redirect to the same address, and serve only who comes back with it. Less is kept
than RFC 6265 allows: a cookie goes to its own scheme, host and port alone, whatever domain it names; its path counts
for nothing. What a host sets is bounded, since a stranger wrote it.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from email.utils import mktime_tz, parsedate_tz
from urllib.parse import urlsplit

from aniworld.core.addresses import check_url

MOST, BYTES = 20, 4096  # of one host together; those that were set first go first
HOSTS = 16
_COOKIE = re.compile(r"\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*([!-:<-~]*)\s*")
_Origin = tuple[str, str, int]


class Cookies:
    """``hear`` what a host sets, ``told`` gives a request's headers with it. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: dict[_Origin, dict[str, str]] = {}

    def hear(self, url: str, said: Iterable[str]) -> None:
        """``said``: the ``Set-Cookie`` headers of an answer of ``url``. What is no plain cookie is passed over."""
        for line in said:
            whole, _, attributes = line.partition(";")
            found = _COOKIE.fullmatch(whole)
            if found:
                self._keep(_origin(url), found[1], None if _is_over(attributes) else found[2])

    def told(self, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        """``headers`` for a request to ``url``; of cookies with one name the host's own word counts."""
        with self._lock:
            own = dict(self._set.get(_origin(url), ())) if self._set else {}
        if not own:
            return dict(headers)
        given = [part for name, text in headers.items() if name.lower() == "cookie" for part in text.split(";")]
        kept = [part.strip() for part in given if part.strip() and part.partition("=")[0].strip() not in own]
        rest = {name: text for name, text in headers.items() if name.lower() != "cookie"}
        return rest | {"Cookie": "; ".join([*kept, *(f"{name}={value}" for name, value in own.items())])}

    def _keep(self, origin: _Origin, name: str, value: str | None) -> None:
        with self._lock:
            own = self._set.setdefault(origin, {})
            own.pop(name, None)
            if value is not None:
                own[name] = value
            while len(own) > MOST or sum(len(name) + len(value) for name, value in own.items()) > BYTES:
                del own[next(iter(own))]
            while len(self._set) > HOSTS:
                del self._set[next(iter(self._set))]


def _origin(url: str) -> _Origin:
    host, port = check_url(url)
    return urlsplit(url).scheme.lower(), host, port


def _is_over(attributes: str) -> bool:
    """Whether the cookie's time has ended, which is how a host takes it back."""
    stated = {
        name.strip().lower(): value.strip()
        for name, _, value in (part.partition("=") for part in attributes.split(";"))
    }
    age = stated.get("max-age", "")
    if re.fullmatch(r"-?[0-9]{1,18}", age):
        return int(age) <= 0
    with suppress(ValueError, OverflowError, TypeError):
        date = parsedate_tz(stated.get("expires", ""))
        return date is not None and mktime_tz(date) <= time.time()
    return False
