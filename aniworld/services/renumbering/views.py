"""A renumbered season, old and new side by side, as the API and the page show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class RenumberedEpisode:
    """An episode with the library's number and the catalogue's; ``new_season`` None: it is not listed any more.

    ``file``: below the series folder, None where there is none.
    """

    season: int
    episode: int
    title: str
    file: str | None
    new_season: int | None
    new_episode: int | None
    new_title: str


@dataclass(frozen=True)
class AddedEpisode:
    """An entry of the catalogue that is none of the library's episodes, under the catalogue's number."""

    season: int
    episode: int
    title: str


@dataclass(frozen=True)
class RenumberingView:
    """``status``: ``undecided``, or ``kept`` where the library's numbers count. ``seasons``: those that are concerned.

    ``episodes``: those that the catalogue lists elsewhere now; ``added``: what it lists besides.
    """

    status: str
    seasons: tuple[int, ...]
    found_at: datetime | None
    episodes: tuple[RenumberedEpisode, ...]
    added: tuple[AddedEpisode, ...]
