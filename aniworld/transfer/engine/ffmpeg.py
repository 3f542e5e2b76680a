"""ffmpeg as this program uses it: on local files only, never outliving the child, its errors in words."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aniworld.core.errors import ChildDied, DiskFull, TransferFailed, WrongMedia
from aniworld.core.parent import die_with_parent
from aniworld.core.subtitles import SubtitleFile
from aniworld.transfer.engine.part_file import FULL

# Local files only, and only containers: a playlist in a video's clothes would make ffmpeg open what it lists.
_SAFE_INPUT = (
    "-protocol_whitelist",
    "file,crypto,data",
    "-format_whitelist",
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,aac,mp3,ac3,eac3,flv,avi,ogg,mpeg,asf",
)
_PIPED = ("-protocol_whitelist", "pipe", *_SAFE_INPUT[2:])
_TEXT_FORMATS = {"vtt": "webvtt", "srt": "srt", "ass": "ass", "ssa": "ass"}
_BEGINS = re.compile(r"Duration: [^,]+, start: (-?\d+\.\d+)")
_FULL = ("No space left on device", "Disk quota exceeded", "File too large")
_LOG_BYTES = 200_000
_BYTES_PER_SECOND = 2_000_000  # slower than any disk worth the name: what is slower hangs
_DECODED_PER_SECOND = 50_000  # a large picture on a small machine that has other work, too
_ENDLESS = "ffmpeg did not come to an end with this file."
_TICKS = "360000"  # a second, in all pieces alike; every usual frame rate, 24000/1001 too, comes out even
_ONE_BY_ONE = (  # a list of our own pieces, nothing that came from outside
    "-protocol_whitelist",
    "file,crypto,data",
    "-format_whitelist",
    "concat,mov,mp4,m4a,3gp,3g2,mj2",
    "-f",
    "concat",
)


@dataclass(frozen=True)
class Ran:
    """``code`` 0 = done; ``out``: its standard output; ``log``: what it said on standard error."""

    code: int
    out: str
    log: str


def find(named: str | None) -> str:
    """The path of ffmpeg: the one named, else the system's, else imageio-ffmpeg's. Raises ChildDied if none is."""
    path = shutil.which(named or "ffmpeg")
    if path:
        return path
    try:
        import imageio_ffmpeg  # only where the system has none

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise ChildDied("ffmpeg is not installed, so no video can be checked. Install it and try again.") from None


class Listening:
    """Hears both pipes of a process to the end: one that nobody reads fills up, and the process stands still for
    ever.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._log = bytearray()
        self._threads = [
            threading.Thread(target=self._hear, args=(pipe, keep), daemon=True)
            for pipe, keep in ((process.stdout, 0), (process.stderr, _LOG_BYTES))
            if pipe is not None
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> str:
        """The end of what came on standard error."""
        for thread in self._threads:
            thread.join()
        return self._log.decode("utf-8", "replace")

    def _hear(self, pipe: IO[bytes], keep: int) -> None:
        with pipe:
            while heard := os.read(pipe.fileno(), 65_536):
                if keep:
                    self._log += heard
                    del self._log[:-keep]


class Ffmpeg:
    def __init__(self, path: str, folder: Path) -> None:
        self._path, self._folder = path, folder

    def join(self, tracks: list[Path], out: Path, language: str | None = None, chapters: Path | None = None) -> None:
        """``out`` holds the first track's video and the last one's sound, nothing coded anew. ``chapters``: a text in
        ffmpeg's own form.

        Raises WrongMedia if that cannot be done, DiskFull.
        """
        more, where = _chapters(chapters, len(tracks))
        self._make([*_inputs(tracks), *more, *_streams(len(tracks)), *where, *_told(language)], tracks, out)

    def join_pieces(
        self, pieces: list[Path], listed: Path, out: Path, language: str | None = None, chapters: Path | None = None
    ) -> None:
        """As ``join``, of ``pieces`` that follow one another: the time of each begins where the one before it ended.

        ``listed``: their names, as ffmpeg's concat demuxer reads them.
        """
        more, where = _chapters(chapters, 1)
        self._make([*_ONE_BY_ONE, "-i", str(listed), *more, *_streams(1), *where, *_told(language)], pieces, out)

    def cut(self, feeds: list[Callable[[int], None]], out: Path, size: int, filters: list[str]) -> Ran:
        """``out`` holds what ``feeds`` write, each a track into a pipe of its own, which it closes; nothing coded anew.

        ``size``: bytes of all. ``filters``: for the picture's packets. Call as ``run``. Raises DiskFull, ChildDied,
        TransferFailed.
        """
        pipes = [os.pipe() for _ in feeds]
        inputs = [word for read, _ in pipes for word in (*_PIPED, "-i", f"pipe:{read}")]
        wanted = [*_streams(len(feeds)), *filters, "-video_track_timescale", _TICKS]
        process = self._popen(["-nostdin", *inputs, *wanted, str(out)], subprocess.DEVNULL, [read for read, _ in pipes])
        said = Listening(process)
        for (read, write), feed in zip(pipes, feeds, strict=True):
            os.close(read)
            threading.Thread(target=feed, args=(write,), name="feed", daemon=True).start()
        try:
            code = process.wait(_patience(size))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise TransferFailed(_ENDLESS) from None
        return self._judge(Ran(code, "", said.end()))

    def add_chapters(self, path: Path, chapters: Path, out: Path) -> None:
        """``out`` is the file at ``path`` with other chapters, nothing coded anew. Raises WrongMedia, DiskFull."""
        more, where = _chapters(chapters, 1)
        self._make(
            [*_inputs([path]), *more, "-map", "0:v?", "-map", "0:a?", "-map", "0:s?", *where, "-c", "copy"], [path], out
        )

    def start_of(self, path: Path) -> float | None:
        """The first timestamp of a file's own clock, in seconds; None where it states none."""
        found = _BEGINS.search(self.run([*_SAFE_INPUT, "-i", str(path)], [path]).log)
        return float(found[1]) if found else None

    def count_cues(self, path: Path, kind: str) -> int:
        """How many cues ffmpeg reads in a file of subtitles; 0 for one that it cannot read."""
        ran = self.run([*_text_input(path, kind), "-f", "srt", "pipe:1"], [path])
        return ran.out.count("-->") if not ran.code else 0

    def add_subtitles(
        self, path: Path, files: Sequence[tuple[Path, SubtitleFile]], out: Path, *, default: int | None
    ) -> None:
        """``out`` is the video at ``path`` as Matroska with these subtitles in front of its own, the rest not coded
        anew.

        ``default``: which of them players show at once. Raises WrongMedia, DiskFull.
        """
        inputs = [word for file, one in files for word in _text_input(file, one.format)]
        where = ["-map", "0:v?", "-map", "0:a?", *(w for at in range(1, len(files) + 1) for w in ("-map", f"{at}:s:0"))]
        told = ["-map", "0:s?", "-map", "0:t?", "-c", "copy", *(() if path.suffix == ".mkv" else ("-c:s", "srt"))]
        for at, (_, one) in enumerate(files):
            flags = [name for name, on in (("default", at == default), ("forced", one.forced)) if on]
            told += [f"-c:s:{at}", "ass" if one.format in ("ass", "ssa") else "srt"]
            told += [f"-metadata:s:s:{at}", f"language={one.language or 'und'}"]
            told += [f"-disposition:s:{at}", "+".join([*flags, *(["hearing_impaired"] if one.sdh else [])]) or "0"]
        self._make([*_inputs([path]), *inputs, *where, *told, "-f", "matroska"], [path], out)

    def _make(self, args: list[str], tracks: list[Path], out: Path) -> None:
        ran = self.run([*args, str(out)], tracks)
        if ran.code:
            out.unlink(missing_ok=True)
            raise WrongMedia(f"The parts of the video cannot be put together ({last_words(ran.log)}).")

    def join_stream(self, feed: Callable[[int], bool], out: Path) -> Ran:
        """As ``join``, of one track that ``feed`` writes into a pipe. If ``feed`` says False, ffmpeg is killed."""
        process = self._popen([*_PIPED, "-i", "pipe:0", *_streams(1), str(out)], subprocess.PIPE)
        assert process.stdin is not None
        said = Listening(process)
        whole = False
        try:
            whole = feed(process.stdin.fileno())
        finally:
            if not whole and process.poll() is None:
                process.kill()
            process.stdin.close()
            code = process.wait()
            log = said.end()
        return self._judge(Ran(code, "", log)) if whole else Ran(code or 1, "", "")

    def look(self, path: Path, tail_s: float) -> Ran:
        """What ffmpeg says of the file; its last ``tail_s`` seconds are decoded (all of it for 0).

        From the key frame before, and that one counts too: a picture may end a while before the sound does.
        """
        where = ["-noaccurate_seek", "-sseof", f"-{tail_s}"] if tail_s else []
        told = ["-nostats", "-progress", "pipe:1", "-loglevel", "level+info", "-copyts"]
        wanted = ["-map", "0:v:0?", "-map", "0:a:0?", "-f", "null", "-"]
        pace = _BYTES_PER_SECOND if tail_s else _DECODED_PER_SECOND
        return self.run([*told, *where, *_SAFE_INPUT, "-i", str(path), *wanted], [path], pace)

    def run(self, args: list[str], inputs: list[Path], bytes_per_second: int = _BYTES_PER_SECOND) -> Ran:
        """Blocks until ffmpeg ends. Call on the child's main thread: ffmpeg dies with the thread that started it.

        ``bytes_per_second``: what is slower hangs. Raises TransferFailed then.
        """
        size = sum(path.stat().st_size for path in inputs)
        process = self._popen(["-nostdin", *args], subprocess.DEVNULL)
        try:
            out, log = process.communicate(timeout=_patience(size, bytes_per_second))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise TransferFailed(_ENDLESS) from None
        return self._judge(Ran(process.returncode, out.decode("utf-8", "replace"), _shortened(log)))

    def _popen(self, args: list[str], stdin: int, kept: Sequence[int] = ()) -> subprocess.Popen[bytes]:
        """preexec_fn: one prepared call into libc, so safe beside threads."""
        return subprocess.Popen(
            [self._path, "-hide_banner", "-y", *args],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._folder,
            pass_fds=kept,
            preexec_fn=die_with_parent if os.name == "posix" else None,  # noqa: PLW1509 - see above
        )

    def _judge(self, ran: Ran) -> Ran:
        too_large = ran.code < 0 and -ran.code == getattr(signal, "SIGXFSZ", 0)
        if too_large or any(words in ran.log for words in _FULL):
            raise DiskFull(FULL)
        if ran.code < 0:
            name = signal.Signals(-ran.code).name
            why = "most likely because memory ran out" if -ran.code == signal.SIGKILL else "by itself"
            raise ChildDied(f"ffmpeg ended with {name}, {why}.")
        return ran


def _patience(size: int, bytes_per_second: int = _BYTES_PER_SECOND) -> float:
    """Seconds that ffmpeg may take over ``size`` bytes."""
    return 120 + size / bytes_per_second


def _shortened(log: bytes) -> str:
    """What a file says of itself stands at the log's beginning, what became of it at the end."""
    half = _LOG_BYTES // 2
    kept = log if len(log) <= _LOG_BYTES else log[:half] + b"\n" + log[-half:]
    return kept.decode("utf-8", "replace")


def _text_input(path: Path, kind: str) -> list[str]:
    """A file of subtitles that this process wrote; its format is told and never guessed."""
    return ["-protocol_whitelist", "file", "-f", _TEXT_FORMATS[kind], "-i", str(path)]


def _inputs(tracks: list[Path]) -> list[str]:
    return [word for track in tracks for word in (*_SAFE_INPUT, "-i", str(track))]


def _streams(inputs: int) -> list[str]:
    """The first input's picture and the last one's sound, as they are."""
    return ["-map", "0:v:0?", "-map", "0:a?" if inputs == 1 else f"{inputs - 1}:a:0", "-c", "copy"]


def _told(language: str | None) -> list[str]:
    return ["-metadata:s:a:0", f"language={language}"] if language else []


def _chapters(text: Path | None, place: int) -> tuple[list[str], list[str]]:
    """The input and the mapping of a text with chapters, as input number ``place``. Our own file, in ffmpeg's own
    form.
    """
    if text is None:
        return [], []
    return ["-protocol_whitelist", "file", "-f", "ffmetadata", "-i", str(text)], ["-map_chapters", str(place)]


def last_words(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return re.sub(r"\[[^\]]*@ 0x[0-9a-f]+\]\s*", "", lines[-1])[:200] if lines else "ffmpeg gave no reason"
