"""search, add, list, scan."""

from __future__ import annotations

import click

from aniworld.cli.completing import series_keys
from aniworld.cli.opening import opened, series_app, stoppable
from aniworld.cli.output import emit, missing_text, prints, say, show
from aniworld.cli.progress import ScanLine
from aniworld.core.callbacks import CallbackManager
from aniworld.core.counting import counted


@click.command()
@click.argument("query", nargs=-1, required=True)
@click.option("--source", help="Ask this catalogue only, e.g. aniworld.to.")
@prints
def search(query: tuple[str, ...], source: str | None, as_json: bool) -> None:
    """Search the catalogue for QUERY, a part of a title."""
    with series_app() as app:
        hits = app.search(" ".join(query), source)
    rows = [(hit.key, hit.name, hit.year, "in the library" if hit.in_library else "", hit.link) for hit in hits]
    show(as_json, hits, ("Key", "Title", "Year", "", "Link"), rows, "Nothing found.")


@click.command()
@click.argument("link")
@click.option("--name", help="Call the series so.")
@click.option("--folder", help="Use this folder in the library.")
@click.option("--source", help="It is of this catalogue; playlists takes any address that yt-dlp reads as a list.")
@prints
def add(link: str, name: str | None, folder: str | None, source: str | None, as_json: bool) -> None:
    """Add the series at LINK, its address in the catalogue, and read its episodes."""
    with series_app() as app, stoppable() as should_stop:
        detail, created = app.add(link, name, folder, source, should_stop=should_stop)
    if as_json:
        emit({"created": created, "series": detail})
        return
    say(
        f"{'Added' if created else 'Already in the library'}: {detail.title} ({detail.key}),"
        f" {counted(len(detail.episodes), 'episode')}"
    )
    if detail.refresh_error:
        say(f"Its episodes could not be read yet: {detail.refresh_error}")


@click.command()
@click.argument("key")
@prints
def restore(key: str, as_json: bool) -> None:
    """Bring the removed series KEY back with its history, and with its files if they went into the recycle bin."""
    with opened() as services:
        found = services.anime.restore(key)
    emit(found) if as_json else say(f"{found.name} is in the library again, {found.missing_count} missing")


@click.command("list")
@click.argument("query", required=False, default="")
@click.option("--missing", is_flag=True, help="Only series that miss episodes.")
@prints
def list_series(query: str, missing: bool, as_json: bool) -> None:
    """List the library's series, those with QUERY in their name where it is given."""
    with series_app() as app:
        found = app.list(query, missing=missing)
    rows = [
        (one.key, one.name, one.episode_count, one.missing_count, missing_text(one.missing_episodes)) for one in found
    ]
    show(
        as_json,
        found,
        ("Key", "Title", "Episodes", "Missing", ""),
        rows,
        "No series here. Find some with: search TITLE",
    )


@click.command()
@click.argument("keys", nargs=-1, shell_complete=series_keys)
@prints
def scan(keys: tuple[str, ...], as_json: bool) -> None:
    """Look which episodes are there, of all series or those named by KEYS, and which are missing."""
    callbacks = CallbackManager()
    with series_app() as app, stoppable() as should_stop, ScanLine(quiet=as_json) as line:
        callbacks.register(line)
        status = app.scan(keys or None, callbacks=callbacks, should_stop=should_stop)
    if as_json:
        emit(status)
        return
    say(
        f"{status.series_found} series, {counted(status.episodes_found, 'episode')} there, {status.missing_total}"
        " missing"
    )
    for warning in status.warnings:
        say(f"Warning: {warning}")
