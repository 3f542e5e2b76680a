"""The program that moves one episode's bytes. The server starts it by exec, speaks JSON lines to it, and may kill it.

It is small and quick to start: no Flask, no gevent, no database; yt-dlp, the playlist parser and the ciphers are
imported only by the modules that need them, which are imported only when their kind of stream comes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from aniworld.core.addresses import AddressRule
from aniworld.core.errors import AniworldError, ChildDied, StorageError
from aniworld.core.guard import Guard
from aniworld.core.media import StreamKind
from aniworld.core.niceness import step_aside
from aniworld.core.parent import die_with_parent
from aniworld.transfer.engine.ffmpeg import Ffmpeg, find
from aniworld.transfer.engine.media_sniffer import IsPlaylist
from aniworld.transfer.engine.part_file import lock_folder, prepare_folder, storage_error, vanished
from aniworld.transfer.engine.session import Session
from aniworld.transfer.fetchers.ranges import RangeFetcher
from aniworld.transfer.fetchers.subtitles import Subtitles
from aniworld.transfer.finalize import finish, finished_before
from aniworld.transfer.protocol import messages as wire
from aniworld.transfer.protocol.job import Fetched, Phase, TransferJob, TransferResult
from aniworld.transfer.refusals import check_refused


class Voice:
    """The pipe to the server. Whatever else prints in this process goes to standard error."""

    def __init__(self) -> None:
        self._descriptor = os.dup(1)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def say(self, message: dict[str, Any]) -> None:
        data = wire.line(message)
        with self._lock:
            while data:
                data = data[os.write(self._descriptor, data) :]


def main() -> int:
    """Exit code 0 if a result or an error was said; 1 with the trace on standard error for anything unforeseen."""
    voice = Voice()
    job, parent = wire.read_job(json.loads(sys.stdin.buffer.readline()))
    _stay_with(parent)
    step_aside(job.niceness)  # the server answers people; this only moves bytes, as does what ffmpeg it starts
    session = Session(job, voice.say)
    session.give_up = lambda error: _give_up(voice, job, error)
    threading.Thread(target=_listen, args=(session,), name="commands", daemon=True).start()
    try:
        message = wire.result_message(transfer(session))
    except AniworldError as error:
        message = wire.error_message(_or_vanished(job, error), job.folder)
    except OSError as error:  # those of the network were put into words where they happened
        message = wire.error_message(storage_error(error), job.folder)
    except MemoryError:
        message = wire.error_message(ChildDied("The transfer ran out of memory."), job.folder)
    except Exception:  # the outermost edge: the server reads the trace's end and says it
        session.stop()
        sys.excepthook(*sys.exc_info())
        return 1
    session.stop()
    voice.say(message)
    return 0


def _or_vanished(job: TransferJob, error: AniworldError) -> AniworldError:
    """When the folder is no longer there, whatever was met is only its consequence."""
    return error if job.folder.is_dir() or isinstance(error, StorageError) else vanished()


def transfer(session: Session) -> TransferResult:
    """The finished file. Raises the errors that core/errors names for a transfer, and no others on purpose."""
    job = session.job
    prepare_folder(job.folder)
    lock = lock_folder(job.folder)
    ffmpeg = find(job.ffmpeg)
    guard = Guard(AddressRule.of(job.private_hosts), programs=(ffmpeg,))
    guard.install()
    session.refused = lambda: guard.refused
    tool = session.ffmpeg = Ffmpeg(ffmpeg, job.folder)
    subtitles = Subtitles(session)
    session.fetch_subtitles = subtitles.fetch
    session.start()
    try:
        check_refused(job)
        done = finished_before(session, tool)
        if done is not None:
            return done
        subtitles.fetch(job.stream.subtitles)
        return finish(session, tool, _fetcher(job)(session), subtitles)
    finally:
        os.close(lock)


def _give_up(voice: Voice, job: TransferJob, error: AniworldError) -> None:
    """The transfer has failed, but code that is not ours does not come back from its wait."""
    voice.say(wire.error_message(error, job.folder))
    os._exit(0)


def _fetcher(job: TransferJob) -> Callable[[Session], Fetched]:
    if job.stream.kind is StreamKind.FILE:
        return _file
    return _playlist if job.stream.kind is StreamKind.HLS else _page


def _file(session: Session) -> Fetched:
    try:
        return Fetched((RangeFetcher(session, session.job.stream.url, "video").run(),))
    except IsPlaylist as turn:
        session.revive(turn)
        return _playlist(session)


def _playlist(session: Session) -> Fetched:
    session.enter(Phase.RESOLVING)
    from aniworld.transfer.fetchers.hls import HlsFetcher  # the playlist parser costs 60 ms

    return HlsFetcher(session, session.job.stream.url).run()


def _page(session: Session) -> Fetched:
    session.enter(Phase.RESOLVING)
    from aniworld.transfer.fetchers.ytdlp import fetch_page  # yt-dlp costs 300 ms and 30 MB

    return fetch_page(session)


def _listen(session: Session) -> None:
    """Obeys the server's commands; when the server is gone, so is this process with all that it started."""
    for line in sys.stdin.buffer:
        command = json.loads(line)
        match command["do"]:
            case "go":
                session.room_granted()
            case "limit":
                session.limit(command["bytes_per_second"])
            case "connections":
                session.set_connections(command["count"])
            case "halt":
                session.halt(command["halted"])
    _end_all()


def _stay_with(parent: int) -> None:
    """From here on the kernel kills this process when the server dies; if it died before, that is done at once."""
    die_with_parent()
    if os.name == "posix" and os.getppid() != parent:
        _end_all()


def _end_all() -> None:
    if os.name == "posix" and os.getpgid(0) == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def run() -> None:
    """``main``, then the end at once: threads that still wait on a dead host are not waited for."""
    code = 1
    try:
        code = main()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    sys.stderr.flush()
    os._exit(code)
