"""Which bytes of a file are there, which are on their way and by whom, and which nobody has yet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

SMALLEST = 256 * 1024
LARGEST = 32 * 1024 * 1024
FIRST = 2 * 1024 * 1024
_SECONDS_AT_ONCE = 8.0
_WORTH_SPLITTING_S = 0.5
_SILENT_S = 3.0


@dataclass(eq=False)
class Piece:
    """Bytes ``pos`` to ``end`` (without), that one connection fetches. ``end`` may shrink while it does."""

    pos: int
    end: int
    began: float = 0.0
    since: int = 0
    last_byte: float = 0.0
    held_back: bool = False  # by our own speed limit: its silence is not the host's
    abort: Callable[[], None] = field(default=lambda: None)

    @property
    def left(self) -> int:
        return self.end - self.pos

    def speed(self, now: float) -> float:
        """Bytes per second since this piece was taken."""
        return (self.pos - self.since) / max(now - self.began, 0.05)


def gaps(length: int, done: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is missing of ``length`` bytes, in order. Nonsense in ``done`` is passed over, or cut to the file."""
    missing, place = [], 0
    for start, end in sorted(span for span in done if span[0] < span[1]):
        if start > place:
            missing.append((place, min(start, length)))
        place = max(place, end)
    if place < length:
        missing.append((place, length))
    return [(start, end) for start, end in missing if end > start]


class Plan:
    """Hands out pieces: large first, smaller towards the end, then halves of the slowest. Safe from any thread."""

    def __init__(
        self, missing: list[tuple[int, int]], now: Callable[[], float], connections: Callable[[], int]
    ) -> None:
        self._lock = threading.Lock()
        self._gaps = list(missing)
        self._pieces: set[Piece] = set()
        self._now, self._connections = now, connections
        self._pace = 0.0

    def first(self) -> Piece:
        """The piece whose answer tells what the server is like."""
        with self._lock:
            return self._cut(FIRST)

    def take(self) -> Piece | None:
        with self._lock:
            if self._gaps:
                left = sum(end - start for start, end in self._gaps)
                share = left // (2 * self._connections())
                paced = int(self._pace * _SECONDS_AT_ONCE) or FIRST
                return self._cut(max(SMALLEST, min(share, paced, LARGEST)))
            return self._steal()

    def waiting(self) -> bool:
        with self._lock:
            return bool(self._gaps) or self._victim() is not None

    def advance(self, piece: Piece, count: int) -> int:
        """How many of ``count`` bytes, just written at the piece's place, are news."""
        with self._lock:
            news = min(count, piece.left)
            piece.pos += news
            piece.last_byte = self._now()
            return news

    def done(self, piece: Piece) -> None:
        """The piece ends; what it has not fetched is for others."""
        with self._lock:
            self._pieces.discard(piece)
            now = self._now()
            if piece.pos > piece.since:
                self._pace = piece.speed(now)
            if piece.left > 0:
                self._gaps.insert(0, (piece.pos, piece.end))

    def _cut(self, most: int) -> Piece:
        start, end = self._gaps.pop(0)
        middle = min(end, start + most)
        if end - middle < SMALLEST // 2:
            middle = end
        if middle < end:
            self._gaps.insert(0, (middle, end))
        return self._hand_out(start, middle)

    def _hand_out(self, start: int, end: int) -> Piece:
        now = self._now()
        piece = Piece(start, end, began=now, since=start, last_byte=now)
        self._pieces.add(piece)
        return piece

    def _steal(self) -> Piece | None:
        victim = self._victim()
        if victim is None:
            return None
        if self._silent(victim):
            start, end = victim.pos, victim.end
            victim.abort()
        else:
            start, end = victim.pos + victim.left // 2, victim.end
        victim.end = start
        return self._hand_out(start, end)

    def _victim(self) -> Piece | None:
        """The piece that will take longest, if taking from it is worth a new request."""
        now = self._now()
        worth = [piece for piece in self._pieces if self._worth(piece, now)]
        return max(worth, key=lambda piece: piece.left / max(piece.speed(now), 1.0), default=None)

    def _worth(self, piece: Piece, now: float) -> bool:
        if piece.left <= 0:
            return False
        if self._silent(piece):
            return True
        return piece.left >= 2 * SMALLEST and piece.left / max(piece.speed(now), 1.0) > _WORTH_SPLITTING_S

    def _silent(self, piece: Piece) -> bool:
        return not piece.held_back and self._now() - piece.last_byte > _SILENT_S
