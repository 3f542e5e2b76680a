"""Queue items made and shown: pure functions from rows and requests to rows and views."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from aniworld.core.events import DownloadProgress
from aniworld.core.media import EpisodeNumber
from aniworld.core.naming import folder_name
from aniworld.core.queue import DownloadPriority, DownloadStatus
from aniworld.models import AnimeSeries, DownloadQueueItem, QueueState
from aniworld.services.queue.views import DownloadItem, DownloadRequest, QueueStatistics, Skipped
from aniworld.services.renumbering.proposals import WAITS

Place = tuple[int, int]  # season, episode


@dataclass(frozen=True)
class Wish:
    """A request sorted out: rows to add, failed rows to queue ``again``, and what is ``skipped`` with its reason."""

    new: tuple[DownloadQueueItem, ...]
    again: tuple[DownloadQueueItem, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class Rows:
    """The queue's rows at a change mark of the database: its state, how many are in each status, the first of each."""

    mark: int | None
    limit: int
    state: QueueState
    counts: Mapping[DownloadStatus, int]
    downloaded: Mapping[DownloadStatus, int]
    items: Mapping[DownloadStatus, Sequence[DownloadQueueItem]]


def sort_out(
    request: DownloadRequest,
    series: AnimeSeries | None,
    present: Mapping[Place, Sequence[str]],
    unfinished: Mapping[Place, DownloadQueueItem],
    not_out: Mapping[Place, str] | None = None,
    held: Collection[int] = (),
) -> Wish:
    """Each requested episode once. ``present``: what is there, with the languages that would be better; ``unfinished``:
    the series' items by (season, episode); ``not_out``: why an episode cannot be had; ``held``: seasons whose numbers
    are undecided. Raises InvalidInput for an invalid priority.
    """
    priority = DownloadPriority.parse(request.priority)
    new, again, skipped = [], [], []
    for place in dict.fromkeys(request.episodes):
        known, better = unfinished.get(place), present.get(place)
        reason = why_not(known, place in present and not better) or (not_out or {}).get(place)
        reason = reason or (WAITS if place[0] in held else None)
        if reason:
            skipped.append(Skipped(EpisodeNumber(*place).code, reason))
        elif known is not None:
            known.languages = list(better or request.languages or known.languages)
            known.priority = int(priority)
            again.append(known)
        else:
            new.append(new_item(request, series, *place, priority, better or request.languages))
    return Wish(tuple(new), tuple(again), tuple(skipped))


def why_not(known: DownloadQueueItem | None, present: bool) -> str | None:
    """The reason why a wished episode is not queued (again); None when it is. ``known``: its unfinished item."""
    if known is not None and known.status in (DownloadStatus.PENDING, DownloadStatus.DOWNLOADING):
        return "It is in the queue already."
    return "It is in the library already." if present else None


def new_item(
    request: DownloadRequest,
    series: AnimeSeries | None,
    season: int,
    number: int,
    priority: DownloadPriority,
    languages: Sequence[str],
) -> DownloadQueueItem:
    """A waiting item for one episode; the server's own record of the series wins over what the request says."""
    name = series.name if series else request.serie_name or request.serie_id
    folder = series.folder if series else folder_name(request.serie_folder or name)
    return DownloadQueueItem(
        id=str(uuid4()),
        serie_id=request.serie_id,
        serie_folder=folder,
        serie_name=name,
        season=season,
        episode=number,
        priority=int(priority),
        languages=list(languages),
        source=(series.site if series else None) or request.source,
        status=DownloadStatus.PENDING,
    )


def mbps(bytes_per_second: int) -> float:
    """10^6 bits a second."""
    return round(bytes_per_second * 8 / 1e6, 2)


def statistics_of(
    counts: Mapping[DownloadStatus, int],
    downloaded: Mapping[DownloadStatus, int],
    active: Sequence[DownloadItem],
    disk_free: int | None,
) -> QueueStatistics:
    """``downloaded``: the bytes of each status by its rows; running items are known better by ``active``."""
    waiting_or_ended = sum(size for status, size in downloaded.items() if status != DownloadStatus.DOWNLOADING)
    speed = sum(item.speed_bytes for item in active)
    left = sum(item.total_bytes - item.downloaded_bytes for item in active if item.total_bytes)
    return QueueStatistics(
        total=sum(counts.values()),
        pending=counts[DownloadStatus.PENDING],
        active=counts[DownloadStatus.DOWNLOADING],
        completed=counts[DownloadStatus.COMPLETED],
        failed=counts[DownloadStatus.FAILED],
        downloaded_bytes=waiting_or_ended + sum(item.downloaded_bytes for item in active),
        speed_mbps=mbps(speed),
        eta_seconds=round(left / speed) if speed and left > 0 else None,
        disk_free_bytes=disk_free,
    )


def halted(progress: DownloadProgress) -> DownloadProgress:
    """The same place, where nothing moves."""
    return replace(progress, speed_mbps=0.0, speed_bytes=0, eta_seconds=None)


def reached(progress: DownloadProgress | None) -> dict[str, Any]:
    """What a row keeps of the last progress of a download that has ended; nothing where there was none."""
    if progress is None:
        return {}
    return {
        "progress": progress.percent,
        "downloaded_bytes": progress.downloaded_bytes,
        "total_bytes": progress.total_bytes,
    }


def view_of(item: DownloadQueueItem, place: int, live: DownloadProgress | None) -> DownloadItem:
    """The item as clients see it; ``live``: what only the memory knows of one under way."""
    view = DownloadItem(
        id=item.id,
        serie_id=item.serie_id,
        serie_folder=item.serie_folder,
        serie_name=item.serie_name,
        season=item.season,
        episode=item.episode,
        status=str(item.status),
        priority=DownloadPriority(item.priority).word,
        position=place,
        progress=item.progress or 0.0,
        downloaded_bytes=item.downloaded_bytes or 0,
        total_bytes=item.total_bytes,
        speed_mbps=mbps(item.speed_bytes or 0),
        speed_bytes=item.speed_bytes or 0,
        eta_seconds=item.eta_seconds,
        error=item.error,
        error_code=item.error_code,
        retry_count=item.retry_count or 0,
        language=item.language,
        hoster=item.hoster,
        file=item.file,
        worker=item.worker,
        added_at=item.added_at,
        started_at=item.started_at,
        completed_at=item.completed_at,
        not_before=item.not_before,
        languages=tuple(item.languages or ()),
        notice=item.notice,
    )
    if live is None:
        return view
    return replace(
        view,
        progress=live.percent,
        downloaded_bytes=live.downloaded_bytes,
        total_bytes=live.total_bytes,
        speed_mbps=live.speed_mbps,
        speed_bytes=live.speed_bytes,
        eta_seconds=live.eta_seconds,
        phase=live.phase,
        hoster=live.hoster,
        language=live.language,
    )
