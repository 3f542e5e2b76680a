"""Subtitles that come apart from the video: fetched before it, since their addresses expire, and kept apart or inside
it.

They go through the same client and guard as the video, with limits of their own in bytes, requests and time. What
cannot be had is said and costs no episode, unless the job requires it.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aniworld.core.errors import AniworldError, DiskFull, HosterUnsupported, StorageError, TooLarge, WrongMedia
from aniworld.core.subtitles import SubtitleFile, SubtitleTrack, english_name, wanted_subtitles
from aniworld.transfer.engine.ffmpeg import Ffmpeg
from aniworld.transfer.engine.http_client import Client, Interrupted, Refused
from aniworld.transfer.engine.part_file import storage
from aniworld.transfer.protocol.job import Phase

if TYPE_CHECKING:
    from aniworld.transfer.engine.session import Session
    from aniworld.transfer.fetchers.hls_playlist import Segment

MOST_TRACKS = 24
MOST_SEGMENTS = 6000
LARGEST = 8 * 1024 * 1024  # bytes of one track
ALL_TOGETHER = 32 * 1024 * 1024
BUDGET_S = 180.0
RAW = "subtitle-*.raw"
STEM = "subtitle-"
_ANSWER_WITHIN_S = 20.0
_AT_A_TIME = 4
_TRIES = 3
_PAUSE_S = 10.0
_FINAL = frozenset({400, 401, 403, 404, 410, 416, 451})
_CODECS = {
    "ger": "cp1252",
    "eng": "cp1252",
    "rus": "cp1251",
    "ukr": "cp1251",
    "bul": "cp1251",
    "srp": "cp1251",
    "pol": "cp1250",
    "cze": "cp1250",
    "slo": "cp1250",
    "hun": "cp1250",
    "hrv": "cp1250",
    "slv": "cp1250",
    "rum": "cp1250",
    "gre": "cp1253",
    "tur": "cp1254",
    "heb": "cp1255",
    "ara": "cp1256",
    "per": "cp1256",
    "vie": "cp1258",
    "tha": "cp874",
    "jpn": "cp932",
    "kor": "cp949",
    "chi": "gb18030",
}
_SRT = re.compile(r"(?:\d+\s*\n)?\s*\d{1,2}:\d{2}:\d{2}[,.]\d{1,3}\s*-->")
_OFF = "Subtitles are switched off in the settings (download.subtitles)."


class _Lost(Exception):
    """Why a track cannot be had, as a sentence."""


@dataclass(frozen=True)
class _Raw:
    """A track as it came. ``parts``: [text, start, end, fresh] of each segment; one for a plain file."""

    format: str
    parts: tuple[tuple[str, float, float | None, bool], ...]


@dataclass(frozen=True)
class Outcome:
    """``files``: written and checked; ``lost``: a sentence on what could not be had; ``without``: the job's own
    language is among that."""

    files: tuple[SubtitleFile, ...] = ()
    lost: str | None = None
    without: bool = False


class Subtitles:
    """The subtitles of one transfer. ``fetch`` may be called for each source that states some."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._wanted = wanted_subtitles(session.job.language)
        self._seen: set[str] = set()
        self._brought: list[tuple[SubtitleTrack, _Raw]] = []
        self._lost: list[tuple[SubtitleTrack, str]] = []
        self._bytes = 0
        self._until: float | None = None

    @property
    def any(self) -> bool:
        return bool(self._brought or self._lost)

    def fetch(self, stated: Sequence[SubtitleTrack]) -> None:
        """Brings what is stated. Raises HosterUnsupported where the job requires subtitles that cannot be had, DiskFull
        …, and the transfer's own error.
        """
        tracks = [one for one in self._sorted(stated) if self._is_new(one)]
        if not tracks:
            return
        if self._session.job.subtitles == "off":
            self._lost += [(one, _OFF) for one in tracks if self._belongs(one)]
        else:
            self._fetch_all(tracks)
        self._check_required()

    def finish(self, ffmpeg: Ffmpeg, video: Path) -> Outcome:
        """The files, with times that fit ``video``, the first track as it came. Raises DiskFull, LibraryUnavailable."""
        if not self.any:
            return Outcome()
        files: list[SubtitleFile] = []
        start = self._start(ffmpeg, video)
        for track, raw in self._brought:
            try:
                text, kind = _text(raw, start)
                files.append(self._written(ffmpeg, len(files), track, text, kind))
            except _NotSubtitles:
                continue
            except (_Lost, WrongMedia) as reason:
                self._lost.append((track, str(reason)))
        return Outcome(tuple(files), self._sentence(), self._is_without(files))

    # ── which ───────────────────────────────────────────────────────────────

    def _sorted(self, stated: Sequence[SubtitleTrack]) -> list[SubtitleTrack]:
        """The job's own language first. A single track without a language is in the one that the link is said to
        have.
        """
        unnamed = [one for one in stated if not one.language]
        if self._wanted and len(unnamed) == 1 and all(one.language != self._wanted for one in stated):
            stated = [replace(one, language=self._wanted) if one is unnamed[0] else one for one in stated]
        return sorted(stated, key=lambda one: not self._belongs(one))[:MOST_TRACKS]

    def _is_new(self, track: SubtitleTrack) -> bool:
        name = _name(track)
        new = name not in self._seen
        self._seen.add(name)
        return new

    def _belongs(self, track: SubtitleTrack | SubtitleFile) -> bool:
        return bool(self._wanted) and not track.forced and track.language in (self._wanted, "")

    def _is_without(self, had: Iterable[SubtitleTrack | SubtitleFile]) -> bool:
        return any(self._belongs(track) for track, _ in self._lost) and not any(map(self._belongs, had))

    def _check_required(self) -> None:
        job = self._session.job
        if job.require_subtitles and self._is_without(track for track, _ in self._brought):
            raise HosterUnsupported(required(self._sentence() or "", self._wanted))

    def _sentence(self) -> str | None:
        if not self._lost:
            return None
        reasons: dict[str, list[str]] = {}
        for track, reason in self._lost:
            reasons.setdefault(reason, []).append(english_name(track.language))
        told = " ".join(f"{', '.join(dict.fromkeys(names))}: {reason}" for reason, names in reasons.items())
        return f"Not all subtitles could be had. {told}"[:1000]

    # ── fetching ────────────────────────────────────────────────────────────

    def _fetch_all(self, tracks: Sequence[SubtitleTrack]) -> None:
        session = self._session
        phase = session.meter.phase
        session.enter(Phase.RESOLVING)
        if self._until is None:
            self._until = session.meter.clock.now() + BUDGET_S
        patience, host = min(_ANSWER_WITHIN_S, session.job.stall_timeout_s), urlsplit(session.job.stream.url).netloc
        clients = {own: session.another_client(patience, private=own) for own in (True, False)}
        with session.meter.excused():  # a silent host of subtitles is no stall of the video's
            for track in tracks:
                try:
                    client = clients[urlsplit(track.url).netloc == host]
                    self._brought.append((track, self._kept(track) or self._fetch(client, track)))
                except _NotSubtitles:
                    continue
                except StorageError:
                    raise
                except (_Lost, AniworldError) as reason:
                    session.check()
                    self._lost.append((track, str(reason)))
        session.enter(phase)

    def _fetch(self, client: Client, track: SubtitleTrack) -> _Raw:
        data, url = (track.text.encode(), "") if track.text else self._get(client, track.url, {})
        if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"#EXTM3U"):
            raw = self._segmented(client, track, _decoded(data, ""), url)
        else:
            raw = _read(_decoded(data, track.language), urlsplit(track.url).hostname or "The source")
        with storage(self._session.job.folder):
            fresh = self._raw_path(track).with_suffix(".new")
            fresh.write_text(json.dumps(asdict(raw)), encoding="utf-8")
            fresh.replace(self._raw_path(track))
        return raw

    def _segmented(self, client: Client, track: SubtitleTrack, text: str, url: str) -> _Raw:
        from aniworld.transfer.fetchers import hls_playlist as playlist  # the parser costs 60 ms

        found = playlist.parse(text, url)
        if found.is_variant:
            raise _Lost("The list of subtitles leads only to further lists.")
        segments = playlist.segments(found)
        if len(segments) > MOST_SEGMENTS:
            raise _Lost(f"They come in more than {MOST_SEGMENTS} parts.")
        if any(one.head for one in segments):
            raise _Lost("They come as MP4, which cannot be read; only text can.")
        keys: dict[str, bytes] = {}
        for one in segments:
            if one.key is not None and one.key.url not in keys:
                keys[one.key.url] = self._get(client, one.key.url, {})[0]
        with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="subtitles") as pool:
            try:
                bodies = list(pool.map(lambda one: self._segment(client, one, keys), segments))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return _joined([_decoded(body, track.language) for body in bodies], segments)

    def _segment(self, client: Client, one: Segment, keys: dict[str, bytes]) -> bytes:
        span = {"Range": f"bytes={one.span[0]}-{one.span[1] - 1}"} if one.span else {}
        data = self._get(client, one.url, span)[0]
        if one.span and len(data) > one.span[1] - one.span[0]:
            data = data[one.span[0] : one.span[1]]  # a host that knows no ranges sends the whole file
        if one.key is None:
            return data
        from aniworld.transfer.fetchers.hls_decryption import Opener  # 50 ms

        opener = Opener(keys[one.key.url], one.key.iv)
        return opener.update(memoryview(data)) + opener.end()

    def _get(self, client: Client, url: str, headers: dict[str, str]) -> tuple[bytes, str]:
        """The whole body and its final address."""
        for attempt in range(1, _TRIES + 1):
            try:
                response = client.open(url, headers)
                return self._body(response), response.url
            except Refused as refused:
                reason, asked = str(refused), refused.retry_after
                if refused.status in _FINAL or (asked or 0) > _PAUSE_S:
                    break
            except Interrupted as broken:
                reason, asked = str(broken), None
            self._in_time()
            self._session.pause(attempt, asked)
        raise _Lost(reason)

    def _body(self, response: Any) -> bytes:
        data, view = bytearray(), memoryview(bytearray(64 * 1024))
        try:
            while count := response.readinto(view):
                piece = response.decoded(view[:count], LARGEST) if response.coded else view[:count]
                data += piece
                self._bytes += len(piece)
                if len(data) > LARGEST or self._bytes > ALL_TOGETHER:
                    raise TooLarge(f"{response.host} sends more data than a subtitle file can have.")
                self._in_time()
        finally:
            response.close()
        return bytes(data)

    def _in_time(self) -> None:
        self._session.check()
        if self._until is not None and self._session.meter.clock.now() > self._until:
            raise _Lost(f"They did not come within {BUDGET_S:.0f} seconds.")

    def _kept(self, track: SubtitleTrack) -> _Raw | None:
        """What an earlier attempt brought."""
        try:
            facts = json.loads(self._raw_path(track).read_text(encoding="utf-8"))
            return _Raw(str(facts["format"]), tuple((str(a), float(b), c, bool(d)) for a, b, c, d in facts["parts"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _raw_path(self, track: SubtitleTrack) -> Path:
        return self._session.job.folder / RAW.replace("*", _name(track))

    # ── writing ─────────────────────────────────────────────────────────────

    def _start(self, ffmpeg: Ffmpeg, video: Path) -> float | None:
        mapped = any("X-TIMESTAMP-MAP" in part[0][:2000].upper() for _, raw in self._brought for part in raw.parts)
        return ffmpeg.start_of(video) if mapped else None

    def _written(self, ffmpeg: Ffmpeg, number: int, track: SubtitleTrack, text: str, kind: str) -> SubtitleFile:
        path = self._session.job.folder / f"{STEM}{number}.{kind}"
        with storage(path.parent):
            path.write_text(text, encoding="utf-8", newline="\n")
        if not ffmpeg.count_cues(path, kind):
            with storage(path.parent):
                path.unlink(missing_ok=True)
            if self._belongs(track):
                raise _Lost("They hold no text.")
            raise _NotSubtitles
        return SubtitleFile(path.name, kind, track.language, track.forced, track.sdh)


def embedded(ffmpeg: Ffmpeg, video: Path, outcome: Outcome, wanted: str | None) -> tuple[Path, Outcome]:
    """The video with the subtitles inside, as Matroska; as it was, with the files, where that cannot be done."""
    out = video.with_name("joined-subtitles.mkv")
    shown = [at for at, one in enumerate(outcome.files) if wanted and one.language == wanted and not one.forced]
    forced = [at for at, one in enumerate(outcome.files) if one.forced and not wanted]
    try:
        listed = [(video.with_name(one.name), one) for one in outcome.files]
        ffmpeg.add_subtitles(video, listed, out, default=next(iter([*shown, *forced]), None))
    except (WrongMedia, DiskFull):  # they are files then: no reason to lose an episode
        with storage(video.parent):
            out.unlink(missing_ok=True)
        return video, outcome
    return out, replace(outcome, files=tuple(replace(one, name="") for one in outcome.files))


class _NotSubtitles(Exception):
    """Pictures of the time line, or nothing at all: nobody misses them."""


def required(reasons: str, wanted: str | None) -> str:
    return f"The subtitles in {english_name(wanted or '')} cannot be had here. {reasons}".strip()


def _name(track: SubtitleTrack) -> str:
    """What stays the same when an address expires and is looked up again."""
    parts = urlsplit(track.url)
    place = f"{parts.path}|{track.text}|{track.language}|{track.forced}"
    return sha256(place.encode("utf-8", "replace")).hexdigest()[:16]


def _decoded(data: bytes, language: str) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode(_CODECS.get(language, "cp1252"), "replace")


def _read(text: str, host: str) -> _Raw:
    """A plain file, known by its content. Raises _Lost for another kind."""
    plain = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    start = plain.lstrip()
    if "-->" not in plain and "--&gt;" in plain:
        start = plain = html.unescape(plain)
    if start.startswith("WEBVTT"):
        return _Raw("vtt", ((start, 0.0, None, False),))
    if start[:400].lower().startswith("[script info]"):
        return _Raw("ass" if "v4+" in plain.lower() else "ssa", ((start, 0.0, None, False),))
    if _SRT.match(start):
        return _Raw("srt", ((start, 0.0, None, False),))
    raise _Lost(f"What {host} sent is not subtitles in a known form (WebVTT, SRT, ASS).")


def _joined(texts: Sequence[str], segments: Sequence[Segment]) -> _Raw:
    """The segments of a list, each with its place on the time line."""
    parts, place = [], 0.0
    for text, one in zip(texts, segments, strict=True):
        parts.append((text, place, place + one.duration, one.anew))
        place += one.duration
    filled = [text.lstrip("\ufeff \t\r\n") for text in texts if text.strip("\ufeff \t\r\n")]
    if filled and not all(text.startswith("WEBVTT") for text in filled):
        whole = _read("\n\n".join(filled), "the source") if len(filled) == 1 else None
        if whole is None:
            raise _Lost("A part of them is not WebVTT.")
        return whole
    return _Raw("vtt", tuple(parts))


def _text(raw: _Raw, video_start: float | None) -> tuple[str, str]:
    """The whole text, and its format."""
    if raw.format != "vtt":
        text = raw.parts[0][0]
        return (html.unescape(text) if raw.format == "srt" else text), raw.format
    from aniworld.transfer.fetchers import webvtt  # yt-dlp's parser costs 300 ms

    parts = [
        webvtt.Part(text, start, float("inf") if end is None else end, fresh) for text, start, end, fresh in raw.parts
    ]
    try:
        return webvtt.join(parts, video_start), "vtt"
    except webvtt.Pictures:
        raise _NotSubtitles from None
    except Exception as error:  # the boundary to a parser of text from anywhere
        raise _Lost(f"They cannot be read ({type(error).__name__}).") from error
