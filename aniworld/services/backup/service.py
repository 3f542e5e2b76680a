"""BackupService: whole backups as the server offers them. The work is done by a child, so that requests are answered.

The child is the command line (``python -m aniworld backup …``) with ``--lines``: it tells each step as one line of
JSON. See docs/decisions/0101.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aniworld.config.environment import Environment
from aniworld.config.settings import Settings
from aniworld.core.errors import AlreadyRunning, AniworldError, ChildDied, Conflict, by_code
from aniworld.models import utcnow
from aniworld.services.backup.store import BackupShelf
from aniworld.services.queue.service import DownloadService
from aniworld.services.settings.views import BackupView

log = logging.getLogger(__name__)

QUIET_WITHIN_S = 15.0
RESTORE_RUNS = "A backup is being restored; nothing can be changed until that has ended. Try again in a moment."

_ROOT = Path(__file__).resolve().parents[3]
_START = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from aniworld.cli import main; sys.exit(main(sys.argv[1:]))"


@dataclass(frozen=True)
class BackupWork:
    """What is being done, or was done last. ``what``: create, verify, restore; ``status``: idle, running, completed,
    failed.

    ``phase``: tables, check, load, swap. ``facts``: what came of it; ``error``: the sentence why nothing did.
    """

    what: str = ""
    status: str = "idle"
    name: str = ""
    phase: str = ""
    percent: float = 0.0
    facts: dict[str, Any] | None = None
    error: str | None = None
    error_code: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class BackupService:
    """One piece of work at a time; ``begin_…`` answers at once, ``work`` tells how far it is.

    ``quiet``: a block in which nothing is downloaded, scanned or looked for; raises Conflict where that cannot be.
    """

    def __init__(
        self,
        environment: Environment,
        settings: Callable[[], Settings],
        quiet: Callable[[], AbstractContextManager[None]],
        spawn: Callable[[Callable[[], None]], None],
    ) -> None:
        self._environment = environment
        self._settings = settings
        self._quiet = quiet
        self._spawn = spawn
        self._shelf = BackupShelf(environment.instance)
        self._lock = threading.Lock()
        self._work = BackupWork()
        self._child: subprocess.Popen[str] | None = None

    def list(self) -> list[BackupView]:
        """Newest first."""
        return self._shelf.list()

    def path(self, name: str) -> Path:
        """The file itself, secrets and all. Raises NotFound."""
        return self._shelf.path(name)

    def delete(self, name: str) -> None:
        """Raises NotFound."""
        self._shelf.delete(name)

    def work(self) -> BackupWork:
        return self._work

    def begin_create(self, *, secrets: bool = True) -> BackupWork:
        """Raises AlreadyRunning, Conflict."""
        self._shelf.check_room("manual")
        return self._begin("create", "", ["create", *(() if secrets else ("--without-secrets",))])

    def begin_verify(self, name: str) -> BackupWork:
        """Raises NotFound, AlreadyRunning."""
        return self._begin("verify", name, ["verify", str(self.path(name))])

    def begin_restore(self, name: str, then: Callable[[], object] = lambda: None) -> BackupWork:
        """Everybody has to sign in again after it; ``then`` is called when it went well.

        Raises NotFound, AlreadyRunning, Conflict.
        """
        path = self.path(name)
        if self._environment.redis_url:
            raise Conflict(
                "Several processes share this database; stop them all, and run: python -m aniworld backup restore"
                f" {name}"
            )

        @contextmanager
        def quietly() -> Iterator[None]:
            with self._quiet():
                yield
            then()

        return self._begin("restore", name, ["restore", str(path), "--yes", "--asked-by-server"], quietly)

    def make_if_due(self, now: datetime | None = None) -> bool:
        """Whether the backup that the settings want by now was made. Waits for its end."""
        wanted = self._settings().backup
        newest = max((one.created_at for one in self.list()), default=None)
        if not wanted.enabled or (newest and (now or utcnow()) - newest < timedelta(hours=wanted.interval_hours)):
            return False
        arguments = ["create", "--kind", "auto", "--keep", str(wanted.keep)]
        try:
            begun = self._take("create", "")
        except AlreadyRunning:
            return False
        return self._do(begun, arguments, nullcontext).status == "completed"

    def stop(self) -> None:
        """A child at work ends; what it had begun is as if it never was. May be called twice."""
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()

    def _begin(
        self,
        what: str,
        name: str,
        arguments: Sequence[str],
        block: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> BackupWork:
        begun = self._take(what, name)

        def work() -> None:
            self._do(begun, arguments, block)

        self._spawn(work)
        return begun

    def _take(self, what: str, name: str) -> BackupWork:
        with self._lock:
            if self._work.status == "running":
                raise AlreadyRunning("A backup is being made, checked or restored; wait for its end.")
            self._work = BackupWork(what, "running", name, started_at=utcnow())
            return self._work

    def _do(
        self, begun: BackupWork, arguments: Sequence[str], block: Callable[[], AbstractContextManager[Any]]
    ) -> BackupWork:
        """How it ended."""
        try:
            with block():
                facts = self._run(arguments)
            ended = replace(
                self._work, status="completed", percent=100.0, facts=facts, name=facts.get("name", begun.name)
            )
        except AniworldError as error:
            ended = replace(self._work, status="failed", error=str(error), error_code=error.code)
            log.error("A backup could not be %s: %s", _DONE[begun.what], error)  # noqa: TRY400 - the text says it all
        except Exception as error:  # the wall: whatever it was, the work has ended and says so
            ended = replace(
                self._work,
                status="failed",
                error="Something unforeseen went wrong; the log says what.",
                error_code="error",
            )
            log.exception("A backup could not be %s: %s", _DONE[begun.what], type(error).__name__)
        self._work = replace(ended, completed_at=utcnow())
        return self._work

    def _run(self, arguments: Sequence[str]) -> dict[str, Any]:
        """What the child says at its end. Raises what it raised, ChildDied."""
        self._child = child = subprocess.Popen(
            [sys.executable, "-X", "utf8", "-c", _START, "backup", *arguments, "--lines"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd=_ROOT,
            env=self._environment_of_child(),
        )
        assert child.stdout is not None
        with child, child.stdout as said:
            told: dict[str, Any] = {}
            for line in said:
                told = self._hear(line) or told
        if "error" in told:
            raise by_code(told["code"])(told["error"])
        if "done" not in told:
            raise ChildDied(
                f"The program that makes backups ended by itself ({child.returncode}); nothing was changed."
            )
        return dict(told["done"])

    def _hear(self, line: str) -> dict[str, Any] | None:
        """What ends the work, or None for a step of it."""
        told = json.loads(line) if line.startswith("{") else {}
        if "phase" not in told:
            return told or None
        percent = 100.0 * told["current"] / told["total"] if told["total"] else 0.0
        self._work = replace(self._work, phase=told["phase"], percent=round(min(percent, 100.0), 1))
        return None

    def _environment_of_child(self) -> dict[str, str]:
        ours = {
            "ANIWORLD_INSTANCE": str(self._environment.instance),
            "ANIWORLD_DATABASE_URL": self._environment.database_url,
        }
        return {**os.environ, **{name: value for name, value in ours.items() if value}}


_DONE = {"create": "made", "verify": "checked", "restore": "restored"}


def quiet_while(downloads: DownloadService, busy: Callable[[], bool]) -> Callable[[], AbstractContextManager[None]]:
    """Makes a block in which no download runs; ``busy``: whether a scan or a look for new episodes does."""

    def check() -> None:
        if busy():
            raise Conflict("A scan or a look for new episodes runs; wait for its end or cancel it, then restore.")

    @contextmanager
    def quiet() -> Iterator[None]:
        check()
        before = None
        try:
            with downloads.hold.closed(RESTORE_RUNS):
                if not downloads.hold.drained(QUIET_WITHIN_S):
                    raise Conflict("Changes in progress did not finish in time; try again in a moment.")
                check()  # once more: one may have begun before the hold
                before = downloads.repository.state()
                if not downloads.halt(QUIET_WITHIN_S):
                    raise Conflict("The running downloads did not stop in time; try again in a moment.")
                downloads.repository.set_state(is_running=False)
                yield
        except BaseException:
            if before is not None:
                downloads.put_state(before)
            raise
        downloads.changes.ring()

    return quiet
