"""The command line: thin over the services, on the instance folder directly."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 failed with one line on stderr, 2 wrong usage."""
    from aniworld.cli.root import run  # click comes with it

    return run(arguments)
