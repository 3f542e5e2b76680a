"""An HLS stream: its segments in parallel, each at its own place in one ordered file for each track.

A segment that is missing, short or no media fails the attempt; there is never a hole. What is there is kept, and
used again when a later attempt finds the same paths, whatever their query strings.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import m3u8

from aniworld.core.errors import HosterUnsupported, TransferFailed, WrongMedia
from aniworld.transfer.engine.http_client import BUFFER, Buffer, Interrupted, Refused, Response
from aniworld.transfer.engine.media_sniffer import (
    SYNCED,
    TS_PACKET,
    TS_SYNC,
    IsPlaylist,
    begins_media,
    check_start,
    is_picture,
    media_start,
    reach,
)
from aniworld.transfer.engine.part_file import PartFile, storage
from aniworld.transfer.engine.request_limiter import Gate
from aniworld.transfer.engine.retry_policy import AT_THE_START, FOR_A_SEGMENT, LONGEST_WAIT_S, ONE_LESS, Patience
from aniworld.transfer.engine.session import Session
from aniworld.transfer.engine.workers import Crew
from aniworld.transfer.fetchers import hls_playlist as playlist
from aniworld.transfer.fetchers.hls_discontinuities import check_pairs
from aniworld.transfer.fetchers.hls_early_join import Joiner
from aniworld.transfer.fetchers.hls_layout import Layout, Shifted
from aniworld.transfer.fetchers.hls_playlist import Choice, Segment
from aniworld.transfer.fetchers.inline_media import inline
from aniworld.transfer.protocol.job import Fetched, Phase, Stretch

_FLUSH = 128 * 1024
_IN_MEMORY = 1024 * 1024
_SHIFTS = 3
_AHEAD, _FEW = 32, 2  # segments that ffmpeg still has to join, beyond which so many are fetched at a time
_DEPTH = 2
_LEAST_WAIT_S, _LONGEST_GROWTH_S = 1.0, 30.0
_SOON_S = 0.2  # what takes longer is not waited for with an open connection

Data: TypeAlias = "bytes | memoryview"
Apart: TypeAlias = "tempfile.SpooledTemporaryFile[bytes]"


class HlsFetcher:
    """Fetches what a playlist lists: the best fitting variant and, where it is apart, the best fitting audio."""

    def __init__(self, session: Session, url: str, stem: str = "video", *, join_early: bool = True) -> None:
        self._session, self._url, self._stem, self._join_early = session, url, stem, join_early

    def run(self) -> Fetched:
        """The tracks, not yet joined. Raises HosterUnsupported, WrongMedia, TooLarge, MediaExpired, TransferFailed …"""
        choice, video, rounding = self._resolve(self._url)
        self._session.fetch_subtitles(choice.subtitles)
        tracks = [video]
        if choice.audio:
            tracks.append(self._resolve(choice.audio)[1])
        parts = self._parts(tracks)
        shares = Shares(self._session, tracks, choice.bandwidth, 3 if parts else 2)
        early = self._join_early and len(tracks) == 1 and not parts
        fetchers = [
            TrackFetcher(self._session, track, stem, shares, early)
            for stem, track in zip((self._stem, "audio"), tracks, strict=False)
        ]
        paths = tuple(fetcher.run() for fetcher in fetchers)
        duration = sum(one.duration for one in video) or None
        unit = rounding / max(1, sum(not one.head for one in video))
        stretches = tuple(one.stretches(cut, unit) for one, cut in zip(fetchers, parts, strict=False))
        return Fetched(
            paths,
            duration,
            True,
            choice.audio_language,
            joined=fetchers[0].joined(),
            stretches=stretches,
            rounding=rounding,
        )

    @staticmethod
    def _parts(tracks: list[list[Segment]]) -> list[list[list[Segment]]]:
        """Each track by stretches; nothing if no time begins anew, or in streams that go over that by themselves: those
        without any map. Raises WrongMedia before anything was fetched."""
        if not any(one.head for track in tracks for one in track):
            return []
        parts = [playlist.stretches(track) for track in tracks]
        check_pairs(parts)
        return parts if len(parts[0]) > 1 else []

    def _resolve(self, url: str) -> tuple[Choice, list[Segment], float]:
        """What is fetched of a playlist, its parts, and by how many seconds their stated durations may be off."""
        job, choice = self._session.job, Choice(url)
        for _ in range(_DEPTH):
            text, final = self._text(choice.video)
            found = playlist.parse(text, final)
            if not found.is_variant:
                found = self._to_its_end(found, choice.video)
                return choice, playlist.segments(found), playlist.rounding(found)
            choice = playlist.choose(found, job.quality, job.language)
        raise WrongMedia(f"The playlist of {urlsplit(url).hostname} leads only to further playlists.")

    def _to_its_end(self, found: m3u8.M3U8, url: str) -> m3u8.M3U8:
        """The playlist with its end. An EVENT playlist that does not say so has it when it has stopped growing.

        Raises HosterUnsupported. A server adds a part within 1.5 target durations (RFC 8216, 6.2.2).
        """
        if playlist.says_its_end(found):
            return found
        if not playlist.is_event(found):
            raise HosterUnsupported(playlist.LIVE)
        self._session.pause(1, min(max(1.5 * (found.target_duration or 0), _LEAST_WAIT_S), _LONGEST_GROWTH_S))
        now = playlist.parse(*self._text(url))
        if not playlist.says_its_end(now) and playlist.names(now) != playlist.names(found):
            raise HosterUnsupported(playlist.GROWING)
        return now

    def _text(self, url: str) -> tuple[str, str]:
        written = inline(url)
        if written is not None:
            return written.decode("utf-8", "replace"), self._url
        patience = Patience(self._session, AT_THE_START)
        while True:
            try:
                response = self._session.client.open(url)
                text = response.read(playlist.LARGEST).decode("utf-8", "replace")
                self._session.meter.sign()
                return text, response.url
            except (Interrupted, Refused) as problem:
                patience.answer(problem)


class Shares:
    """How much of all tracks is there, by playing time; what they will weigh, by what has come so far."""

    def __init__(self, session: Session, tracks: list[list[Segment]], bandwidth: int, copies: int) -> None:
        self._session, self._copies = session, copies
        self._seconds = sum(one.duration for track in tracks for one in track) or 1.0
        self._longest = max(sum(one.duration for one in track) for track in tracks)
        self._lock = threading.Lock()
        self._done_s, self._done_bytes = 0.0, 0
        self._stated = int(bandwidth * self._longest / 8)

    def ask_room(self, size: int, segment: Segment, there: Callable[[], int]) -> None:
        """As many copies as stand side by side for a while: tracks, pieces, joined file; less what is there."""
        if self._session.has_room or (segment.head and not self._stated and size <= _IN_MEMORY):
            return  # a map is small, and its size says nothing of the stream's
        whole = self._stated or int(size * self._seconds / segment.duration if segment.duration else size)
        self._session.ask_room(self._copies * whole - there())

    def done(self, seconds: float, size: int) -> None:
        meter = self._session.meter
        with self._lock:
            self._done_s += seconds
            self._done_bytes += size
            meter.share = min(1.0, self._done_s / self._seconds)
            if self._done_s:
                meter.total = max(meter.bytes, int(self._done_bytes * self._seconds / self._done_s))


class TrackFetcher:
    """Fetches one track's segments to ``<folder>/<stem>.part``."""

    def __init__(self, session: Session, track: list[Segment], stem: str, shares: Shares, join_early: bool) -> None:
        self._session, self._track, self._shares, self._join_early = session, track, shares, join_early
        self._joiner: Joiner | None = None
        self._part = PartFile(session.job.folder / f"{stem}.part", final=False)
        self._subject = sha256("\n".join(one.name for one in track).encode()).hexdigest()
        self._buffer = Buffer()
        self._gate = Gate(session)
        self._keys: dict[str, bytes] = {}
        self._key_lock = threading.Lock()

    def run(self) -> Path:
        try:
            shifted: Shifted | None = None
            for _ in range(_SHIFTS):
                try:
                    return self._attempt(shifted.index if shifted else None)
                except Shifted as turn:
                    shifted, self._join_early = turn, False
                    self._drop_join()
                    self._session.revive(turn)
            raise TransferFailed("The parts of the video change at their host while they are fetched.")
        except BaseException:
            self._drop_join()
            raise
        finally:
            self._part.close()

    def joined(self) -> Path | None:
        """The track in a container, if it was joined while it came."""
        if self._joiner is None:
            return None
        self._session.enter(Phase.MERGING)
        return self._joiner.end()

    def stretches(self, parts: list[list[Segment]], rounding: float) -> tuple[Stretch, ...]:
        """Where each part of the track stands, now that all of it is there. ``rounding``: of each segment's
        duration.
        """
        return tuple(
            Stretch(
                tuple(self._layout.span(one.index) for one in part),
                sum(one.duration for one in part),
                rounding * len(part),
            )
            for part in parts
        )

    def _drop_join(self) -> None:
        joiner, self._joiner = self._joiner, None
        if joiner is not None:
            joiner.drop()

    def _attempt(self, before: int | None) -> Path:
        session = self._session
        subject, lines = self._part.journal.load()
        self._layout = Layout(len(self._track), session.changed)
        kept = self._layout.load(lines, before) if subject == self._subject and self._part.size() else []
        self._part.open(self._subject, kept, None)
        self._found = self._layout.leading()  # an earlier attempt's, which ffmpeg may take its time for
        if before is None:
            self._take_up()
        session.enter(Phase.TRANSFERRING)
        if self._join_early and session.ffmpeg is not None:
            out = session.job.folder / "joined.mp4"
            self._joiner = Joiner(session, session.ffmpeg, self._part.path, self._layout, out)
            self._joiner.start()
        self._crew = Crew(session, self._layout, self._fetch, self._pace)
        self._crew.run()
        self._part.cut(self._layout.size)
        return self._part.path

    def _pace(self, most: int) -> int:
        """How many segments at a time: few while ffmpeg is far behind, for then it is the processor that all wait
        for.
        """
        joiner = self._joiner
        if joiner is None or not joiner.runs:
            return most
        late = self._layout.taken - max(joiner.sent, self._found) > _AHEAD
        return min(most, _FEW) if late else most

    def _take_up(self) -> None:
        there = self._layout.done_bytes()
        self._session.meter.restart(self._session.meter.bytes + there)
        seconds = sum(one.duration for one in self._track if self._layout.is_done(one.index))
        if there:
            self._shares.done(seconds, there)

    def _fetch(self, index: int) -> None:
        segment = self._track[index]
        patience = Patience(self._session, FOR_A_SEGMENT)
        while not self._layout.is_done(index):
            alone = True
            try:
                with self._apart() as apart:
                    with self._gate.request() as alone:
                        size = self._bring(segment, apart)
                    self._lay(segment, apart, size)
                self._part.note(f"d {index}")
                self._layout.finish(index)
                self._shares.done(segment.duration, size)
            except (Interrupted, Refused) as problem:
                if alone or not self._one_too_many(problem):
                    patience.answer(problem)

    def _one_too_many(self, problem: Interrupted | Refused) -> bool:
        """Whether the host may have refused a request only because it was one of several."""
        if not isinstance(problem, Refused) or problem.status not in ONE_LESS:
            return False
        self._gate.refused()
        if problem.retry_after:
            self._session.pause(1, min(problem.retry_after, LONGEST_WAIT_S))
        return True

    def _bring(self, segment: Segment, apart: Apart) -> int:
        """The segment stands at its place, or ``apart``; its size. Raises Interrupted, Refused, what ends the
        transfer.
        """
        written = inline(segment.url)
        if written is not None:
            return apart.write(self._opened(segment, written))
        response = self._open(segment)
        try:
            self._shares.ask_room(response.length or 0, segment, self._layout.done_bytes)
            stated = response.length if segment.key is None and not response.coded else None
            front, pieces = self._media(segment, self._plain(segment, response))
            if stated is not None:
                place = self._place(segment, stated - front, _SOON_S)
                if place is not None:
                    return self._bring_to(place, pieces)
            for data in pieces:
                apart.write(data)
            return apart.tell()
        except Interrupted:
            self._session.meter.take_back(response.taken)
            raise
        finally:
            response.close()

    def _bring_to(self, place: int, pieces: Iterable[Data]) -> int:
        came = 0
        for data in pieces:
            self._part.put(memoryview(data), place + came)
            came += len(data)
        return came

    def _media(self, segment: Segment, pieces: Iterator[Data]) -> tuple[int, Iterable[Data]]:
        """How many bytes stand before the segment's media, and the pieces from there on. Raises WrongMedia."""
        first = next(pieces, b"")
        if begins_media(bytes(first[:SYNCED])):
            return 0, chain([first], pieces)
        head, enough = bytearray(first), reach(bytes(first[:SYNCED]))
        while len(head) < enough and (more := next(pieces, None)) is not None:
            head += more
        start = media_start(bytes(head[:enough]))
        if start is None:
            self._check(segment, bytes(head))
        front = start if start and self._is_foreign(segment, bytes(head[: start + 1]), start) else 0
        return front, chain([memoryview(head)[front:]], pieces)

    @staticmethod
    def _is_foreign(segment: Segment, head: bytes, start: int) -> bool:
        """Whether what stands before the media is none, and not the end of a packet or box that was cut in two."""
        if is_picture(head) or not segment.index:
            return True
        return not segment.span and (start >= TS_PACKET or head[start] != TS_SYNC)

    @contextmanager
    def _apart(self) -> Iterator[Apart]:
        """Where a segment is gathered whose place is not known yet; in memory while it is small."""
        folder = self._session.job.folder
        with storage(folder), tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(folder)) as apart:
            yield apart

    def _lay(self, segment: Segment, apart: Apart, size: int) -> None:
        """If it was gathered apart, it goes to its place. The request is over: waiting keeps no connection from
        others.
        """
        if apart.tell() == size:
            place = self._place(segment, size) or 0
            apart.seek(0)
            while data := apart.read(BUFFER):
                self._part.put(memoryview(data), place)
                place += len(data)

    def _plain(self, segment: Segment, response: Response) -> Iterator[Data]:
        if segment.key is None and not response.coded:
            yield from self._pieces(response)
            return
        opener = None
        if segment.key is not None:
            from aniworld.transfer.fetchers.hls_decryption import Opener  # 50 ms, only for tracks with a key

            opener = Opener(self._key(segment.key.url), segment.key.iv)
        for data in self._pieces(response):
            whole = response.decoded(data, 64 * BUFFER) if response.coded else data
            yield opener.update(memoryview(whole)) if opener else bytes(whole)
        if opener:
            yield opener.end()

    def _opened(self, segment: Segment, data: bytes) -> bytes:
        """What a ``data:`` address holds, decrypted where the playlist names a key for it."""
        if segment.key is None:
            return data
        from aniworld.transfer.fetchers.hls_decryption import Opener

        opener = Opener(self._key(segment.key.url), segment.key.iv)
        return opener.update(memoryview(data)) + opener.end()

    def _open(self, segment: Segment) -> Response:
        span = segment.span
        wanted = {"Range": f"bytes={span[0]}-{span[1] - 1}"} if span else {}
        response = self._session.client.open(segment.url, wanted)
        if span and (response.content_range or (None, None))[:2] != span:
            response.close()
            raise Interrupted(f"{response.host} answers with other bytes than were asked for.")
        return response

    def _pieces(self, response: Response) -> Iterator[memoryview]:
        """The body as it comes, some hundred kB at a time, in a buffer that is used again."""
        session, view, filled = self._session, self._buffer.view, 0
        while count := response.readinto(view[filled : filled + session.limiter.portion(BUFFER - filled)]):
            filled += count
            session.meter.add(count)
            session.limiter.took(count)
            session.check()
            if filled >= _FLUSH:
                yield view[:filled]
                filled = 0
        if filled:
            yield view[:filled]

    def _place(self, segment: Segment, size: int, within_s: float | None = None) -> int | None:
        """Waiting for the segments before this one is no silence of the host."""
        return self._layout.place(segment.index, size, self._part.note, self._session.check, within_s)

    def _check(self, segment: Segment, start: bytes) -> None:
        """``start``: the first bytes of a segment in which no media was found. Raises WrongMedia if it cannot be any.

        A later part of a track without a map may be one that was cut anywhere, even in the middle of a packet.
        """
        host = urlsplit(segment.url).hostname or "The host"
        try:
            check_start(start, host)
        except IsPlaylist:
            raise WrongMedia("A playlist stands where a part of the video was expected.") from None
        if segment.key is not None:
            raise WrongMedia("The video cannot be decrypted with the key that came with it.")
        if is_picture(start):
            raise WrongMedia(f"{host} sent a picture instead of a part of the video.")
        aligned = not segment.index or (self._track[0].head and not segment.span)
        if start and (aligned or not start.strip(start[:1])):
            raise WrongMedia(f"{host} sent unknown data instead of a part of the video.")

    def _key(self, url: str) -> bytes:
        with self._key_lock:
            if url not in self._keys:
                self._keys[url] = self._fetch_key(url)
            return self._keys[url]

    def _fetch_key(self, url: str) -> bytes:
        written = inline(url)
        if written is not None:
            return written
        patience = Patience(self._session, FOR_A_SEGMENT)
        while True:
            try:
                return self._session.client.open(url).read(4096)
            except (Interrupted, Refused) as problem:
                patience.answer(problem)
