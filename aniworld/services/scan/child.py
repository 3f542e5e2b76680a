"""The program that reads a large library: it walks, compares and writes with a connection of its own. See
docs/decisions/0109.

On stdin one JSON line: ``{"url", "scan_id", "root", "links", "keys", "parent"}``; on stdout lines ``{"is": "step" |
"warning" | "done" | "error", …}``. It ends with its server, and may be killed at any moment: each batch is one
transaction.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aniworld.core.callbacks import CallbackManager, ErrorContext, ProgressContext
from aniworld.core.errors import AniworldError
from aniworld.core.niceness import step_aside
from aniworld.core.parent import die_with_parent
from aniworld.transfer.protocol import messages as wire

if TYPE_CHECKING:
    from aniworld.services.scan.job import ScanOutcome

NICENESS = 5
STEP_S = 0.1
YOUNG = 50_000  # objects between two looks for garbage; this process is short, and makes nothing but rows


class Voice:
    """The pipe to the server. Whatever else prints in this process goes to standard error."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        self._phase, self._next = "", 0.0

    def say(self, message: dict[str, Any]) -> None:
        self._out.write(wire.line(message))

    def on_progress(self, context: ProgressContext) -> None:
        """Each phase, and within it at most ten steps a second."""
        now = time.monotonic()
        if context.phase == self._phase and now < self._next:
            return
        self._phase, self._next = context.phase, now + STEP_S
        step = {"phase": context.phase, "current": context.current, "total": context.total}
        self.say({"is": "step", **step, "key": context.key, "folder": context.folder})

    def on_error(self, context: ErrorContext) -> None:
        self.say({"is": "warning", "sentence": context.message, "key": context.key, "folder": context.folder})


def run() -> None:
    """Scans as stdin says, and ends."""
    die_with_parent()
    voice = Voice()
    job = json.loads(sys.stdin.buffer.readline() or b"{}")
    if os.name == "posix" and os.getppid() != job.get("parent"):
        os._exit(1)  # the server died before the first line
    threading.Thread(target=_end_with_server, name="server", daemon=True).start()
    step_aside(NICENESS)
    voice.say(_last_word(voice, job))
    os._exit(0)


def _last_word(voice: Voice, job: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"is": "done", **asdict(_scanned(voice, job))}
    except AniworldError as error:
        return wire.error_message(error)
    except Exception as error:  # the outermost edge: the server reads the last line and says it
        sys.excepthook(*sys.exc_info())
        print(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}", file=sys.stderr, flush=True)
        os._exit(1)


def _scanned(voice: Voice, job: dict[str, Any]) -> ScanOutcome:
    from aniworld.models import Database, bind  # half a second, in which the server may die or change its mind
    from aniworld.services.scan.job import ScanWish, ScanWork
    from aniworld.services.scan.repository import ScanRecords

    gc.freeze()
    gc.set_threshold(YOUNG, 20, 100)
    callbacks = CallbackManager()
    callbacks.register(voice)
    records = ScanRecords(Database.of(bind(job["url"])))
    wish = ScanWish(job["scan_id"], job["root"], frozenset(job["keys"]), tuple(job["links"]))
    return ScanWork(records, wish, callbacks, lambda: False).run()


def _end_with_server() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)
