"""Whether a catalogue page still numbers its episodes as before: known episodes compared with the listed ones.

An episode is recognised by its link where links name videos, else by its title, else by its absolute number. A title
that is corrected, translated or filled in is no move: an episode has moved only where exactly its title is listed at
another place, and nowhere else, while its own place lists another one. A title that several episodes have is no
evidence alone: it counts within its season, together with its neighbours, or where all of a season fit at one other
distance only.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from aniworld.core.media import SPECIALS, EpisodeEntry
from aniworld.services.renumbering.titles import Words, alike, words_of

Place = tuple[int, int]  # season, number
Moves = dict[Place, "Place | None"]
Said = Mapping[Place, Words]


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
    said, now = _said_by_library(known), _said_by_page(listed)
    seen: Moves = dict(_by_title(said, now))
    if not _count_along(entries):
        seen |= _by_link(known, listed)
    told = {season for season, _ in seen}
    absolute = _by_absolute([one for one in known if one.place[0] not in told], listed)
    seen |= absolute
    sure = {place: there for place, there in seen.items() if there}
    seen |= _by_distance(said, now, sure)
    told |= {season for season, _ in absolute}
    seen |= _by_stated_number({place: words for place, words in said.items() if place[0] not in told}, now)
    moved = {place: there for place, there in seen.items() if place != there}
    if not moved:
        own = {place for place, words in said.items() if place in now and _is_at(words, now[place])}
        return Comparison({}, len(own | seen.keys()))
    seasons = {season for place, there in moved.items() for season, _ in (place, there or place)}
    fitting = len(seen) - len(moved)
    return Comparison(_filled([one for one in known if one.place[0] in seasons], said, now, seen), fitting)


def _before(places: Iterable[Place]) -> dict[int, int]:
    """Season → how many episodes come before it in a count through all seasons."""
    lasts = dict(sorted(place for place in places if place[0] != SPECIALS))
    return {season: sum(last for earlier, last in lasts.items() if earlier < season) for season in lasts}


def _said_by_library(known: Sequence[Known]) -> dict[Place, Words]:
    before = _before(one.place for one in known)
    said = {}
    for one in known:
        season, number = one.place
        own = {number, before.get(season, 0) + number, one.absolute, *map(_last_number, one.links)}
        said[one.place] = words_of(one.titles, {at for at in own if at is not None})
    return said


def _said_by_page(listed: Mapping[Place, EpisodeEntry]) -> dict[Place, Words]:
    before = _before(listed)
    said = {}
    for (season, number), entry in listed.items():
        own = {number, before.get(season, 0) + number, entry.absolute, _last_number(entry.link)}
        titles = (entry.title, entry.title_en)
        said[season, number] = words_of(titles, {at for at in own if at is not None})
    return said


def _single(forms: Mapping[Place, frozenset[str]]) -> dict[str, Place]:
    """Form → place, of those that only one place has."""
    places = defaultdict[str, set[Place]](set)
    for place, several in forms.items():
        for form in several:
            places[form].add(place)
    return {form: next(iter(where)) for form, where in places.items() if len(where) == 1}


class _Singles:
    """The forms that only one place has: of all, and of each season."""

    def __init__(self, said: Said) -> None:
        forms = {place: words.exact for place, words in said.items()}
        self.all = _single(forms)
        seasons = defaultdict[int, dict[Place, frozenset[str]]](dict)
        for place, several in forms.items():
            seasons[place[0]][place] = several
        self.season = {season: _single(several) for season, several in seasons.items()}

    def within(self, season: int) -> Mapping[str, Place]:
        return self.season.get(season, {})


def _by_title(said: Said, now: Said) -> dict[Place, Place]:
    own, others = _Singles(said), _Singles(now)
    seen, weak, doubtful = dict[Place, Place](), dict[Place, Place](), list[Place]()
    for place, mine in said.items():
        found = {others.all[form] for form in mine.exact if form in own.all and form in others.all}
        ours, theirs = own.within(place[0]), others.within(place[0])
        near = {theirs[form] for form in mine.exact if form in ours and form in theirs}
        if place in found or len(found) == 1:
            seen[place] = place if place in found else found.pop()
        elif place in near or len(near) == 1:
            weak[place] = place if place in near else near.pop()
        elif any(form in ours and other in theirs for form, other in _alike_pairs(mine, now.get(place))):
            doubtful.append(place)
    seen |= {place: there for place, there in weak.items() if _agrees(place, there, seen, said, now)}
    claims = Counter(seen.values())
    seen = {place: there for place, there in seen.items() if claims[there] == 1}  # else two episodes became one entry
    return seen | {place: place for place in doubtful if place not in claims}


def _alike_pairs(mine: Words, there: Words | None) -> list[tuple[str, str]]:
    return [(one, other) for one in mine.bare for other in there.bare if alike(one, other)] if there else []


def _agrees(place: Place, there: Place, seen: Mapping[Place, Place], said: Said, now: Said) -> bool:
    """Whether a title that other seasons have, too, is not listed where the neighbours went instead."""
    near = {(season, place[1] + by) for season, by in _shifts(place, sorted(seen), seen)}
    fitting = {at for at in near if at in now and now[at].exact & said[place].exact}
    return not fitting or there in fitting


def _by_distance(said: Said, now: Said, seen: Mapping[Place, Place]) -> dict[Place, Place]:
    """Of seasons in which nothing is known to have moved: titles that several episodes have fit better, all together,
    at another distance than at their own places.
    """
    found = dict[Place, Place]()
    moved = {place[0] for place, there in seen.items() if place != there}
    taken = set(seen.values())
    for season in {place[0] for place in said} - moved:
        rows = [place for place in said if place[0] == season and place not in seen and said[place].exact]
        best = {place: place for place in rows if place in now and _may_be(said[place], now[place])}
        if len(best) == len(rows):
            continue
        possible = _distances(rows, said, now)
        for by in sorted((by for by, count in possible.items() if count > max(len(best), 1)), key=abs):
            fits = {place: (season, place[1] + by) for place in rows}
            fits = {
                place: there
                for place, there in fits.items()
                if there in now and there not in taken and said[place].exact & now[there].exact
            }
            if len(fits) > max(len(best), 1):
                best = fits
        if any(place != there for place, there in best.items()):
            found |= best
    return found


def _distances(rows: Iterable[Place], said: Said, now: Said) -> Counter[int]:
    """How far from its own place a title is listed in its season → at most how many of ``rows`` fit there."""
    listed = defaultdict[tuple[int, str], list[int]](list)
    for (season, number), words in now.items():
        for form in words.exact:
            listed[season, form].append(number)
    found = Counter[int]()
    for season, number in rows:
        for form in said[season, number].exact:
            found.update([there - number for there in listed.get((season, form), ())])
    return found


def _by_stated_number(said: Said, now: Said) -> dict[Place, Place]:
    """Of seasons whose titles only say numbers: these count from elsewhere than before (``Folge 0`` came in front)."""
    found = dict[Place, Place]()
    for season in {place[0] for place in said}:
        ours, theirs = _count_from(said, season), _count_from(now, season)
        places = [place for place in said if place[0] == season]
        if ours is None or theirs is None:
            continue
        moved = {place: (season, place[1] + ours - theirs) for place in places}
        if all(there in now for there in moved.values()):
            found |= moved
    return found


def _count_from(said: Said, season: int) -> int | None:
    """The distance between the numbers that a season's titles say and its own; None where it is not one."""
    stated = [(place[1], words.number) for place, words in said.items() if place[0] == season]
    distances = [says - number for number, says in stated if says is not None]
    whole = len(distances) > 1 and len(set(distances)) == 1
    return distances[0] if whole else None


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


