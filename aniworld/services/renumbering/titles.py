"""Titles as a comparison sees them: without case, tags and punctuation, and without the episode's own number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

ALIKE = 0.8
_TAG = re.compile(r"\[[^\]]{0,80}\]|\(([^()]{0,20})\)\s*$")
_SPELLINGS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "&": " and ", "'": "", "\u2019": ""})
_NUMBER = re.compile(r"\d+|\b[ivx]{1,5}\b")
_WORD = r"(?:episode|folge|ep|e|teil|part|film|movie|special|ova|ona|kapitel|chapter|nr|no|video)"
_NO_TITLE = re.compile(
    r"(?:(?:the"
    r" )?(?:episode|folge|ep|teil|part|film|movie|special|ova|ona|kapitel|chapter|staffel|season|nr|no|video)s?|\d+| )*"
    r"|tba|tbd|n a|na|unknown|unbekannt|untitled|ohne titel|kein titel|(?:noch )?kein(?:en)? titel(?: bekannt)?|titel"
    r" folgt"
)
# "Folge 5 - Titel", "S01E05: Titel", "#05 Titel"; without a word only before punctuation: "05. Titel", "5 – Titel".
_NUMBERED = re.compile(
    rf"\s*(?:(?:s\d{{1,3}}\s?e(?:p\.?)?|\d{{1,3}}x|{_WORD}\b\.?|{_WORD}(?=\d)|\#)\s?(?:nr\.?\s?|\#)?(?P<named>\d{{1,5}})(?!\d)"
    r"|[(\[]?(?P<bare>\d{1,5})(?=\s?[.:|)\]\-–—/]))\s*[.:|)\]\-–—/]*\s*(?=[^\d\s.:|)\]\-–—/])",
    re.IGNORECASE,
)
_NUMBERED_BEHIND = re.compile(r"\s*[-–—:(\[|]\s*(?:episode|folge|ep\.?)\s?(\d{1,5})\s*[)\]]?\s*$", re.IGNORECASE)
_ONLY_NUMBER = re.compile(rf"(?:{_WORD} )?(\d{{1,5}})")


@dataclass(frozen=True)
class Words:
    """What an episode's titles say. ``exact``: forms by which it is recognised, with and without its own number.
    ``bare``: the forms without it. ``number``: what a title says that is only a number."""

    exact: frozenset[str] = frozenset()
    bare: frozenset[str] = frozenset()
    number: int | None = None


def words_of(titles: Iterable[str], numbers: Collection[int]) -> Words:
    """``numbers``: the numbers that are the episode's own, so that ``Folge 5 - Titel`` says no more than ``Titel``."""
    titles = [title for title in titles if title]
    bare = frozenset(filter(None, (title_form(without_number(title, numbers)) for title in titles)))
    whole = frozenset(filter(None, map(title_form, titles)))
    stated = [int(found[1]) for title in titles if (found := _ONLY_NUMBER.fullmatch(_plain(title)))]
    return Words(whole | bare if bare else frozenset(), bare, stated[0] if stated and not bare else None)


def without_number(title: str, numbers: Collection[int]) -> str:
    """The title without the number in front of it, or behind it, where that is one of ``numbers``."""
    found = _NUMBERED.match(title)
    if found and int(found["named"] or found["bare"]) in numbers:
        return title[found.end() :]
    behind = _NUMBERED_BEHIND.search(title[-40:])
    return title[: -len(behind[0])] if behind and int(behind[1]) in numbers else title


def title_form(text: str) -> str:
    """A title without case, tags, accents and punctuation; empty where it only says a number."""
    form = _plain(text)
    return "" if _NO_TITLE.fullmatch(form) else form


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", _TAG.sub(_kept, text)).casefold().translate(_SPELLINGS)
    bare = "".join(char for char in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(char))
    return " ".join(re.findall(r"[^\W_]+", bare))


def alike(one: str, other: str) -> bool:
    """Whether two forms are the same title in the words of two days: a slip corrected, a translation added."""
    if not one or not other or _NUMBER.findall(one) != _NUMBER.findall(other):
        return False
    words, others = set(one.split()), set(other.split())
    return words <= others or others <= words or SequenceMatcher(None, one, other).ratio() >= ALIKE


def _kept(found: re.Match[str]) -> str:
    """A bracket at the end that holds a number tells two parts apart; other tags go."""
    return found[0] if found[1] and re.search(r"\d", found[1]) else " "
