"""When a present episode may be replaced: only by a language that its owner likes better, never the other way."""

from __future__ import annotations

from collections.abc import Sequence


def better_languages(wanted: Sequence[str], have: str | None, offered: Sequence[str] = ()) -> tuple[str, ...]:
    """Those of ``wanted`` (best first) that are better than ``have``; none where the file's language is not known.

    A language that is not wanted at all is worse than every wanted one. ``offered``: what the catalogue lists; when it
    lists anything, only that counts.
    """
    if not have:
        return ()
    better = wanted[: wanted.index(have)] if have in wanted else wanted
    return tuple(code for code in better if not offered or code in offered)
