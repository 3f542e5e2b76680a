"""A file's name, read as an episode; or why not. Pure: no disk, no database.

The order is from certain to weak: a code (``S01E02``), words (``Staffel 1 Folge 2``), ``1x02``, a folder's word for its
season, a number that stands where episode numbers stand, and guessit for what is left. A name that can be read in two
ways is not read at all: a wrong episode would hide a missing one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import replace

from aniworld.core.media import SEASONS

from . import patterns as p
from .answers import Answer, Found, Ignored, NotUnderstood, no_episode
from .cleaned_names import (
    behind_name,
    cleaned,
    is_name,
    name_forms,
    second_count,
    without_group,
    without_name,
    words_of,
)
from .code_context import NOTHING, PIECE, TITLE_OR_EXTRA, after_code, before_code, version_in
from .guessing import guessed
from .language_hints import first_said, language_hint
from .number_chains import MOST_IN_ONE_FILE, MOST_WITHOUT_CODE, chain, may_be_title, next_behind
from .season_folders import Folder, Kind, read_folders
from .second_readings import foreign_before, further_before, further_behind, other_sequel, seasons_in
from .specials import SPECIALS_OF_A_SEASON, extra_in, special_in
from .standing_numbers import Number, as_number, number_of_many, standing

log = logging.getLogger(__name__)

_EPISODE, _SPECIAL = Kind.EPISODE, Kind.SPECIAL  # an enum's own look-up takes ten times as long, once for each file
MOST_SEASONS = 50  # ``88-91`` is a range, and nothing of season 88
LONGEST_NAME, LONGEST_PATH = 1000, 4000
NUMBER_OR_TITLE = "The second number may be another episode's, or begin a title."
RANGE_OR_SEASON = "The numbers may be a range, or a season and an episode."
TWO_NUMBERS = "There are two numbers in the name."
CONTRADICTION = "The numbers in the name contradict each other."
SEASON_IN_SPECIALS = "The folder says specials or films, the name says a season."


def read_name(relative_path: str, *, series_names: Sequence[str] = (), guess: bool = True) -> Answer:
    """What the file at ``relative_path`` (below its series folder, ``/`` between parts) holds.

    ``series_names``: how the series is called; a name in front of a number is then known for certain.
    ``guess``: ask guessit for what the patterns leave over (milliseconds a file). Never raises.
    """
    try:
        return _answer(relative_path, series_names, guess)
    except Exception:  # one name must not end a scan
        log.exception("The name %r cannot be read", relative_path[:LONGEST_NAME])
        return NotUnderstood("Reading the name failed; the log has the details.")


def _answer(relative_path: str, series_names: Sequence[str], guess: bool) -> Answer:
    parents, _, name = relative_path.rpartition("/")
    stem, dot, ext = name.rpartition(".")
    if len(name) > LONGEST_NAME or len(parents) > LONGEST_PATH:
        return NotUnderstood("The name is too long (more than 1,000 characters).")
    if not dot or ext not in p.VIDEO or name[0] == ".":
        ignored = _no_video(name, ext.lower() if dot else "")
        if ignored:
            return ignored
    folder = read_folders(parents)
    if folder.ignored:
        return Ignored(folder.ignored)
    if p.ONE_TRACK.fullmatch(stem, stem.rfind(".") + 1):
        return Ignored("It is what an unfinished download left.")
    if not stem.isascii():
        stem = p.plain_text(stem)
    code = p.CODE.search(stem)
    if code:
        return _coded(stem, code, folder)
    answer = _uncoded(stem, folder, series_names, guess)
    return _said_itself(answer, stem, folder) if folder.of_season else answer


def _no_video(name: str, ext: str) -> Ignored | None:
    if name.startswith("."):
        return Ignored("It is hidden.")
    if ext in p.VIDEO:
        return None
    if ext in p.UNFINISHED:
        return Ignored("It is still being written.")
    return Ignored(f"It is {p.BESIDE_OF[ext]} beside the videos." if ext in p.BESIDE_OF else "It is no video.")


def _coded(stem: str, code: re.Match[str], folder: Folder) -> Answer:
    start, end = code.span()
    credits, said = before_code(stem[:start]) if start else (False, None)
    after = after_code(stem[end:]) if end < len(stem) else NOTHING
    if credits or after.extra:
        return Ignored("It is a trailer, sample or other extra.")
    digits, number, more = code.groups()
    if after.half:
        return NotUnderstood(no_episode(re.split(r"[^0-9]", code[0])[-1] + stem[end : end + 2]))
    if after.unclear:
        return NotUnderstood(after.unclear)
    season, first = int(digits), int(number)
    if first == 0:
        return NotUnderstood(no_episode("0"))
    rest = stem[end:]
    episodes = chain(first, more, season=season) if more else (first,)
    if episodes and further_behind(number, episodes[-1], rest):
        return NotUnderstood(NUMBER_OR_TITLE)
    if not episodes and p.PAIR.fullmatch(more) and int(more[1:]) <= first and p.WORD_BEHIND.match(rest):
        episodes, more = (first,), ""  # ``S12E13-3 Freunde``
    if not episodes or season >= SEASONS:
        return NotUnderstood(CONTRADICTION)
    if more and may_be_title(number, more, rest):
        return NotUnderstood(NUMBER_OR_TITLE)
    if rest[1:2].isdigit() and next_behind(episodes[-1], rest):  # ``S03E21.22.German``
        if not p.TAG_BEHIND.match(rest):
            return NotUnderstood(NUMBER_OR_TITLE)
        episodes = (*episodes, episodes[-1] + 1)
    language = first_said(said, after.language)
    kind = _EPISODE if season else _SPECIAL
    if after.film:
        if season > 1:
            return NotUnderstood("The name says a film and a season.")
        season, kind = 0, Kind.FILM
    elif season and folder.season == 0:
        return NotUnderstood(SEASON_IN_SPECIALS)
    return Found(season, episodes, (), after.version, language, kind)


def _said_itself(answer: Answer, stem: str, folder: Folder) -> Answer:
    """Below ``Season 2 Specials`` only a number that the name itself gives to season 0."""
    if not isinstance(answer, Found):
        return answer
    said = answer.season == 0 and (p.SEASON_ZERO.search(stem) or p.SEASON_ZERO.search(folder.name))
    return answer if said else NotUnderstood(SPECIALS_OF_A_SEASON)


def _uncoded(stem: str, folder: Folder, series_names: Sequence[str], guess: bool) -> Answer:
    if folder.unclear and all(is_name(name, series_names) for name in folder.unclear):
        folder = replace(folder, unclear=())
    if folder.season and words_of(folder.name) in name_forms(tuple(series_names)):
        folder = replace(folder, season=None)  # ``86/86 - 05.mkv``: the series' own name, no season
    plain = p.PLAIN.fullmatch(stem)
    if plain and (not plain[1] or words_of(plain[1]) in name_forms(tuple(series_names))) and int(plain[2]):
        sure = _of_season("", (int(plain[2]),), folder, True)
        return sure._replace(language=language_hint(stem)) if isinstance(sure, Found) else sure
    if glued := p.GLUED.search(stem):
        return _coded(stem, glued, folder)
    if p.NCOP.search(stem):
        return Ignored("It is an opening or ending without credits.")
    if three_parts := p.THREE_PARTS.search(stem):
        return NotUnderstood(no_episode(three_parts[0]))
    if (chapter := p.CHAPTER.search(stem)) and (answer := _chapter(stem, chapter, folder)):
        return answer
    if p.SEQUEL.search(stem):
        return NotUnderstood("The number may belong to the title of a sequel.")
    bare, also = second_count(p.COPY.sub("", stem))
    named, tail = behind_name(cleaned(bare), series_names)
    if (
        named and bare != stem and not re.search(r"[0-9]", tail)
    ):  # ``86 (1)``: the name ends with a number, and this is none's copy
        bare, also = stem, None
        named, tail = behind_name(cleaned(stem), series_names)
    field = (
        p.FIELD.match(without_name(without_group(bare).lstrip(" _"), series_names)[1])
        if named and "_" in bare
        else None
    )
    answer = _read(tail, folder, named)
    if answer is None and field:
        answer = _numbered(tail, Number(field[1], "", tail.find(field[1]), len(tail)), folder, named)
    if not isinstance(answer, Found | Ignored) and (above := _of_folder(bare, folder, answer is None)):
        return above
    if answer is None and guess:
        answer = _guessed(tail if named else stem, tail, folder)
    if answer is None:
        return NotUnderstood("No episode number was found in the name.")
    if isinstance(answer, Found):
        answer = _doubted(answer, stem, tail, folder, named, series_names)
    if isinstance(answer, Found):
        answer = _with_second_count(answer, also)
    if isinstance(answer, Found):
        return answer._replace(version=version_in(stem), language=language_hint(stem))
    return answer


def _doubted(answer: Found, stem: str, tail: str, folder: Folder, named: bool, names: Sequence[str]) -> Answer:
    """The answer, unless something else in the name, or the folder, allows a second one."""
    if answer.season and folder.season == 0:
        return NotUnderstood(SEASON_IN_SPECIALS)
    if answer.season != 0 and p.SPECIAL_MARK.search(stem):
        return NotUnderstood("The name says a special or a film, and the number may be an episode's.")
    if not named and folder.season and p.TITLE_PART.search(stem):
        return NotUnderstood("The number may belong to a title.")
    if not named and foreign_before(tail, names):
        return NotUnderstood("A word stands in front of the series' name; it may be another series.")
    above = _season_and_episode(folder.name) if p.KEYWORD.search(folder.name) else None
    if isinstance(above, Found) and (above.season, above.episodes) != (answer.season, answer.episodes):
        return NotUnderstood("The folder names an episode, and the file another one.")
    return answer


def _chapter(stem: str, chapter: re.Match[str], folder: Folder) -> Answer | None:
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


def _with_second_count(answer: Found, also: int | None) -> Answer:
    """Of two counts the smaller one is the season's."""
    if also is None:
        return answer
    if len(answer.episodes or answer.absolute) != 1:
        return NotUnderstood("There are two numbers in the name.")
    if answer.season is None:  # ``05 (12)`` may be the fifth of twelve; ``29 (04)`` is none of four
        first = answer.absolute[0]
        sure = also >= 100 or (first > also and first % 100 != also)  # ``101 (01)`` may be the first of season 1
        return answer._replace(also=also) if sure else NotUnderstood("There are two numbers in the name.")
    return answer._replace(episodes=(min(answer.episodes[0], also),), absolute=())


