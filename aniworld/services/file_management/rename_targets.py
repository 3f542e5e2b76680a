"""What the files of a series should be called by the template and settings in force, as far as the records tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from aniworld.config.settings import LibrarySettings
from aniworld.core.errors import AniworldError, InvalidInput
from aniworld.core.heights import height_in, label_of
from aniworld.core.media import EpisodeNumber
from aniworld.core.naming import EXAMPLE, EpisodeNaming, episode_path, folded, season_folder
from aniworld.core.specials import in_library
from aniworld.models import AnimeSeries, Episode
from aniworld.services.file_management.views import NameExamples

_UNKNOWN = "\uf8ff"  # stands in a name for what no record tells; of no honest name, and kept by every rule for names


@dataclass(frozen=True)
class Named:
    """One file of a series. ``old``, ``new``: below the series folder; ``reason``: why it cannot be named."""

    numbers: tuple[EpisodeNumber, ...]
    ids: tuple[int, ...]
    old: str
    new: str
    reason: str | None = None


def example_names(template: str, *, season_folders: bool = True) -> NameExamples:
    """What ``template`` makes of invented episodes. Raises InvalidInput for the field ``template``."""

    def shown(**facts: Any) -> str:
        return episode_path(template, replace(EXAMPLE, **facts), "mkv", season_folders=season_folders).as_posix()

    try:
        return NameExamples(
            example=shown(),
            untitled=shown(title="", title_en=""),
            several=shown(last_episode=3),
            special=shown(season=0, episode=1, absolute=None, title="Der Film", title_en="The Movie"),
        )
    except InvalidInput as error:
        raise InvalidInput(str(error), {"template": [str(error)]}) from None


def seasons_of(series: AnimeSeries, episodes: Sequence[Episode]) -> frozenset[int]:
    """The seasons that the files have in the library."""
    return frozenset(
        in_library(EpisodeNumber(row.season, row.number), series.specials).season for row in episodes if row.file
    )


def names_of(
    series: AnimeSeries,
    episodes: Sequence[Episode],
    library: LibrarySettings,
    hosters: Mapping[str, str],
    folders: Mapping[int, str],
) -> Iterator[Named]:
    """Each file with the name that it should have. ``hosters``: what the history knows, by path below the folder.

    ``folders``: season → the folder that holds its files already; one without is called ``Season 01``.
    """
    present = sorted((row for row in episodes if row.file), key=lambda row: (row.file or "", row.season, row.number))
    for file, rows in groupby(present, key=lambda row: row.file or ""):
        named = _named(series, list(rows), library, file, hosters.get(file, ""))
        yield replace(named, new=_in_its_folder(named.new, folders)) if named.reason is None else named


def _in_its_folder(new: str, folders: Mapping[int, str]) -> str:
    """A season keeps the folder that it has, as it does for new episodes."""
    own, sep, name = new.partition("/")
    existing = {season_folder(season): folder for season, folder in folders.items()}
    return f"{existing.get(own, own)}/{name}" if sep else new


def _named(series: AnimeSeries, rows: list[Episode], library: LibrarySettings, file: str, hoster: str) -> Named:
    numbers = tuple(EpisodeNumber(row.season, row.number) for row in rows)
    here = Named(numbers, tuple(row.id for row in rows), file, file)
    naming = _naming(series, rows, numbers, hoster)
    if naming is None:
        return replace(here, reason="It holds episodes that do not follow one another.")
    try:
        new = _path(library, _completed(library, naming, PurePosixPath(file)), file)
    except AniworldError as error:
        return replace(here, reason=str(error))
    return replace(here, new=new.as_posix())


def _naming(
    series: AnimeSeries, rows: list[Episode], numbers: tuple[EpisodeNumber, ...], hoster: str
) -> EpisodeNaming | None:
    """None where one name cannot say all the numbers."""
    stand = sorted(in_library(number, series.specials) for number in numbers)
    first, last = stand[0], stand[-1]
    if stand != [EpisodeNumber(first.season, first.episode + step) for step in range(len(stand))]:
        return None
    row = rows[0]
    return EpisodeNaming(
        series=series.name,
        season=first.season,
        episode=first.episode,
        title=row.title or row.title_en,
        title_en=row.title_en,
        year=series.year_start,
        absolute=row.absolute,
        language=row.file_language or "",
        quality=_quality(row.file or ""),
        hoster=hoster,
        last_episode=last.episode if len(stand) > 1 else None,
    )


def _quality(file: str) -> str:
    height = height_in(file)
    return label_of(None, height) if height else ""


def _completed(library: LibrarySettings, naming: EpisodeNaming, file: PurePosixPath) -> EpisodeNaming:
    """With the hoster and language that only the present name tells, where it was made by this template."""
    unknown = [name for name in ("hoster", "language") if not getattr(naming, name)]
    for name in unknown:
        if f"{{{name}" not in library.episode_template:
            continue
        pattern = _path(library, _with(naming, name, _UNKNOWN), file.name).stem
        head, sign, tail = pattern.partition(_UNKNOWN)
        told = re.fullmatch(f"{re.escape(folded(head))}(.{{1,40}}){re.escape(folded(tail))}", folded(file.stem))
        if sign and told:
            naming = _with(naming, name, file.stem[told.start(1) : told.end(1)])
    return naming


def _path(library: LibrarySettings, naming: EpisodeNaming, file: str) -> PurePosixPath:
    ext = file.rpartition(".")[2]
    return episode_path(library.episode_template, naming, ext, season_folders=library.season_folders)


def _with(naming: EpisodeNaming, name: str, value: str) -> EpisodeNaming:
    told: dict[str, Any] = {name: value}
    return replace(naming, **told)
