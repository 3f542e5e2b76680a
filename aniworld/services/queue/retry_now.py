"""A person does not want to wait: sources at rest are asked again, and what waits for a later try begins now."""

from __future__ import annotations

from collections.abc import Callable

from aniworld.providers.cooldown import RestingSources
from aniworld.services.queue.service import DownloadService


class WakingService:
    """``rest``: who rests in this process. The next rest of a source that still fails is longer, as if none had woken
    it.
    """

    def __init__(self, rest: RestingSources, downloads: DownloadService) -> None:
        self._rest = rest
        self._downloads = downloads
        self._tell_wish: Callable[[str | None], None] = lambda site: None

    def wake(self, site: str | None = None) -> list[str]:
        """The sources that rested and do no more: ``site``, or all. Those that rest in other processes hear it, too."""
        woken = self.wake_here(site)
        self._tell_wish(site)  # before an item may begin, or a worker that did not hear yet would put it back
        self._downloads.try_now()
        return woken

    def wake_here(self, site: str | None = None) -> list[str]:
        """As ``wake``, for this process alone; what waits is left to who had the wish."""
        woken = [one.site for one in self._rest.resting() if site is None or one.site == site]
        for name in woken:
            self._rest.wake(name)
        return woken

    def on_wish(self, tell: Callable[[str | None], None]) -> None:
        """``tell(site)`` of every wish that this process was told: for who tells it to others."""
        self._tell_wish = tell
