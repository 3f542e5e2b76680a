"""Which episodes are meant by ``S01E01-E03``, ``S01``, ``all`` or ``missing``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from aniworld.core.errors import InvalidInput, NotFound
from aniworld.core.media import EpisodeNumber
from aniworld.core.validators import validate_episode_range
from aniworld.services.series.views import EpisodeView

HELP = "S01E02, a span S01E01-E03, a season S01, all or missing"
_SEASON = re.compile(r"[sS](\d{1,4})")
_SPAN = re.compile(r"([sS]\d{1,4}[eE]\d{1,5})-(?:[sS](\d{1,4}))?[eE](\d{1,5})")


def parse(words: Iterable[str]) -> list[str | EpisodeNumber | tuple[EpisodeNumber, EpisodeNumber] | int]:
    """The wishes that the words name: ``"all"``, ``"missing"``, a season's number, an episode or first and last of a
    span.

    Raises InvalidInput for a word that is none of them.
    """
    return [_parse(word.strip()) for word in words]


def choose(wishes: Iterable[object], episodes: Sequence[EpisodeView]) -> list[EpisodeNumber]:
    """The numbers meant, in the order of the wishes, each once. ``all`` leaves out what is announced only.

    Raises NotFound for an episode or a season that the series does not have.
    """
    found: list[EpisodeNumber] = []
    for wish in wishes:
        found += _chosen(wish, episodes)
    return list(dict.fromkeys(found))


def _parse(word: str) -> str | EpisodeNumber | tuple[EpisodeNumber, EpisodeNumber] | int:
    if word.lower() in ("all", "missing"):
        return word.lower()
    if season := _SEASON.fullmatch(word):
        return int(season[1])
    span = _SPAN.fullmatch(word)
    if not span:
        try:
            return EpisodeNumber.parse(word)
        except InvalidInput:
            raise InvalidInput(f"{word[:60]!r} is no episode; write {HELP}.") from None
    first = EpisodeNumber.parse(span[1])
    if span[2] is not None and int(span[2]) != first.season:
        raise InvalidInput(f"{word!r} spans two seasons; write it like S01E01-E03, within one season.")
    _, last = validate_episode_range(first.episode, span[3], absolute=True)
    return first, EpisodeNumber(first.season, last)


def _chosen(wish: object, episodes: Sequence[EpisodeView]) -> list[EpisodeNumber]:
    if wish == "all":
        return [_number(each) for each in episodes if each.state != "unavailable"]
    if wish == "missing":
        return [_number(each) for each in episodes if each.state == "missing"]
    if isinstance(wish, EpisodeNumber):
        first = last = wish
    elif isinstance(wish, tuple):
        first, last = wish
    else:
        return _season(int(str(wish)), episodes)
    known = {_number(each) for each in episodes}
    wanted = [EpisodeNumber(first.season, number) for number in range(first.episode, last.episode + 1)]
    unknown = [each.code for each in wanted if each not in known]
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        raise NotFound(f"The catalogue knows no {', '.join(unknown[:3])}{more} of this series.")
    return wanted


def _season(season: int, episodes: Sequence[EpisodeView]) -> list[EpisodeNumber]:
    found = [_number(each) for each in episodes if each.season == season]
    if not found:
        raise NotFound(f"The catalogue knows no episodes of season {season} of this series.")
    return [_number(each) for each in episodes if each.season == season and each.state != "unavailable"]


def _number(episode: EpisodeView) -> EpisodeNumber:
    return EpisodeNumber(episode.season, episode.episode)
