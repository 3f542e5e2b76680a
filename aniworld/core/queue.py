"""The states and priorities of a queue item, and which moves between them are lawful."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from aniworld.core.errors import Conflict, InvalidInput


class DownloadStatus(StrEnum):
    PENDING = "pending"
    DOWNLOADING = "downloading"
    COMPLETED = "completed"
    FAILED = "failed"


class DownloadPriority(IntEnum):
    LOW = 0
    NORMAL = 1
    HIGH = 2

    @classmethod
    def parse(cls, value: str | int) -> DownloadPriority:
        """The priority named by ``"low"``, ``"normal"``, ``"high"`` or 0, 1, 2. Raises InvalidInput."""
        if isinstance(value, str) and value.lower() in _BY_NAME:
            return _BY_NAME[value.lower()]
        if isinstance(value, int) and not isinstance(value, bool) and value in (0, 1, 2):
            return cls(value)
        raise InvalidInput("The priority is low, normal or high.", {"priority": ["Must be low, normal or high."]})

    @property
    def word(self) -> str:
        return self.name.lower()


_BY_NAME = {priority.name.lower(): priority for priority in DownloadPriority}

MOVES: dict[DownloadStatus, frozenset[DownloadStatus]] = {
    DownloadStatus.PENDING: frozenset({DownloadStatus.DOWNLOADING, DownloadStatus.FAILED, DownloadStatus.COMPLETED}),
    DownloadStatus.DOWNLOADING: frozenset({DownloadStatus.PENDING, DownloadStatus.COMPLETED, DownloadStatus.FAILED}),
    DownloadStatus.FAILED: frozenset({DownloadStatus.PENDING}),
    DownloadStatus.COMPLETED: frozenset(),
}


def check_move(old: DownloadStatus, new: DownloadStatus) -> None:
    """Nothing, if an item may go from ``old`` to ``new``; staying is lawful. Raises Conflict."""
    if old != new and new not in MOVES[old]:
        raise Conflict(f"An item that is {old} cannot become {new}.")


BACK_OFF_S = (30, 120, 600, 1800, 3600)


def back_off(retry_count: int) -> int:
    """Seconds to wait before try number ``retry_count`` (1 is the first retry)."""
    return BACK_OFF_S[min(max(retry_count, 1), len(BACK_OFF_S)) - 1]
