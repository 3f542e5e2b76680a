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
from functools import lru_cache

from aniworld.library.names import patterns as p
from aniworld.library.names.answers import (
    CONTRADICTION,
    NUMBER_OR_TITLE,
    READING_FAILED,
    SEASON_IN_SPECIALS,
    TWO_NUMBERS,
    Answer,
    Found,
    Ignored,
    NotUnderstood,
    no_episode,
)
from aniworld.library.names.bare_numbers import numbered, of_season
from aniworld.library.names.cleaned_names import (
    behind_name,
    cleaned,
    is_name,
    name_forms,
    second_count,
    without_group,
    without_name,
    words_of,
)
from aniworld.library.names.code_context import NOTHING, after_code, before_code, version_in
from aniworld.library.names.guessing import guessed
from aniworld.library.names.language_hints import first_said, language_hint
from aniworld.library.names.number_chains import chain, may_be_title, next_behind, run_behind
from aniworld.library.names.own_numbers import other_number_in, title_of_folder
from aniworld.library.names.season_folders import Folder, Kind, read_folders
from aniworld.library.names.seasons_and_episodes import chapter_of, may_be_season, season_and_episode, season_in_front
from aniworld.library.names.second_readings import foreign_before, further_behind
from aniworld.library.names.specials import SPECIALS_OF_A_SEASON, extra_in, special_in
from aniworld.library.names.standing_numbers import Number, as_number, number_of_many, standing

log = logging.getLogger(__name__)

_EPISODE, _SPECIAL = Kind.EPISODE, Kind.SPECIAL  # an enum's own look-up takes ten times as long, once for each file
SIZE_OR_CODEC = "The number may be the picture's size or a codec."
ONE_OF_SEVERAL = "The folder names several episodes, and the file does not say which one it is."
LONGEST_NAME, LONGEST_PATH = 1000, 4000


def read_name(relative_path: str, *, series_names: Sequence[str] = (), guess: bool = True) -> Answer:
    """What the file at ``relative_path`` (below its series folder, ``/`` between parts) holds.

    ``series_names``: how the series is called; a name in front of a number is then known for certain.
    ``guess``: ask guessit for what the patterns leave over (milliseconds a file). Never raises.
    """
    try:
        return _answer(relative_path, series_names, guess)
    except Exception:  # one name must not end a scan
        log.exception("The name %r cannot be read", relative_path[:LONGEST_NAME])
        return NotUnderstood(READING_FAILED)


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
    if number in p.HEIGHTS and stem[end : end + 1] in ("p", "P", "i", "I"):  # ``S02E1080p``
        return NotUnderstood(SIZE_OR_CODEC)
    season, first = int(digits), int(number)
    if first == 0:
        return NotUnderstood(no_episode("0"))
    rest = stem[end:]
    episodes = chain(first, more, season=season) if more else (first,)
    if not more and (run := run_behind(number, rest))[0]:  # ``S01E01 02 03``
        episodes, rest = tuple(range(first, first + run[0] + 1)), rest[run[1] :]
    if episodes and further_behind(number, episodes[-1], rest):
        return NotUnderstood(NUMBER_OR_TITLE)
    if not episodes and p.PAIR.fullmatch(more) and int(more[1:]) <= first and p.WORD_BEHIND.match(rest):
        episodes, more = (first,), ""  # ``S12E13-3 Freunde``
    if not episodes or not may_be_season(season, folder):
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
    if claim := _claimed(folder.name):
        return _below_claim(stem, claim, folder, series_names, guess)
    plain = p.PLAIN.fullmatch(stem)
    if plain and (not plain[1] or words_of(plain[1]) in name_forms(tuple(series_names))) and int(plain[2]):
        sure = of_season("", (int(plain[2]),), folder, True)
        return sure._replace(language=language_hint(stem)) if isinstance(sure, Found) else sure
    if glued := p.GLUED.search(stem):
        return _coded(stem, glued, folder)
    if p.NCOP.search(stem):
        return Ignored("It is an opening or ending without credits.")
    if three_parts := p.THREE_PARTS.search(stem):
        return NotUnderstood(no_episode(three_parts[0]))
    if (chapter := p.CHAPTER.search(stem)) and (answer := chapter_of(stem, chapter, folder)):
        return answer
    if p.SEQUEL.search(stem):
        return NotUnderstood("The number may belong to the title of a sequel.")
    bare, also = second_count(p.COPY.sub("", stem))
    named, tail = behind_name(cleaned(bare), series_names)
    if named and bare != stem and not re.search(r"[0-9]", tail):
        # ``86 (1)`` of the series 86: the number in front is the series' name, so the one in brackets is the episode's
        bare, also = stem, None
        named, tail = behind_name(cleaned(stem), series_names)
    field = (
        p.FIELD.match(without_name(without_group(bare).lstrip(" _"), series_names)[1])
        if named and "_" in bare
        else None
    )
    answer = _read(tail, folder, named)
    if answer is None and field:
        answer = numbered(tail, Number(field[1], "", tail.find(field[1]), len(tail)), folder, named)
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
    if not named and p.SAMPLE_BEFORE.match(stem):
        return Ignored("It is a trailer, sample or other extra.")
    if answer.season and folder.season == 0:
        return NotUnderstood(SEASON_IN_SPECIALS)
    if answer.season and not may_be_season(answer.season, folder):
        return NotUnderstood(CONTRADICTION)
    if p.CODE_AND_NUMBER.match(stem):
        return NotUnderstood(TWO_NUMBERS)
    if answer.season and not answer.absolute and not p.KEYWORD.search(tail) and p.SIZES.intersection(answer.episodes):
        return NotUnderstood(SIZE_OR_CODEC)
    if answer.season != 0 and p.SPECIAL_MARK.search(stem):
        return NotUnderstood("The name says a special or a film, and the number may be an episode's.")
    part = p.TITLE_PART.search(stem) if not named else None
    counted = int(next(filter(None, part.groups()))) if part else None
    doubtful = part and ((folder.season and part[1]) or (answer.episodes or answer.absolute) == (counted,))
    if doubtful and not season_and_episode(tail):
        return NotUnderstood("The number may belong to a title, or count the file's copies.")
    if not named and foreign_before(tail, names):
        return NotUnderstood("A word stands in front of the series' name; it may be another series.")
    return answer


