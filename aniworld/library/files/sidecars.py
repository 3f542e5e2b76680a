"""Subtitle files next to a video: which belong to it, how they leave and come back with it."""

from __future__ import annotations

import errno
import logging
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from aniworld.core.subtitles import is_subtitle_name, language_in_rest
from aniworld.library.files.safe_io import copy_synced, make_parents, move_new, sync_folder
from aniworld.library.names.patterns import VIDEO

log = logging.getLogger(__name__)


def stem_of(name: str, stems: Collection[str]) -> str | None:
    """The longest video's stem that ``name`` begins with, if it goes on with ``.`` or ``-thumb.``."""
    ends = [place for place, sign in enumerate(name) if sign == "." or name.startswith("-thumb.", place)]
    return next((name[:end] for end in reversed(ends) if name[:end] in stems), None)


def video_stems(names: Iterable[str]) -> set[str]:
    return {name.rpartition(".")[0] for name in names if name.rpartition(".")[2].lower() in VIDEO}


def subtitles_of(video: Path) -> list[Path]:
    """The subtitle files that belong to a video, those of a longer stem left out."""
    try:
        names = os.listdir(video.parent)
    except OSError:
        return []
    stems = video_stems([*names, video.name])
    fitting = (name for name in names if is_subtitle_name(name) and stem_of(name, stems) == video.stem)
    return [video.with_name(name) for name in sorted(fitting)]


def languages_next_to(video: Path) -> list[str]:
    """The codes of the subtitle files that belong to a video, each once."""
    return list(dict.fromkeys(language_in_rest(one.name[len(video.stem) :]) for one in subtitles_of(video)))


def languages_by_video(videos: Sequence[str], subtitles: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Path of a video → the codes of its subtitle files; paths below one folder, with ``/``."""
    if not subtitles:
        return {}
    stems: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in videos:
        folder, _, name = path.rpartition("/")
        stems[folder][name.rpartition(".")[0]].append(path)
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for path in sorted(subtitles):
        folder, _, name = path.rpartition("/")
        stem = stem_of(name, stems[folder])
        for video in stems[folder][stem] if stem is not None else ():
            found[video][language_in_rest(name[len(stem or "") :])] = None
    return {video: tuple(codes) for video, codes in found.items()}


def take_along(video: Path, home: Path) -> None:
    """Moves the subtitle files of a video that leaves into ``home``. One that cannot be moved stays, and is logged."""
    for path in subtitles_of(video):
        try:
            make_parents(home)
            _move(path, home / path.name)
        except OSError as error:
            log.warning("The subtitles %r stay where they are: %s", path.name, error)


def _move(source: Path, target: Path) -> None:
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_synced(source, target)
        source.unlink()
    sync_folder(target.parent)


def give_back(home: Path, stem: str, video: Path) -> None:
    """Brings what ``take_along`` moved back next to ``video``, whose stem was ``stem``; nothing is overwritten."""
    for path in sorted(home.iterdir()) if home.is_dir() else ():
        rest = path.name[len(stem) :] if path.name.startswith(stem) else f".{path.name}"
        for number in range(1, 1000):
            mark = "" if number == 1 else f".{number}"
            try:
                move_new(path, video.with_name(f"{video.stem}{mark}{rest}"))
            except FileExistsError:
                continue
            break
