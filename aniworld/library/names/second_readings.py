"""What stands around an episode's number and lets it be read in a second way: a further number, a season, a sequel."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aniworld.library.names import patterns as p
from aniworld.library.names.cleaned_names import without_name

_JOINING_WORD = r"(?:bis|und|and|to|thru|through|u\.?|y|et|en)"
_SEASON_X = r"(?:(?:19(?!20)|20)[0-9]{2}(?=x[0-3]?[0-9]{1,2}(?![0-9]))|[0-9]{1,2})x"  # ``1920x910`` is a size
_CODED = rf"(?:s[0-9]{{1,4}}[ ._]?)?(?:folge|episode|ep?|x|#)[ ._]?|{_SEASON_X}|第[ ]?"
_LONE = r"(?![0-9A-Za-z])"
# ``, 05``, ``–06``, `` bis E06``, `` u. 11``, `` & #6``, ``-2x01``, `` Ep6``, ``・第6話``: further episodes behind a
# number.
FURTHER = re.compile(
    rf"[ ._]*[&+,;/・、][ ._]*(?:{_CODED})?[0-9]{{1,4}}(?:v[0-9])?{_LONE}"
    rf"|(?:[~–—]|[ ._]+~[ ._]+)(?:{_CODED})?[0-9]{{1,4}}{_LONE}"
    rf"|[ ._]+{_JOINING_WORD}[ ._]+(?:{_CODED})?[0-9]{{1,4}}{_LONE}"
    rf"|(?:[-~–—]|[ ._]+)(?:s[0-9]{{1,4}}[ ._]?e|{_SEASON_X}"
    rf"|folge[ .]?|episode[ .]?|ep[ .]?|#|第)[0-9]{{1,4}}(?![0-9]|[ ]?[期季])"
    rf"|[ ._]+[-–—][ ._]+{_SEASON_X}[0-9]{{2,3}}(?![0-9])",
    re.IGNORECASE,
)
_DIGIT_NEAR = re.compile(r"[^0-9]{0,20}[0-9]")
_DASHED = re.compile(r"[ ._]+[-–—][ ._]+([0-9]{1,4})(?=\s*(?:$|[\[(]|\s[-–—](?:\s|$)))")
_DOTTED = re.compile(r"[ ._]([0-9]{1,3})[._ -][0-9]{1,3}(?![0-9A-Za-z])")
_JOINED_BEFORE = re.compile(
    rf"[0-9]\s*(?:[&+,;~–—/]|(?<=[\s0-9]){_JOINING_WORD}(?![^\W_]))\s*(?:folge|episode|ep?|#)?\s*$", re.IGNORECASE
)
_ROMAN = {"ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6}
_SEQUEL_BEFORE = re.compile(r"^\s*(?:(II|III|IV|V|VI)|([2-9]))[\s-]*$")
_SEQUEL_BEHIND = re.compile(r"\s*(?:-\s*)?(?:II|III|IV)\W*$")
_SEASON_FINALE = re.compile(r"(?<![^\W_])(?:season|sezon|saison|staffel)[ .-]?final[ei](?![^\W_])", re.IGNORECASE)
_SHORT_SEASON = re.compile(r"(?<![^\W_])st\.?[ ]?([0-9]{1,2})(?![^\W_])", re.IGNORECASE)
_NOT_FOREIGN = re.compile(
    r"(?:^|[\W_])(?:the|der|die|das|anime|serie|series|von|of|aus|date|no|animepahe)[\W_]*$", re.IGNORECASE
)
_BEFORE_SEASON = (
    r"(?:(?:der|aus|of|von|in|from|de|la|del|vostfr|vf|german|ger|deutsch|eng|english|sub|dub|omu|end|fin)[ .]+)*"
)
_CLEAR_BEFORE = re.compile(rf"[\W_]*{_BEFORE_SEASON}$", re.IGNORECASE)
_CLEAR_BEHIND = re.compile(
    r"[\s.]*(?:$|-|\s(?:vostfr|vf|german|ger|deutsch|eng|english|sub|dub|omu|end|fin)(?![^\W_]))", re.IGNORECASE
)


def further_behind(first: str, last: int, rest: str) -> bool:
    """Whether ``rest`` goes on with another episode's number. `` - 030 - `` behind ``05`` is the count through all
    seasons.
    """
    if not _DIGIT_NEAR.match(rest):
        return False
    if FURTHER.match(rest):
        return True
    if dashed := _DASHED.match(rest):
        number, width = int(dashed[1]), len(dashed[1])
        return (number > last and width == len(first)) or (number == last + 1 and width > len(first))
    dotted = _DOTTED.match(rest)
    return dotted is not None and int(dotted[1]) == last + 1


def further_before(before: str) -> bool:
    """Whether a number that the next one is joined to stands at the end of ``before``: ``01, 02 und`` in front of
    ``03``.
    """
    return _JOINED_BEFORE.search(before) is not None


def seasons_in(text: str) -> set[int] | None:
    """The season that ``text`` says, where nothing makes of it a title's word; empty where one is said unclearly, such
    as
    ``Final Season`` or ``- Season 2 Anfang``; None where none is.
    """
    text = _SEASON_FINALE.sub(" ", text)
    found = [*p.SEASON_IN_NAME.finditer(text), *_SHORT_SEASON.finditer(text)]
    if not found:
        return set() if p.SEASON_WORD.search(text) or _SEQUEL_BEHIND.match(text) else None
    before, behind = text[: found[0].start()], text[found[0].end() :]
    doubts = len(found) > 1 or re.search(r"[0-9]", before + behind) or p.SEASON_WORD.search(behind)
    if doubts or p.LATER_PART.search(behind) or not (_CLEAR_BEFORE.match(before) and _CLEAR_BEHIND.match(behind)):
        return set()
    return {int(next(filter(None, found[0].groups())))}


def other_sequel(before: str, season: int) -> bool:
    """Whether ``Name II - 01`` stands in another season's folder."""
    found = _SEQUEL_BEFORE.match(before)
    return found is not None and (int(found[2]) if found[2] else _ROMAN[found[1].lower()]) != season


def foreign_before(text: str, names: Sequence[str]) -> bool:
    """Whether a word stands in front of the series' name: ``Zoku Name - 05`` is another series."""
    if not names:
        return False
    for start in re.finditer(r"(?<=[^\W_][\s_.])[^\W_]", text):
        if without_name(text[start.start() :], names)[0] is not None:
            before = text[: start.start()]
            return not re.search(r"[0-9]", before) and not _NOT_FOREIGN.search(before)
    return False
