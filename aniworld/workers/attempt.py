"""One attempt at one queue item: find a link that works, transfer, place, report. Always ends in a report."""

from __future__ import annotations

import hashlib
import logging
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path, PurePosixPath

import gevent
from gevent.event import Event

from aniworld.config.settings import Settings
from aniworld.core.errors import (
    AlreadyRunning,
    AniworldError,
    Cancelled,
    CatalogueBlocked,
    LibraryUnavailable,
    MediaExpired,
    TransferFailed,
    UnsafePath,
)
from aniworld.core.events import DownloadProgress
from aniworld.core.heights import label_of, nominal_height
from aniworld.core.media import EpisodePage, HosterLink, Stream
from aniworld.core.naming import EpisodeNaming, entry_inside, episode_path, inside
from aniworld.core.offload import offload
from aniworld.library.files.folders import check_landing, landing, longest_name
from aniworld.library.files.place import place
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.library.files.space_reservation import Room
from aniworld.models import DownloadQueueItem
from aniworld.models.outage import DATABASE_AWAY
from aniworld.services.queue.items import mbps
from aniworld.services.queue.link_resolver import Resolver, Target, in_order
from aniworld.services.queue.service import DownloadService
from aniworld.transfer.protocol.job import Phase, Progress, TransferJob, TransferResult
from aniworld.transfer.supervisor import Transfer
from aniworld.workers import subtitles
from aniworld.workers.hosters import Hosters, HostersClosed
from aniworld.workers.links import Links
from aniworld.workers.reports import Patience, Placed

log = logging.getLogger(__name__)

INCOMING = ".incoming"
REST_S = 60.0
FRESH_ADDRESSES = 5  # times that one link is resolved anew when its media address expires on the way


class WishChanged(Exception):
    """What was fetched is not wanted any more: the item is resolved again, with the settings of now."""


class Why(Enum):
    REMOVED = "removed"
    STOPPED = "stopped"
    LOST = "lost"  # another worker has the item: nothing more is done or said


@dataclass(frozen=True)
class Workshop:
    """What every attempt needs. ``settings()`` gives those in force, ``resting()`` the sources
    that are left alone for now; ``unpaused`` is set while transfers may move."""

    downloads: DownloadService
    resolver: Resolver
    settings: Callable[[], Settings]
    resting: Callable[[], Iterable[str]]
    room: Room
    unpaused: Event
    ffmpeg: Callable[[], str | None]
    private_hosts: tuple[str, ...]
    user_agent: str
    placed: Callable[[DownloadQueueItem, Path], None]


