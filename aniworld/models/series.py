"""Series and their episodes: what the catalogue tells, and which file is there."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    false,
    select,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from aniworld.models.base import SoftDeleteMixin, TimestampMixin, UtcDateTime
from aniworld.models.database import Database
from aniworld.models.db import Model


class AnimeSeries(TimestampMixin, SoftDeleteMixin, Model):
    """One series. ``key`` identifies it everywhere; ``folder`` is for the disk and the eye only.

    ``folder`` is the primary one; models/series_folders holds all of them.
    ``languages``: this series' own preference, best first; empty = the configured one.
    ``refreshed_at``: when its catalogue page was last read; None = not yet.
    ``refresh_error``: the sentence why the last reading failed; None = it went well.
    ``auto_download``: new episodes are queued by themselves; ``upgrade``: present ones too, once a better language is
    out.
    ``specials``: the library's numbers of specials and films by the catalogue's, ``{"2": 5}`` (core/specials).
    ``page_notes``: what of its catalogue page could not be read, one sentence each; None = nothing.
    ``unplaced_files``: path and size of files that a scan saw while ``refreshed_at`` was None, and whose numbers need
    the catalogue's counts; None = none wait.
    ``numbering``: where an owner put entries of a catalogue that states no numbers, link → ``S01E02`` or None = left
    out.
    """

    __tablename__ = "anime_series"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(255), unique=True, index=True)
    name: Mapped[str] = mapped_column(String(500))
    site: Mapped[str] = mapped_column(String(255), default="")
    folder: Mapped[str] = mapped_column(String(255), default="")
    link: Mapped[str] = mapped_column(String(2000), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    alternative_titles: Mapped[list[str]] = mapped_column(JSON, default=list)
    year_start: Mapped[int | None] = mapped_column(default=None)
    year_end: Mapped[int | None] = mapped_column(default=None)
    genres: Mapped[list[str]] = mapped_column(JSON, default=list)
    age_rating: Mapped[int | None] = mapped_column(default=None)
    imdb_id: Mapped[str | None] = mapped_column(String(20), default=None)
    cover_url: Mapped[str | None] = mapped_column(String(2000), default=None)
    cover_file: Mapped[str | None] = mapped_column(String(100), default=None)
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    monitored: Mapped[bool] = mapped_column(default=True)
    auto_download: Mapped[bool] = mapped_column(default=False)
    upgrade: Mapped[bool] = mapped_column(default=False)
    specials: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    numbering: Mapped[dict[str, str | None]] = mapped_column(JSON, default=dict)
    refreshed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    refresh_error: Mapped[str | None] = mapped_column(Text, default=None)
    page_notes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True), default=None)
    renumbering: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), default=None)
    unplaced_files: Mapped[list[list[Any]] | None] = mapped_column(JSON(none_as_null=True), default=None)

    episodes: Mapped[list[Episode]] = relationship(
        back_populates="series", cascade="all, delete-orphan", order_by="(Episode.season, Episode.number)"
    )


# What a row says of its file, as it is without one.
NO_FILE: dict[str, None] = dict.fromkeys(
    ("file", "file_language", "size_bytes", "subtitles", "languages_on_disk", "file_height")
)


class Episode(TimestampMixin, Model):
    """One episode of a series; ``season`` 0 holds specials and films.

    ``link``: the catalogue's page for it, empty when only the disk knows the episode.
    ``languages``: where the catalogue offers it in. ``file``: relative to the series folder, None = not there.
    ``available``: False when the catalogue lists it without any language (announced only).
    ``settled``: automatic downloads leave it alone, because it was out before they were wished, or was queued once.
    ``air_date``: the catalogue's release date, by its own clock; None = not stated. ``kind``: ``ova``, ``movie``,
    ``special`` where the catalogue states it. ``part``: of an episode that the catalogue lists in parts.
    ``announced``: the catalogue says that it is not out yet, with or without a day; it is never ``available``.
    ``part_of``: the code of the episode whose video contains this one, which has none of its own.
    ``subtitles``: languages of the subtitle files next to the video or inside it (``ger``); None = not known.
    ``file_title``, ``file_link``: the title and link that the catalogue listed for this episode when its file came.
    ``languages_on_disk``: the languages of the file, ``file_language`` is the preferred one of these; ``file_height``:
    of its picture in lines; None = not known. ``monitored``: counts only where the season and the series are, too.
    """

    __tablename__ = "episode"
    __table_args__ = (
        UniqueConstraint("series_id", "season", "number"),
        Index("ix_episode_missing", "series_id", "file"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("anime_series.id", ondelete="CASCADE"))
    season: Mapped[int]
    number: Mapped[int]
    absolute: Mapped[int | None] = mapped_column(default=None)
    title: Mapped[str] = mapped_column(String(1000), default="")
    title_en: Mapped[str] = mapped_column(String(1000), default="")
    link: Mapped[str] = mapped_column(String(2000), default="")
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    available: Mapped[bool] = mapped_column(default=True)
    settled: Mapped[bool] = mapped_column(default=False)
    file: Mapped[str | None] = mapped_column(String(1000), default=None)
    file_language: Mapped[str | None] = mapped_column(String(20), default=None)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    announced: Mapped[bool] = mapped_column(default=False, server_default=false())
    air_date: Mapped[date | None] = mapped_column(default=None)
    kind: Mapped[str | None] = mapped_column(String(20), default=None)
    part: Mapped[int | None] = mapped_column(default=None)
    part_of: Mapped[str | None] = mapped_column(String(20), default=None)
    subtitles: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True), default=None)
    file_title: Mapped[str | None] = mapped_column(String(1000), default=None)
    file_link: Mapped[str | None] = mapped_column(String(2000), default=None)

    monitored: Mapped[bool] = mapped_column(default=True, server_default=true())
    languages_on_disk: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True), default=None)
    file_height: Mapped[int | None] = mapped_column(default=None)

    series: Mapped[AnimeSeries] = relationship(back_populates="episodes")

    def take_file(self, file: str, language: str | None, size_bytes: int, height: int | None = None) -> None:
        """``file`` holds this episode now; what is not known of it yet is known to the next scan."""
        self.file, self.file_language, self.size_bytes = file, language, size_bytes
        self.languages_on_disk = [language] if language else None
        self.file_height = height

    def forget_file(self) -> None:
        for name in NO_FILE:
            setattr(self, name, None)


@event.listens_for(Episode.__table__, "before_create")
def _shorten_index_on_mysql(table: Table, connection: Connection, **_: object) -> None:
    """MySQL and MariaDB index 3,072 bytes at most. An option of the Index would load their dialect at every start."""
    if connection.dialect.name == "mysql":
        index = next(one for one in table.indexes if one.name == "ix_episode_missing")
        index.dialect_kwargs["mysql_length"] = {"file": 255}


def library_folder(database: Database, key: str) -> str | None:
    """The folder of a series that is in the library; None for one that is not, or not any more."""
    query = select(AnimeSeries.folder).where(AnimeSeries.key == key, AnimeSeries.deleted_at.is_(None))
    with database.reading() as session:
        return session.scalar(query)
