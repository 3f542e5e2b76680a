"""From fetched tracks to one whole, checked file on disk."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aniworld.core.errors import HosterUnsupported, WrongMedia
from aniworld.core.media import Chapter
from aniworld.core.subtitles import wanted_subtitles
from aniworld.transfer.chapters import noted, written
from aniworld.transfer.engine.ffmpeg import Ffmpeg
from aniworld.transfer.engine.media_check import Facts, check
from aniworld.transfer.engine.part_file import storage, storage_error
from aniworld.transfer.engine.session import Session
from aniworld.transfer.fetchers.hls_discontinuities import PIECES, standing
from aniworld.transfer.fetchers.subtitles import RAW, STEM, Outcome, Subtitles, embedded, required
from aniworld.transfer.protocol import messages as wire
from aniworld.transfer.protocol.job import Fetched, Phase, TransferJob, TransferResult
from aniworld.transfer.refusals import forget_refused, note_refused

_KEPT_AS_THEY_ARE = frozenset({"mp4", "mkv", "webm"})
_RECORD = "media.json"
_JOINED = "joined"


def finished_before(session: Session, ffmpeg: Ffmpeg) -> TransferResult | None:
    """The result of an earlier attempt that was finished but never picked up, if its file still stands.

    If every frame shall be decoded and that attempt did not, it is done now. Raises WrongMedia, as ``finish`` does.
    """
    folder = session.job.folder
    try:
        record = json.loads((folder / _RECORD).read_text())
        result = wire.read_result(record["result"])
        fits = record["wish"] == _wish(session.job) and result.path.parent == folder
        there = all((folder / one.name).is_file() for one in result.subtitles if one.name)
        if not fits or not there or result.path.stat().st_size != result.size_bytes:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if session.job.require_subtitles and result.without_subtitles:
        raise HosterUnsupported(required(result.subtitles_lost or "", wanted_subtitles(session.job.language)))
    if session.job.full_decode_check and not record.get("decoded"):
        _decode(session, ffmpeg, result)
    return result


def _decode(session: Session, ffmpeg: Ffmpeg, result: TransferResult) -> None:
    """Every frame of a finished file, once. Raises WrongMedia: the file is gone then."""
    job = session.job
    session.meter.restart(result.size_bytes)
    session.meter.total = result.size_bytes
    session.enter(Phase.VERIFYING)
    try:
        check(ffmpeg, result.path, None, full=True)
    except WrongMedia as error:
        note_refused(job, [result.path], error)
        with storage(job.folder):
            for path in (job.folder / _RECORD, result.path):
                path.unlink(missing_ok=True)
        raise
    with storage(job.folder):
        _note(job, result)


def finish(session: Session, ffmpeg: Ffmpeg, fetched: Fetched, subtitles: Subtitles) -> TransferResult:
    """The checked file ``media.<ext>``. What cannot become one is deleted, so that no further attempt trusts it.

    Raises WrongMedia, DiskFull, LibraryUnavailable, ChildDied.
    """
    folder = session.job.folder
    try:
        path, facts = _make(session, ffmpeg, fetched)
    except WrongMedia as error:
        note_refused(session.job, fetched.tracks, error)
        _clean(folder, fetched)
        raise
    outcome = subtitles.finish(ffmpeg, fetched.tracks[0])
    if outcome.files and session.job.subtitles == "mkv":
        path, facts, outcome = _with_subtitles(session, ffmpeg, fetched, (path, facts, outcome))
    with storage(folder):
        return _settle(session.job, path, facts, fetched, outcome)


def _with_subtitles(
    session: Session, ffmpeg: Ffmpeg, fetched: Fetched, made: tuple[Path, Facts, Outcome]
) -> tuple[Path, Facts, Outcome]:
    """The checked file with subtitles inside; as it was where the pass has spoilt it."""
    session.enter(Phase.MERGING)
    path, _, outcome = made
    out, inside = embedded(ffmpeg, path, outcome, wanted_subtitles(session.job.language))
    if out == path:
        return made
    try:
        return out, _checked(session, ffmpeg, out, fetched), inside
    except WrongMedia:
        return made


def _make(session: Session, ffmpeg: Ffmpeg, fetched: Fetched) -> tuple[Path, Facts]:
    duration = fetched.duration or session.job.stream.duration
    text = noted(session.job.folder, _chapters(session.job, fetched), duration)
    path = fetched.joined or (_joined(session, ffmpeg, fetched, text) if fetched.join else fetched.tracks[0])
    facts = _checked(session, ffmpeg, path, fetched)
    if facts.container not in _KEPT_AS_THEY_ARE:
        path = _joined(session, ffmpeg, fetched, text)
        facts = _checked(session, ffmpeg, path, fetched)
    if text is None or path.stem != _JOINED or fetched.joined is not None:
        return _with_chapters(session, ffmpeg, fetched, path, facts)
    return path, facts


def _chapters(job: TransferJob, fetched: Fetched) -> tuple[Chapter, ...]:
    return (fetched.chapters or job.stream.chapters) if job.write_chapters else ()


def _with_chapters(session: Session, ffmpeg: Ffmpeg, fetched: Fetched, path: Path, facts: Facts) -> tuple[Path, Facts]:
    """A pass of its own where no pass has written the chapters; none where there are none. A file that the pass has
    spoilt is not taken: chapters are no reason to lose an episode."""
    text = noted(session.job.folder, _chapters(session.job, fetched), facts.duration)
    if text is None:
        return path, facts
    session.enter(Phase.MERGING)
    out = written(ffmpeg, path, text, facts.container)
    if out == path:
        return path, facts
    try:
        return out, _checked(session, ffmpeg, out, fetched)
    except WrongMedia:
        return path, facts


def _joined(session: Session, ffmpeg: Ffmpeg, fetched: Fetched, chapters: Path | None) -> Path:
    session.enter(Phase.MERGING)
    language, tracks = fetched.audio_language, fetched.tracks
    if not any(fetched.stretches):
        return _as_it_fits(session, lambda out: ffmpeg.join(list(tracks), out, language, chapters))
    with standing(session.job.folder, ffmpeg, tracks, fetched.stretches) as (listed, pieces):
        return _as_it_fits(session, lambda out: ffmpeg.join_pieces(pieces, listed, out, language, chapters))


def _as_it_fits(session: Session, make: Callable[[Path], None]) -> Path:
    """mp4 if its contents allow that, else mkv."""
    try:
        out = session.job.folder / f"{_JOINED}.mp4"
        make(out)
    except WrongMedia:
        out = session.job.folder / f"{_JOINED}.mkv"
        make(out)
    return out


def _checked(session: Session, ffmpeg: Ffmpeg, path: Path, fetched: Fetched) -> Facts:
    """The file's facts, and the file safe on the disk: both take their time side by side."""
    session.enter(Phase.VERIFYING)
    stated = fetched.duration or session.job.stream.duration
    with ToDisk(path):
        return check(ffmpeg, path, stated, full=session.job.full_decode_check, rounding=fetched.rounding)


