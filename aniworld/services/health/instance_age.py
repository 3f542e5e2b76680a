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
from aniworld.models.access import MasterPassword

_COVER = re.compile(r"[0-9a-f]{64}\.\w+")
_TRACES_OF_A_SERVER = (
    "secret_key",
    "server.lock",
)  # a config.json without these may come from whoever set the machine up


def doubt_about(database: Database, instance: Path, *, is_new: bool) -> Sentence | None:
    """The sentence to report where ``database`` is empty and ``instance`` is not; ``is_new``: it was made at this
    start.
    """
    signs = [Sentence(sign) for sign in _signs(instance)]
    if not signs or not (is_new or _is_lost(database, instance)):
        return None
    return Sentence(
        "The database is new although this instance is not (it has {signs}); restore a backup.",
        signs=reduce(_listed, signs),
    )


def _listed(some: Sentence, more: Sentence) -> Sentence:
    """Both in one list, each still to be translated."""
    return Sentence("{some}, {more}", some=some, more=more)


def _is_lost(database: Database, instance: Path) -> bool:
    """Whether an empty database is not the one that its instance had. Backups and snapshots are made from the first day
    on, before there is a series: beside them the password has to be gone as well.
    """
    if not (_has_covers(instance) or _has_backups(instance)) or not is_empty(database):
        return False
    return _has_covers(instance) or not _has_password(database)


def _has_password(database: Database) -> bool:
    with database.reading() as session:
        return session.scalar(select(MasterPassword.id).limit(1)) is not None


def _signs(instance: Path) -> Iterator[str]:
    if (instance / "config.json").exists() and any((instance / name).exists() for name in _TRACES_OF_A_SERVER):
        yield "settings"
    if _has_covers(instance):
        yield "covers"
    if _has_backups(instance):
        yield "backups"


def _has_backups(instance: Path) -> bool:
    """Whole backups and settings snapshots, which are kept in the same folder."""
    return any(files for _, _, files in os.walk(instance / "backups"))


def _has_covers(instance: Path) -> bool:
    folder = instance / "covers"
    return folder.is_dir() and any(_COVER.fullmatch(name) for name in os.listdir(folder))


def is_empty(database: Database) -> bool:
    """Whether it holds no series and no download."""
    with database.reading() as session:
        return not any(session.scalar(select(table.id).limit(1)) for table in (AnimeSeries, DownloadQueueItem))
