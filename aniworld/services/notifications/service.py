"""NotificationService: tells people elsewhere what happened, through Apprise, and never in anybody's way."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from aniworld.config.settings import MASK, NOTIFICATION_SCHEMES, Settings
from aniworld.core.children import bare_environment
from aniworld.core.errors import AlreadyRunning, InvalidInput
from aniworld.core.events import Event, EventBus
from aniworld.core.notification_templates import wordings
from aniworld.services.notifications.batcher import STOP_WITHIN_S, Batches
from aniworld.services.notifications.delayed_queue import Later
from aniworld.services.notifications.message import Announcement, announcement, event_name
from aniworld.services.notifications.views import Trial

log = logging.getLogger(__name__)

SETTLE_S = 10.0
TIMEOUT_S = 15.0
PAUSES_S = (60.0, 300.0, 1800.0)
START_WITHIN_S = 45.0  # loading Apprise takes a second, and many on a small machine that is busy
URLS_AT_ONCE = 20
URL_LENGTH = 2000

_ROOT = Path(__file__).resolve().parents[3]
_START = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from aniworld.services.notifications.child import run; run()"
_SENTENCES = {
    "": "The service took the message.",
    "scheme": f"Addresses of this kind are not used; it must begin with one of: {', '.join(NOTIFICATION_SCHEMES)}.",
    "malformed": "The address is not complete; compare it with Apprise's description of this service.",
    "private": "The address leads into a private network and is not used; if that machine is yours, name it in "
    "ANIWORLD_PRIVATE_HOSTS.",
    "refused": "The service could not be reached or did not take the message; check address, token and network.",
    "late": "The service did not answer in time; try again later.",
}


@dataclass(frozen=True)
class Letter:
    """A message on its way. ``tries``: how often it was sent before."""

    message: Announcement
    urls: tuple[str, ...]
    tries: int = 0


class NotificationService:
    """``start`` begins to listen, ``stop`` ends it; each may be called twice.

    Events that the settings name are collected for ``settle_s`` and sent as one message from a child process that
    gives the services ``timeout_s``. What cannot be sent is logged without its address and sent again after each of
    ``pauses_s``, to those that did not take it; a restart forgets it. ``trouble`` says what could not be sent at last.
    """

    def __init__(
        self,
        bus: EventBus,
        settings: Callable[[], Settings],
        *,
        private_hosts: Iterable[str] = (),
        settle_s: float = SETTLE_S,
        timeout_s: float = TIMEOUT_S,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self._bus = bus
        self._settings = settings
        self._private_hosts = tuple(private_hosts)
        self._timeout_s = timeout_s
        self._batches: Batches[Event] = Batches(self._announce, name="Notifications", settle_s=settle_s)
        self._again: Later[Letter] = Later(self._deliver, name="Notifications sent again")
        self._pauses_s = tuple(pauses_s)
        self._testing = threading.Lock()
        self.trouble: Trial | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        if self._unsubscribe is None:
            self._unsubscribe = self._bus.subscribe(self.hear)

    def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """What waits is sent at once; that may take ``within_s``."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._batches.stop(within_s)
        self._again.stop()

    def hear(self, event: Event) -> None:
        """Takes an event over, if somebody is to be told of it. Does not wait."""
        wanted = self._settings().notifications
        if wanted.urls and event_name(event) in wanted.events:
            self._batches.put(event)

    def test(self, urls: Sequence[str] | None = None) -> list[Trial]:
        """What came of a test message to each address; the configured ones without ``urls``.

        Raises InvalidInput for no or too many addresses, AlreadyRunning while another test runs.
        """
        chosen = self._settings().notifications.urls if urls is None else tuple(urls)
        _check(chosen)
        if not self._testing.acquire(blocking=False):
            raise AlreadyRunning("A test message is on its way; wait for it.")
        try:
            return self._send(chosen, Announcement("Aniworld", "This is a test message. Notifications work."))
        finally:
            self._testing.release()

    def _announce(self, events: Sequence[Event]) -> None:
        wanted = self._settings().notifications
        if wanted.urls:
            message = announcement(events, wordings(wanted.wordings))
            self._deliver(Letter(message, wanted.urls[:URLS_AT_ONCE]))

    def _deliver(self, letter: Letter) -> None:
        """Sends it to those of its addresses that are still wanted; once more later to those that did not take it."""
        urls = [url for url in letter.urls if url in self._settings().notifications.urls]
        if not urls:
            return
        trials = self._send(urls, letter.message)
        refused = [(url, trial) for url, trial in zip(urls, trials, strict=True) if not trial.ok]
        self.trouble = refused[0][1] if refused else None
        if not refused:
            return
        later = replace(letter, urls=tuple(url for url, _ in refused), tries=letter.tries + 1)
        again = letter.tries < len(self._pauses_s) and self._again.put(later, self._pauses_s[letter.tries])
        for _, trial in refused:
            log.warning(
                "A notification to %s was not sent (%s): %s",
                trial.target,
                "it is tried again" if again else "given up",
                trial.message,
            )

    def _send(self, urls: Sequence[str], message: Announcement) -> list[Trial]:
        wish: dict[str, object] = {
            "urls": list(urls),
            "title": message.title,
            "body": message.body,
            "private_hosts": list(self._private_hosts),
            "within_s": self._timeout_s,
        }
        outcome = _run(wish, self._timeout_s)
        return [
            Trial(masked(url), outcome.get(place) == "", _SENTENCES[outcome.get(place, "late")])
            for place, url in enumerate(urls)
        ]


def masked(url: str) -> str:
    """The address without anything that could be a secret: in many kinds that is all of it but the kind."""
    scheme = url.partition("://")[0].lower()
    return f"{scheme if scheme in NOTIFICATION_SCHEMES else 'unknown'}://{MASK}"


def _check(urls: Sequence[str]) -> None:
    if not urls:
        raise InvalidInput("There is no address to send to; enter one first.", {"urls": ["Enter an address first."]})
    if len(urls) > URLS_AT_ONCE or any(not isinstance(url, str) or len(url) > URL_LENGTH for url in urls):
        message = f"At most {URLS_AT_ONCE} addresses of at most {URL_LENGTH} characters."
        raise InvalidInput(message, {"urls": [message]})
    if any(MASK in url for url in urls):
        message = "Hidden addresses cannot be tested one by one; leave them out to test those that are stored."
        raise InvalidInput(message, {"urls": [message]})


def _run(wish: dict[str, object], timeout_s: float) -> dict[int, str]:
    """Place of an address → why it was not sent (empty: it was). Places that did not end in time are left out."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", "-c", _START],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.DEVNULL,
            env=bare_environment(),
            cwd=_ROOT,
            start_new_session=True,
        )
        try:
            child.communicate(json.dumps(wish).encode("ascii"), timeout=START_WITHIN_S + timeout_s)
        except subprocess.TimeoutExpired:
            log.warning("The program that sends notifications does not come to its end and was stopped")
        finally:
            with suppress(ProcessLookupError):
                child.kill()
            child.wait()
        if child.returncode:
            log.error("The program that sends notifications ended with %d; is Apprise installed?", child.returncode)
        said.seek(0)
        lines = [json.loads(line) for line in said.read().splitlines() if line.endswith(b"}")]
    return {line["place"]: line["why"] for line in lines}
