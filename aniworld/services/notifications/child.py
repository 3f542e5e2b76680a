"""The program that sends one notification: Apprise in a process of its own, for a few seconds. See docs/decisions/0070.

On stdin one JSON object: ``{"urls": [...], "title", "body", "private_hosts": [...], "within_s"}``. On stdout a line for
each address, ``{"place", "why"}``, as soon as it is known; ``why`` is one of ``WHYS``. Never an address, never an
answer.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from typing import Any

from aniworld.config.settings import NOTIFICATION_SCHEMES
from aniworld.core.addresses import AddressRule
from aniworld.core.guard import Guard

WHYS = ("", "scheme", "malformed", "private", "refused")

_here = threading.local()


class NotingRule(AddressRule):
    """Notes, for the thread that connects, that an address was refused."""

    def allows(self, host: str, address: str, port: int) -> bool:
        allowed = super().allows(host, address, port)
        if not allowed:
            _here.refused = True
        return allowed


def run() -> None:
    """Sends what stdin says, and ends when all is said or the time is over; loading Apprise does not count.

    The guard stands before the first foreign line is loaded, and cannot be taken off.
    """
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # nothing but our lines goes to stdout, whoever prints
    wish = json.loads(sys.stdin.buffer.read())
    logging.disable(logging.CRITICAL)  # Apprise's log may hold an address or an answer
    import encodings.idna  # noqa: F401  loaded late by name resolution otherwise

    rule = NotingRule.of(wish["private_hosts"])
    Guard(rule).install()
    import apprise  # noqa: F401  here and not in each thread: it takes its time on a small machine

    end = time.monotonic() + wish["within_s"]
    lock = threading.Lock()
    threads = [
        threading.Thread(target=_send_and_tell, args=(place, url, wish["title"], wish["body"], out, lock), daemon=True)
        for place, url in enumerate(wish["urls"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    os._exit(0)  # what still waits for an answer is not waited for


def _send_and_tell(place: int, url: str, title: str, body: str, out: Any, lock: threading.Lock) -> None:
    why = _send(url, title, body)
    with lock:
        out.write(json.dumps({"place": place, "why": why}) + "\n")
        out.flush()


def _send(url: str, title: str, body: str) -> str:
    """Why it was not sent; empty when it was."""
    if not may_be_used(url):
        return "scheme"
    _here.refused = False
    try:
        sent = _sent(url, title, body)
    except Exception:  # the wall to foreign code: its message may hold the address
        sent = False
    if sent:
        return ""
    if sent is None:
        return "malformed"
    return "private" if _here.refused else "refused"


def _sent(url: str, title: str, body: str) -> bool | None:
    """Whether the service took it; None for an address that Apprise does not understand."""
    from apprise import Apprise, AppriseAsset, NotifyFormat, PersistentStoreMode

    # Without a time-out of its own it sends on this thread; ours is the end of this process.
    asset = AppriseAsset(storage_mode=PersistentStoreMode.MEMORY, service_timeout=0, allow_templates=False)
    asset.app_id = asset.app_desc = "Aniworld"
    asset.async_mode = asset.http_redirects = asset.pgp_autogen = asset.pem_autogen = False
    service = Apprise.instantiate(url, asset=asset)  # one address: a text with commas is not taken apart
    if service is None or not _names_of(service) & set(NOTIFICATION_SCHEMES):
        return None
    service.verify_certificate = True  # whatever the address says: no setting turns that off
    return bool(Apprise(service, asset=asset).notify(body=body, title=title, body_format=NotifyFormat.TEXT))


def _names_of(service: Any) -> set[str]:
    named = (service.protocol, service.secure_protocol)
    return {name for names in named for name in ([names] if isinstance(names, str) else names or ())}


def may_be_used(url: str) -> bool:
    """Whether the address is of an allowed kind."""
    scheme, mark, rest = url.partition("://")
    return bool(mark and rest) and scheme.lower() in NOTIFICATION_SCHEMES and all(ord(char) > 31 for char in url)