def _of_folder(stem: str, folder: Folder, silent: bool) -> Answer | None:
    """The one episode that a folder of its own names: ``Name.S01E02.German/abc.mkv``, ``Staffel 2 Folge 7/video.mkv``."""
    code = p.CODE.search(folder.name)
    if code:
        return _coded(folder.name, code, replace(folder, season=None))
    if not silent or re.search(r"[0-9]", p.NOISE.sub(" ", stem)):
        return None
    answer = _season_and_episode(folder.name)
    return answer if isinstance(answer, Found) and len(answer.episodes) == 1 else None


def _read(text: str, folder: Folder, named: bool) -> Answer | None:
    """The answer of the first shape that fits; None where none does."""
    if half := p.HALF_ANYWHERE.search(text):
        return NotUnderstood(no_episode(half[0]))
    behind = p.SEASON_BEHIND.search(text)
    if behind and re.search(r"[0-9]", text[: behind.start()]):
        return _of_season_behind(text[: behind.start()], int(next(filter(None, behind.groups()))), folder, named)
    seasonal = _season_and_episode(text)
    if seasonal:
        return seasonal
    number = as_number(
        p.KEYWORD.search(text) or p.CJK.search(text) or p.NUMBERED_EPISODE.search(text)
    ) or number_of_many(text)
    if number and p.SPECIAL_BEFORE.search(text[: number.start]):
        if folder.season:
            return NotUnderstood(SPECIALS_OF_A_SEASON)
        return Found(0, (int(number.first),), kind=Kind.SPECIAL) if int(number.first) else None
    if not number and (extra := extra_in(text, named)):
        return extra
    special = None if number else special_in(text, folder)
    if special:
        return special
    number = number or as_number(standing(text, named), bare=True)
    return _numbered(text, number, folder, named) if number else None