class Attempt:
    """``start`` begins it in a greenlet; ``stop`` ends it within 2 s. ``ended(self)`` is called once, at the very
    end.
    """

    def __init__(
        self, item: DownloadQueueItem, shop: Workshop, hosters: Hosters, ended: Callable[[Attempt], None]
    ) -> None:
        self.item = item
        self._shop, self._hosters = shop, hosters
        self._ended = ended
        self._greenlet: gevent.Greenlet | None = None
        self._transfer: Transfer | None = None
        self._why: Why | None = None
        self._waiting = False  # in a phase that a kill may break into
        self._share: int | None = None
        self._hoster: str | None = None  # the one that is asked now
        self._other_disk: Path | None = (
            None  # a folder on the disk that the file is placed on, where that is another one
        )
        self._most_bytes = 0
        self._home: Path | None = None  # its working folder, also where the library has moved meanwhile
        self._final_root: Path | None = None  # the library that the file was placed in
        self._failed_links: list[str] = list(item.failed_links or [])
        self._patience = Patience(self._label())
        self._reached = _where(item) if not self._failed_links else Progress(Phase.RESOLVING)
        self.holds = True  # until the last report about the item was taken

    def start(self) -> None:
        self._greenlet = gevent.spawn(self._run)

    def stop(self, why: Why) -> None:
        """Asks it to end; may be called twice, the first reason counts."""
        self._why = self._why or why
        self._patience.end_soon()
        if self._transfer is not None:
            self._transfer.cancel()
        elif self._waiting and self._greenlet is not None:
            gevent.get_hub().loop.run_callback(self._break_in)

    def _break_in(self) -> None:
        """Runs in the hub: the attempt stands in the wait that it is seen in, and nothing behind the wait is broken."""
        if self._waiting and self._greenlet is not None:
            self._greenlet.throw(Cancelled("It was asked to stop."))

    def join(self, timeout_s: float) -> bool:
        """Whether it ended within ``timeout_s``."""
        if self._greenlet is None:
            return True
        self._greenlet.join(timeout_s)
        return bool(self._greenlet.dead)

    def pause(self) -> None:
        if self._transfer is not None:
            self._transfer.pause()

    def resume(self) -> None:
        if self._transfer is not None:
            self._transfer.resume()

    def limit(self, bytes_per_second: int | None) -> None:
        """This transfer's share of the speed limit, from now on."""
        self._share = bytes_per_second
        if self._transfer is not None:
            self._transfer.limit(bytes_per_second)

    def share_connections(self) -> None:
        """From now on it has its share of what the settings allow for one download and one hoster."""
        if self._transfer is not None:
            self._transfer.set_connections(self._connections())

    def _connections(self) -> int:
        download = self._shop.settings().download
        return self._hosters.connections(self._hoster, download.connections, download.connections_per_hoster)

    # ── the life of the item ────────────────────────────────────────────────

    def _run(self) -> None:
        try:
            self._report(self._work)
        finally:
            self._leave_old_library()
            self._shop.room.release(self.item.id)
            self._shop.room.release(self._id_elsewhere)
            self._ended(self)

    def _leave_old_library(self) -> None:
        """No later attempt looks for its bytes in a library that is not this one's any more."""
        if self._home is not None and Path(self._shop.settings().library.root) != self._home.parent.parent:
            offload(shutil.rmtree, self._home, ignore_errors=True)

    def _report(self, work: Callable[[], None]) -> None:
        downloads = self._shop.downloads
        try:
            work()
        except Cancelled:
            self._stopped()
        except CatalogueBlocked as error:
            log.warning("%s waits: %s", self._label(), error)
            self._say(downloads.put_back, self.item, wait_s=error.retry_after or REST_S, error=error)
        except HostersClosed as closed:
            if closed.full:
                self._hosters.turn_away(self.item.id, closed.full)
            self._say(downloads.put_back, self.item, wait_s=closed.wait_s, error=closed.error)
        except WishChanged as change:
            log.info("%s: %s", self._label(), change)
            self._say(downloads.put_back, self.item)
        except AlreadyRunning as error:  # a worker that lost this item writes its last; no fault of the item
            self._say(downloads.put_back, self.item, wait_s=downloads.lease_s, error=error)
        except DATABASE_AWAY as error:
            log.warning("%s waits for the database: %s", self._label(), error)
            self._say(downloads.put_back, self.item)
        except AniworldError as error:
            self._failed(error)
        except Exception:  # the wall to everything unforeseen: the item must end in a visible state
            log.exception("%s failed unexpectedly", self._label())
            self._failed(TransferFailed("Something unforeseen went wrong; the log has the details. Retry the item."))

    def _failed(self, error: AniworldError) -> None:
        """Whoever was asked to stop has not failed, whatever a plug-in made of the stop."""
        if self._why is not None:
            self._stopped()
            return
        log.warning("%s: %s", self._label(), error)
        self._say(self._shop.downloads.failed, self.item, error, failed_links=self._failed_links)

    def _say(self, report: Callable[..., object], *args: object, **facts: object) -> bool:
        """The attempt's last word, as often as the database needs. Whether it was taken, and not another's turn."""
        if self._why is Why.LOST:
            log.warning("%s is another worker's now; this one has stopped", self._label())
            return False
        taken = self._patience.say(lambda: report(*args, **facts))
        self.holds = False
        return taken

    def _stopped(self) -> None:
        if self._why is not Why.REMOVED:
            self._say(self._shop.downloads.put_back, self.item)
            return
        self._say(self._shop.downloads.dropped, self.item)
        if self._home is not None:
            offload(shutil.rmtree, self._home, ignore_errors=True)

    def _work(self) -> None:
        began = time.monotonic()
        root = self._root()
        home = self._home = root / INCOMING / self.item.id
        placed = offload(Placed.noted, home, root, self._links()) or self._got(root)
        final = self._final_root or root
        placed = subtitles.placed(final, home, placed, self._shop.settings().library)
        if not self._say(self._shop.downloads.completed, self.item, **placed.facts(), seconds=time.monotonic() - began):
            return
        if placed.hoster is not None:
            self._shop.placed(self.item, final / placed.file)
        for folder in {home, final / INCOMING / self.item.id}:
            offload(shutil.rmtree, folder, ignore_errors=True)

    def _got(self, root: Path) -> Placed:
        target = self._interruptibly(self._target, root)
        if target.have and not target.languages:
            return self._kept(target, root)
        self._interruptibly(offload, self._check_landing, target, root)
        page, links = self._interruptibly(self._look_up, target)
        choice = Links(
            self._label(),
            self._hosters,
            self._shop.settings().download.per_hoster,
            tries_left=self._tries_left(),
            give_up=lambda link: self._give_up(link, root),
        )
        link, result = choice.first_that_works(links, lambda link: self._fetch(target, link, root))
        self._make_sure()
        self._final_root = final = self._root()
        before, target = target, self._patience.tell(lambda: self._target_now(final))
        if not _may_be_placed(link, before, target):
            return self._kept(target, final)
        offload(self._check_landing, target, final)  # folders may have become links out of the library meanwhile
        relative, path = self._place(target, page, link, result, final)
        file = path.relative_to(final).as_posix()
        placed = Placed(
            file,
            relative.as_posix(),
            result.size_bytes,
            subtitles.language_of(link, result) or None,
            link.hoster,
            subtitles.codes(result),
            subtitles.notice_of(link, result),
            nominal_height(result.width, result.height),
            subtitles.sidecars(result, root / INCOMING / self.item.id),
        )
        with suppress(OSError):
            offload(placed.note, final / INCOMING / self.item.id)
        return placed

    def _make_sure(self) -> None:
        """Nothing is placed by a worker that slept beyond its lease and lost the item, nor of an item that was removed
        a moment ago. Raises Cancelled."""
        queue, item = self._shop.downloads, self.item
        if self._patience.tell(lambda: queue.repository.held_by(item.worker or "")).get(item.id):
            self._why = self._why or Why.REMOVED
            raise Cancelled("The item was removed.")
        if self._patience.tell(lambda: queue.renew(item.worker or "", [item.id])):
            self._why = self._why or (Why.LOST if queue.repository.known([item.id]) else Why.REMOVED)
            raise Cancelled("The item is not this worker's any more.")

    def _target(self, root: Path) -> Target:
        """What is wished; of an episode that came meanwhile, or is to be replaced, only what is better than its
        file.
        """
        self._tell(Progress(Phase.RESOLVING), None)
        return self._target_now(root)

    def _target_now(self, root: Path) -> Target:
        """Read at the start and, since minutes lie between, once more before the file is placed."""
        target = self._shop.resolver.target(self.item, self._shop.settings().download.languages)
        stands = target.have and offload(self._is_there, target, root)
        return target.only_better() if stands else replace(target, have=None)

    def _is_there(self, target: Target, root: Path) -> bool:
        try:
            return entry_inside(root, root / target.folder / (target.file or ""), self._links()).is_file()
        except UnsafePath:  # whatever is wrong with the folder is said where a file is to be put into it
            return False

    def _kept(self, target: Target, root: Path) -> Placed:
        """The episode is there in the best of the wanted languages already: nothing is fetched."""
        file = PurePosixPath(target.folder) / (target.file or "")
        size = offload(entry_inside(root, root / file, self._links()).stat).st_size
        return Placed(file.as_posix(), target.file or "", size, target.have, hoster=None)

    def _check_landing(self, target: Target, root: Path) -> None:
        """What can be known of the file's place is known before anything is fetched. Raises StorageError."""
        library = self._shop.settings().library
        season = target.stands.season if library.season_folders else None
        folder = check_landing(root, target.folder, season, library.link_roots)
        if target.file:
            RecycleBin(root, library.recycle_days, links=library.link_roots).check()
        self._other_disk = folder if folder.stat().st_dev != root.stat().st_dev else None

    def _look_up(self, target: Target) -> tuple[EpisodePage, list[HosterLink]]:
        page, hosters = self._shop.resolver.page(target), self._shop.settings().download.hosters
        return page, in_order(page.links, target.languages, hosters, self._failed_links, unstated=target.have is None)

    def _tries_left(self) -> bool:
        return (self.item.retry_count or 0) < self._shop.settings().download.retry_limit

    def _fetch(self, target: Target, link: HosterLink, root: Path) -> TransferResult:
        if self._hoster not in (None, link.hoster):
            self._reached = Progress(Phase.RESOLVING)
        self._hoster = link.hoster
        for again in range(FRESH_ADDRESSES):
            address = self._interruptibly(self._address, target, link)
            try:
                with self._hosters.judged(link.hoster, self.item.id):
                    stream = self._interruptibly(self._stream, address, link)
                    return self._transfer_of(stream, link, root, replaces=target.have is not None)
            except MediaExpired:
                if again == FRESH_ADDRESSES - 1:
                    raise
                log.info("%s: the media address of %s expired; resolving it again", self._label(), link.hoster)
        raise MediaExpired("The media address keeps expiring.")

    def _address(self, target: Target, link: HosterLink) -> str:
        self._tell(Progress(Phase.RESOLVING), link)
        return self._shop.resolver.address(target, link)

    def _stream(self, address: str, link: HosterLink) -> Stream:
        return self._shop.resolver.stream_at(address, link, self._shop.settings().download.quality)

    def _transfer_of(self, stream: Stream, link: HosterLink, root: Path, *, replaces: bool) -> TransferResult:
        """``replaces``: a file in a worse language; without its subtitles this one would not be better."""
        folder = self._folder(link, root)
        offload(_make, root, folder, self._links())
        self._interruptibly(self._shop.unpaused.wait)
        download = self._shop.settings().download
        job = TransferJob(
            stream=stream,
            folder=folder,
            connections=self._connections(),
            quality=download.quality,
            language=link.language or None,
            speed_limit=self._share,
            stall_timeout_s=download.stall_timeout_s,
            ffmpeg=self._shop.ffmpeg(),
            private_hosts=self._shop.private_hosts,
            user_agent=self._shop.user_agent,
            full_decode_check=download.full_check,
            niceness=download.niceness,
            write_chapters=self._shop.settings().library.write_chapters,
            subtitles=download.subtitles,
            require_subtitles=replaces,
        )
        self._transfer = Transfer(
            job, on_progress=lambda progress: self._tell(progress, link), on_size=lambda size: self._reserve(root, size)
        )
        try:
            if self._why is not None:
                raise Cancelled("It was asked to stop.")
            return self._transfer.run()
        finally:
            self._transfer = None

    def _place(
        self, target: Target, page: EpisodePage, link: HosterLink, result: TransferResult, root: Path
    ) -> tuple[PurePosixPath, Path]:
        library = self._shop.settings().library
        naming = EpisodeNaming(
            series=target.series_name,
            season=target.stands.season,
            episode=target.stands.episode,
            title=page.title or target.title or page.title_en or target.title_en,
            title_en=page.title_en or target.title_en,
            year=target.year,
            absolute=target.absolute,
            language=subtitles.language_of(link, result),
            quality=label_of(result.width, result.height),
            hoster=link.hoster,
        )
        ext, links = result.path.suffix.lstrip("."), library.link_roots
        season = target.stands.season if library.season_folders else None
        folders = offload(landing, root, target.folder, season, links)
        below_series = len(PurePosixPath(target.folder).parts)
        longest = offload(longest_name, root / folders)
        name = episode_path(library.episode_template, naming, ext, season_folders=False, max_bytes=longest)
        old = root.joinpath(*folders.parts[:below_series], target.file) if target.file else None
        path = place(
            result.path,
            root,
            folders / name,
            replace=old,
            recycle=RecycleBin(root, library.recycle_days, links=links),
            links=links,
            keep_others=target.placed,
        )
        file = PurePosixPath(path.relative_to(root).as_posix())
        return PurePosixPath(*file.parts[below_series:]), path

    def _links(self) -> tuple[str, ...]:
        """The folders that links in the library may lead to."""
        return self._shop.settings().library.link_roots

    # ── small things ────────────────────────────────────────────────────────

    def _interruptibly(self, work: Callable, *args: object):  # type: ignore[no-untyped-def, type-arg]
        """``work(*args)``, into which ``stop`` may break at any wait."""
        if self._why is not None:
            raise Cancelled("It was asked to stop.")
        self._waiting = True
        try:
            return work(*args)
        finally:
            self._waiting = False

    def _tell(self, progress: Progress, link: HosterLink | None) -> None:
        """Before bytes move again, a download is where it was."""
        if progress.phase in (Phase.RESOLVING, Phase.CONNECTING):
            progress = replace(self._reached, phase=progress.phase)
        else:
            self._reached = replace(progress, speed_bytes=0, eta_seconds=None)
        item = self.item
        self._shop.downloads.progressed(
            DownloadProgress(
                download_id=item.id,
                key=item.serie_id,
                folder=item.serie_folder,
                season=item.season,
                episode=item.episode,
                percent=progress.percent,
                downloaded_bytes=progress.downloaded_bytes,
                total_bytes=progress.total_bytes,
                speed_mbps=mbps(progress.speed_bytes),
                speed_bytes=progress.speed_bytes,
                eta_seconds=progress.eta_seconds,
                phase=str(progress.phase),
                hoster=link.hoster if link else None,
                language=(link.language or None) if link else None,
            ),
            item.worker,
        )

    def _reserve(self, root: Path, size: int) -> None:
        floor = self._shop.settings().download.min_free_space_mb * 1_000_000
        self._shop.room.reserve(root, self.item.id, size, floor)
        self._most_bytes = max(size, self._most_bytes)
        if self._other_disk is not None:
            self._shop.room.reserve(self._other_disk, self._id_elsewhere, self._most_bytes, floor)

    @property
    def _id_elsewhere(self) -> str:
        """Under which room is reserved on another disk than the library's own."""
        return f"{self.item.id} elsewhere"

    def _give_up(self, link: HosterLink, root: Path) -> None:
        if link.url not in self._failed_links:
            self._failed_links.append(link.url)
        self._reached = Progress(Phase.RESOLVING)
        offload(shutil.rmtree, self._folder(link, root), ignore_errors=True)

    def _folder(self, link: HosterLink, root: Path) -> Path:
        """Each link has a folder of its own: bytes of two hosters are never mixed."""
        name = hashlib.sha256(f"{link.language} {link.url}".encode()).hexdigest()[:16]
        return root / INCOMING / self.item.id / name

    def _root(self) -> Path:
        root = self._shop.settings().library.root
        if not root:
            raise LibraryUnavailable("No library folder is set; choose one in the settings.")
        return Path(root)

    def _label(self) -> str:
        return f"{self.item.serie_id} S{self.item.season:02d}E{self.item.episode:02d}"


def _may_be_placed(link: HosterLink, before: Target, now: Target) -> bool:
    """False where a file that came meanwhile is as good. Raises WishChanged for a language that is not wanted any
    more.
    """
    if now.have and (now.file, now.have) != (before.file, before.have):
        return link.language in now.languages
    if link.language and link.language in before.languages and link.language not in now.languages:
        raise WishChanged(f"{link.language} is not wanted any more; the episode is resolved again")
    return True


def _where(item: DownloadQueueItem) -> Progress:
    """How far an earlier attempt came, whose bytes were kept."""
    return Progress(Phase.RESOLVING, item.downloaded_bytes or 0, item.total_bytes, percent=item.progress or 0.0)


def _make(root: Path, folder: Path, links: Sequence[str]) -> None:
    """Makes a working folder, but never the root: a disk that is not mounted must not be filled beneath."""
    if not root.is_dir():
        raise LibraryUnavailable(f"The library folder {root} is not there; is its disk connected?")
    inside(root, folder, links)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryUnavailable(
            f"The library cannot be written to ({error.strerror}); check the disk and its rights."
        ) from error
