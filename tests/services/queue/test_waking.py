"""Whoever does not want to wait lets sources be asked again, and waiting items begin."""

from __future__ import annotations

from datetime import timedelta

from aniworld.core.errors import CatalogueBlocked
from aniworld.core.queue import DownloadStatus
from aniworld.models import Database, DownloadQueueItem, utcnow
from aniworld.providers.cooldown import RestingSources
from aniworld.services.queue.retry_now import WakingService
from tests.services.queue.test_downloads import House


def waiting(database: Database, **facts: object) -> None:
    with database.writing() as session:
        session.add(DownloadQueueItem(serie_id="a-series", season=1, episode=1, **facts))


def test_a_source_at_rest_is_asked_again_and_what_waits_begins(database: Database) -> None:
    rest, downloads = RestingSources(), House(database).service
    rest.block("aniworld.to", CatalogueBlocked("It asks for a browser check."))
    rest.block("s.to", CatalogueBlocked("It asks for a browser check."))
    waiting(database, status=DownloadStatus.PENDING, not_before=utcnow() + timedelta(hours=1), retry_count=2)
    waking = WakingService(rest, downloads)
    assert downloads.claim("worker") is None
    assert waking.wake("aniworld.to") == ["aniworld.to"]
    assert [one.site for one in rest.resting()] == ["s.to"]
    claimed = downloads.claim("worker")
    assert claimed is not None
    assert claimed.retry_count == 2


def test_all_are_woken_without_a_name_and_nobody_by_a_strange_one(database: Database) -> None:
    rest = RestingSources()
    rest.block("aniworld.to", CatalogueBlocked("It asks for a browser check."))
    waking = WakingService(rest, House(database).service)
    assert waking.wake("nobody") == []
    assert waking.wake() == ["aniworld.to"]
    assert waking.wake() == []


def test_others_hear_a_wish_before_what_waits_may_begin_and_do_not_pass_it_on(database: Database) -> None:
    rest, downloads = RestingSources(), House(database).service
    rest.block("aniworld.to", CatalogueBlocked("It asks for a browser check."))
    waiting(database, status=DownloadStatus.PENDING, not_before=utcnow() + timedelta(hours=1))
    waking = WakingService(rest, downloads)
    told: list[tuple[str | None, bool]] = []
    waking.on_wish(lambda site: told.append((site, downloads.claim("worker") is None)))
    assert waking.wake_here("nobody") == []
    assert waking.wake_here() == ["aniworld.to"]
    assert told == []
    assert waking.wake() == []
    assert told == [(None, True)]
    assert downloads.claim("worker") is not None


def test_the_next_rest_of_a_source_that_still_fails_is_longer() -> None:
    rest = RestingSources()
    first = rest.block("aniworld.to", CatalogueBlocked("It asks for a browser check."))
    rest.wake("aniworld.to")
    assert rest.block("aniworld.to", CatalogueBlocked("It asks for a browser check.")) > first


def test_failed_items_are_left_alone(database: Database) -> None:
    waiting(database, status=DownloadStatus.FAILED, not_before=utcnow() + timedelta(hours=1))
    assert House(database).service.try_now() == 0
