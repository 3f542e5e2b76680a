"""Nobody is thought dead for a renewal that could not be written."""

from __future__ import annotations

from aniworld.config.settings import Settings
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import EventBus
from aniworld.core.queue import DownloadStatus
from aniworld.models import Database
from aniworld.services.queue.service import DownloadService
from aniworld.services.queue.views import DownloadRequest
from aniworld.workers.leases import LeaseWatch


def test_what_a_silent_worker_held_waits_again_but_not_soon_after_an_outage(database: Database) -> None:
    now = [0.0]
    downloads = DownloadService(database, Settings, ProgressService(EventBus()), lease_s=30)
    downloads.add(DownloadRequest("steinwacht", ((1, 1),), serie_name="Steinwacht"))
    downloads.repository.claim("dead", -1)
    watch = LeaseWatch(downloads, clock=lambda: now[0])
    now[0] = 19.0
    assert watch.look() == 0
    watch.interrupted()
    now[0] = 38.0
    assert watch.look() == 0
    now[0] = 39.5
    assert watch.look() == 1
    assert downloads.repository.counts()[DownloadStatus.PENDING] == 1
