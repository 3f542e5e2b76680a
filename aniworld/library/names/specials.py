"""Extras, films, OVAs and specials, as a name says them."""

from __future__ import annotations

import re

from aniworld.library.names import patterns as p
from aniworld.library.names.answers import TWO_NUMBERS, Answer, Found, Ignored, NotUnderstood
from aniworld.library.names.season_folders import Folder, Kind
from aniworld.library.names.second_readings import further_before, further_behind

SPECIALS_OF_A_SEASON = (
    "Specials of one season may count from 1 as those of another do: name the file S00E05, with the catalogue's number "
    "or with your own, which the series' page maps to it."
)


def extra_in(text: str, named: bool) -> Answer | None:
    word = p.EXTRA.search(text)
    if not word and not p.EXTRA_SHORT.search(text):
        return None
    dashed = p.DASHED.search(text)
    if (
        dashed
        and word
        and not named
        and re.search(r"[^\W\d_]{2}", text[: word.start()])
        and word.end() <= dashed.start()
    ):
        return NotUnderstood("The word for an extra may belong to the series' name.")  # ``Shomin Sample - 10``
    if not dashed or p.EXTRA.search(text[: dashed.start()]) or p.EXTRA_SHORT.search(text[: dashed.start()]):
        return Ignored("It is an opening, ending, trailer or other extra.")
    return None


def special_in(text: str, folder: Folder) -> Answer | None:
    """Films, OVAs and specials that the name calls so; their numbers are those of season 0."""
    if folder.season:
        return _special_of_season(text)
    for kind, pattern in ((Kind.FILM, p.FILM), (Kind.OVA, p.OVA), (Kind.SPECIAL, p.SPECIAL)):
        found = pattern.search(text)
        if not found:
            continue
        digits = next((group for group in found.groups() if group), None)
        if (
            not digits
            and p.TITLE_BEHIND_WORD.match(text, found.start())
            and p.NUMBER_IN_FRONT.search(text[: found.start()])
        ):
            continue  # ``050 - Special Request``: a title's word
        digits = digits or _only_number(text, found)
        said = p.SEASON_IN_NAME.search(text)
        if said and int(next(group for group in said.groups() if group)):
            return NotUnderstood(SPECIALS_OF_A_SEASON)
        behind = text[found.end() :]
        if digits and (re.match(r"\s*[&+,~-]\s*[0-9]", behind) or further_behind(digits, int(digits), behind)):
            return NotUnderstood(TWO_NUMBERS)
        if digits and further_before(text[: found.start()]):
            return NotUnderstood(TWO_NUMBERS)
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
    if dashed and re.match(r"\s*(?:$|-(?:\s|$))|\s+(?:end|fin|final)\b", text[dashed.end() :], re.IGNORECASE):
        return dashed[1]
    before = re.search(r"([0-9]{1,2})\.\s*$", text[: word.start()])
    return before[1] if before else None
