"""Several numbers in one name: ``E01-E03``, ``02x03x04``, ``1, 2 und 3``. What they mean, or nothing where they
contradict.
"""

from __future__ import annotations

import re

from aniworld.library.names import patterns as p

MOST_IN_ONE_FILE = 60  # with a code for the range, such as ``S01E01-E12``
MOST_WITHOUT_CODE = 4
MOST_BEFORE_A_TITLE = 3  # further episodes: ``S01E10-13 Titel`` is four, ``S01E05-24 Stunden`` is none of twenty

_RUN = re.compile(r"(?:[ _][0-9]{2,4}){2,}(?![0-9A-Za-z])(?!\.[0-9])")  # dots may make a date: ``E04.05.06``
_WORD_TIED = re.compile(r"-[^\W\d_]+-[^\W\d_]|['’][^\W\d_]")  # ``Folge 6, 7-Tage-Rennen``


def chain(first: int, text: str, *, season: int | None = None, most: int = MOST_IN_ONE_FILE) -> tuple[int, ...]:
    """``first`` and the numbers that ``text`` adds to it, ascending; () where they make no sense.

    One number behind a dash ends a range. With further ones each must be the next: ``E01-E02-E04`` says nothing of E03,
    nor does ``E01E03`` of E02. Only ``+``, ``&`` and a comma list numbers that are apart.
    ``season``: the season of ``first``; a number of another one contradicts it.
    """
    steps = [(sign, other, int(digits)) for sign, other, digits in p.MORE.findall(p.VERSION_BEHIND.sub("", text))]
    listed = re.search(r"[+&,]|und|and| [eE]", text) is not None
    numbers = [first]
    for sign, other, number in steps:
        last = numbers[-1]
        if (other and season is not None and int(other) != season) or not last < number < first + most:
            return ()
        if (len(steps) > 1 if sign else not listed) and number != last + 1:
            return ()
        numbers.extend(range(last + 1, number + 1) if sign else [number])
    return tuple(numbers) if first > 0 and len(numbers) <= most else ()


def may_be_title(first: str, said: str, rest: str) -> bool:
    """Whether ``7`` may belong to the title of ``S01E05-7 Leben``: not padded as numbers of episodes are, or far from
    the first. Behind a comma or an *and* any number may that is not padded: ``Folge 11, 12 Monkeys``.
    """
    last = p.BARE_SECOND.search(said)
    if last is None or last[2][0] == "0":
        return False
    listed, number = last.groups()
    if listed and _WORD_TIED.match(rest):
        return True
    if not p.WORD_BEHIND.match(rest):
        return False
    return listed is not None or len(number) < max(2, len(first)) or int(number) - int(first) > MOST_BEFORE_A_TITLE


def next_behind(last: int, rest: str) -> bool:
    """Whether ``rest`` begins with the number after ``last``, which may be a second episode: ``1x02 03``,
    ``S03E21.22``.
    """
    found = re.match(r"[ ._]([0-9]{1,3})(?![0-9A-Za-z])(?!\.[0-9])", rest)
    return found is not None and int(found[1]) == last + 1


def run_behind(first: str, rest: str) -> tuple[int, int]:
    """How many numbers ``rest`` begins with that count on from ``first`` one by one, at least two, written as it is:
    ``E01 02 03``; and where they end. (0, 0) where it begins with none.
    """
    found = _RUN.match(rest)
    numbers = re.findall(r"[0-9]+", found[0]) if found else []
    counted = [f"{int(first) + step:0{len(first)}d}" for step in range(1, len(numbers) + 1)]
    if found is None or numbers != counted or len(numbers) >= MOST_WITHOUT_CODE:
        return 0, 0
    return len(numbers), found.end()