def _of_season_behind(text: str, season: int, folder: Folder, named: bool) -> Answer | None:
    """``05 - Staffel 2``: what stands in front, in that season."""
    answer = _read(text, replace(folder, season=None, unclear=()), named)
    if not isinstance(answer, Found):
        return answer or NotUnderstood("The name tells a season and no clear number.")
    if answer.season not in (None, season):
        return NotUnderstood(CONTRADICTION)
    return Found(season, answer.episodes or answer.absolute, kind=Kind.EPISODE if season else Kind.SPECIAL)


def _season_and_episode(text: str) -> Answer | None:
    reverse = p.EPISODE_OF_SEASON.search(text)
    if reverse:
        around = f"{text[: reverse.start()]} {text[reverse.end() :]}"
        if seasons_in(around) is not None:
            return NotUnderstood(CONTRADICTION)
        return _checked(int(reverse[2]), reverse[1], "")
    for pattern in p.SEASON_AND_EPISODE:
        found = pattern.search(text)
        if not found:
            continue
        rest = text[found.end() :]
        if pattern is p.SEASON_AND_EPISODE[1] and _swapped(found):
            return NotUnderstood(CONTRADICTION)
        if "teil" in found[0].lower() and re.search(r"[0-9]", text[: found.start()]):
            return NotUnderstood("The name tells a later part of a season; its numbers may begin anew or go on.")
        more = found[3] or ""
        if (end := p.PAIR_AT_END.fullmatch(more)) and int(end[1]) != int(found[2]) + 1:
            more = ""  # ``1x03 - 274``: a title
        elif end:
            return NotUnderstood(NUMBER_OR_TITLE)
        answer = _checked(int(found[1]), found[2], more)
        if isinstance(answer, Found) and (
            (may_be_title(found[2], found[0], rest) if more else next_behind(answer.episodes[-1], rest))
            or further_behind(found[2], answer.episodes[-1], rest)
        ):
            return NotUnderstood(NUMBER_OR_TITLE)
        return answer
    return None


