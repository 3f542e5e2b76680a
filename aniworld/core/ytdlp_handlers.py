"""Which of yt-dlp's request handlers are used: those in Python, whose connections pass the guard (core/guard.py).

``curl_cffi`` is native code, which connects past the guard, and its purpose is to look like another client. yt-dlp
loads it wherever it is installed; a subclass of ``YoutubeDL`` that builds its request director from ``guarded``
never calls it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

GUARDED = frozenset({"Urllib", "Requests", "Websockets"})


class Handler(Protocol):
    RH_KEY: str


H = TypeVar("H", bound=type[Handler])


def guarded(handlers: Iterable[H]) -> list[H]:
    """Those of yt-dlp's handlers that may be used. One that a later yt-dlp brings along stays out."""
    return [handler for handler in handlers if handler.RH_KEY in GUARDED]
