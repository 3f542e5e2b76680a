"""What a catalogue tells of a series becomes rows: nothing that the disk knows is lost by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from aniworld.core.keys import title_from_slug
from aniworld.core.media import EpisodeEntry, SeriesPage
from aniworld.core.naming import folder_name, same_name
from aniworld.models import AnimeSeries, Episode, utcnow
from aniworld.services.queue.unreleased_items import settle_items
from aniworld.services.renumbering.proposals import remember_file, settled_page
from aniworld.services.series.unplaced_files import place_seen_files


@dataclass(frozen=True)
class Recorded:
    """``new``: (season, number) of episodes that can be had now and could not before; ``queue_changed``: an item of the
    queue ended or waits again, because its episode is not out, or out."""

    key: str
    folder: str
    new: tuple[tuple[int, int], ...]
    queue_changed: bool = False


def record_page(
    session: Session,
    series: AnimeSeries,
    page: SeriesPage,
    *,
    name_folder: bool = False,
    spelled: Callable[[str], str] = lambda name: name,
) -> Recorded:
    """Takes over a series page; the name only while it is the guess from the link.

    ``name_folder``: nobody chose the folder, so that it may be named anew, unless files are in it. ``spelled``:
    a folder's name as the library spells it.
    """
    if series.name in (title_from_slug(slug_of(series.link)), series.key, ""):
        series.name = page.name
    series.description, series.genres = page.description, list(page.genres)
    series.alternative_titles = list(page.alternative_titles)
    series.year_start, series.year_end = page.year_start, page.year_end
    series.age_rating, series.imdb_id, series.cover_url = page.age_rating, page.imdb_id, page.cover_url
    series.site, series.link = page.site, page.link
    first = series.refreshed_at is None
    page = settled_page(session, series, page)
    series.refreshed_at, series.refresh_error = utcnow(), None
    series.page_notes = list(page.notes) or None
    rows = {(row.season, row.number): row for row in _episodes(session, series)}
    if (name_folder or not series.folder) and not (series.unplaced_files or any(row.file for row in rows.values())):
        series.folder = free_folder(session, spelled(folder_name(series.name, page.year_start)), series.key)
    new = record_entries(session, series, page, rows)
    place_seen_files(session, series)
    queue_changed = settle_items(session, series)
    if first:  # what was out when the series came is not new to it
        settle_released(session, series)
    return Recorded(series.key, series.folder, new, queue_changed)


def settle_released(session: Session, series: AnimeSeries) -> None:
    """Automatic downloads leave alone what is out by now: they are about what comes later."""
    session.flush()
    out = (Episode.series_id == series.id, Episode.available.is_(True))
    session.execute(update(Episode).where(*out).values(settled=True), execution_options={"synchronize_session": False})


def _episodes(session: Session, series: AnimeSeries) -> list[Episode]:
    return list(session.scalars(select(Episode).where(Episode.series_id == series.id)))


def record_entries(
    session: Session, series: AnimeSeries, page: SeriesPage, rows: dict[tuple[int, int], Episode]
) -> tuple[tuple[int, int], ...]:
    """What is gone from the page goes, files stay. A page, or an announced season, without any episode changes nothing:
    a site's bad day must not empty a list, nor make what comes back look new."""
    if not page.episodes:
        return ()
    states_languages = page.states_languages or any(entry.languages for entry in page.episodes)
    new: list[tuple[int, int]] = []
    for entry in page.episodes:
        at = (entry.season, entry.number)
        available = _is_out(entry, states_languages)
        row = rows.pop(at, None)
        if available and (row is None or not (row.available and row.link)):
            new.append(at)
        if row is None:
            row = Episode(series_id=series.id, season=entry.season, number=entry.number)
            session.add(row)
        _take_over(row, entry, available)
    unread = set(page.seasons) - {entry.season for entry in page.episodes}
    for row in rows.values():
        if row.season in unread:
            continue
        if row.file is None:
            session.delete(row)
        else:
            row.link, row.languages = "", []
    return tuple(new)


def _is_out(entry: EpisodeEntry, states_languages: bool) -> bool:
    """Whether an episode can be had: an announced one never, nor one whose video is another episode's."""
    if entry.announced or entry.part_of:
        return False
    return bool(entry.languages or entry.hosters) or not states_languages


def _take_over(row: Episode, entry: EpisodeEntry, available: bool) -> None:
    row.title, row.title_en, row.link = entry.title[:1000], entry.title_en[:1000], entry.link
    row.absolute, row.available = entry.absolute, available
    if entry.air_date or entry.announced:  # an announced episode without a day has none any more
        row.air_date = entry.air_date
    row.announced = entry.announced
    row.kind, row.part, row.part_of = entry.kind, entry.part, entry.part_of
    if row.languages != list(entry.languages):
        row.languages = list(entry.languages)
    if row.file and not row.file_title:  # it came before the catalogue's titles were known
        remember_file(row)


def slug_of(link: str) -> str:
    """The last part of a series' address."""
    return link.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1]


def free_folder(session: Session, wanted: str, key: str) -> str:
    """``wanted``, or with the key behind it where another series has that folder: names without case count as one."""
    taken = session.execute(select(AnimeSeries.key, AnimeSeries.folder)).all()
    if any(other != key and folder and same_name(folder, wanted) for other, folder in taken):
        return folder_name(f"{wanted} [{key}]")
    return wanted
