"""download: queue episodes, and watch them until they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aniworld.cli.choice import HELP, choose, parse
from aniworld.cli.completing import series_keys
from aniworld.cli.opening import series_app, stoppable
from aniworld.cli.output import emit, prints, say
from aniworld.cli.progress import DownloadBars
from aniworld.core.callbacks import CallbackManager
from aniworld.core.counting import counted
from aniworld.core.errors import AniworldError, Cancelled, InvalidInput
from aniworld.core.queue import DownloadPriority

if TYPE_CHECKING:
    from aniworld.services.series_app import DownloadOutcome


@click.command(epilog=f"EPISODES: {HELP}; several are fine. Season 0 holds specials and films.")
@click.argument("key", shell_complete=series_keys)
@click.argument("episodes", nargs=-1, required=True)
@click.option("--language", "languages", multiple=True, help="Wanted language, best first; may be given several times.")
@click.option("--priority", type=click.Choice(["low", "normal", "high"]), default="high", show_default=True)
@prints
def download(key: str, episodes: tuple[str, ...], languages: tuple[str, ...], priority: str, as_json: bool) -> int:
    """Download EPISODES of the series KEY and see them through.

    Beside a running server that server downloads and this command watches; alone it downloads by itself.
    Ctrl-C stops watching; what was not done waits in the queue with its bytes kept.
    """
    wishes = _wishes(episodes)
    with series_app() as app, stoppable() as should_stop, DownloadBars(quiet=as_json) as bars:
        callbacks = CallbackManager()
        callbacks.register(bars)
        chosen = choose(wishes, app.series.get(key).episodes)
        outcome = app.download(
            key,
            chosen,
            languages=languages,
            priority=DownloadPriority.parse(priority),
            callbacks=callbacks,
            should_stop=should_stop,
        )
    _report(outcome, as_json)
    return 0


def _wishes(words: tuple[str, ...]) -> list[object]:
    try:
        return list(parse(words))
    except InvalidInput as error:
        raise click.BadParameter(str(error), param_hint="EPISODES") from None


def _report(outcome: DownloadOutcome, as_json: bool) -> None:
    """Raises what makes the exit code 1: something failed, waits still, or was removed meanwhile."""
    if as_json:
        emit(outcome)
    else:
        for skipped in outcome.skipped:
            say(f"{skipped.episode} skipped: {skipped.reason}")
        if not (outcome.completed or outcome.failed or outcome.waiting or outcome.skipped):
            say("There is nothing to download.")
    if outcome.waiting:
        raise Cancelled(
            f"Stopped; {len(outcome.waiting)} of the episodes wait in the queue, and the same command goes on."
        )
    if outcome.failed:
        raise AniworldError(
            f"{len(outcome.failed)} of {counted(len(outcome.failed) + len(outcome.completed), 'download')} failed:"
            f" {outcome.failed[0].error}"
        )
    if outcome.removed:
        raise Cancelled(f"Removed from the queue meanwhile: {', '.join(outcome.removed)}.")
