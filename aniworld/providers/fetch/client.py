"""The one gate to the network for the server: pages, searches, covers, notifications.

Addresses are checked after name resolution and again for each redirect; requests are paced for each host, retried with
back-off, and bounded in time and decompressed size. Cookies last from one redirect to the next. What comes back is a
Page, whatever its status, except for 429 and 5xx that outlast the retries.
"""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from aniworld.core.addresses import AddressRule, as_browsers_ask, check_url
from aniworld.core.cookies import Cookies
from aniworld.core.errors import AddressRefused, SiteUnreachable
from aniworld.providers.fetch.browser_checks import is_rate_limit, retry_after, sign_of
from aniworld.providers.fetch.page import Page
from aniworld.providers.fetch.rate_limit import Pace

if TYPE_CHECKING:
    from aniworld.providers.fetch.pinned_transport import Wire

__all__ = ["Gate", "Page"]

MAX_BYTES = 8 * 1024 * 1024
REDIRECTS = 10
TRIES = 4
LONGEST_PAUSE_S = 20.0
RETRIED = frozenset({429, 500, 502, 503, 504, 520, 521, 522, 523, 524})

_MOVED = frozenset({301, 302, 303, 307, 308})
_PRIVATE_HEADERS = frozenset({"authorization", "cookie", "x-api-key", "x-plex-token", "x-emby-token"})


@dataclass(frozen=True)
class Wish:
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] | bytes | None = None
    max_bytes: int = MAX_BYTES
    follow: bool = True
    skip_media: bool = False

    def onward(self, target: str, status: int) -> Wish:
        """The same wish at a redirect's target: a POST becomes GET as browsers do it, secrets stay with their host."""
        old, new = urlsplit(self.url), urlsplit(target)
        headers = dict(self.headers)
        if old.netloc != new.netloc or (old.scheme == "https" and new.scheme == "http"):
            headers = {name: value for name, value in headers.items() if name.lower() not in _PRIVATE_HEADERS}
        if old.scheme == "https" and new.scheme == "http":
            headers = {name: value for name, value in headers.items() if name.lower() != "referer"}
        if status == 303 or (status in (301, 302) and self.method == "POST"):
            return replace(self, method="GET", url=target, headers=headers, data=None)
        return replace(self, url=target, headers=headers)


