"""``python -m aniworld``: the command line. Commands that download work in greenlets, so these are patched in first."""

from __future__ import annotations

import sys

IN_GREENLETS = {"add", "download", "scan", "search", "worker"}


def main() -> int:
    if not IN_GREENLETS.isdisjoint(sys.argv[1:]):
        from gevent import monkey  # before anything else, and only where it is needed

        monkey.patch_all()
    from aniworld.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
