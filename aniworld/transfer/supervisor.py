"""Starts the child that moves one episode, hears it, steers it, and makes sure that nothing of it is left.

Works in threads and, where gevent has patched the standard library, in greenlets alike. See docs/decisions/0010.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from aniworld.core.children import bare_environment
from aniworld.core.errors import AniworldError, Cancelled, ChildDied
from aniworld.transfer.protocol import messages as wire
from aniworld.transfer.protocol.advice import told
from aniworld.transfer.protocol.job import Progress, TransferJob, TransferResult

_ROOT = Path(__file__).resolve().parents[2]
_START = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from aniworld.transfer.child import run; run()"
_GRACE_S = 0.4
_TAIL = 4000
_CAN_STOP = hasattr(signal, "SIGSTOP")


def _nothing(_: Any) -> None:
    """For who does not want to be told."""


class Transfer:
    """One attempt at one episode. ``run`` once; every other method at any time, from any thread or greenlet.

    ``on_progress``: at most about four times a second, and the last. ``on_size``: once, with the bytes that this
    transfer still needs on the disk, the merge included; what it raises ends the transfer and rises from ``run``.
    Both are called where ``run`` was.
    """

    def __init__(
        self,
        job: TransferJob,
        *,
        on_progress: Callable[[Progress], None] = _nothing,
        on_size: Callable[[int], None] = _nothing,
    ) -> None:
        self._job, self._on_progress, self._on_size = job, on_progress, on_size
        self._changed = threading.Condition(threading.RLock())
        self._child: subprocess.Popen[bytes] | None = None
        self._ended = self._cancelled = self._paused = False
        self._limit, self._connections = job.speed_limit, job.connections

    def run(self) -> TransferResult:
        """Blocks until the file is whole and checked. No process is left when it returns or raises.

        Raises Cancelled, and the errors of core/errors that the child met: MediaExpired, TransferFailed, Stalled,
        WrongMedia, ChildDied, LinkDead, HosterUnsupported, AddressRefused, SiteUnreachable, TooLarge, DiskFull,
        LibraryUnavailable, AlreadyRunning.
        """
        with _stderr() as stderr:
            child = self._start(stderr)
            try:
                outcome = self._hear(child)
            finally:
                self._end(child)
            if self._cancelled and not isinstance(outcome, TransferResult):
                raise Cancelled("The download was stopped.")
            if outcome is None:
                raise _died(child.returncode, _tail(stderr), self._job.folder)
            if isinstance(outcome, AniworldError):
                raise outcome
            return outcome

    def cancel(self) -> None:
        """The child ends in well under a second, in whatever phase it is, halted or not."""
        with self._changed:
            if self._ended or self._cancelled:
                return
            self._cancelled = True
            self._changed.notify_all()
            child = self._child
            if child is None:
                return
            self._signal(child, signal.SIGTERM)
            if _CAN_STOP:
                self._signal(child, signal.SIGCONT)
        last = threading.Timer(_GRACE_S, self._kill, (child,))
        last.daemon = True
        last.start()

    def pause(self) -> None:
        """The child halts at once, in whatever phase it is, and keeps its place."""
        self._halt(True)

    def resume(self) -> None:
        self._halt(False)

    def limit(self, bytes_per_second: int | None) -> None:
        with self._changed:
            self._limit = bytes_per_second
            self._tell({"do": "limit", "bytes_per_second": bytes_per_second})

    def set_connections(self, count: int) -> None:
        with self._changed:
            self._connections = count
            self._tell({"do": "connections", "count": count})

    def _halt(self, halted: bool) -> None:
        with self._changed:
            if self._paused == halted or self._ended:
                return
            self._paused = halted
            self._changed.notify_all()
            if self._child is None:
                return
            if _CAN_STOP:
                self._signal(self._child, signal.SIGSTOP if halted else signal.SIGCONT)
            else:
                self._tell({"do": "halt", "halted": halted})

    def _start(self, stderr: IO[bytes] | int) -> subprocess.Popen[bytes]:
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or not self._paused)
            if self._cancelled:
                self._ended = True
                raise Cancelled("The download was stopped.")
            child = self._child = subprocess.Popen(
                [sys.executable, "-I", "-X", "utf8", "-c", _START],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=bare_environment(),
                cwd=_ROOT,
                start_new_session=True,
            )
            self._tell(wire.job_message(self._job, os.getpid()))
            if self._limit != self._job.speed_limit:
                self.limit(self._limit)
            if self._connections != self._job.connections:
                self.set_connections(self._connections)
            return child

    def _hear(self, child: subprocess.Popen[bytes]) -> TransferResult | AniworldError | None:
        """The last word of the child; None if it ended without one."""
        assert child.stdout is not None
        for line in child.stdout:
            if not line.endswith(b"\n"):  # it died in the middle of a word
                break
            message = json.loads(line)
            match message["is"]:
                case "progress":
                    self._on_progress(wire.read_progress(message))
                case "size":
                    self._on_size(message["bytes"])
                    self._tell({"do": "go"})
                case "result":
                    return wire.read_result(message)
                case "error":
                    return wire.read_error(message)
        return None

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        """Whatever of the child's group still lives is killed, before its number could be given to another."""
        with self._changed:
            self._ended = True
            self._kill(child)
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with suppress(OSError, ValueError):
                        pipe.close()

    def _tell(self, message: dict[str, Any]) -> None:
        """A child that is gone already need not hear it."""
        child = self._child
        if child is None or child.stdin is None or self._ended:
            return
        with suppress(OSError, ValueError):
            child.stdin.write(wire.line(message))
            child.stdin.flush()

    def _kill(self, child: subprocess.Popen[bytes]) -> None:
        self._signal(child, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)

    def _signal(self, child: subprocess.Popen[bytes], number: int) -> None:
        if os.name != "posix":
            child.send_signal(number)
        elif child.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, number)


def _stderr() -> IO[bytes]:
    return tempfile.TemporaryFile()


def _tail(stderr: IO[bytes]) -> str:
    size = stderr.seek(0, os.SEEK_END)
    stderr.seek(max(0, size - _TAIL))
    lines = stderr.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip()[:300] if lines else ""


def _died(code: int, said: str, folder: Path) -> ChildDied:
    """Why the child ended without a word."""
    if code == -getattr(signal, "SIGKILL", 9):
        why = "The transfer was killed by the system, most likely because memory ran out."
    elif code < 0:
        why = f"The transfer was ended by the signal {signal.Signals(-code).name}."
    else:
        why = f"The transfer ended by itself: {said}" if said else f"The transfer ended with code {code}."
    return ChildDied(told(ChildDied(why), folder))
