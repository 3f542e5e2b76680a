"""What a scan leaves for the next one: a row for each folder of the root, so that an unchanged one is not read
again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aniworld.library.scan.scanner import ScanResult, Unmatched

# A folder's mtime in ns, 0 = read it again; and what it was: [kind, facts …, the times of the directories below it].
# The facts of a series: its mark, and the videos that were not understood ([] or [count, [[path, reason], …]]).
Content = tuple[int, list[Any]]

SERIES = "#series"  # no key looks like this
OFFER = "unmatched"
RULES = 4  # raised when other files count than before, or more is remembered: then every folder is read again
MOST_UNREAD = 100  # videos of a series that are remembered with their reason; the others are counted
LONGEST = 1000  # characters of a path that fit into a row


@dataclass(frozen=True)
class Snapshot:
    """What the last scan left of this root: folder → content, "" = the root. ``old``: rows of another root, to be
    removed. ``other_root``: the last scan is known to have read another root than this one.
    """

    rows: Mapping[str, Content] = field(default_factory=dict)
    old: tuple[str, ...] = ()
    other_root: bool = False

    @property
    def seen(self) -> dict[str, dict[str, int]]:
        """Folder → path below it → mtime in ns; without the folders that are to be read again."""
        return {
            folder: {"": mtime, **content[-1]}
            for folder, (mtime, content) in self.rows.items()
            if mtime and _whole(content)
        }

    def mark(self, folder: str) -> list[Any] | None:
        """What the series of this folder was; None where it is not known."""
        _, content = self.rows.get(folder, (0, []))
        return content[1] if _whole(content) and content[0] == SERIES else None


def about(root: str, links: Sequence[str]) -> list[Any]:
    """What the root's own row says: by which rules the folders were read."""
    return [root, RULES, *links]


def snapshot_of(rows: Mapping[str, Content], root: str, links: Sequence[str]) -> Snapshot:
    """The stored ``rows`` as a scan of ``root`` may use them: none of another root, or read by other rules."""
    _, stored = rows.get("", (0, []))
    if stored == about(root, links):
        return Snapshot(rows)
    last = stored[0] if stored and isinstance(stored[0], str) else root
    return Snapshot(old=tuple(rows), other_root=os.path.realpath(last) != os.path.realpath(root))


def rows_of(
    about: list[Any], result: ScanResult, marks: Mapping[str, list[Any]], before: Mapping[str, Content]
) -> dict[str, Content]:
    """The rows that a result leaves. ``marks``: key → what the series is now; one that is uncertain is read again.

    ``before``: the rows of the last scan; what they say of a folder that was not read still holds.
    """
    rows: dict[str, Content] = {"": (0, about)}
    for one in result.series:
        mark = [] if one.uncertain else marks.get(one.key, [])
        unread = [len(one.not_understood), [list(each) for each in one.not_understood[:MOST_UNREAD]]]
        if not one.not_understood:
            unread = _unread_before(before, one.folder) if one.unchanged or one.uncertain else []
        rows[one.folder] = _row(result.directories.get(one.folder), SERIES, mark, unread)
    for offer in result.unmatched:
        candidates = [list(each) for each in offer.candidates]
        rows[offer.folder] = _row(result.directories.get(offer.folder), OFFER, offer.files, candidates)
    return {path: content for path, content in rows.items() if len(path) <= LONGEST}


def unread_in(content: list[Any]) -> tuple[int, list[tuple[str, str]]]:
    """How many videos of a series' folder were not understood, and the first of them: (path below the folder,
    reason).
    """
    unread = content[2] if len(content) > 3 and content[0] == SERIES else []
    return (unread[0], [(path, reason) for path, reason in unread[1]]) if unread else (0, [])


def _unread_before(before: Mapping[str, Content], folder: str) -> list[Any]:
    content = before[folder][1] if folder in before else []
    count, unread = unread_in(content)
    return [count, [list(each) for each in unread]] if count else []


def offer_in(folder: str, content: list[Any]) -> Unmatched | None:
    """The folder of no known series that a row tells of; None where it is none."""
    if not content or content[0] != OFFER:
        return None
    return Unmatched(folder, content[1], tuple(tuple(each) for each in content[2]))  # type: ignore[misc]


def _whole(content: list[Any]) -> bool:
    """Whether this program wrote the row: earlier ones had rows of another kind."""
    return bool(content) and content[0] in (SERIES, OFFER) and isinstance(content[-1], dict)


def _row(times: Mapping[str, int] | None, *facts: Any) -> Content:
    below = dict(times or {})
    return below.pop("", 0), [*facts, below]
