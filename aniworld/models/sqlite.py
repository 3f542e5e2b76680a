"""SQLite's connection, with its slow moment on a native thread."""

from __future__ import annotations

import sqlite3

from aniworld.core.offload import offload_whole


class SideCommits(sqlite3.Connection):
    """Commits beside the greenlets: in WAL mode that is where the file is written to.

    While downloads write faster than the disk can take it, the system holds back every writer of that disk, for half a
    second and more even if it has only a page to write. On the event loop that would hold back every request as well.
    """

    def commit(self) -> None:
        offload_whole(super().commit)  # a killed greenlet would roll back on a connection that still commits
