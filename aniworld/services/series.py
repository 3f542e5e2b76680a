"""AnimeSeriesService: the series' rows, by key or database id. There is no look-up by folder."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from aniworld.core.errors import InvalidInput, KeyConflict, NotFound
from aniworld.core.validators import validate_series_key
from aniworld.models import AnimeSeries, Database

CHANGEABLE = frozenset(
    {
        "name", "site", "folder", "link", "description", "alternative_titles", "year_start", "year_end", "genres",
        "age_rating", "imdb_id", "cover_url", "cover_file", "languages", "specials", "numbering", "monitored", "auto_download",
        "upgrade", "refreshed_at", "refresh_error",
    }
)  # fmt: skip


class AnimeSeriesService:
    """Rows come back detached from any session: read them, and change them through ``update``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, *, key: str, name: str, **facts: Any) -> AnimeSeries:
        """A new series. Raises InvalidInput for a key of wrong form or an unknown fact, KeyConflict for a key in use."""
        _check(facts)
        series = AnimeSeries(key=validate_series_key(key), name=name, **facts)
        try:
            with self._database.writing() as session:
                session.add(series)
        except IntegrityError:
            raise KeyConflict(f"There is a series with the key {key} already.") from None
        return series

    def get_by_key(self, key: str, *, removed: bool = False) -> AnimeSeries | None:
        """The series, or None; one that was removed only with ``removed``."""
        with self._database.reading() as session:
            return series_in(session, key, removed=removed)

    def get_by_id(self, series_id: int) -> AnimeSeries | None:
        """The series, or None where there is none or it was removed."""
        with self._database.reading() as session:
            series = session.get(AnimeSeries, series_id)
        return series if series is not None and not series.is_deleted else None

    def update(self, key: str, /, **changes: Any) -> AnimeSeries:
        """The series with its changes. Raises NotFound, InvalidInput for what cannot be changed."""
        _check(changes)
        with self._database.writing() as session:
            series = required_in(session, key)
            for name, value in changes.items():
                setattr(series, name, value)
        return series

    def require(self, key: str) -> AnimeSeries:
        """The series. Raises NotFound."""
        with self._database.reading() as session:
            return required_in(session, key)


def series_in(session: Session, key: str, *, removed: bool = False) -> AnimeSeries | None:
    """As ``AnimeSeriesService.get_by_key``, for those who read more of it in the same session: of one moment."""
    series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
    return series if series is not None and (removed or not series.is_deleted) else None


def library_folder(database: Database, key: str) -> str | None:
    """The folder of a series that is in the library; None for one that is not, or not any more."""
    query = select(AnimeSeries.folder).where(AnimeSeries.key == key, AnimeSeries.deleted_at.is_(None))
    with database.reading() as session:
        return session.scalar(query)


def required_in(session: Session, key: str) -> AnimeSeries:
    """The series. Raises NotFound."""
    series = series_in(session, key)
    if series is None:
        raise NotFound(f"There is no series with the key {key}.")
    return series


def _check(facts: dict[str, Any]) -> None:
    unknown = sorted(set(facts) - CHANGEABLE)
    if unknown:
        raise InvalidInput("These facts of a series cannot be set.", {name: ["Unknown field."] for name in unknown})
