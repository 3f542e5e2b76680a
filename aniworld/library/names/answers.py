"""What reading a file's name can answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from aniworld.library.names.season_folders import Kind


class Found(NamedTuple):  # a scan makes one for each file: a frozen dataclass costs six times as much to make
    """``episodes`` of ``season`` where the name, or its folder, tells a season; ``absolute`` numbers where it does not.

    Both, where a bare number stands in a season's folder: it may count within the season or through the series.
    ``version``: 2 for ``v2``. ``language``: a hint or None. ``also``: the other count of ``017 (115)``, where no season
    is told.
    """

    season: int | None
    episodes: tuple[int, ...]
    absolute: tuple[int, ...] = ()
    version: int = 1
    language: str | None = None
    kind: Kind = Kind.EPISODE
    guessed: bool = False
    also: int | None = None


NUMBER_OR_TITLE = "The second number may be another episode's, or begin a title."
RANGE_OR_SEASON = "The numbers may be a range, or a season and an episode."
TWO_NUMBERS = "There are two numbers in the name."
CONTRADICTION = "The numbers in the name contradict each other."
READING_FAILED = "Reading the name failed; the log has the details."
SEASON_IN_SPECIALS = "The folder says specials or films, the name says a season."


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A video whose place is unclear. ``reason``: a sentence for the user."""

    reason: str


def no_episode(number: str) -> str:
    """The reason for a number that no catalogue lists: ``0``, ``12.5``, ``26.5.1``."""
    shown = number.lstrip("0")
    return f"The catalogue has no episode {shown if shown[:1].isdigit() else f'0{shown}'}."


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing that holds an episode: a subtitle, a trailer, a file that is still being written."""

    reason: str


Answer = Found | NotUnderstood | Ignored
