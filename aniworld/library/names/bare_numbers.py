"""A number without a season beside it: which season it counts in, and what lets it mean something else."""

from __future__ import annotations

import re

from aniworld.library.names import patterns as p
from aniworld.library.names.answers import (
    CONTRADICTION,
    NUMBER_OR_TITLE,
    RANGE_OR_SEASON,
    SEASON_IN_SPECIALS,
    TWO_NUMBERS,
    Answer,
    Found,
    Ignored,
    NotUnderstood,
    no_episode,
)
from aniworld.library.names.code_context import PIECE, TITLE_OR_EXTRA
from aniworld.library.names.number_chains import MOST_WITHOUT_CODE, chain, may_be_title, next_behind, run_behind
from aniworld.library.names.season_folders import Folder, Kind
from aniworld.library.names.seasons_and_episodes import most_of
from aniworld.library.names.second_readings import further_before, further_behind, other_sequel, seasons_in
from aniworld.library.names.standing_numbers import Number

MOST_SEASONS = 50  # ``88-91`` is a range, and nothing of season 88


def numbered(text: str, number: Number, folder: Folder, named: bool) -> Answer:
    first, more = int(number.first), number.more
    if pair := p.PAIR.fullmatch(more):
        alone = number.bare and not re.search(r"[^\W_]", text[: number.start])
        if alone and (answer := _pair(number.first, pair[1], folder, named)):
            return answer
        if pair[1].startswith("0") and not number.first.startswith("0"):
            return NotUnderstood(RANGE_OR_SEASON)
    episodes = chain(first, more, most=most_of(more))
    if not episodes:
        return NotUnderstood(no_episode("0") if first == 0 else "The range makes no sense.")
    before, rest = p.NO_PART.sub(" ", text[: number.start]), text[number.end :]
    if not number.bare and not more and (run := run_behind(number.first, rest))[0]:
        episodes, rest = tuple(range(first, first + run[0] + 1)), rest[run[1] :]
    if further_behind(number.first, episodes[-1], rest) or _second_number(
        text, number, folder.season if named else None
    ):
        return NotUnderstood(NUMBER_OR_TITLE)
    if may_be_title(number.first, number.first + more, rest) or next_behind(episodes[-1], rest):
        return NotUnderstood(NUMBER_OR_TITLE)
    if p.EXTRA_REST.match(rest):
        return (
            NotUnderstood(TITLE_OR_EXTRA) if p.EXTRA_TITLE.match(rest) else Ignored("It is a trailer or other extra.")
        )
    if p.EXTRA.search(before):
        return Ignored("It is a trailer, sample or other extra.")
    if p.PIECE.match(rest) or p.PIECE_BEFORE.search(text[: number.start]):
        return NotUnderstood(PIECE)
    if (
        p.ORDINAL_BEFORE.search(text[: number.start])
        or p.OTHER_SEASON.match(rest)
        or (number.bare and _two_before(before, number, named))
    ):
        return NotUnderstood(TWO_NUMBERS)
    if (lone := re.fullmatch(r"\s*-?\s*([0-9]{1,4})\s*", rest)) and (number.bare or not p.YEAR.fullmatch(lone[1])):
        return NotUnderstood(TWO_NUMBERS)
    if p.YEAR.fullmatch(number.first):
        return NotUnderstood("The number may be a year.")
    if p.NUMBERED_TITLE.match(text[number.start : number.end]) and p.WORD_BEHIND.match(rest):
        return NotUnderstood("The number may belong to a title.")
    if (said := seasons_in(rest)) is not None:
        return _of_season_said(said, before, episodes, folder)
    return of_season(before, episodes, folder, named)


def _second_number(text: str, number: Number, season: int | None) -> bool:
    """Whether a number in front may be the episode's instead: ``10 - 24``, ``05 Titel (1 von 2)``, ``01 und 02``."""
    before = text[: number.start]
    if not re.search(r"[0-9]", before):
        return False
    if p.SEASON_IN_NAME.search(before):
        return False
    if further_before(before):
        return True
    first = p.LEADING.match(text) or p.LEADING_ZERO.match(text)
    if first and first.end() <= number.start and int(first[1]) not in (int(number.first), season):
        return True
    return p.NUMBER_OF.match(text, number.start) is not None


def _of_season_said(seasons: set[int], before: str, episodes: tuple[int, ...], folder: Folder) -> Answer:
    """``05 Titel Staffel 2``: the season stands behind the number, somewhere."""
    if len(seasons) != 1 or seasons_in(before) is not None:
        return NotUnderstood("The name says a season, but not clearly which one the number belongs to.")
    (season,) = seasons
    if folder.season is not None and folder.season != season:
        return NotUnderstood(CONTRADICTION if folder.season else SEASON_IN_SPECIALS)
    return Found(season, episodes, kind=Kind.EPISODE if season else Kind.SPECIAL)


def _two_before(before: str, number: Number, named: bool) -> bool:
    """Whether ``01 - 119`` may be a range, the 3 of ``S01 02 03`` one of three, and the 1 of ``2013-10-30 - Titel
    (1)`` a part's.
    """
    season = p.SEASON_IN_NAME.search(before)
    if season and re.search(r"(?<![^\W_])[0-9]{1,3}(?![^\W_])", before[season.end() :]):
        return True
    if p.DATED.search(before) and len(number.first) == 1:
        return True
    padded = p.PADDED.search(before) if not named else None
    return padded is not None and (len(number.first) == 1 or not before[padded.end() :].strip(" -"))


def _pair(one: str, other: str, folder: Folder, named: bool) -> Answer | None:
    """``2-13``, where nothing says that a range is meant: the second season's episode 13, episodes 2 to 13, or a
    title.
    """
    first, last = int(one), int(other)
    if folder.season == first:
        return (
            Found(first, (last,))
            if last - first >= MOST_WITHOUT_CODE and one[0] != "0"
            else NotUnderstood(RANGE_OR_SEASON)
        )
    if (
        folder.season is not None
        or (last > first > MOST_SEASONS)
        or (last == first + 1 and first > 9)
        or (named and len(one) > 1)
        or len(one) > 2
    ):
        return None
    return NotUnderstood(RANGE_OR_SEASON)


def of_season(before: str, episodes: tuple[int, ...], folder: Folder, named: bool) -> Answer:
    season = p.SEASON_IN_NAME.search(before)
    if season and p.LATER_PART.search(before):
        return NotUnderstood("The name tells a later part of a season; its numbers may begin anew or go on.")
    if season:
        return Found(int(next(group for group in season.groups() if group)), episodes)
    if folder.season == 0:
        return Found(0, episodes, kind=folder.kind)
    if folder.season is not None:
        if named and other_sequel(before, folder.season):
            return NotUnderstood("The folder says another season than the name.")
        if folder.piece:
            return NotUnderstood("The folder is a later part or disc of a season; its numbers may begin anew or go on.")
        return Found(folder.season, episodes, episodes)
    if (named and re.search(r"[^\W\d_]{2}|[0-9]", before)) or p.UNCLEAR_PART.search(before):
        return NotUnderstood("The name goes on after the series' name; it may be another season.")
    if folder.unclear and episodes[0] < 100:
        return NotUnderstood("The folder's name does not tell which season this number belongs to.")
    return Found(None, (), episodes)
