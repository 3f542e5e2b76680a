"""Checks of the library: is its folder there, is it the right one, is there room, was it looked through."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from aniworld.core.health import HealthCheck
from aniworld.core.offload import offload
from aniworld.core.queue import DownloadStatus
from aniworld.core.sentences import Sentence
from aniworld.library.files.links import leads_outside, leads_up, readable
from aniworld.library.scan.walk import left_out
from aniworld.models import DownloadQueueItem, Episode, ScanRun
from aniworld.services.health.context import Check, Circumstances, error, notice, ok, warning

SCAN_OLD = timedelta(days=90)
LINKS_NAMED = 5
LOOKING_S = 2.0  # the health page waits no longer than this for a slow disk
KNOWN_SIZES = 200  # completed items from which the size of one to come is guessed


def library(here: Circumstances) -> Iterable[HealthCheck]:
    root = here.root
    if root is None:
        advice = Sentence("Choose the folder that holds your series in the settings.")
        yield warning("library", Sentence("No library folder is set."), advice)
        return
    trouble = offload(_trouble_with, root)
    if trouble:
        advice = Sentence(
            "Mount the disk, or choose another folder in the settings. Nothing is marked as missing meanwhile."
        )
        yield error("library", trouble, advice)
    else:
        yield ok("library", "The library can be read and written.")


def library_mount(here: Circumstances) -> Iterable[HealthCheck]:
    """A folder that lost all its series is commonly the place where a disk is not mounted."""
    root = here.root
    if root is None or offload(_trouble_with, root):
        return
    with here.database.reading() as session:
        known = session.scalar(select(func.count(Episode.id)).where(Episode.file.is_not(None))) or 0
    if known and not offload(_holds_a_folder, root):
        message = Sentence.counting(
            "The library folder is empty, though {count} episode is known in it.",
            "The library folder is empty, though {count} episodes are known in it.",
            count=known,
        )
        advice = Sentence("Mount the disk, then scan. Nothing is marked as missing meanwhile.")
        yield error("library_mount", message, advice)
    else:
        yield ok("library_mount", "The library folder holds what is known of it.")


def disk(here: Circumstances) -> Iterable[HealthCheck]:
    root = here.root
    if root is None or offload(_trouble_with, root):
        return
    free_mb, floor_mb = offload(shutil.disk_usage, root).free // 1_000_000, here.settings().download.min_free_space_mb
    if free_mb < floor_mb:
        message = Sentence(
            "Only {free:,} MB are free, less than the floor of {floor:,} MB.", free=free_mb, floor=floor_mb
        )
        advice = Sentence("Free some space, or lower the floor in the settings; downloads wait until then.")
        yield error("disk", message, advice)
    else:
        yield ok("disk", "{free:,} MB are free.", free=free_mb)


def room(here: Circumstances) -> Iterable[HealthCheck]:
    """Whether what waits will fit, guessed from the size of what came last."""
    root = here.root
    if root is None or offload(_trouble_with, root):
        return
    latest = (
        select(DownloadQueueItem.total_bytes)
        .where(DownloadQueueItem.status == DownloadStatus.COMPLETED, DownloadQueueItem.total_bytes > 0)
        .order_by(DownloadQueueItem.completed_at.desc())
        .limit(KNOWN_SIZES)
    )
    waiting = select(func.count(DownloadQueueItem.id)).where(DownloadQueueItem.status == DownloadStatus.PENDING)
    with here.database.reading() as session:
        sizes, count = [size for size in session.scalars(latest) if size], session.scalar(waiting) or 0
    needed = count * sum(sizes) // len(sizes) if sizes else 0
    free = offload(shutil.disk_usage, root).free - here.settings().download.min_free_space_mb * 1_000_000
    if needed > free:
        message = Sentence(
            "What waits will need about {needed:,} MB, and {free:,} MB are left for it.",
            needed=needed // 1_000_000,
            free=max(0, free) // 1_000_000,
        )
        yield notice("room", message, Sentence("Free some space, or take something out of the queue."))
    else:
        yield ok("room", "What waits in the queue will fit.")


def scan(here: Circumstances) -> Iterable[HealthCheck]:
    with here.database.reading() as session:
        last = session.scalar(
            select(ScanRun).where(ScanRun.status != "running").order_by(ScanRun.started_at.desc()).limit(1)
        )
    if last is None:
        if here.root is not None:
            message = Sentence("The library was never scanned.")
            yield notice("scan", message, Sentence("Start a scan, so that what is there and what is missing is known."))
    elif last.status == "failed":
        message = Sentence("The last scan failed: {reason}", reason=last.error or "")
        yield warning("scan", message, Sentence("Fix the reported problem, then scan again."))
    elif here.clock() - last.started_at > SCAN_OLD:
        message = Sentence.counting(
            "The last scan was {count} day ago.",
            "The last scan was {count} days ago.",
            count=(here.clock() - last.started_at).days,
        )
        yield notice("scan", message, Sentence("Scan again if files changed outside of this application."))
    else:
        yield ok("scan", "The last scan went well.")


def library_links(here: Circumstances) -> Iterable[HealthCheck]:
    """Series and season folders that are links to where nothing is downloaded."""
    root = here.root
    if root is None or offload(_trouble_with, root):
        return
    outside, upwards = offload(_links_outside, root, here.settings().library.link_roots)
    if upwards:
        message = Sentence(
            "Links in the library lead up to a folder that contains it, and are not read: {named}.",
            named=_named(upwards),
        )
        yield warning("library_links", message, Sentence("Remove these links."))
    if outside:
        message = Sentence(
            "Links in the library lead out of it, so that nothing is downloaded there: {named}.", named=_named(outside)
        )
        advice = Sentence("Name the folders that they lead to in the settings under “Folders that links may lead to”.")
        yield warning("library_links", message, advice)
    elif not upwards:
        yield ok("library_links", "No link in the library leads out of it.")


CHECKS: tuple[Check, ...] = (library, library_mount, library_links, disk, room, scan)


def _trouble_with(root: Path) -> Sentence | None:
    if not root.is_dir():
        return Sentence("The library folder is not there.")
    if not os.access(root, os.R_OK | os.X_OK):
        return Sentence("The library folder cannot be read.")
    return None if os.access(root, os.W_OK) else Sentence("The library folder cannot be written.")


def _holds_a_folder(root: Path) -> bool:
    with os.scandir(root) as entries:
        return any(entry.is_dir() and not left_out(entry.name) for entry in entries)


def _named(links: Sequence[str]) -> str:
    return ", ".join(links[:LINKS_NAMED]) + (" …" if len(links) > LINKS_NAMED else "")


def _links_outside(root: Path, links: Sequence[str]) -> tuple[list[str], list[str]]:
    """Links of series and their seasons that lead out of the library, for as long as the disk lets us look; and those
    that lead to the library itself or to a folder that contains it.
    """
    until = time.monotonic() + LOOKING_S
    outside: list[str] = []
    upwards: list[str] = []
    waiting = [("", 0)]
    while waiting and time.monotonic() < until:
        below, depth = waiting.pop()
        try:
            with os.scandir(root / below) as entries:
                folders = [entry for entry in entries if not left_out(entry.name) and _is_folder(entry)]
        except OSError:  # the scan tells of a folder that cannot be read
            continue
        for entry in folders:
            path = f"{below}/{entry.name}" if below else entry.name
            if entry.is_symlink() and leads_up(str(root), entry.path):
                upwards.append(f"{readable(path)} → {readable(os.path.realpath(entry.path))}")
            elif entry.is_symlink() and (target := leads_outside(str(root), entry.path, links)):
                outside.append(f"{readable(path)} → {readable(target)}")
            elif depth == 0:
                waiting.append((path, 1))
    return sorted(outside), sorted(upwards)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
