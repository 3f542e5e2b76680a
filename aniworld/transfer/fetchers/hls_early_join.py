"""Joins a track while it is still being fetched: ffmpeg reads what stands in order, so that little is left at the end.

ffmpeg's only input is a pipe from this process; what goes into it are segments that are whole and checked.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from aniworld.core.errors import AniworldError
from aniworld.transfer.engine.ffmpeg import Ffmpeg, Ran
from aniworld.transfer.engine.part_file import write_out_file
from aniworld.transfer.engine.session import Session
from aniworld.transfer.fetchers.hls_layout import Layout

_AT_ONCE = 1024 * 1024
_WRITE_OUT_EVERY = 16  # segments


class Joiner:
    """Feeds one track to ffmpeg on a thread of its own, which lives as long as ffmpeg does: they die together."""

    def __init__(self, session: Session, ffmpeg: Ffmpeg, part: Path, layout: Layout, out: Path) -> None:
        self._session, self._ffmpeg, self._part, self._layout, self.out = session, ffmpeg, part, layout, out
        self._ran: Ran | AniworldError | None = None
        self._dropped = False
        self.sent = 0  # segments that ffmpeg has
        self._thread = threading.Thread(target=self._run, name="join", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def runs(self) -> bool:
        return self._thread.is_alive()

    def drop(self) -> None:
        """What was joined so far does not count; the track is laid anew. May be called twice."""
        with self._session.changed:
            self._dropped = True
            self._session.changed.notify_all()
        self._thread.join()
        self.out.unlink(missing_ok=True)

    def end(self) -> Path | None:
        """The joined file when ffmpeg is done with the last segment; None if it could not join. Raises DiskFull …"""
        self._thread.join()
        if isinstance(self._ran, AniworldError):
            raise self._ran
        if self._ran is not None and self._ran.code == 0 and not self._dropped:
            return self.out
        self.out.unlink(missing_ok=True)
        return None

    def _run(self) -> None:
        try:
            self._ran = self._ffmpeg.join_stream(self._feed, self.out)
        except AniworldError as error:
            self._ran = error

    def _feed(self, pipe: int) -> bool:
        """Whether every segment went into the pipe."""
        widen(pipe)
        source = os.open(self._part, os.O_RDONLY)
        try:
            for index in range(self._layout.count):
                span = self._await(index)
                if span is None:
                    return False
                _send(source, pipe, *span)
                self.sent = index + 1
                if index % _WRITE_OUT_EVERY == 0 and self.out.exists():
                    write_out_file(self.out)
            return True
        except OSError:  # ffmpeg has ended by itself; its own words say why
            return False
        finally:
            os.close(source)

    def _await(self, index: int) -> tuple[int, int] | None:
        changed = self._session.changed
        with changed:
            changed.wait_for(lambda: self._dropped or self._session.error or self._layout.is_done(index))
            if self._dropped or self._session.error:
                return None
            return self._layout.span(index)


class Feed:
    """Parts of a file on their way into a pipe; ``error``: what the disk said against it."""

    def __init__(self, source: Path, spans: Iterable[tuple[int, int]]) -> None:
        self._source, self._spans = source, spans
        self.error: OSError | None = None

    def __call__(self, pipe: int) -> None:
        """Blocks until all is in the pipe or nobody reads it any more; the pipe is closed then."""
        try:
            widen(pipe)
            with self._source.open("rb") as source:
                for start, end in self._spans:
                    _send(source.fileno(), pipe, start, end)
        except BrokenPipeError:  # ffmpeg has ended by itself; its own words say why
            return
        except OSError as error:
            self.error = error
        finally:
            os.close(pipe)


def widen(pipe: int) -> None:
    """The pipe takes as much at once as an unprivileged process may ask for (Linux), so that both ends wake seldom."""
    if sys.platform == "linux":
        import fcntl  # not there on other systems

        with suppress(OSError):  # too many pipes of this size already: it works with a small one too
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _AT_ONCE)


def _send(source: int, pipe: int, start: int, end: int) -> None:
    """Bytes ``start`` to ``end`` of the file go into the pipe, inside the kernel. Raises OSError."""
    while start < end:
        count = os.sendfile(pipe, source, start, min(_AT_ONCE, end - start))
        if not count:
            raise OSError(errno.EIO, "the file is shorter than what was written into it")
        start += count
