"""The names in one series' folder, read as its episodes: what each file holds, and which of several counts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from aniworld.core.media import SEASONS, SPECIALS, EpisodeNumber
from aniworld.core.specials import in_catalogue
from aniworld.library.files.sidecars import languages_by_video
from aniworld.library.names.answers import Found, Ignored
from aniworld.library.names.parser import read_name
from aniworld.library.names.patterns import CODE
from aniworld.library.names.season_folders import Kind
from aniworld.library.scan.episode_lookup import Numbering, Place
from aniworld.library.scan.matching import KnownSeries
from aniworld.library.scan.stored import stored_paths
from aniworld.library.scan.walk import Listing, SeenFile

GUESSES = 200


class FoundFile(NamedTuple):
    """An episode's file. ``path`` relative to the series folder; ``size`` in bytes; ``language`` a hint or None.

    ``subtitles``: languages of the subtitle files next to it.
    """

    path: str
    size: int
    language: str | None
    subtitles: tuple[str, ...] = ()


_Claim = tuple[Found, FoundFile]
_STORED = Found(None, ())  # the records say which episode it is, whatever its name says


@dataclass
class Guesses:
    """How many names guessit may still be asked for in this scan: it takes milliseconds a file."""

    left: int = GUESSES


class Reading:
    """The names in one folder, read as this series' episodes."""

    def __init__(self, series: KnownSeries, listing: Listing, guesses: Guesses) -> None:
        self.series, self.listing, self.guesses = series, listing, guesses
        self.numbering: Numbering | None = None
        self.unclear: list[tuple[str, str]] = []
        self.unplaced: list[SeenFile] = []  # wait for the catalogue's counts

    def result(self) -> tuple[dict[Place, FoundFile], tuple[tuple[str, str], ...]]:
        claims: dict[Place, list[_Claim]] = defaultdict(list)
        names, bare = self.series.all_names, []
        sidecars = languages_by_video([path for path, _ in self.listing.files], self.listing.subtitles)
        stored = self._stored() if self.series.placed else {}
        for path, size in self.listing.files:
            if path in stored:
                for place in stored[path]:
                    claims[place].append((_STORED, FoundFile(path, size, None, sidecars.get(path, ()))))
                continue
            answer = read_name(path, series_names=names, guess=self.guesses.left > 0)
            if isinstance(answer, Found):
                self.guesses.left -= answer.guessed
                entry = answer, FoundFile(path, size, answer.language, sidecars.get(path, ()))
                if answer.absolute:
                    bare.append(entry)
                elif (answer.season or 0) >= SEASONS and self._no_such_year(answer, path, size):
                    continue
                else:
                    for number in answer.episodes:
                        claims[answer.season or 0, number].append(entry)
            elif not isinstance(answer, Ignored):
                self.guesses.left -= 1
                self.unclear.append((path, answer.reason))
        self._claim_bare(bare, claims)
        if self.series.specials:
            claims = self._by_catalogue(claims)
        files = {
            place: several[0][1] if len(several) == 1 else self._best(place, several)
            for place, several in claims.items()
        }
        return files, tuple(self.unclear)

    def _no_such_year(self, found: Found, path: str, size: int) -> bool:
        """Whether the catalogue does not count its seasons by years as ``S2013E05`` does: a season of its own would
        hide what is missing. Before the catalogue's counts are known the file waits for them."""
        if not self.series.counted:
            self.unplaced.append(SeenFile(path, size))
            return True
        if found.season in self._numbers().seasons:
            return False
        self.unclear.append((path, "The name says a year as its season, and the catalogue has no such season."))
        return True

    def _stored(self) -> dict[str, list[Place]]:
        """Path on the disk → the episodes that it is in the records, also after its folder was renamed or its tags
        written.
        """
        places = defaultdict[str, list[Place]](list)
        for place, path in self.series.files.items():
            places[path].append(place)
        return {path: places[before] for path, before in stored_paths(self.listing.files, places, self.series.sizes)}

    def _by_catalogue(self, claims: dict[Place, list[_Claim]]) -> dict[Place, list[_Claim]]:
        """The same under the catalogue's numbers. What is stored already stays where it is: its name may be older."""
        stored = {path: place for place, path in self.series.files.items()}
        counted: dict[Place, list[_Claim]] = defaultdict(list)
        for (season, number), entries in claims.items():
            there = in_catalogue(EpisodeNumber(season, number), self.series.specials)
            for entry in entries:
                place = (there.season, there.episode)
                if entry[0] is _STORED:
                    place = season, number
                elif season == SPECIALS:
                    place = stored.get(entry[1].path, place)
                counted[place].append(entry)
        return counted

    def _claim_bare(self, entries: list[_Claim], claims: dict[Place, list[_Claim]]) -> None:
        """Numbers without a season: how they count is decided for a whole folder."""
        folders: dict[str, list[_Claim]] = defaultdict(list)
        for entry in entries:
            folders[entry[1].path.rpartition("/")[0]].append(entry)
        for together in folders.values():
            if not self.series.counted:
                self._claim_uncounted(together, claims)
                continue
            through = self._numbers().counts_through([found for found, _ in together])
            for entry in together:
                for place in self._places(entry[0], entry[1].path, through):
                    claims[place].append(entry)

    def _claim_uncounted(self, together: list[_Claim], claims: dict[Place, list[_Claim]]) -> None:
        """Before the catalogue's counts are known a number in a season's folder is that season's, and one without a
        season waits.
        """
        lowest = min((number for found, _ in together for number in found.absolute), default=0)
        for entry in together:
            found, file = entry
            self.unplaced.append(SeenFile(file.path, file.size))
            if found.season and not _coded_season(found.season, lowest):
                for number in found.episodes:
                    claims[found.season, number].append(entry)

    def _numbers(self) -> Numbering:
        if self.numbering is None:
            self.numbering = Numbering(self.series.episodes)
        return self.numbering

    def _places(self, found: Found, path: str, through: bool) -> tuple[Place, ...]:
        if not through and self._numbers().contradicts(found):
            self.unclear.append((path, "The catalogue lists no such episode in this season."))
            return ()
        places = self._numbers().places(found, through=through)
        if places is None:
            reason = (
                "The number is beyond the catalogue's."
                if self.series.episodes
                else "The catalogue's counts are not known yet."
            )
            self.unclear.append((path, reason))
        return places or ()

    def _best(self, place: Place, several: list[_Claim]) -> FoundFile:
        """The one that is stored already, else the newest version, else the largest."""
        stored = self.series.files.get(place)
        if self.series.placed and (known := [entry for _, entry in several if entry.path == stored]):
            return known[0]
        several = self._of_one_kind(place, several)
        best = max(several, key=lambda one: (one[1].path == stored, one[0].version, one[1].size, one[1].path))
        return best[1]

    def _of_one_kind(self, place: Place, several: list[_Claim]) -> list[_Claim]:
        """An OVA 1 and a film 1 are both called number 1 of season 0, and only one of them is."""
        if place[0] or len({found.kind for found, _ in several}) == 1:
            return several
        coded = [one for one in several if CODE.search(one[1].path)]
        kept = coded or [one for one in several if one[0].kind is Kind.FILM] or several[:1]
        for entry in several:
            if entry not in kept:
                self.unclear.append((entry[1].path, "Another special or film has this number."))
        return kept


def _coded_season(season: int, lowest: int) -> bool:
    """Whether the numbers of a folder may hold their season: ``Season 4/401.mkv`` is its first episode, or the
    401st.
    """
    return lowest >= 100 and lowest // 100 == season
