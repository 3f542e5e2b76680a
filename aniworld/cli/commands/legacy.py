"""import-legacy: what older installations left in series folders, into the database."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from aniworld.cli.opening import opened
from aniworld.cli.output import emit, prints, say


@click.command("import-legacy")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@prints
def import_legacy(folder: Path, dry_run: bool, as_json: bool) -> None:
    """Import the data files of the series folders in FOLDER. Nothing is deleted; a second run changes nothing."""
    with opened() as services:
        report = services.legacy.migrate_all(folder.absolute(), dry_run=dry_run)
    if as_json:
        emit(asdict(report))
        return
    for line in report.lines:
        say(line)
