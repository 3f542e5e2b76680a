"""What stands in square brackets in an episode's title: its absolute number, kind, part, release date.

``Der Anfang [OVA] [Start: 12.10.2026]`` → title ``Der Anfang``, kind ``ova``, released on 2026-10-12. Brackets that say
something else belong to the title.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from aniworld.core.media import SPECIALS, EpisodeKind
from aniworld.providers.catalogues.dates import day_in

_BRACKETS = re.compile(r"\[{1,3}\s*([^\[\]]{1,80}?)\s*\]{1,3}")
_ROUND = re.compile(r"\(\s*([^()]{1,80}?)\s*\)")
_SQUARE = str.maketrans("［］【】〔〕（）", "[][][]()")
_ABSOLUTE = re.compile(r"(?:episode|folge|ep\.?)\s*(?:#|nr\.?)?\s*0*(\d{1,5})", re.IGNORECASE)
_KIND = re.compile(
    r"(?:tv|anime|bonus)?[\s-]*(?P<kind>ova|oad|ona|movie|film|kinofilm|special|spezial)(?:e?s|e|folge|episode)?\b"
    r"[\s#:.,-]*(?:\d{1,3}$)?",
    re.IGNORECASE,
)
_PART = re.compile(r"(?:part|teil|pt\.?)\s*(\d{1,3}|[ivx]{1,5})\s*(?:(?:/|von|of)\s*\d{1,3})?", re.IGNORECASE)
_START = re.compile(
    r"(?:start(?:et|s|datum|termin|tag)?|release(?:[\s-]?dat(?:e|um))?|veröffentlichung(?:sdatum|stermin)?"
    r"|premiere|erscheint|erscheinungs(?:datum|termin|tag)|verfügbar\s+ab)\b\s*:?.*",
    re.IGNORECASE,
)
_FROM = re.compile(r"(?:ab|am)\s+(?:dem\s+)?\d.*", re.IGNORECASE)
_PART_OF = re.compile(
    r"(?:ist\s+)?(?:in|enthalten\s+in|teil\s+von)\s+(?:s(?:taffel)?\s*0*(?P<season>\d{1,4})[\s,/-]*)?"
    r"(?:e|ep\.?|episode|folge)\s*0*(?P<number>\d{1,5})\b.*",
    re.IGNORECASE,
)
_UNNAMED = re.compile(r"[\s\-–—]*(?:tba|tbd|n/?a)[\s\-–—]*", re.IGNORECASE)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}
_KINDS = {
    "ova": EpisodeKind.OVA,
    "oad": EpisodeKind.OVA,
    "ona": EpisodeKind.OVA,
    "movie": EpisodeKind.MOVIE,
    "film": EpisodeKind.MOVIE,
    "kinofilm": EpisodeKind.MOVIE,
}
_EDGES = " \t-–—:|,;/"


@dataclass(frozen=True)
class TitleFacts:
    """``starts``: the title says when the episode is released, with or without a date.

    ``part_of``: season (None = the same) and number of the episode whose video contains this one.
    """

    title: str = ""
    absolute: int | None = None
    kind: EpisodeKind | None = None
    part: int | None = None
    air_date: date | None = None
    starts: bool = False
    part_of: tuple[int | None, int] | None = None

    def also(self, other: TitleFacts) -> TitleFacts:
        """These facts, with what only the other language's title says."""
        return TitleFacts(
            self.title,
            self.absolute or other.absolute,
            self.kind or other.kind,
            self.part or other.part,
            self.air_date or other.air_date,
            self.starts or other.starts,
            self.part_of or other.part_of,
        )


def read_title(text: str) -> TitleFacts:
    """What a title says; ``title`` is without what was understood."""
    if _UNNAMED.fullmatch(text):
        return TitleFacts()
    facts, kept, place = TitleFacts(), "", 0
    text = text.translate(_SQUARE) if _BRACKETS.search(text.translate(_SQUARE)) else text
    marks = [(found, False) for found in _BRACKETS.finditer(text)] + [(found, True) for found in _ROUND.finditer(text)]
    for found, is_round in sorted(marks, key=lambda mark: mark[0].start()):
        said = _tag(found[1].strip()) if found.start() >= place else None
        if said is not None and (not is_round or _states_start(said, found[1])):
            facts = facts.also(said)
            kept, place = f"{kept}{text[place : found.start()]} ", found.end()
    if not place:
        return TitleFacts(text)
    title = " ".join((kept + text[place:]).split()).strip(_EDGES)
    return replace(facts, title="" if _UNNAMED.fullmatch(title) else title)


def _states_start(said: TitleFacts, text: str) -> bool:
    """Whether round brackets hold a release date: other words in them belong to the title."""
    return said.starts and (said.air_date is not None or ":" in text)


def counted(text: str, season: int, number: int) -> TitleFacts:
    """As ``read_title``; a title that is nothing but ``Episode 062`` is none, and may be the absolute number.

    It is where it fits: a later season's ``Episode 2`` of its second episode only repeats the number.
    """
    facts = read_title(text)
    found = _ABSOLUTE.fullmatch(facts.title)
    if found is None:
        return facts
    value = int(found[1])
    fits = season != SPECIALS and (value > number or (season == 1 and value == number))
    return replace(facts, title="", absolute=facts.absolute or (value if fits else None))


def _tag(text: str) -> TitleFacts | None:
    """What a tag says, without its brackets; None for words of the title."""
    if found := _ABSOLUTE.fullmatch(text):
        return TitleFacts(absolute=int(found[1]) or None)
    if found := _PART_OF.fullmatch(text):
        return TitleFacts(part_of=(int(found["season"]) if found["season"] else None, int(found["number"])))
    if _START.fullmatch(text) or (_FROM.fullmatch(text) and day_in(text)):
        return TitleFacts(air_date=day_in(text), starts=True)
    kind = _KIND.match(text)
    rest = text[kind.end() :] if kind else text
    part = _PART.fullmatch(rest)
    if rest and part is None:
        return None
    number = (_ROMAN.get(part[1].lower()) if not part[1].isdecimal() else int(part[1])) if part else None
    named = _KINDS.get(kind["kind"].lower(), EpisodeKind.SPECIAL) if kind else None
    return TitleFacts(kind=named, part=number or None) if named or number else None
