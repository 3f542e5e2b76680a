"""From rows to what is shown: lists of series, one series in detail."""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, String, and_, cast, func, select
from sqlalchemy.orm import Session

from aniworld.core.media import SeriesHit
from aniworld.core.naming import folder_name
from aniworld.core.paging import Paging
from aniworld.core.queue import DownloadStatus
from aniworld.core.subtitles import lacks_subtitles
from aniworld.models import AnimeSeries, DownloadQueueItem, Episode, SeriesSeason
from aniworld.models.series_folders import folders_of_series
from aniworld.services.renumbering.proposals import renumbering_of
from aniworld.services.series.renumbering_view import view_of
from aniworld.services.series.unread_files import unread_files_of
from aniworld.services.series.views import (
    AnimeDetail,
    AnimeSummary,
    EpisodeView,
    FolderView,
    SearchResult,
    SeasonView,
    SeriesQuery,
)

_MOMENTS = {"added": AnimeSeries.created_at, "updated": AnimeSeries.updated_at}
_LIVE = (DownloadStatus.PENDING, DownloadStatus.DOWNLOADING)


def is_missing() -> ColumnElement[bool]:
    """Known, released, and not on the disk. An episode from a legacy file counts too, before its page was read."""
    return and_(Episode.file.is_(None), Episode.available.is_(True))


class _Line(NamedTuple):
    """What sorting and filtering need of a series; the last three only where a search needs them."""

    id: int
    name: str
    key: str = ""
    alternative_titles: str = ""
    genres: str = ""


def list_page(session: Session, query: SeriesQuery) -> tuple[list[AnimeSummary], Paging]:
    """One page of series, and how many there are over all pages."""
    lines = [line for line in _lines(session, query) if _fits(line, query)]
    counts = _missing_counts(session) if query.missing or query.sort_by == "missing" else {}
    if query.missing:
        lines = [line for line in lines if counts.get(line.id)]
    backwards = query.order == "desc"
    if query.sort_by not in _MOMENTS:
        lines.sort(key=lambda line: folded(line.name), reverse=backwards and query.sort_by == "name")
    if query.sort_by == "missing":
        lines.sort(key=lambda line: counts.get(line.id, 0), reverse=backwards)
    start = (query.page - 1) * query.page_size
    chosen = [line.id for line in lines[start : start + query.page_size]]
    return summaries(session, chosen), Paging(query.page, query.page_size, len(lines))


def _lines(session: Session, query: SeriesQuery) -> list[_Line]:
    """Every series that the database itself can choose. JSON is read as text: decoding it all costs more than the
    rest.
    """
    columns: list[Any] = [AnimeSeries.id, AnimeSeries.name]
    if query.q or query.genre:
        columns += [AnimeSeries.key, cast(AnimeSeries.alternative_titles, String), cast(AnimeSeries.genres, String)]
    wanted = select(*columns).where(AnimeSeries.deleted_at.is_(None))
    if query.sort_by in _MOMENTS:
        moment = _MOMENTS[query.sort_by]
        wanted = wanted.order_by(moment.desc() if query.order == "desc" else moment, AnimeSeries.id)
    if query.monitored is not None:
        wanted = wanted.where(AnimeSeries.monitored.is_(query.monitored))
    if query.running:
        wanted = wanted.where(AnimeSeries.year_start.is_not(None), AnimeSeries.year_end.is_(None))
    if query.language:
        spoken = cast(Episode.languages, String).contains(f'"{query.language}"', autoescape=True)
        wanted = wanted.where(AnimeSeries.id.in_(select(Episode.series_id).where(spoken)))
    return [_Line(*row) for row in session.execute(wanted)]


def _fits(line: _Line, query: SeriesQuery) -> bool:
    """Names are compared here: a database knows no umlauts in its comparisons without case."""
    if query.genre and query.genre not in json.loads(line.genres or "[]"):
        return False
    if not query.q:
        return True
    others = line.alternative_titles or ""
    texts = folded(f"{line.name} {line.key} {' '.join(json.loads(others)) if len(others) > 2 else ''}")
    return all(word in texts for word in folded(query.q).split())


