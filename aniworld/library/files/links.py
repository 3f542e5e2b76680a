"""Links in the library: where they lead, and whether they may be followed."""

from __future__ import annotations

import os
from collections.abc import Sequence


def readable(name: str) -> str:
    """A name fit for logs and messages, whatever bytes it holds."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)


def leads_outside(root: str, path: str, links: Sequence[str] = ()) -> str | None:
    """Where a link leads that leaves the library and ``links``; None for one that may be followed."""
    target = os.path.realpath(path)
    homes = [os.path.realpath(one) for one in (root, *links) if one]
    return None if any(os.path.commonpath([home, target]) == home for home in homes) else target


def outside_note(path: str, target: str) -> str:
    """The sentence about a folder that is a link which leads out of the library."""
    return (
        f"{readable(path)} is a link to {readable(target)}, outside of the library: its videos count, but nothing is"
        " downloaded into it. Name that folder in the settings under “Folders that links may lead to”."
    )


def leads_up(root: str, link: str) -> bool:
    """Whether a link leads to the library or above it: other series' episodes would be taken for this one's."""
    target = os.path.realpath(link)
    return os.path.commonpath([os.path.realpath(root), target]) == target