class Gate:
    """``get`` and ``post``, from any thread or greenlet. ``requests_per_second`` is for each host; 0 = no pace.

    ``timeout_s``: seconds without progress that end a try; a try as a whole has three times, a wish six times that.
    Raises SiteUnreachable, AddressRefused, TooLarge.
    """

    def __init__(
        self,
        *,
        rule: AddressRule,
        user_agent: str,
        requests_per_second: float = 2.0,
        timeout_s: float = 20.0,
        resolver: Any = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.user_agent = user_agent
        self.timeout_s = timeout_s
        self.max_bytes = max_bytes
        self.clock_offset_s: float | None = None  # how far our clock is ahead of the last site that answered
        self._rule = rule
        self._resolver = resolver or socket.getaddrinfo
        self._pace = Pace(requests_per_second)
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._wire: Wire | None = None

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        referer: str | None = None,
        max_bytes: int | None = None,
        follow: bool = True,
        etag: str | None = None,
        last_modified: str | None = None,
        skip_media: bool = False,
    ) -> Page:
        """The page at ``url``. With ``etag`` or ``last_modified`` it may be ``not_modified``.

        ``skip_media``: an address that is a video or playlist itself gives a Page with ``media`` set and no body.
        """
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params)
        wanted = {"Accept": "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8", **(headers or {})}
        optional = {"Referer": referer, "If-None-Match": etag, "If-Modified-Since": last_modified}
        wanted.update({name: value for name, value in optional.items() if value})
        return self._ask(
            Wish("GET", as_browsers_ask(url), wanted, None, max_bytes or self.max_bytes, follow, skip_media)
        )

    def post(
        self,
        url: str,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        referer: str | None = None,
    ) -> Page:
        """The answer to a form. It may be sent more than once: only for wishes that do no harm twice."""
        wanted = {"Accept": "application/json,text/html;q=0.9,*/*;q=0.8", **(headers or {})}
        if referer:
            wanted["Referer"] = referer
        return self._ask(Wish("POST", as_browsers_ask(url), wanted, dict(data or {}), self.max_bytes))

    def send(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Page:
        """The answer to a single request as it is: not paced twice, not tried again, redirects not followed."""
        wish = Wish(method, as_browsers_ask(url), dict(headers or {}), body, self.max_bytes, follow=False)
        check_url(wish.url)
        return self._try(wish)

    @property
    def rule(self) -> AddressRule:
        """Which addresses may be fetched; for what has a gate of its own in another process."""
        return self._rule

    def configure(
        self,
        *,
        rule: AddressRule | None = None,
        user_agent: str | None = None,
        requests_per_second: float | None = None,
        timeout_s: float | None = None,
    ) -> None:
        """Takes new settings; what is under way ends with the old ones."""
        self.user_agent = self.user_agent if user_agent is None else user_agent
        self.timeout_s = self.timeout_s if timeout_s is None else timeout_s
        if requests_per_second is not None:
            self._pace.per_second = requests_per_second
        if rule is not None and rule != self._rule:
            with self._lock:
                self._rule, self._wire = rule, None

    def close(self) -> None:
        """Ends waiting requests and closes the connections. May be called twice."""
        self._closing.set()
        with self._lock:
            wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def _ask(self, wish: Wish) -> Page:
        deadline, cookies = time.monotonic() + 6 * self.timeout_s, Cookies()
        for _ in range(REDIRECTS + 1):
            check_url(wish.url)
            page = self._insist(replace(wish, headers=cookies.told(wish.url, wish.headers)), deadline)
            cookies.hear(wish.url, page.cookies)
            target = page.headers.get("location", "").strip() if page.status in _MOVED else ""
            if not wish.follow or not target:
                return page
            wish = wish.onward(redirect_target(page), page.status)
        raise SiteUnreachable(f"{urlsplit(wish.url).hostname} sends from address to address without an end.")

    def _insist(self, wish: Wish, deadline: float) -> Page:
        """One address, tried until it answers, it is of no use, or the deadline comes."""
        from aniworld.providers.fetch.pinned_transport import (
            Faulty,  # loads requests and urllib3: only with the first request
        )

        for number in range(1, TRIES + 1):
            try:
                page = self._try(wish)
            except Faulty as error:
                fault, asked = SiteUnreachable(str(error)), 0.0
            else:
                if page.status not in RETRIED or sign_of(page) or is_rate_limit(page):
                    return page
                asked = retry_after(page) or 0.0
                fault = SiteUnreachable(_trouble(wish.url, page.status), retry_after=asked or None)
            pause = max(asked, 0.5 * 2 ** (number - 1) * random.uniform(0.75, 1.25))
            if number == TRIES or asked > LONGEST_PAUSE_S or time.monotonic() + pause > deadline:
                raise fault
            self._wait(pause)
        raise AssertionError("the last try returns or raises")

    def _try(self, wish: Wish) -> Page:
        self._wait(self._pace.turn(urlsplit(wish.url).netloc))
        headers = {"User-Agent": self.user_agent, "Accept-Encoding": "gzip, deflate", **wish.headers}
        page = self._connected().fetch(
            wish.method,
            wish.url,
            headers,
            wish.data,
            timeout_s=self.timeout_s,
            deadline_s=3 * self.timeout_s,
            max_bytes=wish.max_bytes,
            skip_media=wish.skip_media,
        )
        with contextlib.suppress(KeyError, ValueError, OverflowError):  # no Date, or none that makes sense
            self.clock_offset_s = time.time() - parsedate_to_datetime(page.headers["date"]).timestamp()
        return page

    def _wait(self, seconds: float) -> None:
        if (seconds > 0 and self._closing.wait(seconds)) or self._closing.is_set():
            raise SiteUnreachable("The application is stopping.")

    def _connected(self) -> Wire:
        from aniworld.providers.fetch.pinned_transport import Wire

        with self._lock:
            if self._wire is None:
                self._wire = Wire(self._rule, self._resolver)
            return self._wire


def redirect_target(page: Page) -> str:
    """Where a redirect page leads, as a full address; empty where it leads nowhere."""
    location = page.headers.get("location", "").strip()
    with contextlib.suppress(UnicodeError):  # headers are read as Latin-1, sites send UTF-8
        location = location.encode("latin-1").decode("utf-8")
    try:
        return as_browsers_ask(location, page.url) if location else ""
    except AddressRefused:
        return "invalid:"  # no address: check_url refuses it with a sentence


def _trouble(url: str, status: int) -> str:
    host = urlsplit(url).hostname
    if status == 429:
        return f"{host} asks to come back later (status 429); it is tried again by itself."
    return f"{host} has a fault of its own (status {status}); try again later."
