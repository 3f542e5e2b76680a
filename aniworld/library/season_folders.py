"""What the folders between a series and its file say: a season, films, specials, or nothing worth reading."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from aniworld.core.naming import IGNORED_FOLDERS

from . import name_patterns as p


class Kind(StrEnum):
    EPISODE = "episode"
    SPECIAL = "special"
    OVA = "ova"
    FILM = "film"


@dataclass(frozen=True, slots=True)
class Folder:
    """What the folders above a file say. ``unclear``: names that may stand for a part of the series."""

    season: int | None = None
    kind: Kind = Kind.EPISODE
    ignored: str | None = None
    unclear: tuple[str, ...] = ()
    name: str = ""


@lru_cache(maxsize=2048)
def read_folders(parents: str) -> Folder:
    known = Folder()
    for name in parents.split("/") if parents else ():
        one = _one_folder(unicodedata.normalize("NFC", name).strip())
        if one.ignored:
            return one
        known = one if one.season is not None else replace(known, unclear=known.unclear + one.unclear, name=name)
    return known


def _one_folder(name: str) -> Folder:
    low = name.casefold()
    if name.startswith(".") or low in IGNORED_FOLDERS:
        return Folder(ignored="It lies in a folder that is no part of the library.")
    if low.replace("_", " ") in p.SKIPPED_FOLDERS:
        return Folder(ignored="It lies in a folder for extras.")
    bare = p.BRACKET.sub(" ", name).strip() or name
    if p.FOLDER_FILMS.match(bare):
        return Folder(season=0, kind=Kind.FILM, name=name)
    if p.FOLDER_SPECIALS.match(bare):
        return Folder(season=0, kind=Kind.OVA if "ova" in low or "oad" in low else Kind.SPECIAL, name=name)
    season = p.FOLDER_SEASON.match(bare)
    if season and (p.FOLDER_SEASONS.search(bare) or p.LATER_PART.search(bare)):
        return Folder(unclear=(name,), name=name)
    if season:
        number = int(next(group for group in season.groups() if group))
        return Folder(season=number, kind=Kind.EPISODE if number else Kind.SPECIAL, name=name)
    neutral = p.FOLDER_NEUTRAL.match(bare) or p.FOLDER_NEUTRAL.match(name)
    return Folder(unclear=() if neutral else (name,), name=name)