def _filled(known: Sequence[Known], said: Said, now: Said, seen: Moves) -> Moves:
    """With the episodes that nothing tells of: they move as their neighbours do, where that place is free."""
    moves: Moves = {one.place: seen[one.place] for one in known if one.place in seen}
    taken = {there for there in moves.values() if there}
    told = sorted(moves)
    for one in sorted(known, key=lambda one: one.place):
        if one.place in moves:
            continue
        shifts = _shifts(one.place, told, seen) or {(one.place[0], 0)}
        there = _with_neighbours(one.place, said, now, shifts, taken)
        if there is not None:
            taken.add(there)
        if there is not None or one.has_file:
            moves[one.place] = there
    return moves


def _shifts(place: Place, told: Sequence[Place], seen: Mapping[Place, Place | None]) -> set[tuple[int, int]]:
    """Season and offset of the recognised episodes before and after it."""
    at = bisect(told, place)
    return {_shift(near, seen[near]) for near in told[max(at - 1, 0) : at + 1] if near[0] == place[0]}


def _with_neighbours(
    place: Place, said: Said, now: Said, shifts: set[tuple[int, int]], taken: set[Place]
) -> Place | None:
    places = [(season, place[1] + by) for season, by in shifts]
    free = [there for there in places if there in now and there not in taken and _may_be(said[place], now[there])]
    return free[0] if len(free) == 1 else None


def _shift(at: Place, now: Place | None) -> tuple[int, int]:
    return (now[0], now[1] - at[1]) if now else (at[0], 0)


def _may_be(mine: Words, there: Words) -> bool:
    return not mine.bare or not there.bare or bool(mine.exact & there.exact or _alike_pairs(mine, there))


def _is_at(mine: Words, there: Words) -> bool:
    """Whether both say the same title, or the same number instead of one."""
    if mine.number is not None:
        return mine.number == there.number
    return bool(mine.exact & there.exact or _alike_pairs(mine, there))
