"""Whether a catalogue page still numbers its episodes as before: known episodes compared with the listed ones.

An episode is recognised by its link where links name videos, else by its title, else by its absolute number. A title that
is corrected, translated or filled in is no move: an episode has moved only where exactly its title is listed at another
place, and nowhere else, while its own place lists another one.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from urllib.parse import urlsplit

from aniworld.core.media import EpisodeEntry

Place = tuple[int, int]  # season, number
Moves = dict[Place, "Place | None"]

ALIKE = 0.8
_TAG = re.compile(r"\[[^\]]{0,80}\]|\(([^()]{0,20})\)\s*$")
_SPELLINGS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "&": " and ", "'": "", "\u2019": ""})
_NUMBER = re.compile(r"\d+|\b[ivx]{1,5}\b")
_NO_TITLE = re.compile(
    r"(?:(?:the )?(?:episode|folge|ep|teil|part|film|movie|special|ova|ona|kapitel|chapter|staffel|season|nr|no|video)s?|\d+| )*"
    r"|tba|tbd|n a|na|unknown|unbekannt|untitled|ohne titel|kein titel|(?:noch )?kein(?:en)? titel(?: bekannt)?|titel folgt"
)


@dataclass(frozen=True)
class Known:
    """An episode as the library knows it. ``titles``, ``links``: of the last page and of when its file came."""

    place: Place
    titles: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    absolute: int | None = None
    has_file: bool = False


@dataclass(frozen=True)
class Comparison:
    """``moves``: where each episode of the seasons concerned is listed now, None = nowhere; empty where none has moved.
    ``fitting``: how many episodes were recognised at their own place."""

    moves: Mapping[Place, Place | None]
    fitting: int


def compare(known: Sequence[Known], entries: Sequence[EpisodeEntry]) -> Comparison:
    """Where the episodes of a series are on the page. Without evidence of a move, ``moves`` is empty."""
    listed = {(entry.season, entry.number): entry for entry in entries}
    seen: Moves = dict(_by_title(known, listed))
    if not _count_along(entries):
        seen |= _by_link(known, listed)
    told = {season for season, _ in seen}
    seen |= _by_absolute([one for one in known if one.place[0] not in told], listed)
    fitting = sum(1 for place, now in seen.items() if place == now)
    moved = {place: now for place, now in seen.items() if place != now}
    if not moved:
        return Comparison({}, fitting)
    seasons = {season for place, now in moved.items() for season, _ in (place, now or place)}
    return Comparison(_filled([one for one in known if one.place[0] in seasons], listed, seen), fitting)


def title_form(text: str) -> str:
    """A title without case, tags, accents and punctuation; empty where it only says a number."""
    plain = unicodedata.normalize("NFKC", _TAG.sub(_kept, text)).casefold().translate(_SPELLINGS)
    bare = "".join(char for char in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(char))
    form = " ".join(re.findall(r"[^\W_]+", bare))
    return "" if _NO_TITLE.fullmatch(form) else form


def alike(one: str, other: str) -> bool:
    """Whether two forms are the same title in the words of two days: a slip corrected, a translation added."""
    if not one or not other or _NUMBER.findall(one) != _NUMBER.findall(other):
        return False
    words, others = set(one.split()), set(other.split())
    return words <= others or others <= words or SequenceMatcher(None, one, other).ratio() >= ALIKE


def _kept(found: re.Match[str]) -> str:
    """A bracket at the end that holds a number tells two parts apart; other tags go."""
    return found[0] if found[1] and re.search(r"\d", found[1]) else " "


def _forms(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(form for form in map(title_form, texts) if form)


def _forms_of(entry: EpisodeEntry) -> frozenset[str]:
    return _forms((entry.title, entry.title_en))


def _single(forms: Mapping[Place, frozenset[str]]) -> dict[str, Place]:
    """Form → place, of those that only one place has."""
    places = defaultdict[str, set[Place]](set)
    for place, several in forms.items():
        for form in several:
            places[form].add(place)
    return {form: next(iter(where)) for form, where in places.items() if len(where) == 1}


def _by_title(known: Sequence[Known], listed: Mapping[Place, EpisodeEntry]) -> dict[Place, Place]:
    forms = {one.place: _forms(one.titles) for one in known}
    now = {place: _forms_of(entry) for place, entry in listed.items()}
    own, others = _single(forms), _single(now)
    seen, doubtful = dict[Place, Place](), list[Place]()
    for place, mine in forms.items():
        found = {others[form] for form in mine if form in own and form in others}
        if place in found:
            seen[place] = place
        elif len(found) == 1:
            seen[place] = found.pop()
        elif any(alike(one, other) for one in mine for other in now.get(place, ())):
            doubtful.append(place)
    claims = Counter(seen.values())
    seen = {place: there for place, there in seen.items() if claims[there] == 1}  # else two episodes became one entry
    return seen | {place: place for place in doubtful if place not in claims}


def _by_link(known: Sequence[Known], listed: Mapping[Place, EpisodeEntry]) -> dict[Place, Place]:
    places = _single({place: frozenset((entry.link,)) for place, entry in listed.items() if entry.link})
    found = {one.place: [places[link] for link in one.links if link in places] for one in known}
    return {place: where[0] for place, where in found.items() if where}


def _by_absolute(known: Sequence[Known], listed: Mapping[Place, EpisodeEntry]) -> dict[Place, Place]:
    stated = {place: frozenset((str(entry.absolute),)) for place, entry in listed.items() if entry.absolute}
    places = _single(stated)
    return {one.place: places[str(one.absolute)] for one in known if one.absolute and str(one.absolute) in places}


def _count_along(entries: Sequence[EpisodeEntry]) -> bool:
    """Whether the page's links only say places (``…/staffel-1/episode-5``), and so name no episode."""
    linked = [entry for entry in entries if entry.link]
    counted = sum(1 for entry in linked if _last_number(entry.link) == entry.number)
    return counted * 5 >= len(linked) * 4


