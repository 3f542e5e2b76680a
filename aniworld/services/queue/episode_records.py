"""EpisodeFiles: what the queue needs to know, and to note, of episodes and their files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select

from aniworld.core.errors import NotFound
from aniworld.core.heights import height_in
from aniworld.core.naming import same_name
from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode
from aniworld.services.queue.language_upgrade import better_languages
from aniworld.services.queue.views import DownloadRequest
from aniworld.services.renumbering.proposals import held_seasons, remember_file


class EpisodeFiles:
    def __init__(self, database: Database) -> None:
        self._database = database

    def series(self, request: DownloadRequest) -> AnimeSeries | None:
        """The series that a request names; None for one that only the request knows. Raises NotFound."""
        with self._database.reading() as session:
            query = select(AnimeSeries).where(AnimeSeries.key == request.serie_id, AnimeSeries.deleted_at.is_(None))
            series = session.scalar(query)
        if series is None and not request.serie_name:
            raise NotFound(f"There is no series {request.serie_id!r} in the library; add it first.")
        return series

    def not_out(self, key: str) -> dict[tuple[int, int], str]:
        """Episodes that the catalogue announces, or has as part of another one, each with why it cannot be queued."""
        columns = (Episode.season, Episode.number, Episode.air_date, Episode.part_of)
        query = (
            select(*columns)
            .join(AnimeSeries, Episode.series_id == AnimeSeries.id)
            .where(AnimeSeries.key == key)
            .where(Episode.file.is_(None), or_(Episode.announced.is_(True), Episode.part_of.is_not(None)))
        )
        with self._database.reading() as session:
            rows = session.execute(query).all()
        return {(season, number): why_not_out(day, part_of) for season, number, day, part_of in rows}

    def present(self, key: str, wanted: Sequence[str]) -> dict[tuple[int, int], tuple[str, ...]]:
        """The episodes that are there, each with the languages among ``wanted`` that would be better, and then its own:
        what an item may take, and up to where. Nothing where nothing is better."""
        columns = (Episode.season, Episode.number, Episode.file_language, Episode.languages)
        query = select(*columns).join(AnimeSeries)
        query = query.where(AnimeSeries.key == key, AnimeSeries.deleted_at.is_(None), Episode.file.is_not(None))
        with self._database.reading() as session:
            return {
                (season, number): (*better, have) if (better := better_languages(wanted, have, offered or ())) else ()
                for season, number, have, offered in session.execute(query)
            }

    def record(
        self,
        item: DownloadQueueItem,
        relative: str,
        language: str | None,
        size_bytes: int,
        subtitles: Sequence[str] | None = None,
        *,
        folder: str = "",
        height: int | None = None,
    ) -> None:
        """Notes the file of a placed episode; ``relative`` to the series folder, ``folder`` as that is spelled on the
        disk.

        ``subtitles``: languages of those that came apart; ``height``: of the picture.
        """
        with self._database.writing() as session:
            series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == item.serie_id))
            if series is None:
                return
            series_id = series.id
            if folder and _is_respelled(series.folder, folder):
                series.folder = folder
            where = (Episode.series_id == series_id, Episode.season == item.season, Episode.number == item.episode)
            episode = session.scalar(select(Episode).where(*where))
            if episode is None:
                episode = Episode(series_id=series_id, season=item.season, number=item.episode)
                session.add(episode)
            episode.take_file(relative, language, size_bytes, height or height_in(relative))
            episode.subtitles = None if subtitles is None else list(subtitles)
            remember_file(episode)

    def held(self, key: str) -> frozenset[int]:
        """The seasons of a series that the catalogue renumbered, while nobody has decided."""
        with self._database.reading() as session:
            return held_seasons(session.scalar(select(AnimeSeries).where(AnimeSeries.key == key)))


def _is_respelled(stored: str, folder: str) -> bool:
    """Whether a file was placed into the stored folder under its name on the disk, which differs in case or normal
    form.
    """
    return stored != folder and same_name(stored, folder)


def why_not_out(air_date: date | None, part_of: str | None) -> str:
    """Why an episode that the catalogue lists cannot be had."""
    if part_of:
        return f"Its video is part of {part_of}; queue that episode instead."
    if air_date:
        return f"It is announced for {air_date.isoformat()} and not out yet; refresh the series to check again."
    return "It is announced and not out yet; refresh the series to check again."
