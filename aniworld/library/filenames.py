"""A file's name, read as an episode; or why not. Pure: no disk, no database.

The order is from certain to weak: a code (``S01E02``), words (``Staffel 1 Folge 2``), ``1x02``, a folder's word for its
season, a number that stands where episode numbers stand, and guessit for what is left. A name that can be read in two
ways is not read at all: a wrong episode would hide a missing one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from aniworld.core.media import SEASONS

from . import name_patterns as p
from .around_code import NOTHING, PIECE, after_code, before_code, version_in
from .languages import first_said, language_hint
from .season_folders import Folder, Kind, read_folders

_EPISODE, _SPECIAL = Kind.EPISODE, Kind.SPECIAL  # an enum's own look-up takes ten times as long, once for each file
MOST_IN_ONE_FILE = 60
MOST_BEFORE_A_TITLE = 3  # further episodes: ``S01E10-13 Titel`` is four, ``S01E05-24 Stunden`` is none of twenty
LONGEST_NAME = 1000
NUMBER_OR_TITLE = "The second number may be another episode's, or begin a title."
SPECIALS_OF_A_SEASON = (
    "Specials of one season may count from 1 as those of another do: name the file S00E05, with the catalogue's number "
    "or with your own, which the series' page maps to it."
)


class Found(NamedTuple):  # a scan makes one for each file: a frozen dataclass costs six times as much to make
    """``episodes`` of ``season`` where the name, or its folder, tells a season; ``absolute`` numbers where it does not.

    Both, where a bare number stands in a season's folder: it may count within the season or through the series.
    ``version``: 2 for ``v2``. ``language``: a hint or None.
    """

    season: int | None
    episodes: tuple[int, ...]
    absolute: tuple[int, ...] = ()
    version: int = 1
    language: str | None = None
    kind: Kind = _EPISODE
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A video whose place is unclear. ``reason``: a sentence for the user."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing that holds an episode: a subtitle, a trailer, a file that is still being written."""

    reason: str


Answer = Found | NotUnderstood | Ignored


def read_name(relative_path: str, *, series_names: Sequence[str] = (), guess: bool = True) -> Answer:
    """What the file at ``relative_path`` (below its series folder, ``/`` between parts) holds.

    ``series_names``: how the series is called; a name in front of a number is then known for certain.
    ``guess``: ask guessit for what the patterns leave over (milliseconds a file).
    """
    parents, _, name = relative_path.rpartition("/")
    stem, dot, ext = name.rpartition(".")
    if len(name) > LONGEST_NAME:
        return NotUnderstood("The name is longer than any honest one.")
    if not dot or ext not in p.VIDEO or name[0] == ".":
        ignored = _no_video(name, ext.lower() if dot else "")
        if ignored:
            return ignored
    folder = read_folders(parents)
    if folder.ignored:
        return Ignored(folder.ignored)
    if p.ONE_TRACK.fullmatch(stem, stem.rfind(".") + 1):
        return Ignored("It is what an unfinished download left.")
    code = p.CODE.search(stem)
    if code:
        return _coded(stem, code, folder)
    answer = _uncoded(unicodedata.normalize("NFC", stem), folder, series_names, guess)
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
    if after.unclear:
        return NotUnderstood(after.unclear)
    digits, number, more = code.groups()
    season, first = int(digits), int(number)
    episodes = _with_more(season, first, more) if more else (first,)
    if not episodes or season >= SEASONS:
        return NotUnderstood("The numbers in the name contradict each other.")
    if more and _may_be_title(number, more, stem[end:]):
        return NotUnderstood(NUMBER_OR_TITLE)
    if episodes[0] == 0:
        return NotUnderstood("Episode 0 is none that the catalogue counts.")
    language = first_said(said, after.language)
    kind = _EPISODE if season else _SPECIAL
    if after.film:
        if season > 1:
            return NotUnderstood("The name says a film and a season.")
        season, kind = 0, Kind.FILM
    elif season and folder.season == 0:
        return NotUnderstood("The folder says specials or films, the name says a season.")
    return Found(season, episodes, (), after.version, language, kind)


def _may_be_title(first: str, said: str, rest: str) -> bool:
    """Whether ``7`` may belong to the title of ``S01E05-7 Leben``: not padded as numbers of episodes are, or far from the first."""
    last = p.BARE_SECOND.search(said)
    if last is None or last[1][0] == "0" or not p.WORD_BEHIND.match(rest):
        return False
    return len(last[1]) < max(2, len(first)) or int(last[1]) - int(first) > MOST_BEFORE_A_TITLE


