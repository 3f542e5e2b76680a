"""folders: folders of no known series, and whose they are."""

from __future__ import annotations

import click

from aniworld.cli.completing import series_keys
from aniworld.cli.opening import opened
from aniworld.cli.output import emit, prints, say, show


@click.group()
def folders() -> None:
    """Say whose folders are that belong to no known series. No file is renamed or moved."""


@folders.command("list")
@prints
def list_offered(as_json: bool) -> None:
    """List the folders of no known series that the last scan saw, with the series that they may be."""
    with opened() as services:
        offered = services.folders.offered()
    rows = [(one.folder, one.files, ", ".join(str(each["key"]) for each in one.candidates)) for one in offered]
    show(as_json, offered, ("Folder", "Files", "May be"), rows, "Every folder is known.")


@folders.command()
@prints
def choices(as_json: bool) -> None:
    """List what was said of folders so far."""
    with opened() as services:
        made = services.folders.made()
    rows = [(one.folder, one.key or "ignored", f"{one.chosen_at:%Y-%m-%d %H:%M}") for one in made]
    show(as_json, made, ("Folder", "Series", "Since"), rows, "Nothing was said of any folder.")


@folders.command()
@click.argument("folder")
@click.argument("key", shell_complete=series_keys)
@prints
def match(folder: str, key: str, as_json: bool) -> None:
    """FOLDER belongs to the series KEY; its files are looked for there from now on."""
    _choose(folder, key, as_json)


@folders.command()
@click.argument("folder")
@prints
def ignore(folder: str, as_json: bool) -> None:
    """FOLDER is none of the series; it is not offered again."""
    _choose(folder, None, as_json)


@folders.command()
@click.argument("folder")
def undo(folder: str) -> None:
    """Forget what was said of FOLDER; its series looks where it looked before."""
    with opened() as services:
        services.folders.take_back(folder)
        services.scan.wait()
    say(f"{folder} is offered again unless its name says whose it is")


def _choose(folder: str, key: str | None, as_json: bool) -> None:
    with opened() as services:
        choice = services.folders.choose(folder, key)
        services.scan.wait()  # it ends with this process
    if as_json:
        emit(choice)
    else:
        say(f"{folder} belongs to {choice.name} ({key})" if key else f"{folder} is ignored")
