"""BesideService: what stands beside a newly placed episode, as the settings want it: poster and NFO files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select

from aniworld.config.settings import Settings
from aniworld.core.errors import AniworldError
from aniworld.core.media import EpisodeNumber
from aniworld.core.offload import offload
from aniworld.core.specials import in_library
from aniworld.library.files.artwork import lacks_poster, write_poster, write_season_poster
from aniworld.library.files.nfo import EpisodeNfo, SeriesNfo, write_episode_nfo, write_series_nfo
from aniworld.models import AnimeSeries, Database, Episode
from aniworld.models.outage import DATABASE_AWAY, log_failure

log = logging.getLogger(__name__)

T = TypeVar("T")
FindCover = Callable[[str], Path | None]


class BesideService:
    """``cover(key)``: the cached cover of a series as a path, or None; ``fetch`` is asked then, beside everything else.

    A user's own files are never written over.
    """

    def __init__(
        self,
        database: Database,
        settings: Callable[[], Settings],
        cover: FindCover,
        fetch: FindCover = lambda key: None,
        spawn: Callable[[Callable[[], None]], None] = lambda work: work(),
    ) -> None:
        self._database = database
        self._settings = settings
        self._cover = cover
        self._fetch = fetch
        self._spawn = spawn

    def after_placing(self, key: str, season: int, number: int, video: Path) -> list[Path]:
        """The files that were written beside ``video``; a poster that has to be fetched comes later.

        Raises LibraryUnavailable, DiskFull.
        """
        library = self._settings().library
        root = Path(library.root)
        series, episode = self._facts(key, season, number)
        if series is None or not series.folder:
            return []
        written: list[Path | None] = []
        folder = root / series.folder
        if library.write_artwork:
            written += _each_alone(key, "poster", lambda: self._posters(key, root, folder, season)) or []
        if library.write_nfo:
            about = _series_nfo(series), _episode_nfo(series, episode, season, number)
            links = library.link_roots
            written.append(
                _each_alone(key, "tvshow.nfo", lambda: offload(write_series_nfo, root, folder, about[0], links))
            )
            written.append(_each_alone(key, "NFO", lambda: offload(write_episode_nfo, root, video, about[1], links)))
        return [path for path in written if path is not None]

    def _posters(self, key: str, root: Path, folder: Path, season: int) -> list[Path | None]:
        cover = self._cover(key)
        if cover:
            return offload(_posters, root, folder, season, cover, self._links())
        self._spawn(lambda: self._posters_of_fetched(key, root, folder, season))
        return []

    def _posters_of_fetched(self, key: str, root: Path, folder: Path, season: int) -> None:
        """A poster is a nicety: the episode stands, and what goes wrong here is logged and nothing more."""
        try:
            links = self._links()
            if offload(lacks_poster, root, folder, season, links) and (cover := self._fetch(key)):
                offload(_posters, root, folder, season, cover, links)
        except (AniworldError, OSError, *DATABASE_AWAY) as error:
            log.info("%s got no poster: %s", key, error)
        except Exception as error:
            log_failure(log, error, "%s got no poster", key)

    def _links(self) -> tuple[str, ...]:
        return self._settings().library.link_roots

    def _facts(self, key: str, season: int, number: int) -> tuple[AnimeSeries | None, Episode | None]:
        with self._database.reading() as session:
            series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == key))
            if series is None:
                return None, None
            where = (Episode.series_id == series.id, Episode.season == season, Episode.number == number)
            return series, session.scalar(select(Episode).where(*where))


def _each_alone(key: str, what: str, write: Callable[[], T]) -> T | None:
    """What ``write`` wrote; None where one cover or NFO cannot be read, which must not keep the others from being
    written.
    """
    try:
        return write()
    except AniworldError:
        raise
    except Exception as error:
        log_failure(log, error, "%s got no %s", key, what)
        return None


def _posters(root: Path, folder: Path, season: int, cover: Path, links: Sequence[str]) -> list[Path | None]:
    """The catalogue has one cover for a series: a season without a picture of its own gets that one, too."""
    image = cover.read_bytes()
    return [write_poster(root, folder, image, links), write_season_poster(root, folder, season, image, links)]


def _series_nfo(series: AnimeSeries) -> SeriesNfo:
    return SeriesNfo(
        title=series.name,
        key=series.key,
        site=series.site,
        plot=series.description,
        year=series.year_start,
        genres=tuple(series.genres or ()),
        age_rating=series.age_rating,
        imdb_id=series.imdb_id,
    )


def _episode_nfo(series: AnimeSeries, episode: Episode | None, season: int, number: int) -> EpisodeNfo:
    stands = in_library(EpisodeNumber(season, number), series.specials)
    return EpisodeNfo(
        title=episode.title if episode else "",
        original_title=episode.title_en if episode else "",
        series=series.name,
        season=stands.season,
        episode=stands.episode,
    )