def _swapped(found: re.Match[str]) -> bool:
    """Whether ``05 Staffel 2`` may be the fifth episode of season 2."""
    return re.match(r"[0-9]+[ ]?[^\W\d_]+[ ]*[0-9]", found[0]) is not None and (found[1][0] == "0" or len(found[2]) < 2)


def _checked(season: int, first: str, more: str) -> Answer:
    episodes = chain(int(first), more, season=season, most=_most(more))
    if not episodes:
        return NotUnderstood(CONTRADICTION)
    return Found(season, episodes, kind=Kind.EPISODE if season else Kind.SPECIAL)


def _most(more: str) -> int:
    """How many episodes one file may claim: many only with a code for the range, such as ``E01-E12``."""
    return MOST_IN_ONE_FILE if p.CODED_MORE.search(more) else MOST_WITHOUT_CODE


def _numbered(text: str, number: Number, folder: Folder, named: bool) -> Answer:
    first, more = int(number.first), number.more
    if pair := p.PAIR.fullmatch(more):
        alone = number.bare and not re.search(r"[^\W_]", text[: number.start])
        if alone and (answer := _pair(number.first, pair[1], folder, named)):
            return answer
        if pair[1].startswith("0") and not number.first.startswith("0"):
            return NotUnderstood(RANGE_OR_SEASON)
    episodes = chain(first, more, most=_most(more))
    if not episodes:
        return NotUnderstood(no_episode("0") if first == 0 else "The range makes no sense.")
    before, rest = p.NO_PART.sub(" ", text[: number.start]), text[number.end :]
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
        return NotUnderstood("There are two numbers in the name.")
    if (lone := re.fullmatch(r"\s*-?\s*([0-9]{1,4})\s*", rest)) and (number.bare or not p.YEAR.fullmatch(lone[1])):
        return NotUnderstood("There are two numbers in the name.")
    if p.YEAR.fullmatch(number.first):
        return NotUnderstood("The number may be a year.")
    if p.NUMBERED_TITLE.match(text[number.start : number.end]) and p.WORD_BEHIND.match(rest):
        return NotUnderstood("The number may belong to a title.")
    if (said := seasons_in(rest)) is not None:
        return _of_season_said(said, before, episodes, folder)
    return _of_season(before, episodes, folder, named)


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
    """Whether ``01 - 119`` may be a range, the 3 of ``S01 02 03`` one of three, and the 1 of ``2013-10-30 - Titel (1)`` a part's."""
    season = p.SEASON_IN_NAME.search(before)
    if season and re.search(r"(?<![^\W_])[0-9]{1,3}(?![^\W_])", before[season.end() :]):
        return True
    if p.DATED.search(before) and len(number.first) == 1:
        return True
    padded = p.PADDED.search(before) if not named else None
    return padded is not None and (len(number.first) == 1 or not before[padded.end() :].strip(" -"))


def _pair(one: str, other: str, folder: Folder, named: bool) -> Answer | None:
    """``2-13``, where nothing says that a range is meant: the second season's episode 13, episodes 2 to 13, or a title."""
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


def _of_season(before: str, episodes: tuple[int, ...], folder: Folder, named: bool) -> Answer:
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


def _guessed(shown: str, tail: str, folder: Folder) -> Answer | None:
    """guessit's answer, where it names the only number behind the series' name; a guess among several is none."""
    guess = guessed(shown, tail)
    if guess is None:
        return None
    if guess.season is not None:
        return Found(guess.season, (guess.episode,), guessed=True)
    if folder.season and p.GUESSED.search(tail) and not p.PART_OF_TITLE.search(tail):
        return Found(folder.season, (guess.episode,), (guess.episode,), kind=folder.kind, guessed=True)
    return NotUnderstood(f"It may be episode {guess.episode}, but the name does not say so clearly.")
