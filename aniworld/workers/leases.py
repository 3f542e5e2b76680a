"""Who looks for items whose worker is gone, and when nobody may be thought gone."""

from __future__ import annotations

import time
from collections.abc import Callable

from aniworld.services.queue.service import DownloadService

GRACE = 2 / 3  # of a lease; a worker that is alive renews twice in that time


class LeaseWatch:
    """``look`` puts back what silent workers held. Not soon after a start, or after the database was away: then every
    worker that is alive has to have had the time to renew."""

    def __init__(self, downloads: DownloadService, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._downloads = downloads
        self._clock = clock
        self.interrupted()

    def interrupted(self) -> None:
        self._from = self._clock() + GRACE * self._downloads.lease_s

    def look(self) -> int:
        """How many items wait again."""
        return self._downloads.put_back_abandoned() if self._clock() >= self._from else 0
