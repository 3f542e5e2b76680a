"""NFO files for Kodi and Jellyfin. Ours carry a mark; a file without it, or with ``lockdata``, is never touched."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from aniworld.core.naming import entry_inside
from aniworld.library.files.safe_io import storage_errors, write_new, write_over

log = logging.getLogger(__name__)

MARK = b"<!-- written by Aniworld; remove this line to keep your changes -->"
_LARGEST = 1_000_000
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class SeriesNfo:
    """What ``tvshow.nfo`` says."""

    title: str
    key: str
    site: str = ""
    plot: str = ""
    year: int | None = None
    genres: tuple[str, ...] = ()
    age_rating: int | None = None
    imdb_id: str | None = None


@dataclass(frozen=True)
class EpisodeNfo:
    """What an episode's NFO says."""

    title: str
    series: str
    season: int
    episode: int
    original_title: str = ""


def write_series_nfo(root: Path, series_folder: Path, facts: SeriesNfo, links: Sequence[str] = ()) -> Path | None:
    """The ``tvshow.nfo`` that was written or renewed; None where the user's own stands."""
    rows: list[tuple[str, object]] = [
        ("title", facts.title),
        ("plot", facts.plot),
        ("year", facts.year),
        ("mpaa", f"FSK {facts.age_rating}" if facts.age_rating is not None else None),
        *(("genre", genre) for genre in facts.genres),
    ]
    tree = _tree("tvshow", rows)
    _unique(tree, "aniworld", facts.key, default=True)
    if facts.imdb_id:
        _unique(tree, "imdb", facts.imdb_id, default=False)
    return _write(root, series_folder / "tvshow.nfo", tree, links)


def write_episode_nfo(root: Path, video: Path, facts: EpisodeNfo, links: Sequence[str] = ()) -> Path | None:
    """The NFO beside ``video`` that was written or renewed; None where the user's own stands."""
    title = facts.title or facts.original_title
    tree = _tree(
        "episodedetails",
        [
            ("title", title),
            ("originaltitle", facts.original_title),
            ("showtitle", facts.series),
            ("season", facts.season),
            ("episode", facts.episode),
        ],
    )
    return _write(root, video.with_suffix(".nfo"), tree, links)


def _tree(name: str, rows: Iterable[tuple[str, object]]) -> ElementTree.Element:
    tree = ElementTree.Element(name)
    for tag, value in rows:
        if value is not None and value != "":
            ElementTree.SubElement(tree, tag).text = _NOT_XML.sub("", str(value))
    return tree


def _unique(tree: ElementTree.Element, kind: str, value: str, *, default: bool) -> None:
    attributes = {"type": kind, "default": "true"} if default else {"type": kind}
    ElementTree.SubElement(tree, "uniqueid", attributes).text = _NOT_XML.sub("", value)


def _write(root: Path, path: Path, tree: ElementTree.Element, links: Sequence[str]) -> Path | None:
    target = entry_inside(root, path, links)
    ElementTree.indent(tree)
    body = ElementTree.tostring(tree, encoding="unicode").encode()
    content = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + MARK + b"\n" + body + b"\n"
    if not target.parent.is_dir():
        return None
    with storage_errors(root):
        if write_new(target, content):
            return target
        if not is_ours(target):
            return None
        write_over(target, content)
        return target


def is_ours(path: Path) -> bool:
    """Whether we wrote this file and may write it again: it carries our mark, and no ``lockdata`` of a media server."""
    from defusedxml.ElementTree import fromstring  # loaded late: only where an NFO is there already

    if path.is_symlink() or not path.is_file():
        return False
    with open(path, "rb") as file:
        content = file.read(_LARGEST)
    if MARK not in content:
        return False
    try:
        lock = fromstring(content).findtext("lockdata")
    except Exception as error:  # whatever an edited file holds: what cannot be read is the user's own
        log.warning("The NFO %r cannot be read and stays as it is (%s)", str(path), type(error).__name__)
        return False
    return (lock or "").strip().lower() != "true"
