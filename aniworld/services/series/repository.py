"""AnimeSeriesService: the series' rows, by key or database id. There is no look-up by folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from aniworld.core.errors import KeyConflict, NotFound
from aniworld.core.validators import validate_series_key
from aniworld.models import AnimeSeries
from aniworld.services.series.facts import checked_facts


class AnimeSeriesService:
    """Series as rows, in the caller's session and transaction: the caller commits."""

    @staticmethod
    def create(session: Session, data: Mapping[str, Any]) -> AnimeSeries:
        """A new series from ``key``, ``name`` and further facts, flushed so that it has its ``id``.

        Raises InvalidInput for an invalid key or fact or an unknown one, KeyConflict for a key in use; the transaction
        can go on in both cases.
        """
        facts = checked_facts({"name": "", **{name: value for name, value in data.items() if name != "key"}})
        key = validate_series_key(data.get("key", ""))
        series = AnimeSeries(key=key, **facts)
        try:
            with session.begin_nested():
                session.add(series)
        except IntegrityError:
            raise KeyConflict(f"There is a series with the key {key} already.") from None
        return series

    @staticmethod
    def get_by_key(session: Session, key: str, *, removed: bool = False) -> AnimeSeries | None:
        """The series, or None; one that was removed only with ``removed``."""
        series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
        return series if series is not None and (removed or not series.is_deleted) else None

    @staticmethod
    def get_by_id(session: Session, series_id: int) -> AnimeSeries | None:
        """The series, or None where there is none or it was removed."""
        series = session.get(AnimeSeries, series_id)
        return series if series is not None and not series.is_deleted else None

    @staticmethod
    def update(session: Session, series_id: int, data: Mapping[str, Any]) -> AnimeSeries:
        """The series with its changes, flushed. Raises NotFound, InvalidInput for what cannot be changed or stored;
        then nothing has changed and the transaction can go on.
        """
        facts = checked_facts(data)
        series = AnimeSeriesService.get_by_id(session, series_id)
        if series is None:
            raise NotFound("This series is not in the library.")
        for name, value in facts.items():
            setattr(series, name, value)
        session.flush()
        return series


def required_in(session: Session, key: str) -> AnimeSeries:
    """The series. Raises NotFound."""
    series = AnimeSeriesService.get_by_key(session, key)
    if series is None:
        raise NotFound(f"There is no series with the key {key}.")
    return series
