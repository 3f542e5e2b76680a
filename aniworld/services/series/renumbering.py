"""RenumberingService: whose numbers count, the catalogue's new ones or the library's."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from aniworld.core.errors import Conflict, InvalidInput
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import QueueStatusChanged, SeriesUpdated
from aniworld.core.media import SeriesPage
from aniworld.core.queue import DownloadStatus
from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode
from aniworld.services.renumbering.proposals import (
    KEPT,
    Renumbering,
    apply_numbers,
    in_our_numbers,
    is_fetching,
    let_go,
    renumbering_of,
    store_as,
)
from aniworld.services.series.page_import import record_entries
from aniworld.services.series.repository import required_in

APPLY, KEEP = "apply", "keep"


class RenumberingService:
    """``wake()`` is called when items that waited for a decision may begin."""

    def __init__(self, database: Database, progress: ProgressService, wake: Callable[[], object]) -> None:
        self._database = database
        self._progress = progress
        self._wake = wake

    def decide(self, key: str, decision: str) -> None:
        """``apply``: files count as what the catalogue lists now. ``keep``: they stay what they are, and the
        catalogue's page is read under the library's numbers from now on; that can still be changed to ``apply``.

        Raises NotFound, InvalidInput, Conflict where there is nothing to decide or an episode is being downloaded.
        """
        if decision not in (APPLY, KEEP):
            raise InvalidInput("The decision must be apply or keep.", {"decision": ["Must be one of: apply, keep."]})
        with self._database.writing() as session:
            series = required_in(session, key)
            found = renumbering_of(series)
            if found is None or (found.status, decision) == (KEPT, KEEP):
                raise Conflict("The catalogue's numbers are those of the library; there is nothing to decide.")
            if is_fetching(session, series, found.seasons):
                raise Conflict("An episode of this season is being downloaded; decide when that has ended.")
            if decision == APPLY:
                apply_numbers(session, series, found)
                self._record(session, series, found, _page(series, found))
            else:
                store_as(series, found, KEPT)
                self._record(session, series, found, in_our_numbers(_page(series, found), found))
                _let_all_go(session, series, found)
            folder = series.folder
        self._wake()
        self._progress.publish(QueueStatusChanged({}))
        self._progress.publish(SeriesUpdated(key, folder))

    def _record(self, session: Session, series: AnimeSeries, found: Renumbering, page: SeriesPage) -> None:
        """What the page said of the seasons that were held back; others stay as they are."""
        mine = Episode.series_id == series.id, Episode.season.in_(found.seasons)
        rows = {(row.season, row.number): row for row in session.scalars(select(Episode).where(*mine))}
        record_entries(session, series, page, rows)


def _page(series: AnimeSeries, found: Renumbering) -> SeriesPage:
    return SeriesPage(series.key, series.name, series.site, series.link, episodes=found.entries)


def _let_all_go(session: Session, series: AnimeSeries, found: Renumbering) -> None:
    item = DownloadQueueItem
    waiting = item.serie_id == series.key, item.season.in_(found.seasons), item.status == DownloadStatus.PENDING
    for row in session.scalars(select(item).where(*waiting)):
        let_go(row)