def _with_second_count(answer: Found, second: str | None) -> Answer:
    """Of two counts the smaller one is the season's. ``12 (10)`` may as well be the tenth copy of 12."""
    if second is None:
        return answer
    also = int(second)
    if len(answer.episodes or answer.absolute) != 1:
        return NotUnderstood(TWO_NUMBERS)
    if answer.season is None:  # ``05 (12)`` may be the fifth of twelve; ``29 (04)`` is none of four
        first = answer.absolute[0]
        sure = also >= 100 or (first > also and first % 100 != also)  # ``101 (01)`` may be the first of season 1
        return answer._replace(also=also) if sure else NotUnderstood(TWO_NUMBERS)
    if also < answer.episodes[0] and second[0] != "0":
        return NotUnderstood(TWO_NUMBERS)
    return answer._replace(episodes=(min(answer.episodes[0], also),), absolute=())


@lru_cache(maxsize=512)
def _claimed(folder_name: str) -> Answer | None:
    """The answer to a folder's name that is written as an episode's: ``Name.S01E02.German``, ``Staffel 2 Folge 7``."""
    if not re.search(r"[0-9]", folder_name):
        return None
    if code := p.CODE.search(folder_name):
        further = p.CODE.search(folder_name, code.end())
        same = further is None or [int(n) for n in further.groups()[:2]] == [int(n) for n in code.groups()[:2]]
        return _coded(folder_name, code, Folder()) if same else NotUnderstood(CONTRADICTION)
    return season_and_episode(cleaned(folder_name))


def _below_claim(stem: str, claim: Answer, folder: Folder, names: Sequence[str], guess: bool) -> Answer:
    """The file's own number where the folder names it, too; the folder's where it names one and the file has none.

    ``S01E01-E12/05.mkv`` is one of the folder's twelve, and ``S01E01-E12/Titel.mkv`` not all of them.
    """
    if not isinstance(claim, Found):
        own = _uncoded(stem, replace(folder, name=""), names, guess)
        return own if isinstance(own, Ignored) or (isinstance(own, Found) and own.season is not None) else claim
    title = title_of_folder(folder.name)
    names = (*names, title) if title else names
    inside = replace(folder, season=claim.season, kind=claim.kind, unclear=(), name="")
    own = _uncoded(stem, inside, names, guess)
    if isinstance(own, Found):
        if own.season != claim.season or not set(own.episodes) <= set(claim.episodes):
            return NotUnderstood("The folder names an episode, and the file another one.")
        absolute = () if p.CODE.search(folder.name) else own.absolute
        language, version = own.language or claim.language, max(own.version, claim.version)
        return own._replace(absolute=absolute, language=language, version=version)
    if isinstance(own, Ignored) or claim.season is None:
        return own
    if len(claim.episodes) > 1:
        return own if re.search(r"[0-9]", stem) else NotUnderstood(ONE_OF_SEVERAL)
    return own if other_number_in(stem, folder.name, names, claim.season, claim.episodes[0]) else claim


def _read(text: str, folder: Folder, named: bool) -> Answer | None:
    """The answer of the first shape that fits; None where none does."""
    if half := p.HALF_ANYWHERE.search(text):
        return NotUnderstood(no_episode(half[0]))
    behind = p.SEASON_BEHIND.search(text)
    if behind and re.search(r"[0-9]", text[: behind.start()]):
        if answer := season_in_front(text[: behind.start()], behind):
            same = not isinstance(answer, Found) or folder.season in (None, answer.season)
            return answer if same else NotUnderstood(CONTRADICTION)
        return _of_season_behind(text[: behind.start()], int(next(filter(None, behind.groups()))), folder, named)
    seasonal = season_and_episode(text)
    if seasonal:
        return seasonal
    number = as_number(
        p.KEYWORD.search(text) or p.CJK.search(text) or p.NUMBERED_EPISODE.search(text)
    ) or number_of_many(text, named)
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
    return numbered(text, number, folder, named) if number else None


def _of_season_behind(text: str, season: int, folder: Folder, named: bool) -> Answer | None:
    """``05 - Staffel 2``: what stands in front, in that season."""
    answer = _read(text, replace(folder, season=None, unclear=()), named)
    if not isinstance(answer, Found):
        return answer or NotUnderstood("The name tells a season and no clear number.")
    if answer.season not in (None, season):
        return NotUnderstood(CONTRADICTION)
    return Found(season, answer.episodes or answer.absolute, kind=Kind.EPISODE if season else Kind.SPECIAL)


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