def folded(text: str) -> str:
    """Text for comparing: without case, accents apart from their letters left out."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def _missing_counts(session: Session) -> dict[int, int]:
    counted = select(Episode.series_id, func.count()).where(is_missing()).group_by(Episode.series_id)
    return dict(session.execute(counted).tuples().all())


def summaries(session: Session, ids: Sequence[int]) -> list[AnimeSummary]:
    """The series of these ids, in their order."""
    if not ids:
        return []
    found = {series.id: series for series in session.scalars(select(AnimeSeries).where(AnimeSeries.id.in_(ids)))}
    wanted = select(Episode.series_id, func.count()).where(Episode.series_id.in_(ids))
    counts = dict(session.execute(wanted.group_by(Episode.series_id)).tuples().all())
    missing = _missing_numbers(session, ids)
    return [_summary(found[one], missing.get(one, {}), counts.get(one, 0)) for one in ids if one in found]


def summary_of(session: Session, series: AnimeSeries) -> AnimeSummary:
    return summaries(session, [series.id])[0]


def _missing_numbers(session: Session, ids: Sequence[int]) -> dict[int, dict[str, list[int]]]:
    """Series id → season as text → episode numbers, in order."""
    wanted = select(Episode.series_id, Episode.season, Episode.number).where(Episode.series_id.in_(ids), is_missing())
    found: dict[int, dict[str, list[int]]] = defaultdict(dict)
    for series, season, number in session.execute(wanted.order_by(Episode.season, Episode.number)):
        found[series].setdefault(str(season), []).append(number)
    return found


def _summary(series: AnimeSeries, missing: Mapping[str, list[int]], episodes: int) -> AnimeSummary:
    return AnimeSummary(
        key=series.key,
        name=series.name,
        site=series.site,
        folder=series.folder,
        link=series.link,
        missing_episodes=dict(missing),
        missing_count=sum(map(len, missing.values())),
        episode_count=episodes,
        monitored=series.monitored,
        cover_url=cover_address(series),
        year=series.year_start,
        genres=tuple(series.genres or ()),
        refreshed_at=series.refreshed_at,
        refresh_error=series.refresh_error,
    )


def cover_address(series: AnimeSeries) -> str | None:
    """Where this server gives the cover; covers are never fetched from a site by a browser."""
    return f"/api/anime/{series.key}/cover" if series.cover_file else None


def detail_of(session: Session, series: AnimeSeries) -> AnimeDetail:
    """One series with every episode and its live state."""
    query = select(Episode).where(Episode.series_id == series.id).order_by(Episode.season, Episode.number)
    live = _live_states(session, series.key)
    episodes = tuple(_episode(row, live.get((row.season, row.number))) for row in session.scalars(query))
    spoken = dict.fromkeys(code for one in episodes for code in one.languages)
    unread, unread_count = unread_files_of(session, series, episodes)
    return AnimeDetail(
        key=series.key,
        title=series.name,
        folder=series.folder,
        site=series.site,
        link=series.link,
        description=series.description,
        alternative_titles=tuple(series.alternative_titles or ()),
        year_start=series.year_start,
        year_end=series.year_end,
        genres=tuple(series.genres or ()),
        age_rating=series.age_rating,
        imdb_id=series.imdb_id,
        languages=tuple(series.languages or ()),
        monitored=series.monitored,
        episodes=episodes,
        cover_url=cover_address(series),
        available_languages=tuple(spoken),
        missing_count=sum(1 for one in episodes if _counts_as_missing(one)),
        refreshed_at=series.refreshed_at,
        refresh_error=series.refresh_error,
        auto_download=series.auto_download,
        upgrade=series.upgrade,
        specials=dict(series.specials or {}),
        numbering=dict(series.numbering or {}),
        page_notes=tuple(series.page_notes or ()),
        renumbering=view_of(renumbering_of(series), episodes),
        unread_files=unread,
        unread_count=unread_count,
        folders=tuple(FolderView(one.folder, one.season, one.is_primary) for one in folders_of_series(session, series)),
        seasons=_seasons(session, series, episodes),
    )


def _seasons(session: Session, series: AnimeSeries, episodes: Sequence[EpisodeView]) -> tuple[SeasonView, ...]:
    rows = session.execute(
        select(SeriesSeason.season, SeriesSeason.monitored).where(SeriesSeason.series_id == series.id)
    )
    stored: dict[int, bool] = {row.season: row.monitored for row in rows}
    return tuple(SeasonView(season, stored.get(season, True)) for season in sorted({one.season for one in episodes}))


def _live_states(session: Session, key: str) -> dict[tuple[int, int], str]:
    item = DownloadQueueItem
    query = select(item.season, item.episode, item.status).where(item.serie_id == key, item.status.in_(_LIVE))
    states: dict[tuple[int, int], str] = {}
    for season, number, status in session.execute(query):
        state = "downloading" if status == DownloadStatus.DOWNLOADING else "queued"
        if states.get((season, number)) != "downloading":
            states[(season, number)] = state
    return states


def _episode(row: Episode, live: str | None) -> EpisodeView:
    state = "present" if row.file else "missing" if row.available else "unavailable"
    return EpisodeView(
        season=row.season,
        episode=row.number,
        title=row.title,
        title_en=row.title_en,
        languages=tuple(row.languages or ()),
        state=live or state,
        file=row.file,
        language=row.file_language,
        size_bytes=row.size_bytes,
        link=row.link,
        announced=row.announced,
        air_date=row.air_date,
        kind=row.kind,
        part=row.part,
        part_of=row.part_of,
        monitored=row.monitored,
        languages_on_disk=tuple(row.languages_on_disk or ()),
        file_height=row.file_height,
        **_subtitles(row),
    )


def _subtitles(row: Episode) -> dict[str, Any]:
    """An empty list in Japanese: the episode's subtitles came apart from it and could not be had, or are gone."""
    if not row.file or row.subtitles is None:
        return {}
    return {"subtitles": tuple(row.subtitles), "subtitles_missing": lacks_subtitles(row.file_language, row.subtitles)}


