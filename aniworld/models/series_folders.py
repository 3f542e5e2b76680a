"""Which folders and seasons a series has, next to its own row."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import (
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    UniqueConstraint,
    delete,
    event,
    insert,
    inspect,
    select,
    true,
    update,
)
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column

from aniworld.models.base import TimestampMixin
from aniworld.models.db import Model
from aniworld.models.series import AnimeSeries


class SeriesFolder(TimestampMixin, Model):
    """A folder of the library that holds files of a series.

    ``season``: the season that the folder holds; None = any. ``is_primary``: this is ``AnimeSeries.folder``, the one
    that the API and events name. A series with a folder has exactly one primary one.
    """

    __tablename__ = "series_folder"
    __table_args__ = (UniqueConstraint("series_id", "folder"), Index("ix_series_folder_folder", "folder"))

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("anime_series.id", ondelete="CASCADE"))
    folder: Mapped[str] = mapped_column(String(255))
    season: Mapped[int | None] = mapped_column(default=None)
    is_primary: Mapped[bool] = mapped_column(default=False)


class SeriesSeason(TimestampMixin, Model):
    """What is set for one season of a series. A season without a row is monitored."""

    __tablename__ = "series_season"

    series_id: Mapped[int] = mapped_column(ForeignKey("anime_series.id", ondelete="CASCADE"), primary_key=True)
    season: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    monitored: Mapped[bool] = mapped_column(default=True, server_default=true())


_FOLDER = cast("Table", SeriesFolder.__table__)


def point_primary_at(connection: Connection, series_id: int, folder: str) -> None:
    """Makes ``folder`` the primary folder of a series; empty: it has none any more.

    A further folder of the series changes places with the primary one; any other folder replaces it. Statements that
    change ``anime_series.folder`` outside of the ORM call this themselves.
    """
    mine = _FOLDER.c.series_id == series_id
    rows = {row.folder: row for row in connection.execute(select(_FOLDER).where(mine))}
    primary = next((row for row in rows.values() if row.is_primary), None)
    if primary is not None and primary.folder == folder:
        return
    if folder in rows:
        connection.execute(update(_FOLDER).where(mine).values(is_primary=_FOLDER.c.id == rows[folder].id))
    elif not folder:
        connection.execute(delete(_FOLDER).where(mine, _FOLDER.c.is_primary))
    elif primary is not None:
        connection.execute(update(_FOLDER).where(_FOLDER.c.id == primary.id).values(folder=folder))
    else:
        connection.execute(insert(_FOLDER).values(series_id=series_id, folder=folder, is_primary=True))


@event.listens_for(AnimeSeries, "after_insert")
@event.listens_for(AnimeSeries, "after_update")
def _follow_the_series(mapper: Mapper[Any], connection: Connection, series: AnimeSeries) -> None:
    """Keeps the primary row equal to the series' own row, for every change by the ORM."""
    if inspect(series).attrs.folder.history.has_changes():
        point_primary_at(connection, series.id, series.folder or "")


def folders_of_series(session: Session, series: AnimeSeries) -> list[SeriesFolder]:
    """The folders of a series, the primary one first, then by season and name."""
    query = select(SeriesFolder).where(SeriesFolder.series_id == series.id)
    order = SeriesFolder.is_primary.desc(), SeriesFolder.season.is_(None), SeriesFolder.season, SeriesFolder.folder
    return list(session.scalars(query.order_by(*order)))
