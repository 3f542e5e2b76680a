"""rename: files that are there, named as the template wants it."""

from __future__ import annotations

import click

from aniworld.cli.completing import series_keys
from aniworld.cli.opening import opened, stoppable
from aniworld.cli.output import emit, prints, say, show
from aniworld.core.counting import counted
from aniworld.core.media import EpisodeNumber
from aniworld.services.file_management.rename_service import Watch
from aniworld.services.file_management.views import EarlierRename, Rename, RenameOutcome

HEADINGS = ("Series", "Episode", "Now", "Then", "")


@click.command()
@click.argument("key", required=False, shell_complete=series_keys)
@click.option("--dry-run", is_flag=True, help="Only show what would be renamed.")
@click.option("--runs", "earlier", is_flag=True, help="List earlier renamings, newest first.")
@click.option("--undo", "run", metavar="RUN", help="Give the files of an earlier renaming their old names back.")
@prints
def rename(key: str | None, dry_run: bool, earlier: bool, run: str | None, as_json: bool) -> None:
    """Name the files of the series KEY, or of all, as the template in the settings wants it.

    Nothing is ever overwritten; subtitles and NFO files go along. What is printed at the end takes it all back. Ctrl-C
    stops after the next few files.
    """
    if sum(map(bool, (run, earlier, key or dry_run))) > 1:
        raise click.UsageError("--undo and --runs go with nothing else.")
    with opened() as services, stoppable() as should_stop:
        if earlier:
            _list(services.renamings.earlier(50), as_json)
            return
        if dry_run:
            lines = services.renaming.preview(key)
            show(as_json, lines, HEADINGS, [_row(line) for line in lines], "Every file has its name.")
            return
        watch = Watch(should_stop=should_stop)
        outcome = services.renaming.undo(run, watch) if run else services.renaming.apply([key] if key else None, watch)
    _told(outcome, as_json)


def _told(outcome: RenameOutcome, as_json: bool) -> None:
    if as_json:
        emit(outcome)
        return
    for line in outcome.skipped:
        say(f"{line.key} {line.old} left as it is: {line.reason}")
    if outcome.cancelled:
        say("Stopped; the files that are left keep their names")
    say(
        f"{counted(outcome.done, 'file')} renamed"
        + (f"; take it back with: rename --undo {outcome.id}" if outcome.done else "")
    )


def _list(runs: list[EarlierRename], as_json: bool) -> None:
    rows = [
        (
            one.id,
            f"{one.started_at:%Y-%m-%d %H:%M}",
            one.files,
            " ".join(one.keys[:5]),
            "undone" if one.status == "undone" else "an undo" if one.undoes else "",
        )
        for one in runs
    ]
    show(as_json, runs, ("Run", "Began", "Files", "Series", ""), rows, "Nothing was renamed yet.")


def _row(line: Rename) -> tuple[object, ...]:
    return line.key, EpisodeNumber(line.season, line.episode).code, line.old, line.new, line.reason
