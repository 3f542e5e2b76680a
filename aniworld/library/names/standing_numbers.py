"""Numbers that are an episode's by the place where they stand in a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from aniworld.library.names import patterns as p


class Number(NamedTuple):
    """A number where episode numbers stand. ``more``: the text that adds further ones, ``end``: where both end."""

    first: str
    more: str
    start: int
    end: int
    bare: bool = False  # nothing but its place says that it counts episodes


def as_number(found: re.Match[str] | None, bare: bool = False) -> Number | None:
    if found is None:
        return None
    groups = [group for group in found.groups() if group]
    return Number(groups[0], groups[1] if len(groups) > 1 else "", found.start(), found.end(), bare)


def number_of_many(text: str, named: bool) -> Number | None:
    """The 5 of ``5 of 12``."""
    found = p.NUMBER_OF.search(text) or (p.NUMBER_OF_BEHIND_NAME.match(text) if named else None)
    if not found or not 0 < int(found[1]) <= int(next(filter(None, found.groups()[1:]))):
        return None
    before = text[: found.start()].strip(" -")
    same = before.isdecimal() and int(before) == int(found[1])  # ``05 (05 of 12)``
    return Number(found[1], "", 0 if same else found.start(), found.end())


def standing(text: str, named: bool) -> re.Match[str] | None:
    """A number that stands alone where episode numbers stand."""
    dashed = list(p.DASHED.finditer(text))
    if len(dashed) > 1 and len({found[1] for found in dashed}) > 1:
        return dashed[0] if _part_of_title(text, dashed) else None
    if dashed:
        return dashed[0]
    found = p.DASHED_ZERO.search(text) or p.LEADING.match(text) or p.LEADING_ZERO.match(text)
    if found:
        return found
    versioned = list(p.VERSIONED.finditer(text))
    if len(versioned) == 1:
        return versioned[0]
    last = p.TRAILING.search(text) or (p.TRAILING_TAGGED.match(text) if named else _padded(text))
    digits = next(filter(None, last.groups())) if last else ""
    spoken = not named and len(digits) > 2 and digits[0] != "0" and p.WORDS_AND_NUMBER.fullmatch(text)  # ``Zimmer 101``
    certain = last and (named or len(digits) > 2 or digits[0] == "0") and not spoken and not p.YEAR.fullmatch(digits)
    return last if certain else None


def _padded(text: str) -> re.Match[str] | None:
    """The only number of a name without the series' name, where a release's tags stand behind it: ``Name 04
    VOSTFR``.
    """
    found = p.PADDED_TAGGED.search(text)
    if not found or len(re.findall(r"[0-9]+", text)) > 1 or p.COUNTS_OTHERS.search(text, 0, found.start()):
        return None
    return found


def _part_of_title(text: str, dashed: Sequence[re.Match[str]]) -> bool:
    """Whether the last number counts the parts of a title: ``- 05 - Title (1)``."""
    first, last = dashed[0], dashed[-1]
    between = text[first.end() : last.start()]
    return (
        len(dashed) == 2
        and first[1][0] == "0"
        and len(last[1]) == 1
        and re.search(r"[^\W\d_]{2}", between) is not None
        and not (p.SEASON_WORD.search(between) or p.UNCLEAR_PART.search(between))
    )
