"""The boundary to what a page holds: an entry that cannot be read is logged, reported and left out, and the rest is
read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar
from urllib.parse import urlsplit

from aniworld.core.errors import Cancelled
from aniworld.core.media import UNKNOWN_LANGUAGE

log = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")

EXCERPT, LABEL, LABELS_NAMED = 200, 60, 20


class Reading:
    """One page while it is read. ``notes``: what its reader has to know, one sentence each."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._total = self._unread = 0
        self._labels: dict[str, None] = {}

    @property
    def total(self) -> int:
        """How many entries there were."""
        return self._total

    def each(self, items: Iterable[T], read: Callable[[T], R | None]) -> Iterator[R]:
        """``read(item)`` of each item, without those that are None or raised an exception."""
        for item in items:
            self._total += 1
            try:
                found = read(item)
            except Cancelled:
                raise
            except Exception as error:  # the boundary to foreign text: one entry must not hide the others
                self.unread(item, error)
                continue
            if found is not None:
                yield found

    def unread(self, item: object, error: Exception | None = None) -> None:
        """Counts and logs an entry that could not be read; the traceback of the first one of a page."""
        self._unread += 1
        why = f"{type(error).__name__}: {error}" if error else "it has no number"
        log.warning(
            "An entry of %s could not be read (%s): %s",
            self._url,
            why,
            " ".join(str(item).split())[:EXCERPT],
            exc_info=error if self._unread == 1 else None,
        )

    def language(self, code: str | None, label: str) -> str:
        """``code``; for None ``und``, and the label is reported."""
        if code is not None:
            return code
        shown = " ".join(label.split())[:LABEL] or "?"
        if shown not in self._labels and len(self._labels) < LABELS_NAMED:
            log.warning("%s names a language that is not known: %s", self._url, shown)
            self._labels[shown] = None
        return UNKNOWN_LANGUAGE

    @property
    def notes(self) -> tuple[str, ...]:
        found = [f"The catalogue names a language that is not known: {label}." for label in self._labels]
        if self._unread:
            page = urlsplit(self._url).path or "/"
            found.append(f"Entries of {page} that could not be read and were left out: {self._unread}.")
        return tuple(found)
