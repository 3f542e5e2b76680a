"""A file's name without what stands around its numbers: release groups, sizes and codecs, and the series' own name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from aniworld.library.names import patterns as p


def behind_name(text: str, names: Sequence[str]) -> tuple[bool, str]:
    """(whether the series' name stands in front, what stands behind it)."""
    head, tail = without_name(text, names)
    if head is None:
        return False, p.with_digits(text)
    again, further = without_name(tail, names)
    if again and re.search(r"[^\W\d_]", again):  # ``86 - Eighty-Six - 05``
        tail = further
    return True, p.with_digits(p.DOT_BEHIND_NAME.sub(" ", p.SIGNS_BEHIND_NAME.sub("", tail)))


def second_count(stem: str) -> tuple[str, str | None]:
    """The name without the other count of ``017 (115)``, and that count's digits."""
    found = p.TWO_COUNTS.search(stem)
    if not found or p.YEAR.fullmatch(found[2]) or found[2] in p.HEIGHTS:
        return stem, None
    season = p.SEASON_IN_NAME.search(stem[: found.start(1)] + found[1])
    if season and season.end() == found.end(1):  # ``Season 1 (01)``
        return stem, None
    return stem[: found.end(1)] + stem[found.end() :], found[2]


def without_group(text: str) -> str:
    """The name without the group's bracket in front."""
    lead = re.match(r"[\s_]*[\[【]([^\]】]*)[\]】]", text)
    said = lead and (p.BRACKET_NUMBER.fullmatch(lead[1]) or p.BRACKET_CODE.fullmatch(lead[1]))
    return text[lead.end() :] if lead and not said else text


def cleaned(stem: str) -> str:
    """The name without what release groups add: words apart, numbers only where they may count something."""
    text = p.END_MARK.sub(r" END", p.UNDERSCORED_PAIR.sub(_pair, stem)).replace("_", " ")
    if " " not in text:
        text = p.PLUS_AS_SPACE.sub(" ", text)
    text = (
        text
        if " " in text.strip() or "." not in text
        else re.sub(r"(?<![0-9])\.|\.(?![0-9])|(?<=[0-9]{3})\.|\.(?=[0-9]{3}|[0-9]{1,2}of[0-9])", " ", text)
    )
    text = p.NOISE.sub(" ", p.HASH.sub(" ", p.DATE.sub(" date ", text)))
    text = without_group(text)
    text = p.BRACKET.sub(_bracket, p.HEIGHT_BEHIND_NUMBER.sub(r"\1 ", text))
    text = re.sub(r"[–—−]", "-", text)
    text = re.sub(r"\s+", " ", p.EXTENSION_BEHIND.sub("", text)).strip(" .").rstrip("~ ")
    return p.SEASON_OF_MANY.sub(r"\1", text)


def _pair(found: re.Match[str]) -> str:
    """``8x01-02`` for ``8x01_02``, where the second number is the next one."""
    code, first, second = found.groups()
    return f"{code}{first}-{second}" if int(second) == int(first) + 1 else found[0]


def _bracket(found: re.Match[str]) -> str:
    inner = found[1]
    if p.BRACKET_NUMBER.fullmatch(inner) and not p.YEAR.fullmatch(inner.strip()):
        return f" - {p.END_BEHIND.sub('', inner).strip()} - "
    if p.SEASON_ALONE.fullmatch(inner) or p.SEQUEL_MARK.fullmatch(inner):
        return f" - {inner.strip()} - "
    if p.SEASON_WORD.search(inner) and re.search(r"[0-9]", found.string[: found.start()]):
        return f" - {p.SEASON_IN_WORDS.sub(p.season_in_digits, inner).strip()} - "
    return f" {inner} " if p.BRACKET_KEPT.search(inner) else " "


@lru_cache(maxsize=256)
def name_forms(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(form for name in names for form in (words_of(name), words_of(name.replace("(", " "))) if form)


@lru_cache(maxsize=256)
def _name_pattern(names: tuple[str, ...]) -> re.Pattern[str] | None:
    forms = sorted(name_forms(names), key=len, reverse=True)
    if not forms:
        return None
    gap = r"[\s\W_]*"
    return re.compile(
        "|".join(rf"\W*{gap.join(map(re.escape, form.split()))}(?![^\W_])" for form in forms), re.IGNORECASE
    )


@lru_cache(maxsize=1024)
def words_of(name: str) -> str:
    bare = re.sub(r"\s*\((?:19|20)[0-9][0-9](?:\s*-.*)?\)\s*$", "", p.plain_text(name))
    return " ".join(re.findall(r"[^\W_]+", bare))


def without_name(text: str, names: Iterable[str]) -> tuple[str | None, str]:
    """(the series' name as it stands in front, the rest); (None, text) where no known name does."""
    pattern = _name_pattern(tuple(names))
    found = pattern.match(text) if pattern else None
    return (found[0], text[found.end() :]) if found else (None, text)


def is_name(text: str, names: Iterable[str]) -> bool:
    head, rest = without_name(words_of(text), names)
    return head is not None and not rest.strip()
