"""Where each segment stands in its track's file: behind the one before it, as soon as all sizes before are known."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Shifted(Exception):
    """A segment came with another size than it had stated before; what stands behind it is misplaced."""

    def __init__(self, index: int) -> None:
        super().__init__(f"Segment {index} changed its size.")
        self.index = index


class Layout:
    """Sizes and places of ``count`` segments, and which of them are done. Safe from any thread."""

    def __init__(self, count: int, changed: threading.Condition) -> None:
        self._changed = changed
        self._sizes: list[int | None] = [None] * count
        self._places = [0]
        self._done = [False] * count
        self._next = 0

    def load(self, lines: list[str], before: int | None = None) -> list[str]:
        """Takes up what a journal says, of the segments below ``before`` only; returns the lines that count."""
        kept = []
        for line in lines:
            word, _, rest = line.partition(" ")
            index, _, size = rest.partition(" ")
            if (
                not index.isdecimal()
                or not (0 <= int(index) < len(self._sizes))
                or (before is not None and int(index) >= before)
            ):
                continue
            if word == "n" and size.isdecimal():
                self._sizes[int(index)] = int(size)
                kept.append(line)
            elif word == "d" and self._sizes[int(index)] is not None:
                self._done[int(index)] = True
                kept.append(line)
        self._extend()
        return kept

    @property
    def size(self) -> int:
        """Bytes up to the end of the last segment whose place is known."""
        return self._places[-1]

    def done_bytes(self) -> int:
        return sum(size or 0 for size, done in zip(self._sizes, self._done, strict=True) if done)

    @property
    def count(self) -> int:
        return len(self._sizes)

    def span(self, index: int) -> tuple[int, int]:
        """First byte and byte after the last of a segment that is done."""
        return self._places[index], self._places[index] + (self._sizes[index] or 0)

    @property
    def taken(self) -> int:
        """How many segments were taken so far, or done before."""
        return self._next

    def leading(self) -> int:
        """How many segments are done from the first one on without a gap."""
        return self._done.index(False) if not all(self._done) else len(self._done)

    def is_done(self, index: int) -> bool:
        return self._done[index]

    def known(self, index: int) -> bool:
        return self._sizes[index] is not None

    def place(
        self,
        index: int,
        size: int,
        note: Callable[[str], None],
        go_on: Callable[[], None],
        within_s: float | None = None,
    ) -> int | None:
        """Where segment ``index`` of ``size`` bytes stands. Waits for the sizes before it; ``go_on`` may raise.

        None if they are not known ``within_s``. ``note`` gets the journal's line for a size that is news. Raises
        Shifted.
        """
        until = None if within_s is None else time.monotonic() + within_s
        with self._changed:
            if self._sizes[index] not in (None, size):
                raise Shifted(index)
            if self._sizes[index] is None:
                self._sizes[index] = size
                note(f"n {index} {size}")
                self._extend()
                self._changed.notify_all()
            while len(self._places) <= index:
                go_on()
                if until is not None and time.monotonic() >= until:
                    return None
                self._changed.wait(None if until is None else max(0.0, until - time.monotonic()))
            go_on()
            return self._places[index]

    def finish(self, index: int) -> None:
        with self._changed:
            self._done[index] = True
            self._changed.notify_all()

    def take(self) -> int | None:
        """The next segment to fetch, in order."""
        with self._changed:
            while self._next < len(self._done) and self._done[self._next]:
                self._next += 1
            if self._next == len(self._done):
                return None
            self._next += 1
            return self._next - 1

    def waiting(self) -> bool:
        return not all(self._done[self._next :])

    def _extend(self) -> None:
        while len(self._places) <= len(self._sizes):
            size = self._sizes[len(self._places) - 1]
            if size is None:
                return
            self._places.append(self._places[-1] + size)
