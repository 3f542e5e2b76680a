"""What a transfer counts, how it tells, and when it has stalled."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aniworld.core.counting import counted
from aniworld.core.errors import AniworldError, Stalled
from aniworld.transfer.protocol.job import Phase, Progress

TICK_S = 0.25
_SPEED_WINDOW_S = 4.0
_SLOWEST = 1000  # bytes per second, over twice the stall time-out


class ActiveClock:
    """Seconds in which this process was really running: a process that is halted does not age.

    Needs ``tick`` every ``TICK_S``; a gap between two ticks longer than ``LONGEST`` was a halt.
    """

    LONGEST = 2 * TICK_S

    def __init__(self) -> None:
        self._active = 0.0
        self._last = time.monotonic()

    def now(self) -> float:
        return self._active + min(time.monotonic() - self._last, self.LONGEST)

    def tick(self) -> None:
        now = time.monotonic()
        self._active += min(now - self._last, self.LONGEST)
        self._last = now


class Meter:
    """Counts bytes from any thread; knows speed, time left and how long nothing came."""

    def __init__(self, stall_timeout_s: float) -> None:
        self.clock = ActiveClock()
        self.phase = Phase.CONNECTING
        self.total: int | None = None
        self.share: float | None = None  # 0 to 1, where it is known better than bytes tell
        self._stall_timeout_s = stall_timeout_s
        self._lock = threading.Lock()
        self._bytes = 0
        self._last_sign = 0.0
        self._excused = 0
        self._samples: deque[tuple[float, int]] = deque(maxlen=int(_SPEED_WINDOW_S / TICK_S) + 1)
        self._slow_since = (0.0, 0)
        self.slow_is_a_stall = True

    @property
    def bytes(self) -> int:
        return self._bytes

    def add(self, count: int) -> None:
        with self._lock:
            self._bytes += count
            self._last_sign = self.clock.now()

    def take_back(self, count: int) -> None:
        """``count`` bytes that were counted have to come once more."""
        with self._lock:
            self._bytes -= count

    def restart(self, count: int) -> None:
        """``count`` bytes are there, whatever was counted before; speed begins anew."""
        with self._lock:
            self._bytes = count
            self._last_sign = self.clock.now()
            self._slow_since = (self._last_sign, count)
            self._samples.clear()

    def sign(self) -> None:
        """Something came that is no media: the other side lives."""
        self._last_sign = self.clock.now()

    @contextmanager
    def excused(self) -> Iterator[None]:
        """While the other side has asked us to wait, silence is no stall."""
        with self._lock:
            self._excused += 1
        try:
            yield
        finally:
            with self._lock:
                self._excused -= 1
                self._last_sign = self.clock.now()
                self._slow_since = (self._last_sign, self._bytes)

    def tick(self) -> None:
        self.clock.tick()
        self._samples.append((self.clock.now(), self._bytes))

    def stalled(self) -> AniworldError | None:
        """The error to end with, if nothing, or next to nothing, came for too long."""
        if self._excused or self.phase not in (Phase.RESOLVING, Phase.CONNECTING, Phase.TRANSFERRING):
            return None
        now = self.clock.now()
        patience = self._stall_timeout_s * (2 if self.phase is Phase.RESOLVING else 1)
        if now - self._last_sign > patience:
            return Stalled(f"Nothing came for {counted(patience, 'second')}.")
        return self._too_slow(now) if self.phase is Phase.TRANSFERRING else None

    def _too_slow(self, now: float) -> AniworldError | None:
        since, count = self._slow_since
        if now - since <= 2 * self._stall_timeout_s:
            return None
        self._slow_since = (now, self._bytes)
        if self.slow_is_a_stall and self._bytes - count < _SLOWEST * (now - since):
            return Stalled("The hoster sends less than 1 kB a second.")
        return None

    @property
    def speed(self) -> int:
        """Bytes per second over the last few seconds."""
        if len(self._samples) < 2:
            return 0
        (start, before), (end, after) = self._samples[0], self._samples[-1]
        return max(0, int((after - before) / (end - start))) if end > start else 0

    def progress(self) -> Progress:
        count, total, speed = self._bytes, self.total, self.speed
        share = self.share if self.share is not None else (count / total if total else 0.0)
        left = None if total is None or not speed else max(0, round((total - count) / speed))
        return Progress(self.phase, count, total, speed, left, round(min(100.0, 100.0 * share), 1))


class Pulse:
    """A thread that ticks four times a second: tells what changed, and ends a transfer that has stalled."""

    def __init__(self, meter: Meter, tell: Callable[[Progress], None], fail: Callable[[AniworldError], None]) -> None:
        self._meter, self._tell, self._fail = meter, tell, fail
        self._told: Progress | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """The last progress is told before this returns. May be called twice."""
        if self._thread.is_alive() and not self._ended.is_set():
            self._ended.set()
            self._thread.join()
            self.tell()

    def tell(self) -> None:
        progress = self._meter.progress()
        if progress != self._told:
            self._told = progress
            self._tell(progress)

    def _run(self) -> None:
        while not self._ended.wait(TICK_S):
            self._meter.tick()
            error = self._meter.stalled()
            if error:
                self._fail(error)
            self.tell()