def _counts_as_missing(one: EpisodeView) -> bool:
    """As in a summary: an episode in the queue is missing until it is there."""
    return one.state == "missing" or (one.state in ("queued", "downloading") and one.file is None)


def all_genres(rows: Iterable[Sequence[str] | None]) -> tuple[str, ...]:
    return tuple(sorted({genre for genres in rows for genre in genres or ()}, key=folded))


def search_result(hit: SeriesHit, own: AnimeSummary | None) -> SearchResult:
    """A catalogue's hit, with what the library has of it."""
    made = SearchResult(
        key=hit.key,
        name=hit.name,
        site=hit.site,
        folder=folder_name(hit.name, hit.year),
        link=hit.link,
        description=hit.description,
        cover_url=hit.cover_url,
        year=hit.year,
        in_library=False,
    )
    if own is None or own.site not in ("", hit.site):
        return made
    return replace(
        made,
        folder=own.folder,
        in_library=True,
        missing_episodes=own.missing_episodes,
        missing_count=own.missing_count,
        episode_count=own.episode_count,
        monitored=own.monitored,
    )


def facts_of(summary: AnimeSummary) -> dict[str, Any]:
    """A summary as JSON, for events."""
    refreshed = summary.refreshed_at
    return {
        "key": summary.key,
        "name": summary.name,
        "site": summary.site,
        "folder": summary.folder,
        "link": summary.link,
        "missing_episodes": dict(summary.missing_episodes),
        "missing_count": summary.missing_count,
        "episode_count": summary.episode_count,
        "monitored": summary.monitored,
        "cover_url": summary.cover_url,
        "year": summary.year,
        "genres": list(summary.genres),
        "refresh_error": summary.refresh_error,
        "refreshed_at": refreshed.strftime("%Y-%m-%dT%H:%M:%SZ") if refreshed else None,
    }
