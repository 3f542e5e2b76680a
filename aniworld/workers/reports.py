"""What an attempt has to say is said again until the database has taken it. See docs/decisions/0098."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from aniworld.core.errors import UnsafePath
from aniworld.core.naming import entry_inside
from aniworld.core.offload import pause
from aniworld.models.outage import DATABASE_AWAY

log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 2.0
LAST_TRIES_S = 2.5  # once the attempt was asked to end: its lease ends by itself, nothing is lost
NOTE = "placed.json"
NOTE_BYTES = 20_000

T = TypeVar("T")


class Patience:
    """Repeats what the database does not take, for as long as it takes; not for long once the attempt shall end."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._until: float | None = None

    def end_soon(self) -> None:
        if self._until is None:
            self._until = time.monotonic() + LAST_TRIES_S

    def tell(self, report: Callable[[], T]) -> T:
        """What ``report`` gives. Raises what says that the database is away only when the attempt shall end."""
        wait_s = FIRST_PAUSE_S
        while True:
            try:
                return report()
            except DATABASE_AWAY as error:
                if self._until is not None and time.monotonic() > self._until:
                    raise
                if wait_s == FIRST_PAUSE_S:
                    log.warning("%s has something to report and waits for the database: %s", self._label, error)
            pause(wait_s)
            wait_s = min(2 * wait_s, LONGEST_PAUSE_S)

    def say(self, report: Callable[[], object]) -> bool:
        """As ``tell``; whether the report was taken in the end."""
        try:
            self.tell(report)
        except DATABASE_AWAY as error:
            log.warning("%s could not be reported; its lease ends by itself: %s", self._label, error)
            return False
        return True


@dataclass(frozen=True)
class Placed:
    """What is reported of an episode that stands in the library. ``file``: below the root; ``relative``: below the
    series folder. ``subtitles``: languages of those that came apart; ``notice``: what the episode lacks;
    ``height``: of the picture, as names state it.

    ``sidecars``: subtitle files that belong next to it: a path below the working folder, and the end of the new name.
    """

    file: str
    relative: str
    size_bytes: int
    language: str | None
    hoster: str | None
    subtitles: list[str] | None = None
    notice: str | None = None
    height: int | None = None
    sidecars: list[tuple[str, str]] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """What the queue is told."""
        return {name: value for name, value in vars(self).items() if name != "sidecars"}

    def note(self, folder: Path) -> None:
        """Written into the item's working folder, so that an attempt that dies before its report is not made again."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / NOTE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def noted(cls, folder: Path, root: Path, links: Sequence[str] = ()) -> Placed | None:
        """What an earlier attempt placed and could not report; None where there is no such file, or not as it was."""
        try:
            with (folder / NOTE).open(encoding="utf-8") as file:
                placed = cls(**json.loads(file.read(NOTE_BYTES)))
            stands = entry_inside(root, root / placed.file, links).stat().st_size == placed.size_bytes
        except (OSError, ValueError, TypeError, UnsafePath):
            return None
        return placed if stands else None
