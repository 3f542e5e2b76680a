"""A person does not want to wait: sources at rest are asked again, and what waits for a later try begins now."""

from __future__ import annotations

from aniworld.providers.rest import RestingSources

from .downloads import DownloadService


class WakingService:
    """``rest``: who rests in this process. The next rest of a source that still fails is longer, as if none had woken it."""

    def __init__(self, rest: RestingSources, downloads: DownloadService) -> None:
        self._rest = rest
        self._downloads = downloads

    def wake(self, site: str | None = None) -> list[str]:
        """The sources that rested and do no more: ``site``, or all."""
        woken = [one.site for one in self._rest.resting() if site is None or one.site == site]
        for name in woken:
            self._rest.wake(name)
        self._downloads.try_now()
        return woken
