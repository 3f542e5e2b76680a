"""Writes the next numbered migration from what changed in the models: ``make migration NAME=what_changes``."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

from aniworld.models.upgrade import SCRIPTS, newest_revision


def main(name: str) -> int:
    if not re.fullmatch(r"[a-z][a-z0-9_ ]{2,50}", name):
        print("Name what changes in a few words: make migration NAME=series_rating", file=sys.stderr)
        return 2
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with tempfile.TemporaryDirectory() as folder:
        config.set_main_option("sqlalchemy.url", f"sqlite:///{Path(folder) / 'at-newest.db'}")
        command.upgrade(config, "head")
        command.revision(config, message=name, autogenerate=True, rev_id=f"{int(newest_revision()) + 1:04d}")
    print("Read what was written, format it, and try it with the tests in tests/models.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
