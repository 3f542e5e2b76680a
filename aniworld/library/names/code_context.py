"""What stands around a code such as ``S01E02``: a trailer's word, half a number, a film, a version, a language."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from aniworld.library.names import patterns as p
from aniworld.library.names.language_hints import SIGNS, Said, language_said

TITLE_OR_EXTRA = "It may be an episode of that title, or an extra."
PIECE = "It is one of several parts of an episode."
# A name must hold one of these to say more than its code and a title.
_SIGN = re.compile(
    "|".join([r"v[1-9]|nc[ ._-]?(?:op|ed)|[(\[](?:film|movie|kino)", *map(re.escape, p.EXTRA_SIGNS + SIGNS)])
)


class After(NamedTuple):
    """What stands behind a code says. ``unclear``: why the number cannot be believed, or None. ``half``: it continues
    the number, as in ``S01E12.5``.
    """

    extra: bool = False
    unclear: str | None = None
    film: bool = False
    version: int = 1
    language: Said = None
    half: bool = False


NOTHING = After()


@lru_cache(maxsize=512)  # the files of a folder share what stands before their codes …
def before_code(text: str) -> tuple[bool, Said]:
    """(whether it is an opening, ending or sample, the language said)."""
    return p.NCOP.search(text) is not None or p.SAMPLE_BEFORE.match(text) is not None, language_said(text)


@lru_cache(maxsize=512)  # … and often what stands behind them
def after_code(rest: str) -> After:
    text = f"0{rest}"  # behind the code's last digit, where no word begins
    extra = _SIGN.search(rest.lower()) is not None
    if extra:
        extra = bool(p.EXTRA_SUFFIX.search(text) or p.NCOP.search(text) or p.EXTRA_REST.match(rest))
        if extra and p.EXTRA_TITLE.match(rest) and not p.EXTRA_TIGHT.match(rest) and not p.NCOP.search(text):
            return After(unclear=TITLE_OR_EXTRA)
    elif rest[0] == " " and not p.LONE_NUMBER.match(rest):
        return NOTHING if not p.PIECE.match(rest) else After(unclear=PIECE)
    film = ("(" in rest or "[" in rest) and p.FILM_MARK.search(rest) is not None
    return After(extra, _unclear(rest), film, version_in(rest), language_said(text), p.HALF.match(rest) is not None)


def _unclear(rest: str) -> str | None:
    if p.LONE_NUMBER.match(rest):
        return "The number behind the code may be a second episode or a title."
    return PIECE if p.PIECE.match(rest) else None


def version_in(text: str) -> int:
    found = p.VERSION.search(f"0{text}") if "v" in text or "V" in text else None
    return int(found[1]) if found else 1