def _last_number(link: str) -> int | None:
    numbers = re.findall(r"\d{1,6}", urlsplit(link).path) if link.isprintable() else []
    return int(numbers[-1]) if numbers else None


def _filled(known: Sequence[Known], listed: Mapping[Place, EpisodeEntry], seen: Moves) -> Moves:
    """With the episodes that nothing tells of: they move as their neighbours do, where that place is free."""
    moves: Moves = {one.place: seen[one.place] for one in known if one.place in seen}
    taken = {now for now in moves.values() if now}
    told = sorted(moves)
    for one in sorted(known, key=lambda one: one.place):
        if one.place in moves:
            continue
        at = bisect(told, one.place)
        shifts = {_shift(place, seen[place]) for place in told[max(at - 1, 0) : at + 1] if place[0] == one.place[0]}
        now = _with_neighbours(one, listed, shifts or {(one.place[0], 0)}, taken)
        if now is not None:
            taken.add(now)
        if now is not None or one.has_file:
            moves[one.place] = now
    return moves


def _with_neighbours(
    one: Known, listed: Mapping[Place, EpisodeEntry], shifts: set[tuple[int, int]], taken: set[Place]
) -> Place | None:
    """``shifts``: season and offset of the recognised episodes before and after it."""
    places = [(season, one.place[1] + by) for season, by in shifts]
    free = [place for place in places if place in listed and place not in taken]
    if len(shifts) > 1:
        free = [place for place in free if _may_be(one, listed[place])]
    return free[0] if len(free) == 1 else None


def _shift(at: Place, now: Place | None) -> tuple[int, int]:
    return (now[0], now[1] - at[1]) if now else (at[0], 0)


def _may_be(one: Known, entry: EpisodeEntry) -> bool:
    mine, there = _forms(one.titles), _forms_of(entry)
    return not mine or not there or any(alike(form, other) for form in mine for other in there)
