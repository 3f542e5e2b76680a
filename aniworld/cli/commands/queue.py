"""queue: look at the download queue and change it. A server on the same instance notices by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aniworld.cli.choice import HELP, choose, parse
from aniworld.cli.completing import series_keys
from aniworld.cli.opening import opened
from aniworld.cli.output import emit, prints, say, show
from aniworld.core.errors import Conflict, InvalidInput, NotFound
from aniworld.core.media import EpisodeNumber
from aniworld.core.queue import DownloadPriority, DownloadStatus
from aniworld.services.queue.views import DownloadItem, DownloadRequest, QueueStatus

if TYPE_CHECKING:
    from aniworld.services.container import Services

HEADINGS = ("Id", "Series", "Episode", "State", "Progress", "")


@click.group()
def queue() -> None:
    """Look at the download queue and change it."""


@queue.command("list")
@click.option("--status", type=click.Choice([str(each) for each in DownloadStatus]), help="Only items in this state.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@prints
def list_items(status: str | None, limit: int, as_json: bool) -> None:
    """List the items, running ones first."""
    with opened() as services:
        if as_json and status is None:
            emit(services.downloads.status(limit))
            return
        items, _ = services.downloads.items(status, page_size=limit)
    show(as_json, items, HEADINGS, [_row(item) for item in items], "The queue is empty.")


@queue.command("add", epilog=f"EPISODES: {HELP}.")
@click.argument("key", shell_complete=series_keys)
@click.argument("episodes", nargs=-1, required=True)
@click.option("--priority", type=click.Choice(["low", "normal", "high"]), default="normal", show_default=True)
@click.option("--language", "languages", multiple=True, help="Wanted language, best first; may be given several times.")
@prints
def add(key: str, episodes: tuple[str, ...], priority: str, languages: tuple[str, ...], as_json: bool) -> None:
    """Queue EPISODES of the series KEY."""
    try:
        wishes = parse(episodes)
    except InvalidInput as error:
        raise click.BadParameter(str(error), param_hint="EPISODES") from None
    with opened() as services:
        chosen = choose(wishes, services.anime.detail(key).episodes)
        wish = tuple((each.season, each.episode) for each in chosen)
        request = DownloadRequest(key, wish, priority=DownloadPriority.parse(priority), languages=languages)
        added, skipped = services.downloads.add(request)
    if as_json:
        emit({"added": added, "skipped": skipped})
        return
    for item in added:
        say(f"{_code(item)} queued")
    for one in skipped:
        say(f"{one.episode} skipped: {one.reason}")


def _switch(name: str, doc: str) -> None:
    @queue.command(name, help=doc)
    @prints
    def command(as_json: bool) -> None:
        with opened() as services:
            _told(getattr(services.downloads, name)(), as_json)


_switch("start", "Let items begin to download, in the running server or the next one.")
_switch("stop", "Put running items back and begin no more.")
_switch("resume", "Let halted transfers go on.")


@queue.command("pause")
@click.option(
    "--minutes", type=click.FloatRange(0, 7 * 24 * 60, min_open=True), help="Go on by itself after so many minutes."
)
@prints
def pause(minutes: float | None, as_json: bool) -> None:
    """Halt transfers where they are."""
    with opened() as services:
        _told(services.downloads.pause(minutes), as_json)


@queue.command("retry")
@click.argument("ids", nargs=-1)
@prints
def retry(ids: tuple[str, ...], as_json: bool) -> None:
    """Try failed items again, all or those named by IDS."""
    with opened() as services:
        _told(services.downloads.retry([_full(services, each) for each in ids] or None), as_json)


@queue.command("remove")
@click.argument("ids", nargs=-1, required=True)
@prints
def remove(ids: tuple[str, ...], as_json: bool) -> None:
    """Remove the items IDS; running ones are stopped first."""
    with opened() as services:
        full = [_full(services, each) for each in ids]
        for item_id in full:
            services.downloads.remove(item_id)
            services.audit.record("download_removed", item_id)
    emit({"removed": full}) if as_json else say(f"{len(full)} removed")


@queue.command("clear")
@click.argument("status", type=click.Choice([str(DownloadStatus.COMPLETED), str(DownloadStatus.FAILED)]))
@prints
def clear(status: str, as_json: bool) -> None:
    """Forget all completed, or all failed, items. Files stay."""
    with opened() as services:
        removed = services.downloads.clear(status)
        services.audit.record("history_cleared", status)
    emit({"removed": removed}) if as_json else say(f"{removed} removed")


@queue.command("move")
@click.argument("item")
@click.option("--position", type=click.IntRange(min=0), help="The new place; 0 is next.")
@click.option("--priority", type=click.Choice(["low", "normal", "high"]))
@prints
def move(item: str, position: int | None, priority: str | None, as_json: bool) -> None:
    """Move ITEM to another place, or give it another priority."""
    if position is None and priority is None:
        raise click.UsageError("Say where to: --position or --priority.")
    with opened() as services:
        moved = services.downloads.change(_full(services, item), priority=priority, position=position)
    emit(moved) if as_json else say(f"{_code(moved)} is at place {moved.position}, priority {moved.priority}")


def _full(services: Services, short: str) -> str:
    """The id that begins with ``short``, as the list shows it. Raises NotFound, Conflict."""
    if len(short) == 36:
        return short
    every = services.downloads.repository.get_items([])
    found = [item.id for item in every if len(short) >= 4 and item.id.startswith(short.lower())]
    if len(found) > 1:
        raise Conflict(f"Several items begin with {short}; write more of the id.")
    if not found:
        raise NotFound(f"There is no item {short[:40]!r} in the queue.")
    return found[0]


def _told(status: QueueStatus, as_json: bool) -> None:
    if as_json:
        emit(status)
        return
    state = "is paused" if status.is_paused else "runs" if status.is_running else "stands still"
    facts = status.statistics
    say(
        f"The queue {state}: {facts.active} running, {facts.pending} waiting, {facts.completed} completed,"
        f" {facts.failed} failed"
    )
    if status.message:
        say(status.message)


def _row(item: DownloadItem) -> tuple[object, ...]:
    note = item.error or item.notice or " ".join(filter(None, (item.language, item.hoster)))
    return item.id[:8], item.serie_name, _code(item), item.status, f"{item.progress:.0f} %", note


def _code(item: DownloadItem) -> str:
    return EpisodeNumber(item.season, item.episode).code