def _said_itself(answer: Answer, stem: str, folder: Folder) -> Answer:
    """Below ``Season 2 Specials`` only a number that the name itself gives to season 0."""
    if not isinstance(answer, Found):
        return answer
    said = answer.season == 0 and (p.SEASON_ZERO.search(stem) or p.SEASON_ZERO.search(folder.name))
    return answer if said else NotUnderstood(SPECIALS_OF_A_SEASON)


def _with_more(season: int, first: int, text: str) -> tuple[int, ...]:
    """All numbers of ``E01E02``, ``E01-E03``, ``E01+02``; nothing if they make no sense."""
    numbers = [first]
    for sign, other_season, digits in p.MORE.findall(text):
        number = int(digits)
        if other_season and int(other_season) != season:
            return ()
        numbers.extend(range(numbers[-1] + 1, number + 1) if sign else [number])
        if number <= first or len(numbers) > MOST_IN_ONE_FILE:
            return ()
    return tuple(numbers) if sorted(set(numbers)) == numbers else ()


def _uncoded(stem: str, folder: Folder, series_names: Sequence[str], guess: bool) -> Answer:
    if folder.unclear and all(_is_name(name, series_names) for name in folder.unclear):
        folder = replace(folder, unclear=())
    if folder.season and _words(folder.name) in _forms(tuple(series_names)):
        folder = replace(folder, season=None)  # ``86/86 - 05.mkv``: the series' own name, no season
    plain = p.PLAIN.fullmatch(stem)
    if plain and (not plain[1] or _words(plain[1]) in _forms(tuple(series_names))) and int(plain[2]):
        sure = _of_season("", (int(plain[2]),), folder, True)
        return sure._replace(language=language_hint(stem)) if isinstance(sure, Found) else sure
    if p.NCOP.search(stem):
        return Ignored("It is an opening or ending without credits.")
    text = _cleaned(stem)
    head, tail = _without_name(text, series_names)
    named = head is not None
    again, further = _without_name(tail, series_names) if named else (None, tail)
    if again and re.search(r"[^\W\d_]", again):  # ``86 - Eighty-Six - 05``
        tail = further
    tail = p.with_digits(p.DOT_BEHIND_NAME.sub(" ", tail) if named else tail)
    answer = _read(tail, folder, named)
    if answer is None and (above := p.CODE.search(folder.name)):
        return _coded(folder.name, above, replace(folder, season=None))
    if answer is None and guess:
        answer = _guessed(tail if named else stem, tail, folder)
    if answer is None:
        return NotUnderstood("No episode number was found in the name.")
    if isinstance(answer, Found):
        return answer._replace(version=version_in(stem), language=language_hint(stem))
    return answer


def _cleaned(stem: str) -> str:
    """The name without what release groups add: words apart, numbers only where they may count something."""
    text = stem.replace("_", " ")
    text = (
        text
        if " " in text.strip() or "." not in text
        else re.sub(r"(?<![0-9])\.|\.(?![0-9])|(?<=[0-9]{3})\.|\.(?=[0-9]{3})", " ", text)
    )
    text = p.NOISE.sub(" ", p.HASH.sub(" ", p.DATE.sub(" date ", text)))
    lead = re.match(r"\s*[\[【]([^\]】]*)[\]】]", text)
    if lead and not p.BRACKET_NUMBER.fullmatch(lead[1]):
        text = text[lead.end() :]
    text = p.BRACKET.sub(_bracket, text)
    text = re.sub(r"[–—−]", "-", text)
    return re.sub(r"\s+", " ", text).strip(" .")


def _bracket(found: re.Match[str]) -> str:
    inner = found[1]
    if p.BRACKET_NUMBER.fullmatch(inner) and not p.YEAR.fullmatch(inner.strip()):
        return f" - {inner.strip()} - "
    return f" {inner} " if p.BRACKET_KEPT.search(inner) else " "


