"""A number with its noun: ``1 video``, ``2 videos``."""

from __future__ import annotations


def counted(count: float, one: str, several: str = "") -> str:
    """``count`` with the noun that fits; ``several`` where it is not ``one`` with an s."""
    return f"{count:.0f} {one if f'{count:.0f}' == '1' else several or one + 's'}"
