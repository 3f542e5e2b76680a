"""What a failed request means: wait and try again, or give up with the right word."""

from __future__ import annotations

from collections.abc import Mapping

from aniworld.core.counting import counted
from aniworld.core.errors import AniworldError, LinkDead, MediaExpired, SiteUnreachable, TransferFailed
from aniworld.transfer.engine.http_client import Interrupted, Refused
from aniworld.transfer.engine.session import RETRIES, Session

LONGEST_WAIT_S = 60.0
ONE_LESS = frozenset({401, 403, 429, 503, 509})  # may mean: one connection too many
_NO = (401, 403, 404, 410, 451)

AT_THE_START: Mapping[int, type[AniworldError]] = dict.fromkeys(_NO, LinkDead)
IN_THE_MIDDLE: Mapping[int, type[AniworldError]] = dict.fromkeys(_NO, MediaExpired)
FOR_A_SEGMENT: Mapping[int, type[AniworldError]] = {**IN_THE_MIDDLE, 404: TransferFailed}

_SENTENCES = {
    LinkDead: "{host} no longer has this file (status {status}).",
    MediaExpired: "The address at {host} is used up (status {status}); it has to be looked up again.",
    TransferFailed: "A part of the video is missing at {host} (status {status}).",
}


class Patience:
    """Counts fruitless tries of one request. ``finals``: statuses that end it, and with which error."""

    def __init__(self, session: Session, finals: Mapping[int, type[AniworldError]]) -> None:
        self._session, self._finals = session, finals
        self._fruitless = 0

    def fruitful(self) -> None:
        """Something came: counting starts again."""
        self._fruitless = 0

    def answer(self, problem: Interrupted | Refused) -> None:
        """Returns when it is time to try again; raises the error to give up with, or the transfer's own."""
        self._session.check()
        self._fruitless += 1
        if isinstance(problem, Interrupted):
            if self._fruitless > RETRIES:
                kind = SiteUnreachable if self._finals is AT_THE_START else TransferFailed
                raise kind(f"{problem} It was tried {counted(self._fruitless, 'time')}.")
            self._session.pause(self._fruitless)
        else:
            self._refused(problem)

    def _refused(self, refused: Refused) -> None:
        kind = self._finals.get(refused.status)
        if kind is None and refused.status < 500 and refused.status not in (408, 425, 429):
            kind = LinkDead if self._finals is AT_THE_START else TransferFailed
        if kind is not None:
            raise kind(_SENTENCES[kind].format(host=refused.host, status=refused.status))
        asked = refused.retry_after
        if asked is not None and asked > LONGEST_WAIT_S:
            raise SiteUnreachable(f"{refused.host} asks to wait {counted(asked, 'second')}.", retry_after=asked)
        if self._fruitless > RETRIES:
            raise TransferFailed(f"{refused} It was tried {counted(self._fruitless, 'time')}.")
        self._session.pause(self._fruitless, asked)
