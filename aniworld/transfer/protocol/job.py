"""What a transfer is asked for, what it tells on its way, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from aniworld.core.media import Chapter, Stream
from aniworld.core.subtitles import SubtitleFile


class Phase(StrEnum):
    RESOLVING = "resolving"  # yt-dlp or a playlist tells what there is
    CONNECTING = "connecting"
    TRANSFERRING = "transferring"
    MERGING = "merging"
    VERIFYING = "verifying"


@dataclass(frozen=True)
class TransferJob:
    """One attempt at one episode.

    ``folder`` is this item's own working folder; it may hold what an earlier attempt left and is kept on failure.
    ``connections``: ranges or fragments at a time. ``quality``: best, worst, or 360p to 1080p (at most that class).
    ``speed_limit``: bytes per second for this transfer, None for no limit. ``stall_timeout_s``: seconds without a byte.
    ``language`` chooses an audio track where there are several. ``private_hosts`` as in ANIWORLD_PRIVATE_HOSTS.
    ``write_chapters``: where the source states any. ``retry_pause_s``: the first pause after a network fault; it
    doubles with each further one.
    ``full_decode_check``: every frame is decoded before the result counts. ``niceness``: 0 to 19, how far the child
    steps aside. ``subtitles``: those that come apart are kept as ``files``, inside an ``mkv``, or ``off``.
    ``require_subtitles``: without those that belong to ``language`` the video is not fetched.
    """

    stream: Stream
    folder: Path
    connections: int = 8
    quality: str = "best"
    language: str | None = None
    speed_limit: int | None = None
    stall_timeout_s: float = 60.0
    ffmpeg: str | None = None
    private_hosts: tuple[str, ...] = ()
    user_agent: str = "Aniworld"
    full_decode_check: bool = False
    retry_pause_s: float = 0.5
    write_chapters: bool = True
    niceness: int = 0
    subtitles: str = "files"
    require_subtitles: bool = False


@dataclass(frozen=True)
class Progress:
    """A moment of a transfer. ``total_bytes`` and ``eta_seconds`` None while not known; ``percent`` 0.0 to 100.0."""

    phase: Phase
    downloaded_bytes: int = 0
    total_bytes: int | None = None
    speed_bytes: int = 0
    eta_seconds: int | None = None
    percent: float = 0.0


@dataclass(frozen=True)
class TransferResult:
    """A whole, checked file, still in the job's folder. ``duration`` in seconds, ``width`` and ``height`` of its
    picture in pixels.

    ``subtitles``: those that came apart and are in the folder, or in the file. ``subtitles_lost``: a sentence on those
    that could not be had. ``without_subtitles``: among them are those that belong to the job's language.
    """

    path: Path
    size_bytes: int
    container: str
    duration: float | None = None
    height: int | None = None
    audio_languages: tuple[str, ...] = field(default=())
    width: int | None = None
    subtitles: tuple[SubtitleFile, ...] = ()
    subtitles_lost: str | None = None
    without_subtitles: bool = False


@dataclass(frozen=True)
class Fetched:
    """What a fetcher brought: one track, or picture and sound. ``join``: it is not yet in a container of its own.

    ``stretches``: of each track, where its time begins anew on the way; nothing where it runs through.
    """

    tracks: tuple[Path, ...]
    duration: float | None = None
    join: bool = False
    audio_language: str | None = None
    joined: Path | None = None  # the tracks in one container already, where that was done on the way
    chapters: tuple[Chapter, ...] = ()
    stretches: tuple[tuple[Stretch, ...], ...] = ()
    rounding: float = 0.0  # seconds by which ``duration`` may be off, where it is a sum of rounded ones


@dataclass(frozen=True)
class Stretch:
    """A part of a track in which time runs through: where its bytes stand in the track's file, the map first.

    ``spans``: first byte and byte after the last. ``duration`` in seconds, as announced; by ``rounding`` it may be off.
    """

    spans: tuple[tuple[int, int], ...]
    duration: float
    rounding: float = 0.0
