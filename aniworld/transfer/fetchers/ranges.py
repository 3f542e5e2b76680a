"""A plain file over several connections, each fetching a range, into one file in place.

The first request asks for the first missing range: its answer tells size, validator and whether ranges work, and
its body is used. RFC 9110, sections 13 and 14: If-Range, Content-Range.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from aniworld.core.errors import SiteUnreachable, TransferFailed, WrongMedia
from aniworld.transfer.engine.http_client import BUFFER, Buffer, Interrupted, Refused, Response
from aniworld.transfer.engine.media_sniffer import SYNCED, check_kind, check_start, is_picture, media_start, reach
from aniworld.transfer.engine.part_file import PartFile, cut_front, storage
from aniworld.transfer.engine.retry_policy import AT_THE_START, IN_THE_MIDDLE, ONE_LESS, Patience
from aniworld.transfer.engine.session import Session
from aniworld.transfer.engine.workers import Crew, OneConnectionLess
from aniworld.transfer.fetchers.range_plan import FIRST, Piece, Plan, gaps
from aniworld.transfer.protocol.job import Phase

_FLUSH = 64 * 1024
_FLUSH_S = 0.25
_CHANGES = 3
_CONFIRM = 64 * 1024


class Changed(Exception):
    """The file there is no longer the one of which bytes are here."""


class _NoRanges(Exception):
    """The host sends this file only in one piece; ``response``: the answer that showed it and can be used."""

    def __init__(self, response: Response | None = None) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True)
class Facts:
    """What identifies a file at its host. Weak ETags do not (RFC 9110, 13.1.5)."""

    length: int
    etag: str = ""
    modified: str = ""

    @classmethod
    def of(cls, response: Response, length: int) -> Facts:
        etag = response.header("ETag").strip()
        return cls(length, "" if etag.startswith("W/") else etag, response.header("Last-Modified").strip())

    @classmethod
    def read(cls, text: str) -> Facts | None:
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return None

    @property
    def validator(self) -> str:
        return self.etag or self.modified


class RangeFetcher:
    """Fetches ``url`` to ``<folder>/<stem>.part``; what an earlier attempt left there is used if it still fits.

    ``extra``: further bytes that the transfer will need on this disk.
    """

    def __init__(self, session: Session, url: str, stem: str, extra: int = 0) -> None:
        self._session, self._url, self._extra = session, url, extra
        self._part = PartFile(session.job.folder / f"{stem}.part", final=True)
        self._buffer = Buffer()
        self._held: dict[Piece, Response] = {}
        self._facts = Facts(0)
        self._base = session.meter.bytes

    def run(self) -> Path:
        """The whole file's path.

        Raises IsPlaylist, and of core/errors LinkDead, MediaExpired, TransferFailed, Stalled, WrongMedia, DiskFull ….
        """
        try:
            for _ in range(_CHANGES):
                try:
                    return self._without_front(self._attempt())
                except Changed as change:
                    self._part.discard()
                    self._session.revive(change)
            raise TransferFailed("The file changes at its host while it is fetched.")
        finally:
            self._part.close()

    def _attempt(self) -> Path:
        known, done = self._left_over()
        missing = gaps(known.length, done) if known else []
        start, end = missing[0] if missing else (0, FIRST)
        if known and not missing:
            start, end = max(0, known.length - _CONFIRM), known.length
        self._session.enter(Phase.CONNECTING)
        try:
            response = self._open_first(start, min(end, start + FIRST), known)
        except _NoRanges as whole:
            return self._in_one_piece(whole.response)
        if known and not missing:
            response.close()
            self._count(known.length, known.length)
            return self._part.path
        self._in_ranges(response, done)
        return self._part.path

    def _without_front(self, path: Path) -> Path:
        """The file from the start of its media on: what a host puts in front of it, such as a picture, is cut off.

        Raises WrongMedia for a picture without media, StorageError.
        """
        with storage(path.parent), path.open("rb") as file:
            head = file.read(SYNCED)
            head += file.read(reach(head) - len(head))
        front = media_start(head)
        if front is None and is_picture(head):
            self._part.discard()
            raise WrongMedia(f"{urlsplit(self._url).hostname} sent a picture instead of a video.")
        if front:
            self._session.enter(Phase.MERGING)
            self._part.journal.forget()  # a file that is half moved holds nothing that an attempt could use
            with storage(path.parent):
                cut_front(path, front)
        return path

    def _left_over(self) -> tuple[Facts | None, list[tuple[int, int]]]:
        """What an earlier attempt left, if there is something to go on from."""
        subject, lines = self._part.journal.load()
        known = Facts.read(subject)
        if known is None or not known.validator or self._part.size() != known.length:
            return None, []
        done = [
            (int(a), int(b)) for a, _, b in (line.partition(" ") for line in lines) if a.isdecimal() and b.isdecimal()
        ]
        return known, done

    def _open_first(self, start: int, end: int, known: Facts | None) -> Response:
        """The answer to the first range; ``self._facts`` are known then. Raises _NoRanges, Changed."""
        patience = Patience(self._session, IN_THE_MIDDLE if known else AT_THE_START)
        while True:
            try:
                response = self._session.client.open(self._url, _range(start, end, known))
                break
            except Refused as refused:
                if refused.status == 416:
                    raise Changed if known else _NoRanges from None
                patience.answer(refused)
            except Interrupted as broken:
                patience.answer(broken)
        return self._judge_first(response, start, known)

    def _judge_first(self, response: Response, start: int, known: Facts | None) -> Response:
        try:
            check_kind(response)
            span = response.content_range
            if response.status == 200 or response.coded or span is None or span[2] is None:
                raise Changed if known else _NoRanges(response if response.status == 200 else None)
            if span[0] != start:
                raise TransferFailed(f"{response.host} answers with other bytes than were asked for.")
            self._facts = Facts.of(response, span[2])
            if known and self._facts != known:
                raise Changed
        except BaseException as problem:
            if getattr(problem, "response", None) is None:
                response.close()
            raise
        return response

    def _in_ranges(self, response: Response, done: list[tuple[int, int]]) -> None:
        facts, session = self._facts, self._session
        missing = gaps(facts.length, done)
        left = sum(end - start for start, end in missing)
        session.ask_room(left + self._extra)
        lines = [f"{start} {end}" for start, end in gaps(facts.length, missing)]
        self._part.open(json.dumps(asdict(facts)), lines, facts.length)
        self._count(facts.length - left, facts.length)
        self._plan = Plan(missing, session.meter.clock.now, lambda: session.connections)
        first = self._plan.first()
        self._held[first] = response
        session.enter(Phase.TRANSFERRING)
        self._crew = Crew(session, _FirstThen(first, self._plan), self._fetch)
        self._crew.run()

    def _count(self, there: int, total: int | None) -> None:
        meter = self._session.meter
        meter.restart(self._base + there)
        if meter.total is None or meter.total < self._base + (total or 0):
            meter.total = None if total is None else self._base + total

    def _fetch(self, piece: Piece) -> None:
        patience = Patience(self._session, IN_THE_MIDDLE)
        try:
            while piece.left > 0:
                before, moved = piece.pos, self._session.meter.bytes
                try:
                    self._stream(piece)
                except (Interrupted, Refused) as problem:
                    if piece.pos > before:
                        patience.fruitful()
                    if piece.left > 0:
                        self._answer(problem, patience, moved)
        finally:
            self._plan.done(piece)

    def _answer(self, problem: Interrupted | Refused, patience: Patience, moved: int) -> None:
        """Where other connections still bring bytes, a refusal means one connection too many, not the end."""
        if isinstance(problem, Refused) and problem.status in ONE_LESS and self._crew.alive > 1:
            raise OneConnectionLess
        try:
            patience.answer(problem)
        except (TransferFailed, SiteUnreachable):
            if self._crew.alive > 1 and self._session.meter.bytes > moved and self._session.error is None:
                raise OneConnectionLess from None
            raise

    def _stream(self, piece: Piece) -> None:
        response = self._held.pop(piece, None) or self._open(piece)
        piece.abort = response.abort
        try:
            self._pour(piece, response)
        finally:
            response.close()

    def _open(self, piece: Piece) -> Response:
        """An answer that begins at the piece's place. Raises Changed, TransferFailed, and what the client raises."""
        response = self._session.client.open(self._url, _range(piece.pos, piece.end, self._facts))
        span = response.content_range
        if response.status == 206 and span and span[0] == piece.pos and not response.coded:
            if span[2] in (None, self._facts.length) and self._same(response):
                return response
            response.close()
            raise Changed
        response.close()
        if response.status == 200 and not self._same(response):
            raise Changed
        raise Interrupted(f"{response.host} answers with other bytes than were asked for.")

    def _same(self, response: Response) -> bool:
        facts = Facts.of(response, self._facts.length)
        return not (facts.validator and self._facts.validator) or facts == self._facts

    def _pour(self, piece: Piece, response: Response) -> None:
        """The answer's bytes go to their place until the piece ends, which may be sooner than when it was asked for."""
        session, view = self._session, self._buffer.view
        filled, last = 0, time.monotonic()
        try:
            while piece.left > filled:
                room = min(BUFFER - filled, piece.left - filled)
                count = response.readinto(view[filled : filled + session.limiter.portion(room)])
                if not count:
                    raise Interrupted(f"{response.host} sent less than was asked for.")
                filled += count
                if filled >= _FLUSH or time.monotonic() - last > _FLUSH_S:
                    self._flush(piece, view[:filled], response.host)
                    filled, last = 0, time.monotonic()
                piece.held_back = session.limiter.rate is not None
                session.limiter.took(count)
                piece.held_back = False
                session.check()
        finally:
            if filled:
                self._flush(piece, view[:filled], response.host)

    def _flush(self, piece: Piece, data: memoryview, host: str) -> None:
        if piece.pos == 0:
            check_start(bytes(data[:512]), host)
        self._part.put(data, piece.pos, f"{piece.pos} {piece.pos + len(data)}")
        self._session.meter.add(self._plan.advance(piece, len(data)))

    def _in_one_piece(self, response: Response | None) -> Path:
        patience = Patience(self._session, AT_THE_START)
        while True:
            try:
                self._whole(response or self._session.client.open(self._url))
                return self._part.path
            except (Interrupted, Refused) as problem:
                response = None
                patience.answer(problem)

    def _whole(self, response: Response) -> None:
        """The file from its first byte to its last over one connection. Nothing of it outlives a break."""
        try:
            check_kind(response)
            length = None if response.coded else response.length
            self._session.ask_room((length or 0) + self._extra)
            self._part.open("", [], None)
            self._count(0, length)
            self._session.enter(Phase.TRANSFERRING)
            size = self._pour_whole(response)
        finally:
            response.close()
        if not size:
            raise WrongMedia(f"{response.host} sent an empty file.")
        self._session.meter.total = self._session.meter.bytes

    def _pour_whole(self, response: Response) -> int:
        session, view, size = self._session, self._buffer.view, 0
        while count := response.readinto(view[: session.limiter.portion(BUFFER)]):
            data = memoryview(response.decoded(view[:count], 64 * BUFFER)) if response.coded else view[:count]
            if not size:
                check_start(bytes(data[:512]), response.host)
            self._part.put(data, size)
            size += len(data)
            session.meter.add(len(data))
            session.limiter.took(count)
            session.check()
        return size


class _FirstThen:
    """The plan's work, with the piece in front whose answer is already there."""

    def __init__(self, first: Piece, plan: Plan) -> None:
        self._first: Piece | None = first
        self._plan = plan

    def take(self) -> Piece | None:
        piece, self._first = self._first, None
        return piece or self._plan.take()

    def waiting(self) -> bool:
        return self._first is not None or self._plan.waiting()


def _range(start: int, end: int, known: Facts | None) -> dict[str, str]:
    """``end`` is the byte after the last, as everywhere here; on the wire it is the last."""
    headers = {"Range": f"bytes={start}-{end - 1}"}
    return headers | {"If-Range": known.validator} if known and known.validator else headers
