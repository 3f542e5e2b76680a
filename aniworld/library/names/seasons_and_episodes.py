"""Names that state both a season and an episode: ``Staffel 1 Folge 2``, ``1x02``, ``Temporada 4 [Cap.408]``."""

from __future__ import annotations

import re

from aniworld.core.media import SEASONS
from aniworld.library.names import patterns as p
from aniworld.library.names.answers import CONTRADICTION, NUMBER_OR_TITLE, Answer, Found, NotUnderstood
from aniworld.library.names.language_hints import language_hint
from aniworld.library.names.number_chains import MOST_IN_ONE_FILE, MOST_WITHOUT_CODE, chain, may_be_title, next_behind
from aniworld.library.names.season_folders import Folder, Kind
from aniworld.library.names.second_readings import further_behind, seasons_in

_LAST_NUMBER = re.compile(r"(?<![^\W_])([0-9]{1,4})$")
_WORD_BEFORE = re.compile(r"[^\W\d_][ ._]*$")


def may_be_season(season: int, folder: Folder) -> bool:
    """Whether a name may state this season: a count, or a year, as in ``S2013E05``, where no folder counts its
    seasons.
    """
    return season < SEASONS or (p.YEAR.fullmatch(str(season)) is not None and not folder.season)


def season_and_episode(text: str) -> Answer | None:
    reverse = p.EPISODE_OF_SEASON.search(text)
    if reverse:
        around = f"{text[: reverse.start()]} {text[reverse.end() :]}"
        if seasons_in(around) is not None:
            return NotUnderstood(CONTRADICTION)
        return checked(int(reverse[2]), reverse[1], "")
    for pattern in p.SEASON_AND_EPISODE:
        found = pattern.search(text)
        if not found:
            continue
        rest = text[found.end() :]
        if pattern is p.SEASON_AND_EPISODE[1] and (_swapped(found) or p.YEAR.fullmatch(found[2])):
            return NotUnderstood(CONTRADICTION)
        if "teil" in found[0].lower() and re.search(r"[0-9]", text[: found.start()]):
            return NotUnderstood("The name tells a later part of a season; its numbers may begin anew or go on.")
        more = found[3] or ""
        if (end := p.PAIR_AT_END.fullmatch(more)) and int(end[1]) != int(found[2]) + 1:
            more = ""  # ``1x03 - 274``: a title
        elif end:
            return NotUnderstood(NUMBER_OR_TITLE)
        answer = checked(int(found[1]), found[2], more)
        if isinstance(answer, Found) and (
            (may_be_title(found[2], found[0], rest) if more else next_behind(answer.episodes[-1], rest))
            or further_behind(found[2], answer.episodes[-1], rest)
        ):
            return NotUnderstood(NUMBER_OR_TITLE)
        return answer
    return None


def _swapped(found: re.Match[str]) -> bool:
    """Whether ``05 Staffel 2`` may be the fifth episode of season 2."""
    if re.match(r"[0-9]+[ ]?[^\W\d_]+[ ]*[0-9]", found[0]) is None:
        return False
    return not _season_first(found[1], found[2]) or _WORD_BEFORE.search(found.string, 0, found.start()) is not None


def _season_first(one: str, other: str) -> bool:
    """Whether ``2 Staffel 07`` tells that 2 is the season: a single digit, in front of a number that is written as an
    episode's.
    """
    return (len(one) == 1 and len(other) > 1) or len(other) > 2


def season_in_front(before: str, behind: re.Match[str]) -> Answer | None:
    """The answer to ``2 Staffel 07``, where the number in front of a season's word may be the season; None where it is
    an episode's, as in ``05 Staffel 2``, ``05 - Staffel 2`` and ``Folge 2 Staffel 07``.

    ``behind``: the match of ``SEASON_BEHIND``; ``before``: the text in front of it.
    """
    found = _LAST_NUMBER.search(before)
    said = behind[1] or behind[2]
    if found is None or not said or any(word.end() == len(before) for word in p.KEYWORD.finditer(before)):
        return None
    one = found[1]
    if behind[1] and "-" not in behind[0] and "," not in behind[0]:
        if len(one) > 2 or (len(one) == 2 and len(said) == 1):
            return None
        certain = _season_first(one, said) and not re.search(r"[^\W_]", before[: found.start()])
        return checked(int(one), said, "") if certain else NotUnderstood(CONTRADICTION)
    return NotUnderstood(CONTRADICTION) if len(one) == 1 and said[0] == "0" else None


def checked(season: int, first: str, more: str) -> Answer:
    episodes = chain(int(first), more, season=season, most=most_of(more))
    if not episodes:
        return NotUnderstood(CONTRADICTION)
    return Found(season, episodes, kind=Kind.EPISODE if season else Kind.SPECIAL)


def most_of(more: str) -> int:
    """How many episodes one file may claim: many only with a code for the range, such as ``E01-E12``."""
    return MOST_IN_ONE_FILE if p.CODED_MORE.search(more) else MOST_WITHOUT_CODE


def chapter_of(stem: str, chapter: re.Match[str], folder: Folder) -> Answer | None:
    """``Temporada 4 [Cap.408]``: the number begins with the season that is stated. None where none is."""
    season = p.CHAPTER_SEASON.search(stem)
    stated = int(season[1]) if season else folder.season
    if stated is None:
        return None
    numbers = [int(digits) for digits in chapter.groups() if digits]
    first, last = numbers[0] - 100 * stated, numbers[-1] - 100 * stated
    if not 0 < first <= last < min(100, first + MOST_WITHOUT_CODE):
        return NotUnderstood(CONTRADICTION)
    return Found(stated, tuple(range(first, last + 1)), language=language_hint(stem))
