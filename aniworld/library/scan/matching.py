"""Which series a folder belongs to: by what is stored, by its name, by a legacy file; never by a guess."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aniworld.core.naming import folded, folder_name

CANDIDATES = 5
_YEAR = re.compile(r"[\s._]*[\[(]((?:19|20)[0-9]{2})(?:\s*-[^)\]]*)?[\])]\s*$")
# What media servers read in a folder's name: ``Naruto (2002) [tvdbid-78857]``, ``{tmdb-46260}``.
_ID = re.compile(r"[\s._]*[\[{](?:imdb|tvdb|tmdb|anidb|anilist|mal)(?:id)?[-=][A-Za-z0-9-]{1,30}[\]}]", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+){0,20}")
_SPELLINGS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "&": " and ", "+": " plus ", "'": "", "\u2019": ""}
)


class KnownEpisode(NamedTuple):
    season: int
    number: int
    absolute: int | None = None


@dataclass(frozen=True, slots=True)
class KnownSeries:
    """What is stored of a series before a scan. ``files``: (season, number) → path below ``folder``. ``episodes``:
    KnownEpisodes, or rows that begin as these do. ``sizes``: path → bytes, where they are known.

    ``names``: further titles. ``specials``: their numbers on the disk by the catalogue's (core/specials).
    ``unchanged``: none of this changed since the last scan, so that a folder whose directories did not change either
    need not be read. ``whole``: False while ``episodes`` and ``files`` are left out.
    ``placed``: the catalogue's numbers changed since the files came, so that ``files`` says better than a name which
    episode a file is.
    ``counted``: a catalogue page was read, so that ``episodes`` are all that there are; before that they are what a
    legacy file knew.
    """

    key: str
    name: str
    folder: str = ""
    names: tuple[str, ...] = ()
    year: int | None = None
    episodes: Sequence[tuple[Any, ...]] = ()
    files: Mapping[tuple[int, int], str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    unchanged: bool = False
    had_files: bool = False
    specials: Mapping[str, int] = field(default_factory=dict)
    whole: bool = True
    placed: bool = False
    counted: bool = True

    @property
    def all_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, (self.name, *self.names, self.folder))))


class Candidate(NamedTuple):
    """A series that a folder may belong to. ``score`` 0.0 to 1.0."""

    key: str
    name: str
    score: float


def name_form(name: str) -> str:
    """A name without case, spelling variants, punctuation, year and ids: what makes two names the same to a reader."""
    if _PLAIN.fullmatch(name):
        return name.lower()
    text = unicodedata.normalize("NFC", _YEAR.sub("", _ID.sub("", name))).casefold().translate(_SPELLINGS)
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(re.findall(r"[^\W_]+", bare))


def year_in(name: str) -> int | None:
    found = _YEAR.search(_ID.sub("", name))
    return int(found[1]) if found else None


class Matcher:
    """Knows the series, and answers for one folder after the other."""

    def __init__(self, known: Iterable[KnownSeries], matched: Mapping[str, str | None] | None = None) -> None:
        self._series = {series.key: series for series in known}
        self._matched = {folded(folder): key for folder, key in (matched or {}).items()}
        self._stored: dict[str, str] = {}
        self._folded: dict[str, set[str]] = defaultdict(set)
        self._named: dict[str, set[str]] = defaultdict(set)
        for series in self._series.values():
            self._learn(series)
        self._words: dict[str, set[str]] | None = None

    def _learn(self, series: KnownSeries) -> None:
        if series.folder:
            self._stored[series.folder] = series.key
            self._folded[folded(series.folder)].add(series.key)
        names = {series.name, *series.names}
        if not _PLAIN.fullmatch(series.name):  # else a folder of that name is spelled the same
            names.add(folder_name(series.name, series.year))
        for name in names:
            if form := name_form(name):
                self._named[form].add(series.key)

    def ignores(self, folder: str) -> bool:
        """Whether a person said that this folder is no series."""
        return self._matched.get(folded(folder), "") is None

    def by_folder(self, folder: str) -> str | None:
        """The key for which this folder is stored, or which a person gave it."""
        exact = self._stored.get(folder)
        if exact:
            return exact
        given = self._matched.get(folded(folder))
        if given in self._series:
            return given
        return _only(self._folded.get(folded(folder)))

    def by_name(self, folder: str) -> str | None:
        """The key of the one series that has this name, if the years do not speak against it."""
        key = _only(self._named.get(name_form(folder)))
        return key if key and self._years_agree(folder, self._series[key]) else None

    def by_key(self, key: str | None) -> str | None:
        return key if key in self._series else None

    def _years_agree(self, folder: str, series: KnownSeries) -> bool:
        year = year_in(folder)
        return not year or not series.year or abs(year - series.year) <= 1

    def candidates(self, folder: str, extra: Iterable[str] = ()) -> tuple[Candidate, ...]:
        """The most alike series, best first. ``extra``: keys that are likely for another reason."""
        words = set(name_form(folder).split())
        hits = Counter(key for word in words for key in self._index().get(word, ()))
        for key in self._named.get(name_form(folder), ()):
            hits[key] += 0
        scored = {key: self._score(words, folder, self._series[key]) for key, _ in hits.most_common(200)}
        scored.update(dict.fromkeys(extra, 1.0))
        best = sorted(scored.items(), key=lambda item: (-item[1], item[0]))
        return tuple(Candidate(key, self._series[key].name, score) for key, score in best[:CANDIDATES] if score >= 0.3)

    def _index(self) -> dict[str, set[str]]:
        if self._words is None:
            self._words = defaultdict(set)
            for form, keys in self._named.items():
                for word in form.split():
                    self._words[word] |= keys
        return self._words

    def _score(self, words: set[str], folder: str, series: KnownSeries) -> float:
        forms = [set(name_form(name).split()) for name in (series.name, *series.names)]
        alike = max((len(words & form) / len(words | form) for form in forms if form), default=0.0)
        return round(alike if self._years_agree(folder, series) else alike * 0.6, 2)


def _only(keys: set[str] | None) -> str | None:
    return next(iter(keys)) if keys and len(keys) == 1 else None