@lru_cache(maxsize=256)
def _forms(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(form for name in names for form in (_words(name), _words(name.replace("(", " "))) if form)


@lru_cache(maxsize=256)
def _name_pattern(names: tuple[str, ...]) -> re.Pattern[str] | None:
    forms = sorted(_forms(names), key=len, reverse=True)
    if not forms:
        return None
    gap = r"[\s\W_]*"
    return re.compile(
        "|".join(rf"\W*{gap.join(map(re.escape, form.split()))}(?![^\W_])" for form in forms), re.IGNORECASE
    )


@lru_cache(maxsize=1024)
def _words(name: str) -> str:
    bare = re.sub(r"\s*\((?:19|20)[0-9][0-9](?:\s*-.*)?\)\s*$", "", unicodedata.normalize("NFC", name))
    return " ".join(re.findall(r"[^\W_]+", bare))


def _without_name(text: str, names: Iterable[str]) -> tuple[str | None, str]:
    """(the series' name as it stands in front, the rest); (None, text) where no known name does."""
    pattern = _name_pattern(tuple(names))
    found = pattern.match(text) if pattern else None
    return (found[0], text[found.end() :]) if found else (None, text)


def _is_name(text: str, names: Iterable[str]) -> bool:
    head, rest = _without_name(_words(text), names)
    return head is not None and not rest.strip()


def _read(text: str, folder: Folder, named: bool) -> Answer | None:
    """The answer of the first shape that fits; None where none does."""
    if p.HALF_ANYWHERE.search(text):
        return NotUnderstood("A half number such as 12.5 stands for no episode of the catalogue.")
    seasonal = _season_and_episode(text)
    if seasonal:
        return seasonal
    number = p.KEYWORD.search(text) or p.CJK.search(text) or p.NUMBERED_EPISODE.search(text)
    if number and p.SPECIAL_BEFORE.search(text[: number.start()]):
        if folder.season:
            return NotUnderstood(SPECIALS_OF_A_SEASON)
        return Found(0, (int(number[1]),), kind=Kind.SPECIAL) if int(number[1] or 0) else None
    if not number and (extra := _extra(text)):
        return extra
    special = None if number else _special(text, folder)
    if special:
        return special
    number = number or _standing(text, named)
    return _numbered(text, number, folder, named) if number else None


def _extra(text: str) -> Ignored | None:
    if p.EXTRA.search(text) or p.EXTRA_SHORT.search(text):
        dashed = p.DASHED.search(text)
        if not dashed or p.EXTRA.search(text[: dashed.start()]) or p.EXTRA_SHORT.search(text[: dashed.start()]):
            return Ignored("It is an opening, ending, trailer or other extra.")
    return None


def _season_and_episode(text: str) -> Answer | None:
    reverse = p.EPISODE_OF_SEASON.search(text)
    if reverse:
        return _checked(int(reverse[2]), int(reverse[1]), None)
    for pattern in p.SEASON_AND_EPISODE:
        found = pattern.search(text)
        if found and found[3] and _may_be_title(found[2], found[0], text[found.end() :]):
            return NotUnderstood(NUMBER_OR_TITLE)
        if found:
            return _checked(int(found[1]), int(found[2]), found[3])
    return None


def _checked(season: int, first: int, last: str | None) -> Answer:
    episodes = _span(first, last)
    if not episodes:
        return NotUnderstood("The numbers in the name contradict each other.")
    return Found(season, episodes, kind=Kind.EPISODE if season else Kind.SPECIAL)


def _span(first: int, last: str | None) -> tuple[int, ...]:
    until = int(last) if last else first
    return tuple(range(first, until + 1)) if 0 < first <= until < first + MOST_IN_ONE_FILE else ()


def _special(text: str, folder: Folder) -> Answer | None:
    """Films, OVAs and specials that the name calls so; their numbers are those of season 0."""
    if folder.season:
        return _special_of_season(text)
    for kind, pattern in ((Kind.FILM, p.FILM), (Kind.OVA, p.OVA), (Kind.SPECIAL, p.SPECIAL)):
        found = pattern.search(text)
        if not found:
            continue
        digits = next((group for group in found.groups() if group), None) or _only_number(text, found)
        said = p.SEASON_IN_NAME.search(text[: found.start()])
        if said and int(next(group for group in said.groups() if group)):
            return NotUnderstood(SPECIALS_OF_A_SEASON)
        if digits and int(digits):
            return Found(0, (int(digits),), kind=kind)
        return NotUnderstood(f"It is a {'film' if kind is Kind.FILM else 'special'} without a number.")
    return None


def _special_of_season(text: str) -> Answer | None:
    """That ``Season 2/OVA 1`` is no episode of season 2; None where the word is of a title, as in ``05 - OVA``."""
    found = p.FILM.search(text) or p.OVA.search(text) or p.SPECIAL.search(text)
    if not found or not any(found.groups()) or re.search(r"[0-9]", text[: found.start()]):
        return None
    return NotUnderstood(SPECIALS_OF_A_SEASON)


def _only_number(text: str, word: re.Match[str]) -> str | None:
    dashed = p.DASHED.search(text, word.end())
    if dashed:
        return dashed[1]
    before = re.search(r"([0-9]{1,2})\.\s*$", text[: word.start()])
    return before[1] if before else None


def _standing(text: str, named: bool) -> re.Match[str] | None:
    """A number that stands alone where episode numbers stand."""
    dashed = list(p.DASHED.finditer(text))
    if len(dashed) > 1 and len({found[1] for found in dashed}) > 1:
        return None
    if dashed:
        return dashed[0]
    found = p.DASHED_ZERO.search(text) or p.LEADING.match(text) or p.LEADING_ZERO.match(text)
    if found:
        return found
    last = p.TRAILING.search(text) or (p.TRAILING_TAGGED.match(text) if named else None)
    certain = last and (named or len(last[1]) > 2 or last[1][0] == "0") and not p.YEAR.fullmatch(last[1])
    return last if certain else None


def _numbered(text: str, number: re.Match[str], folder: Folder, named: bool) -> Answer:
    groups = [group for group in number.groups() if group]
    episodes = _span(int(groups[0]), groups[1] if len(groups) > 1 else None)
    if not episodes:
        return NotUnderstood(
            "Episode 0 is none that the catalogue counts." if int(groups[0]) == 0 else "The range makes no sense."
        )
    if len(groups) > 1 and _may_be_title(groups[0], number[0], text[number.end() :]):
        return NotUnderstood(NUMBER_OR_TITLE)
    if len(groups) > 1 and groups[1].startswith("0") and not groups[0].startswith("0"):
        return NotUnderstood("The numbers may be a range, or a season and an episode.")
    before, rest = p.NO_PART.sub(" ", text[: number.start()]), text[number.end() :]
    if p.EXTRA_REST.match(rest) or p.EXTRA.search(before):
        return Ignored("It is a trailer, sample or other extra.")
    if p.PIECE.match(rest):
        return NotUnderstood(PIECE)
    if re.fullmatch(r"\s*-?\s*[0-9]{1,4}\s*", rest):
        return NotUnderstood("There are two numbers in the name.")
    if p.YEAR.fullmatch(groups[0]):
        return NotUnderstood("The number may be a year.")
    return _of_season(before, episodes, folder, named)


def _of_season(before: str, episodes: tuple[int, ...], folder: Folder, named: bool) -> Answer:
    season = p.SEASON_IN_NAME.search(before)
    if season and p.LATER_PART.search(before):
        return NotUnderstood("The name tells a later part of a season; its numbers may begin anew or go on.")
    if season:
        return Found(int(next(group for group in season.groups() if group)), episodes)
    if folder.season == 0:
        return Found(0, episodes, kind=folder.kind)
    if folder.season is not None:
        return Found(folder.season, episodes, episodes)
    if (named and re.search(r"[^\W\d_]{2}|[0-9]", before)) or p.UNCLEAR_PART.search(before):
        return NotUnderstood("The name goes on after the series' name; it may be another season.")
    if folder.unclear and episodes[0] < 100:
        return NotUnderstood("The folder's name does not tell which season this number belongs to.")
    return Found(None, (), episodes)


def _guessed(shown: str, tail: str, folder: Folder) -> Answer | None:
    """guessit's answer, where it names the only number behind the series' name; a guess among several is none."""
    from guessit import guessit  # loaded late: it costs half a second, and few libraries need it

    if p.DATED.search(tail):
        return None
    numbers = {int(digits) for digits in re.findall(r"[0-9]+", tail)}
    guess = guessit(shown, {"type": "episode", "episode_prefer_number": True})
    season, episode = guess.get("season"), guess.get("episode")
    if (
        not isinstance(episode, int)
        or not numbers <= {season, episode}
        or episode < 1
        or p.YEAR.fullmatch(str(episode))
    ):
        return None
    if isinstance(season, int):
        return Found(season, (episode,), guessed=True)
    if folder.season:
        return Found(folder.season, (episode,), (episode,), kind=folder.kind, guessed=True)
    return NotUnderstood(f"It may be episode {episode}, but the name does not say so clearly.")
