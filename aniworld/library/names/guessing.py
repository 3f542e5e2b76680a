"""guessit's answer for a name that no pattern reads: bounded in type, in time, and in what it may claim."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from aniworld.core.media import SEASONS
from aniworld.library.names import patterns as p

log = logging.getLogger(__name__)

LONGEST = 160  # characters; guessit's time grows with them, and faster with the numbers among them
MOST_NUMBERS = 4


class Guess(NamedTuple):
    season: int | None
    episode: int


def guessed(shown: str, tail: str) -> Guess | None:
    """What guessit reads in ``shown``, where it names every number of ``tail`` (the part behind the series' name).

    A guess among several numbers is none, nor is one that takes a year for a season. Whatever guessit raises is no
    guess.
    """
    digits = re.findall(r"[0-9]+", tail)
    if len(digits) > MOST_NUMBERS or len(shown) > LONGEST or p.DATED.search(tail):
        return None
    numbers = set(map(int, digits))
    if len(numbers) > 2:
        return None
    answer = _asked(shown)
    season, episode = answer.get("season"), answer.get("episode")
    if not isinstance(episode, int) or isinstance(episode, bool) or episode < 1 or p.YEAR.fullmatch(str(episode)):
        return None
    if season is not None and (not isinstance(season, int) or not 0 <= season < SEASONS):
        return None  # several seasons, or a year: the name says more than one thing
    if not numbers <= {season, episode}:
        return None
    if season is not None and (p.TITLE_NUMBER.search(tail) or (len(numbers) == 2 and int(digits[0]) == episode)):
        return None  # "30 Name Season 04", "Name No. 8 Season 2": the number may be the title's
    return Guess(season, episode)


def _asked(name: str) -> Mapping[str, Any]:
    from guessit import guessit  # loaded late: it costs half a second, and few libraries need it

    try:
        answer = guessit(name, {"type": "episode", "episode_prefer_number": True})
    except Exception:
        log.warning("guessit failed on the name %r", name[:LONGEST], exc_info=True)
        return {}
    return answer if isinstance(answer, Mapping) else {}
