"""The server's side of a scan in a process of its own: starts it, hears it, kills it when it is to stop."""

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

from sqlalchemy import URL

from aniworld.core.callbacks import CallbackManager, ErrorContext, Operation, ProgressContext
from aniworld.core.errors import Cancelled, ChildDied, StorageError
from aniworld.services.scan.job import ScanOutcome, ScanWish
from aniworld.transfer.protocol import messages as wire

_ROOT = Path(__file__).resolve().parents[3]
_START = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from aniworld.services.scan.child import run; run()"
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT")
_TAIL = 4000
_GRACE_S = 2.0  # between a process' last word and its end


class StopWish:
    """Set once somebody wants the scan to stop; who does the work can have itself rung at that moment."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._ring: Callable[[], object] = lambda: None

    def set(self) -> None:
        self._event.set()
        self._ring()

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        return self._event.wait(timeout)

    def rings(self, ring: Callable[[], object]) -> None:
        """``ring`` instead of the one before; at once where the wish is set already."""
        self._ring = ring
        if self.is_set():
            ring()


class ScanProcess:
    """``run`` once. The child's transactions are short and whole: killing it loses at most the batch that it was
    writing.
    """

    def __init__(self, url: URL, wish: ScanWish) -> None:
        self._url, self._wish = url, wish
        self._lock = threading.Lock()

    def run(self, callbacks: CallbackManager, stop: StopWish) -> ScanOutcome:
        """Blocks until the scan ended; then no process is left. ``callbacks`` speak in this thread or greenlet.

        Raises Cancelled, ChildDied, and what the work raises: LibraryUnavailable, Unavailable.
        """
        with tempfile.TemporaryFile() as stderr:
            child = self._start(stderr)
            stop.rings(lambda: self._kill(child))
            try:
                outcome = self._hear(child, callbacks)
            finally:
                stop.rings(lambda: None)
                self._end(child)
            if outcome is not None:
                return outcome
            if stop.is_set():
                raise Cancelled("The scan was cancelled.")
            raise _died(child.returncode, stderr)

    def _start(self, stderr: IO[bytes]) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_environment(),
            cwd=_ROOT,
            start_new_session=True,
        )
        job = {
            "url": self._url.render_as_string(hide_password=False),
            "parent": os.getpid(),
            "scan_id": self._wish.scan_id,
            "root": self._wish.root,
            "keys": sorted(self._wish.keys),
            "links": list(self._wish.links),
        }
        assert child.stdin is not None
        with suppress(OSError):  # one that is gone already says so by its end
            child.stdin.write(wire.line(job))
            child.stdin.flush()
        return child

    def _hear(self, child: subprocess.Popen[bytes], callbacks: CallbackManager) -> ScanOutcome | None:
        """What the child found; None if it ended without a word. Raises the error that it met."""
        assert child.stdout is not None
        for line in child.stdout:
            if not line.endswith(b"\n"):
                break  # killed in the middle of a word
            message = json.loads(line)
            match message.pop("is"):
                case "step":
                    callbacks.progress(ProgressContext(Operation.SCAN, self._wish.scan_id, **_told(message)))
                case "warning":
                    self._warn(callbacks, message)
                case "done":
                    return ScanOutcome(**message)
                case "error":
                    raise wire.read_error(message)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE_S)  # so that it can say by its code why
        return None

    def _warn(self, callbacks: CallbackManager, message: dict[str, Any]) -> None:
        sentence, place = message["sentence"], (message["key"], message["folder"])
        callbacks.error(
            ErrorContext(Operation.SCAN, self._wish.scan_id, StorageError(sentence), sentence, True, *place)
        )

    def _kill(self, child: subprocess.Popen[bytes]) -> None:
        with self._lock:
            if child.returncode is not None:
                return
            if os.name != "posix":
                child.kill()
                return
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        """Nothing of it lives on, whatever it was about to do."""
        self._kill(child)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(OSError, ValueError):
                    pipe.close()


def _told(message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "message": message["folder"] or ""}


def _environment() -> dict[str, str]:
    """Where programs and words are, and what a database driver looks for; none of the server's own secrets."""
    return {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("PG")}


def _died(code: int, stderr: IO[bytes]) -> ChildDied:
    if code == -getattr(signal, "SIGKILL", 9):
        return ChildDied(
            "The scan's process was killed by the system, most likely because memory ran out; start it again."
        )
    size = stderr.seek(0, os.SEEK_END)
    stderr.seek(max(0, size - _TAIL))
    said = stderr.read().decode("utf-8", "replace").strip().splitlines()
    reason = f": {said[-1].strip()[:300]}" if said else ""
    return ChildDied(f"The scan's process ended by itself (code {code}){reason}. What it had recorded is kept.")
