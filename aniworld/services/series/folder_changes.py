"""A series gets another folder: its episodes keep those of their files that are in it, too."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from aniworld.config.settings import LibrarySettings
from aniworld.core.offload import offload
from aniworld.library.scan.walk import counts
from aniworld.models import AnimeSeries, Episode, SeenFolder
from aniworld.services.series.folders import folders_of


def files_in(library: LibrarySettings, folder: str, files: Sequence[str]) -> frozenset[str] | None:
    """Those of ``files`` that are in ``folder`` of the library, too.

    None where this cannot be known: no library is set, its disk is away or empty, the folder cannot be read.
    """
    return offload(_files_in, Path(library.root, folder), files) if folders_of(library) else None


def _files_in(folder: Path, files: Sequence[str]) -> frozenset[str] | None:
    try:
        os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except OSError:
        return None
    return frozenset(file for file in files if (folder / file).is_file() and counts(str(folder), file))


def keep_files(session: Session, series: AnimeSeries, folder: str, kept: frozenset[str]) -> None:
    """Takes all files but ``kept`` from the episodes of a series that gets ``folder``; the next scan reads both folders
    again.
    """
    series.unplaced_files = None
    for episode in session.scalars(select(Episode).where(Episode.series_id == series.id, Episode.file.is_not(None))):
        if episode.file in kept:
            continue
        if episode.link:
            episode.forget_file()
        else:  # only the disk knew this episode
            session.delete(episode)
    seen = SeenFolder.path.in_([series.folder, folder])
    session.execute(update(SeenFolder).where(seen).values(mtime_ns=0))
