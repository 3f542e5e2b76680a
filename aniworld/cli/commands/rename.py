"""rename: files that are there, named as the template wants it."""

from __future__ import annotations

import click

from aniworld.core.media import EpisodeNumber
from aniworld.services.views import Rename, RenameOutcome

from ..completing import series_keys
from ..opening import opened
from ..output import emit, prints, say, show

HEADINGS = ("Series", "Episode", "Now", "Then", "")


@click.command()
@click.argument("key", required=False, shell_complete=series_keys)
@click.option("--dry-run", is_flag=True, help="Only show what would be renamed.")
@click.option("--undo", "run", metavar="RUN", help="Give the files of an earlier renaming their old names back.")
@prints
def rename(key: str | None, dry_run: bool, run: str | None, as_json: bool) -> None:
    """Name the files of the series KEY, or of all, as the template in the settings wants it.

    Nothing is ever overwritten; subtitles and NFO files go along. What is printed at the end takes it all back.
    """
    if run and (key or dry_run):
        raise click.UsageError("--undo takes back a whole renaming; it goes with nothing else.")
    with opened() as services:
        if dry_run:
            lines = services.renaming.preview(key)
            show(as_json, lines, HEADINGS, [_row(line) for line in lines], "Every file has its name.")
            return
        outcome = services.renaming.undo(run) if run else services.renaming.apply([key] if key else None)
    _told(outcome, as_json)


def _told(outcome: RenameOutcome, as_json: bool) -> None:
    if as_json:
        emit(outcome)
        return
    for line in outcome.skipped:
        say(f"{line.key} {line.old} left as it is: {line.reason}")
    say(f"{outcome.done} files renamed" + (f"; take it back with: rename --undo {outcome.id}" if outcome.done else ""))


def _row(line: Rename) -> tuple[object, ...]:
    return line.key, EpisodeNumber(line.season, line.episode).code, line.old, line.new, line.reason