def _settle(job: TransferJob, path: Path, facts: Facts, fetched: Fetched, outcome: Outcome) -> TransferResult:
    """The file was safe on the disk before it gets its name, and has its name before its parts go."""
    final = job.folder / f"media.{facts.container}"
    result = TransferResult(
        final,
        path.stat().st_size,
        facts.container,
        facts.duration,
        facts.height,
        facts.audio_languages or ((fetched.audio_language,) if fetched.audio_language else ()),
        facts.width,
        outcome.files,
        outcome.lost,
        outcome.without,
    )
    _sync_subtitles(job.folder, result)
    _note(job, result)
    os.replace(path, final)
    forget_refused(job)
    _clean(job.folder, fetched)
    _clean_subtitles(job.folder, result)
    return result


def _sync_subtitles(folder: Path, result: TransferResult) -> None:
    for one in result.subtitles:
        if one.name:
            with (folder / one.name).open("rb") as file:
                os.fsync(file.fileno())


def _clean_subtitles(folder: Path, result: TransferResult) -> None:
    kept = {one.name for one in result.subtitles}
    for path in (*folder.glob(RAW), *folder.glob(f"{STEM}*")):
        if path.name not in kept:
            path.unlink(missing_ok=True)


def _note(job: TransferJob, result: TransferResult) -> None:
    """For an attempt that finds the file finished."""
    facts = {"wish": _wish(job), "decoded": job.full_decode_check, "result": wire.result_message(result)}
    _write(job.folder / _RECORD, facts)


def _clean(folder: Path, fetched: Fetched) -> None:
    with storage(folder):
        for path in (*fetched.tracks, *folder.glob(f"{_JOINED}.*"), *folder.glob(PIECES)):
            path.unlink(missing_ok=True)
            path.with_suffix(".journal").unlink(missing_ok=True)


class ToDisk:
    """Inside, the file is synced on a thread; at the end it is done. Raises StorageError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._sync, name="sync", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is None:
            self._thread.join()
        if kind is None and self._error is not None:
            raise storage_error(self._error)

    def _sync(self) -> None:
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._error = error


def _write(path: Path, facts: dict[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(facts))
    os.replace(fresh, path)


def _wish(job: TransferJob) -> list[str | None]:
    return [job.language, job.quality, job.subtitles]
