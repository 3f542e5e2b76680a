"""What the fetchers of one transfer share: the job, the connections, the counting, the first error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from aniworld.core.errors import AniworldError
from aniworld.core.media import StreamKind
from aniworld.core.subtitles import SubtitleTrack
from aniworld.transfer.engine.ffmpeg import Ffmpeg
from aniworld.transfer.engine.http_client import Client
from aniworld.transfer.engine.progress import Meter, Pulse
from aniworld.transfer.engine.speed_limit import Limiter
from aniworld.transfer.protocol import messages as wire
from aniworld.transfer.protocol.job import Phase, Progress, TransferJob

RETRIES = 5
_LONGEST_PAUSE_S = 8.0
_LAST_RESORT_S = 3.0


class Session:
    """One transfer in the child. ``say`` sends a message to the server; safe from any thread.

    ``refused`` gives the guard's last refusal, ``give_up`` ends the process with an error; the child sets both.
    """

    def __init__(self, job: TransferJob, say: Callable[[dict[str, Any]], None]) -> None:
        self.job = job
        self.meter = Meter(job.stall_timeout_s)
        self.meter.phase = Phase.CONNECTING if job.stream.kind is StreamKind.FILE else Phase.RESOLVING
        self.limiter = Limiter(job.speed_limit)
        self.changed = threading.Condition(threading.RLock())
        self.connections = max(1, job.connections)
        self.error: BaseException | None = None
        self._clients: list[Client] = []
        self.adopt(job.stream.headers)
        self._say = say
        self._room_answered = threading.Event()
        self._room_asked = False
        self.ffmpeg: Ffmpeg | None = None
        self.refused: Callable[[], AniworldError | None] = lambda: None
        self.give_up: Callable[[AniworldError], None] = lambda error: None
        self._pulse = Pulse(self.meter, self._tell, self.fail)
        self.fetch_subtitles: Callable[[Sequence[SubtitleTrack]], None] = lambda stated: None

    def start(self) -> None:
        self._pulse.start()

    def stop(self) -> None:
        self._pulse.stop()

    def adopt(self, headers: Mapping[str, str]) -> None:
        """From now on the client sends ``headers``; used when they are only known after resolving.

        The connections' own time-out is a little longer than the stall's, so that the stall is told first.
        """
        self._headers = headers
        self.client = Client(headers, self.job.user_agent, self.job.stall_timeout_s + 2)
        self._clients.append(self.client)

    def another_client(self, timeout_s: float, *, private: bool) -> Client:
        """A client that waits no longer than ``timeout_s`` for an answer and ends with the others.

        ``private``: whether it sends cookies and credentials; these are for the video's own host.
        """
        headers = {
            name: value
            for name, value in self._headers.items()
            if private or name.lower() not in ("cookie", "authorization")
        }
        client = Client(headers, self.job.user_agent, timeout_s)
        self._clients.append(client)
        return client

    def enter(self, phase: Phase) -> None:
        self.meter.phase = phase
        self.meter.sign()
        self._pulse.tell()

    def ask_room(self, needed: int) -> None:
        """Returns when the server has reserved ``needed`` bytes; asked once for each transfer."""
        with self.changed:
            first, self._room_asked = not self._room_asked, True
        if first:
            self._say({"is": "size", "bytes": max(0, needed)})
        if not self._room_answered.is_set():
            with self.meter.excused():
                self._room_answered.wait()
        self.check()

    @property
    def has_room(self) -> bool:
        """Whether ``ask_room`` was answered already."""
        return self._room_answered.is_set()

    def room_granted(self) -> None:
        self._room_answered.set()

    def limit(self, rate: int | None) -> None:
        self.meter.slow_is_a_stall = rate is None or rate > 4000
        self.limiter.set(rate)

    def halt(self, halted: bool) -> None:
        """Where processes cannot be stopped by signal, reading stops instead."""
        self.limiter.halt(halted)

    def set_connections(self, count: int) -> None:
        with self.changed:
            self.connections = max(1, count)
            self.changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """The first error counts; everything that waits is woken. Foreign code that is not gets ``give_up``."""
        with self.changed:
            if self.error is not None:
                return
            self.error = error
            self.changed.notify_all()
        self._room_answered.set()
        self.limiter.close()
        for client in self._clients:
            client.abort()
        if isinstance(error, AniworldError):
            last = threading.Timer(_LAST_RESORT_S, self.give_up, (error,))
            last.daemon = True
            last.start()

    def revive(self, turn: BaseException) -> None:
        """After ``turn``, which a fetcher answers itself, work may begin anew; any other error stays."""
        with self.changed:
            if self.error is turn:
                self.error = None
                self.limiter.reopen()
                self.adopt(self._headers)

    def check(self) -> None:
        """Raises the transfer's error if it has one."""
        if self.error is not None:
            raise self.error

    def pause(self, attempt: int, asked: float | None = None) -> None:
        """Waits before try number ``attempt`` (from 1), or as long as the server asked. Raises the transfer's error."""
        length = min(self.job.retry_pause_s * 2 ** (attempt - 1), _LONGEST_PAUSE_S) if asked is None else asked
        with self.meter.excused() if asked is not None else nullcontext(), self.changed:
            self.changed.wait_for(lambda: self.error is not None, length)
        self.check()

    def _tell(self, progress: Progress) -> None:
        self._say(wire.progress_message(progress))
