"""What an attempt makes of the subtitles that its transfer brought, or could not bring."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from aniworld.config.settings import LibrarySettings
from aniworld.core.errors import UnsafePath
from aniworld.core.media import HosterLink
from aniworld.core.subtitles import NO_SUBTITLES, codes_of, language_after, suffixes
from aniworld.library.files.place_subtitles import place_subtitles
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.transfer.protocol.job import TransferResult
from aniworld.workers.reports import Placed


def language_of(link: HosterLink, result: TransferResult) -> str:
    """The language that the fetched episode is in: without its subtitles not the link's."""
    return NO_SUBTITLES if result.without_subtitles else link.language


def codes(result: TransferResult) -> list[str] | None:
    """The languages of the subtitles that came apart; None where none were stated."""
    return codes_of(result.subtitles) if result.subtitles or result.without_subtitles else None


def notice_of(link: HosterLink, result: TransferResult) -> str | None:
    """A sentence on what is missing; None where nothing is."""
    if result.without_subtitles:
        return f"The episode does not count as complete in {link.language}. {result.subtitles_lost or ''}".strip()
    return result.subtitles_lost


def sidecars(result: TransferResult, home: Path) -> list[tuple[str, str]]:
    """The files that go next to the video: each a path below ``home``, and how it goes on after the video's stem."""
    files = [one for one in result.subtitles if one.name]
    folder = result.path.parent
    return [
        ((folder / one.name).relative_to(home).as_posix(), suffix)
        for one, suffix in zip(files, suffixes(files), strict=True)
    ]


def placed(root: Path, home: Path, done: Placed, library: LibrarySettings) -> Placed:
    """What is reported once the subtitle files are next to the video. Raises LibraryUnavailable, DiskFull; may be
    called again then. A name that no file can have costs the subtitles and not the episode.
    """
    files = [(home / name, suffix) for name, suffix in done.sidecars if (home / name).is_file()]
    if not files:
        return done
    try:
        recycle = RecycleBin(root, library.recycle_days, links=library.link_roots)
        place_subtitles(root, root / done.file, files, recycle, links=library.link_roots)
    except UnsafePath as error:
        language = language_after(done.language, done.subtitles, [])
        return replace(done, subtitles=[], language=language, notice=f"The subtitles could not be kept. {error}")
    return done
