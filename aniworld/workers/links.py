"""Which of an episode's links is fetched: the best that works, from a hoster that may be asked now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TypeVar

from aniworld.core.errors import (
    AddressRefused,
    AniworldError,
    HosterUnsupported,
    LinkDead,
    MediaExpired,
    SiteUnreachable,
    Stalled,
    TooLarge,
    TransferFailed,
    WrongMedia,
)
from aniworld.core.media import HosterLink
from aniworld.workers.hosters import Hosters, HostersClosed

log = logging.getLogger(__name__)
T = TypeVar("T")

_NEXT_LINK = (LinkDead, HosterUnsupported, Stalled, WrongMedia, AddressRefused, TooLarge)
_SAME_LINK_LATER = (TransferFailed, SiteUnreachable, MediaExpired)
_TRIED = _NEXT_LINK + _SAME_LINK_LATER
Trouble = tuple[HosterLink, AniworldError]


class Links:
    """The links of one episode, in the order of the wishes. ``most``: downloads at a time from one hoster, 0 = any.

    ``tries_left``: whether the item may fail now and be tried again. ``give_up(link)``: it is not tried again.
    """

    def __init__(
        self, label: str, hosters: Hosters, most: int, *, tries_left: bool, give_up: Callable[[HosterLink], None]
    ) -> None:
        self._label, self._hosters, self._most = label, hosters, most
        self._tries_left, self._give_up = tries_left, give_up
        self._troubles: list[Trouble] = []

    def first_that_works(self, links: Sequence[HosterLink], fetch: Callable[[HosterLink], T]) -> tuple[HosterLink, T]:
        """The link and what ``fetch`` gives for it. A worse language is only taken when the better one is not to be
        had, not when its hoster has a bad hour and there are tries left, or when it must be waited for.

        Raises HostersClosed, and one error for all links that were tried.
        """
        for _, group in groupby(links, key=lambda link: link.language):
            found = self._of_one_language(list(group), fetch)
            if found is not None:
                return found
            if self._tries_left and any(isinstance(error, _SAME_LINK_LATER) for _, error in self._troubles):
                break
        raise summed_up(self._troubles)

    def _of_one_language(
        self, links: Sequence[HosterLink], fetch: Callable[[HosterLink], T]
    ) -> tuple[HosterLink, T] | None:
        rests, full = [], []
        for link in links:
            rest = self._hosters.rest_of(link.hoster)
            if rest is not None:
                rests.append(rest)
                continue
            with self._hosters.seat(link.hoster, self._most) as free:
                if not free:
                    full.append(link)
                    continue
                try:
                    return link, fetch(link)
                except _TRIED as error:
                    self._note(link, error)
        if full or rests:
            raise HostersClosed(full, rests)
        return None

    def _note(self, link: HosterLink, error: AniworldError) -> None:
        self._troubles.append((link, error))
        log.info("%s: %s in %s: %s", self._label, link.hoster, link.language, error)
        if isinstance(error, _NEXT_LINK):
            self._give_up(link)


def summed_up(troubles: Sequence[Trouble]) -> AniworldError:
    """One error for all links: of the kind most worth a later try, with each hoster's reason."""
    kind = next((type(error) for _, error in troubles if isinstance(error, _SAME_LINK_LATER)), type(troubles[-1][1]))
    if len(troubles) == 1:
        return troubles[0][1]
    reasons = "; ".join(f"{link.hoster} ({link.language}): {error}" for link, error in troubles)
    return kind(f"No hoster worked. {reasons}")
