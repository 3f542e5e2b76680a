"""Which season and episode an address on a page means, whatever the series is called (``film-7``, ``staffel-3``)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from aniworld.core.media import SPECIALS

_END = r"/?(?=[?#'\"]|$)"
_SERIES = re.compile(r"(?:^|/)(?:anime/stream|serie/stream|serie)/([\w%.-]+)")
_EPISODE = re.compile(rf"(?:^|/)(?:(?:staffel-(\d{{1,4}})|filme)/)?(episode|film|folge)-(\d{{1,5}}){_END}")
_SEASON = re.compile(rf"(?:^|/)(?:staffel-(\d{{1,4}})|filme){_END}")


@dataclass(frozen=True)
class Spot:
    """``slug`` empty in an address that is relative; ``season`` and ``episode`` None where it does not say.

    ``apart``: of ``/staffel-0``, which is season 0 as ``/filme`` is, and may stand beside it.
    """

    slug: str = ""
    season: int | None = None
    episode: int | None = None
    film: bool = False
    apart: bool = False


def spot_of(href: str) -> Spot:
    """Where ``href`` points: a full address, a path, or one relative to the page."""
    series = _SERIES.search(href)
    slug, rest = (series[1].casefold(), href[series.end() :]) if series else ("", href)
    if found := _EPISODE.search(rest):
        film = found[2] == "film"
        season = int(found[1]) if found[1] else SPECIALS if film or "filme/" in found[0] else None
        return Spot(slug, season, int(found[3]), film, _is_zero(found[1]) and not film)
    if found := _SEASON.search(rest):
        return Spot(slug, int(found[1]) if found[1] else SPECIALS, apart=_is_zero(found[1]))
    return Spot(slug)


def place_of(url: str) -> tuple[int, int]:
    """Season and number that an episode's address names; 1 where it does not say."""
    spot = spot_of(url)
    return 1 if spot.season is None else spot.season, spot.episode or 1


def _is_zero(digits: str | None) -> bool:
    return digits is not None and int(digits) == SPECIALS


def seasons_of(hrefs: Iterable[str], url: str) -> tuple[tuple[int, str], ...]:
    """Season and address, of those that name a season and no episode; other series' are left out where it has its own.

    Each season once, but season 0 twice where ``/filme`` and ``/staffel-0`` are both named.
    """
    spots = [(spot, href) for href in hrefs if (spot := spot_of(href)).season is not None and spot.episode is None]
    own = spot_of(url).slug
    mine = [(spot, href) for spot, href in spots if spot.slug in ("", own)] or spots
    seasons: dict[tuple[int, bool], str] = {}
    for spot, href in mine:
        seasons.setdefault((spot.season or SPECIALS, spot.apart), href)
    return tuple((season, href) for (season, _), href in seasons.items())
