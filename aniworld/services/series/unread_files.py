"""Videos in a series' folder that count as no episode, as the last scan saw them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from aniworld.library.scan.snapshot import MOST_UNREAD, unread_in
from aniworld.models import AnimeSeries, SeenFolder
from aniworld.services.series.views import EpisodeView, UnreadFile

WAITS = "Its number names no season; it gets its episode as soon as the series' catalogue page is read."


def unread_files_of(
    session: Session, series: AnimeSeries, episodes: Sequence[EpisodeView]
) -> tuple[tuple[UnreadFile, ...], int]:
    """The first of them in the order of their names, and how many there are. What is an episode's file by now is left
    out.
    """
    if not series.folder:
        return (), 0
    seen = session.get(SeenFolder, series.folder)
    count, unread = unread_in(seen.content) if seen is not None else (0, [])
    waiting = [(path, WAITS) for path, _ in series.unplaced_files or ()]
    present = {one.file for one in episodes if one.file}
    found = {path: reason for path, reason in (*unread, *waiting) if path not in present}
    files = tuple(UnreadFile(path, found[path]) for path in sorted(found)[:MOST_UNREAD])
    return files, len(found) + count - len(unread)
