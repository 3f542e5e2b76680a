"""Whether an empty database belongs to an instance that is not new: then it was lost, and a backup is what helps."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import reduce
from pathlib import Path

from sqlalchemy import select

from aniworld.core.sentences import Sentence
from aniworld.models import AnimeSeries, Database, DownloadQueueItem

_COVER = re.compile(r"[0-9a-f]{64}\.\w+")
_TRACES_OF_A_SERVER = (
    "secret_key",
    "server.lock",
)  # a config.json without these may come from whoever set the machine up


def doubt_about(database: Database, instance: Path, *, is_new: bool) -> Sentence | None:
    """The sentence to report where ``database`` is empty and ``instance`` is not; ``is_new``: it was made at this start."""
    signs = [Sentence(sign) for sign in _signs(instance)]
    if not signs or not (is_new or (_has_covers(instance) and is_empty(database))):
        return None
    return Sentence(
        "The database is new although this instance is not (it has {signs}); restore a backup.",
        signs=reduce(_listed, signs),
    )


def _listed(some: Sentence, more: Sentence) -> Sentence:
    """Both in one list, each still to be translated."""
    return Sentence("{some}, {more}", some=some, more=more)


def _signs(instance: Path) -> Iterator[str]:
    if (instance / "config.json").exists() and any((instance / name).exists() for name in _TRACES_OF_A_SERVER):
        yield "settings"
    if _has_covers(instance):
        yield "covers"
    if any(files for _, _, files in os.walk(instance / "backups")):
        yield "backups"


def _has_covers(instance: Path) -> bool:
    folder = instance / "covers"
    return folder.is_dir() and any(_COVER.fullmatch(name) for name in os.listdir(folder))


def is_empty(database: Database) -> bool:
    """Whether it holds no series and no download."""
    with database.reading() as session:
        return not any(session.scalar(select(table.id).limit(1)) for table in (AnimeSeries, DownloadQueueItem))
