"""What the folders between a series and its file say: a season, films, specials, or nothing worth reading."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from aniworld.core.naming import is_ignored_folder
from aniworld.library.names import patterns as p


class Kind(StrEnum):
    EPISODE = "episode"
    SPECIAL = "special"
    OVA = "ova"
    FILM = "film"


@dataclass(frozen=True, slots=True)
class Folder:
    """What the folders above a file say. ``unclear``: names that may stand for a part of the series.

    ``of_season``: specials of one season, such as ``Season 2 Specials``; those of another may count from 1, too.
    ``piece``: a later part or disc of a season, whose numbers may begin anew.
    """

    season: int | None = None
    kind: Kind = Kind.EPISODE
    ignored: str | None = None
    unclear: tuple[str, ...] = ()
    name: str = ""
    of_season: bool = False
    piece: bool = False


@lru_cache(maxsize=2048)
def read_folders(parents: str) -> Folder:
    known = Folder()
    for name in parents.split("/") if parents else ():
        one = _one_folder(p.plain_text(name).strip())
        if one.ignored:
            return one
        known = _below(known, one)
    return known


def _below(known: Folder, one: Folder) -> Folder:
    """``one`` inside of ``known``: a season's specials where one says a season and the other specials."""
    one = replace(one, piece=one.piece or known.piece)
    if one.season is None:
        return replace(known, unclear=known.unclear + one.unclear, name=one.name, piece=one.piece)
    if known.season is None or bool(known.season) == bool(one.season):
        return replace(one, of_season=one.of_season or known.of_season)
    return replace(known if one.season else one, name=one.name, of_season=True)


def _one_folder(name: str) -> Folder:
    low = name.casefold()
    if is_ignored_folder(name):
        return Folder(ignored="The folder is excluded from the library.")
    if low.replace("_", " ") in p.SKIPPED_FOLDERS:
        return Folder(ignored="It lies in a folder for extras.")
    bare = p.with_digits(p.BRACKET.sub(" ", name).strip() or name)
    of_season = _of_season(name)
    if p.FOLDER_FILMS.match(bare):
        return Folder(season=0, kind=Kind.FILM, name=name, of_season=of_season)
    if p.FOLDER_SPECIALS.match(bare) or (of_season and _says_specials(bare, name)):
        kind = Kind.OVA if "ova" in low or "oad" in low else Kind.SPECIAL
        return Folder(season=0, kind=kind, name=name, of_season=of_season)
    opened = p.with_digits(p.BRACKET_SIGN.sub(" ", name).strip())  # ``[S02][1080p]``, ``Name (Staffel 2)``
    season = p.FOLDER_SEASON.match(bare) or (p.FOLDER_SEASON.match(opened) if opened != name else None)
    if season and any(one.search(opened) for one in (p.FOLDER_SEASONS, p.LATER_PART, p.FOLDER_HALF)):
        return Folder(unclear=(name,), name=name)
    if season:
        ordinal = p.ORDINAL_SEASON.search(opened)  # ``2. Staffel 12 Folgen``: the number behind is none
        number = int(ordinal[1] if ordinal else next(group for group in season.groups() if group))
        return Folder(season=number, kind=Kind.EPISODE if number else Kind.SPECIAL, name=name)
    neutral = p.FOLDER_NEUTRAL.match(bare) or p.FOLDER_NEUTRAL.match(name)
    return Folder(unclear=() if neutral else (name,), name=name, piece=p.FOLDER_PIECE.fullmatch(bare) is not None)


def _of_season(name: str) -> bool:
    """Whether the name says a season other than 0."""
    numbers = [group for found in p.SEASON_SAID.finditer(name) for group in found.groups() if group]
    return any(int(digits) for digits in numbers) if numbers else p.SEASON_WORD.search(name) is not None


def _says_specials(bare: str, name: str) -> bool:
    return any(p.FOLDER_OF_SEASON.search(text) for text in (bare, p.BRACKET_SIGN.sub(" ", name)))
