"""Files that a scan saw before the catalogue's counts were known get their episodes when the series page comes."""

from __future__ import annotations

import logging
from collections import defaultdict

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from aniworld.core.heights import height_in
from aniworld.library.scan.episode_lookup import Place
from aniworld.library.scan.folder_reader import FoundFile, Guesses, Reading
from aniworld.library.scan.matching import KnownSeries
from aniworld.library.scan.walk import Listing, SeenFile
from aniworld.models import AnimeSeries, Episode

log = logging.getLogger(__name__)


def place_seen_files(session: Session, series: AnimeSeries) -> None:
    """Gives the episodes of a page that was just recorded the files that waited for it; the disk is not read.

    An episode that has another file keeps that. What stays unclear is named by the next scan.
    """
    seen = series.unplaced_files
    if not seen:
        return
    session.flush()
    rows = {(row.season, row.number): row for row in session.scalars(_episodes_of(series))}
    files = _read(series, rows, [SeenFile(path, size) for path, size in seen])
    places: dict[str, list[Place]] = defaultdict(list)
    for place, file in files.items():
        places[file.path].append(place)
    for row in rows.values():  # a number in a season's folder may have counted through the series
        if row.file in places and (row.season, row.number) not in places[row.file]:
            _take_file(session, row)
    placed = sum(_give(rows.get(place), file) for place, file in files.items())
    log.info("%s: %s of %s files that a scan had seen have their episodes", series.key, placed, len(seen))
    series.unplaced_files = None


def _episodes_of(series: AnimeSeries) -> Select[tuple[Episode]]:
    return select(Episode).where(Episode.series_id == series.id)


def _read(series: AnimeSeries, rows: dict[Place, Episode], files: list[SeenFile]) -> dict[Place, FoundFile]:
    known = KnownSeries(
        series.key,
        series.name,
        series.folder,
        tuple(series.alternative_titles or ()),
        series.year_start,
        episodes=[(season, number, row.absolute) for (season, number), row in rows.items() if row.link],
        files={place: row.file for place, row in rows.items() if row.file},
        specials=series.specials or {},
    )
    found, _ = Reading(known, Listing(series.folder, files), Guesses(0)).result()
    return found


def _take_file(session: Session, row: Episode) -> None:
    row.forget_file()
    if not row.link:  # only the disk knew this episode
        session.delete(row)


def _give(row: Episode | None, file: FoundFile) -> bool:
    if row is None or row.file:
        return row is not None and row.file == file.path
    row.take_file(file.path, file.language, file.size, height_in(file.path))
    row.file_title, row.file_link = row.title or row.title_en, row.link
    return True
